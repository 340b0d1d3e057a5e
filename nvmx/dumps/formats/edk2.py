"""EDK2 and what is made of it (OVMF, vendors' UEFI firmware): the registers at an exception.

Source: UefiCpuPkg/Library/CpuExceptionHandlerLib/{X64,Ia32}/ArchExceptionHandler.c, in several versions; the headline
without the exception's name comes from posts.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Fault, Mode, Register, Understood
from ..line import Line

_HEADLINE = re.compile(
    r"!!!! (X64|IA32) Exception Type - ([0-9A-F]{2,8})(?:\(([^)]*)\))? *(?:CPU Apic ID - ([0-9A-F]{8}))? *!!!!", re.I
)
_DATA = re.compile(r"ExceptionData - ([0-9A-F]{8,16})\b", re.I)
_PAIR = re.compile(r"\b([A-Z][A-Z0-9]{1,5}) *- *([0-9A-F]{8,16})\b", re.I)
_IMAGE = re.compile(r"!!!! (?:Find|Can't find) image")
_NAMES = {"RFLAGS": "rflags", "EFLAGS": "rflags", "RIP": "rip", "EIP": "rip", "CS": "cs", "CR0": "cr0", "CR4": "cr4"}
_IGNORED = ("DS", "ES", "FS", "GS", "SS", "CR2", "CR3", "CR8", "GDTR", "LDTR", "IDTR", "TR")
_GENERAL = re.compile(r"[RE](?:[A-D]X|[SD]I|[BS]P)|R(?:8|9|1[0-5])")
_DEBUG = re.compile(r"DR[0-7]")
_EXCEPTIONS = {6: "#UD", 12: "#SS", 13: "#GP", 14: "#PF"}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every dump; lines before the first headline belong to none."""
    block: Block | None = None
    fault: tuple[Line, str] | None = None
    digits = 16
    for line in lines:
        text = line.text
        if "!!!!" in text and (match := _HEADLINE.search(text)):
            if block and fault:
                yield Fault(fault[0], block, fault[1])
            vector = int(match[2], 16)
            block = Block("fault", cpu=int(match[4], 16) if match[4] else None)
            fault = line, _EXCEPTIONS.get(vector) or f"exception {vector}"
            digits = 16 if match[1].upper() == "X64" else 8
            yield Mode(line, block, "64-bit" if match[1].upper() == "X64" else "protected, 16- or 32-bit")
        elif block is None or "-" not in text:
            continue
        elif fault and (match := _DATA.match(text)):
            yield Fault(fault[0], block, fault[1], int(match[1], 16))
            yield Understood(line, block)
            fault = None
        elif _IMAGE.match(text) or text.startswith("FXSAVE_STATE"):
            yield Understood(line, block)
        else:
            yield from _registers(line, block, digits)
    if block and fault:
        yield Fault(fault[0], block, fault[1])


def _registers(line: Line, block: Block, digits: int) -> Iterator[Fact]:
    for name, value in _PAIR.findall(line.text):
        name = name.upper()
        if len(value) != digits:
            yield Understood(line, block)  # it is cut off
        elif name in _NAMES:
            yield Register(line, block, _NAMES[name], int(value, 16))
        elif _GENERAL.fullmatch(name):
            yield Register(line, block, f"r{name[1:].lower()}", int(value, 16))
        elif name in _IGNORED or _DEBUG.fullmatch(name):
            yield Understood(line, block)
