"""VirtualBox: a guest's registers in VBox.log, and what it reports about the host there.

Its error codes are in `messages`.  Source: src/VBox/VMM/VMMR3/{CPUM,HM}.cpp of 2025; "Host CR0" comes
from a log that was posted, and "Host FEATURE_CONTROL" is unverified.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Mode, Msr, Register, Understood, Vendor
from ..line import Line

_TITLE = re.compile(r"Guest CPUM \(VCPU (\d+)\) state")
_PAIR = re.compile(r"\b([re][a-d]x|[re][sd]i|[re][bs]p|r\d\d?|[re]ip|cr[04]|[re]flags) *=([0-9a-f]{1,16})\b( ?)")
_SHORTEST = 8  # digits; a terse dump of 64-bit code has them for CR0 and CR4, with something behind them
_SEGMENT = re.compile(r"\b(cs|ss)=\{([0-9a-f]{4}) base=[0-9a-f]{8,16} limit=[0-9a-f]{8} flags=([0-9a-f]{8})\}")
_OTHER = re.compile(
    r"(?:[d-gs]s|gdtr|ldtr|idtr|tr  |dr\d|cr[23]|SysEnter|FCW|PAT|STAR|[CL]STAR|SFMASK|KERNELGSBASE) *=|xcr="
)
_EFER = re.compile(r"EFER +=([0-9a-f]{16})$")
_HOST = re.compile(r"HM: Host (CR0|CR4|EFER) *= *(?:0x)?([0-9a-f]{1,16})\b", re.IGNORECASE)
_MSR = re.compile(r"HM:(?: VMX)? (?:MSR_IA32_|Host )?([A-Z0-9_]+) *= *(?:0x)?([0-9a-f]{1,16})$", re.IGNORECASE)
_MSRS = {
    "FEATURE_CONTROL": 0x3A, "FEAT_CTRL": 0x3A, "SMM_MONITOR_CTL": 0x9B, "VMX_BASIC": 0x480, "VMX_BASIC_INFO": 0x480,
    "VMX_CR0_FIXED0": 0x486, "VMX_CR0_FIXED1": 0x487, "VMX_CR4_FIXED0": 0x488, "VMX_CR4_FIXED1": 0x489,
}  # fmt: skip
_SVM = re.compile(r"\bVERR_SVM_[A-Z0-9_]+")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of guests' registers, of the host's and of error codes."""
    guest: Block | None = None
    digits = 8  # fewer are printed only if the text is cut off; names and numbers are longer for 64-bit code
    host, machine = Block("registers"), Block("system")
    for line in lines:
        text = line.text
        if match := _TITLE.search(text):
            digits = 8
            guest = Block("registers", "guest", int(match[1]))
            yield Understood(line, guest)
        elif text.startswith("HM:"):
            yield from _report(line, host, machine)
        elif match := _SVM.search(text):
            yield Vendor(line, machine, "AMD", match[0])
        elif guest and "=" in text:
            digits = 16 if text.startswith("rax=") else digits
            yield from _registers(line, guest, digits)


def _report(line: Line, host: Block, machine: Block) -> Iterator[Fact]:
    if match := _HOST.match(line.text):
        yield Register(line, host, match[1].lower(), int(match[2], 16))
    elif match := _MSR.match(line.text):
        yield Understood(line, machine)
        if index := _MSRS.get(match[1].upper()):
            yield Msr(line, machine, index, int(match[2], 16))


def _registers(line: Line, guest: Block, digits: int) -> Iterator[Fact]:
    text = line.text
    if match := _EFER.match(text):
        yield Register(line, guest, "efer", int(match[1], 16))
        return
    found = False
    for name, value, blank in _PAIR.findall(text):
        found = True
        if len(value) < (_SHORTEST if name.startswith("cr") and blank else digits):
            continue
        if name in ("rip", "eip"):
            # Names of 64 bits are printed for 64-bit code only.
            if name == "rip":
                yield Mode(line, guest, "64-bit")
            yield Register(line, guest, "rip", int(value, 16))
        else:
            short = name if name.startswith("cr") else f"r{name[1:]}"
            yield Register(line, guest, short, int(value, 16))
    for name, selector, flags in _SEGMENT.findall(text):
        found = True
        if name == "cs":
            yield Register(line, guest, "cs", int(selector, 16))
        yield Register(line, guest, f"{name}_rights", int(flags, 16))
    if found or _OTHER.match(text):
        yield Understood(line, guest)
