"""macOS: the registers of a panic by a trap in the kernel, as xnu prints them.

Source: osfmk/i386/trap.c, `panic_trap`, in versions from 32-bit kernels to 2021.  The type is the exception's vector,
and PL is the kernel's preemption level, not CPL.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Fault, Note, Register, Understood
from ..line import Line

_HEADLINE = re.compile(
    r"(?:panic\(cpu (\d{1,4}) caller 0x[0-9a-f]+\): *\"?)?Kernel trap at 0x([0-9a-f]{8}|[0-9a-f]{16}), type (\d+)="
)
_PAIR = re.compile(
    r"\b(CR[0-4]|[RE][A-D]X|[RE][SD]I|[RE][BS]P|R8|R9|R1[0-5]|RFL|EFL|[RE]IP|CS|SS|DS): *0x([0-9a-f]{8}|[0-9a-f]{16})\b"
)
_ERROR = re.compile(r"Error code: 0x([0-9a-f]{8}|[0-9a-f]{16})\b")
_OWN = re.compile(r"(?:CR0|[RE]AX|CR2|[RE]SP|R8|R12|RFL|EFL): *0x|Fault CR2: 0x|Error code: 0x")
_NAMES = {"RFL": "rflags", "EFL": "rflags", "RIP": "rip", "EIP": "rip", "CS": "cs", "CR0": "cr0", "CR4": "cr4"}
_IGNORED = ("SS", "DS", "CR2", "CR3")
_EXCEPTIONS = {6: "#UD", 12: "#SS", 13: "#GP", 14: "#PF"}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    r"""Yield the facts of every panic; a report can be one line, with `\n` for each end of a line."""
    block: Block | None = None
    fault: tuple[Line, str] | None = None
    width = 16  # digits of a register: fewer are a number that is cut off
    for line in lines:
        text = line.text
        if "Kernel trap at" in text and (match := _HEADLINE.search(text)):
            if block and fault:
                yield Fault(fault[0], block, fault[1])
            block = Block("fault", cpu=int(match[1]) if match[1] else None)
            vector, width = int(match[3]), len(match[2])
            fault = line, _EXCEPTIONS.get(vector) or f"exception {vector}"
            yield Understood(line, block)
            text = text[match.end() :].replace("\\n", "\n")
        elif block is None or not _OWN.match(text):
            continue
        yield Understood(line, block)
        for name, digits in _PAIR.findall(text.partition("Fault CR2")[0]):
            if name not in _IGNORED and len(digits) == width:
                yield Register(line, block, _NAMES.get(name) or f"r{name[1:].lower()}", int(digits, 16))
        if fault and (match := _ERROR.search(text)):
            yield Fault(fault[0], block, fault[1], int(match[1], 16))
            fault = None
            if re.search(r"Fault CPU: 0x[0-9a-f]+ VMM\b", text):
                yield Note(line, block, "VMM: this kernel runs under a hypervisor")
    if block and fault:
        yield Fault(fault[0], block, fault[1])
