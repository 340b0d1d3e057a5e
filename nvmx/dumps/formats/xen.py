"""What Xen prints: its frame of registers, and its messages about VMX.

Source: xen/arch/x86/{x86_64/traps,traps}.c, xen/arch/x86/hvm/vmx/vmcs.c.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Event, Fact, Fault, Mode, Note, Register, Says, Symbol, Understood
from ..line import Line
from .linux_messages import disabled_by_firmware

_RIP = re.compile(r"^RIP: {2,}([0-9a-f]{4}):\[<([0-9a-f]{16})>\](?: (\S+?)\+)?")
_CONTEXT = re.compile(r"^RFLAGS: ([0-9a-f]{16}) .*\bCONTEXT: (hypervisor|hvm guest|pv guest)")
_NAMED = re.compile(r"\b(r[a-d]x|r[sd]i|r[bs]p|r\d\d|r[89]|cr[0234]): {1,2}([0-9a-f]{16})(?![0-9a-f])")
_SELECTORS = re.compile(r"^ds: [0-9a-f]{4} .*\bcs: ([0-9a-f]{4})$")
_CPU = re.compile(r"^CPU: {2,}(\d+)$")
_AROUND = "Xen code around <"  # the bytes come in the next line
_CODE = re.compile(
    r"(?:.{0,99}\bXen code around <.{0,200}?: +)?(?:(?:[0-9a-f]{2}|--) ){0,64}<([0-9a-f]{2})>((?: [0-9a-f]{2}){0,64})"
)
_TRAP = re.compile(r"FATAL TRAP: vec(?:tor)? ?=? ?(\d+)[, (].*")
_ERROR = re.compile(r"\[error_code=([0-9a-f]{4})\]|#[A-Z]{2}\[([0-9a-f]{4})\]")
_WORDS = re.compile(r"^(GENERAL PROTECTION FAULT|INVALID OPCODE|STACK FAULT)\b")
_VECTORS = {6: "#UD", 8: "#DF", 12: "#SS", 13: "#GP", 14: "#PF"}
_VECTOR_OF = {"GENERAL PROTECTION FAULT": 13, "INVALID OPCODE": 6, "STACK FAULT": 12}
_MESSAGE = re.compile(
    r"CPU ?\d+:? (some settings of host CR0|VMX disabled by BIOS|VMXON failed: perhaps because of TXT"
    r"|unexpected VMXON failure|has insufficient)|HVM: (VMX enabled)"
)
_QUICK = ("RIP:", "RFLAGS:", "rax:", "cr", "ds:", "CPU", "Xen code", "FATAL", "error_code", "HVM:", "GENERAL",
          "INVALID", "STACK", "r1", "rd", "rb", "r8:")  # fmt: skip
_HYPERVISOR_CS = 0xE008


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every frame and message of Xen."""
    system = Block("system")
    block: Block | None = None
    cpu = None
    around = False
    for line in lines:
        text = line.text
        around, in_code = _AROUND in text, around
        if not in_code and not any(word in text for word in _QUICK):
            continue
        if match := _MESSAGE.search(text):
            yield from _message(line, system, match[1] or match[2])
        elif match := _CPU.match(text):
            cpu = int(match[1])
            yield Understood(line, system)
        elif match := _RIP.match(text):
            block = Block("fault", "machine" if int(match[1], 16) == _HYPERVISOR_CS else "user", cpu)
            yield Register(line, block, "cs", int(match[1], 16))
            yield Register(line, block, "rip", int(match[2], 16))
            if match[3]:
                yield Symbol(line, block, match[3])
        elif match := _CONTEXT.match(text):
            role = {"hypervisor": "machine", "hvm guest": "guest"}.get(match[2], "user")
            if block is None:
                block = Block("fault")
            block.role = "machine" if role == "machine" else "guest" if role == "guest" else "user"
            yield Register(line, block, "rflags", int(match[1], 16))
            if role == "machine":
                yield Mode(line, block, "64-bit")
        elif block is None:
            continue
        elif found := _NAMED.findall(text):
            for name, value in found:
                yield Register(line, block, name, int(value, 16))
        elif match := _SELECTORS.match(text):
            yield Register(line, block, "cs", int(match[1], 16))
        elif (around or in_code) and (match := _CODE.match(text)):
            yield Code(line, block, bytes.fromhex(match[1] + match[2]))
        elif around:
            yield Understood(line, block)
        elif match := _TRAP.search(text):
            error = _ERROR.search(text)
            yield Fault(line, block, _VECTORS.get(int(match[1]), f"exception {match[1]}"), _error(error))
        elif match := _WORDS.match(text):
            yield Understood(line, block)
            yield Fault(line, block, _VECTORS[_VECTOR_OF[match[1]]], 0)
        elif _ERROR.search(text):
            yield Understood(line, block)


def _error(match: "re.Match[str] | None") -> int | None:
    return int(match[1] or match[2], 16) if match else None


def _message(line: Line, block: Block, words: str) -> Iterator[Fact]:
    if words == "VMX disabled by BIOS":
        yield from disabled_by_firmware(line, block)
    elif words.startswith("some settings"):
        note = "Xen refused before VMXON: a bit of CR0 is not as IA32_VMX_CR0_FIXED0 and _FIXED1 demand"
        yield Event(line, block, "VMXON", False, note=note)
    elif words.startswith("VMXON failed"):
        note = "VMXON faulted; FEATURE_CONTROL is locked, and its bit 1 or bit 2 is 0"
        yield Event(line, block, "VMXON", True, ("fault",), note, blames="FEATURE_CONTROL")
        yield Says(line, block, "FEATURE_CONTROL.lock", 1)
    elif words.startswith("unexpected"):
        note = "VMXON faulted or failed with CF or ZF set; this line does not say which"
        yield Event(line, block, "VMXON", True, (), note)
    elif words == "has insufficient":
        note = "Xen refused before VMXON: a capability that it needs is missing"
        yield Event(line, block, "VMXON", False, note=note)
    else:
        yield Event(line, block, "VMXON", True, ("success",), "Xen has executed VMXON successfully")
        yield Note(line, block, "Xen is in VMX operation on this processor")
