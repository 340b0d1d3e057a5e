"""Bochs: its debugger (`creg`, `sreg`, `r`, the next instruction), the processor's state in its log, VMX messages.

Source: cpu/debugstuff.cc, cpu/vmx.cc and bx_debug/dbg_main.cc of 2026-08, and runs of 2.7.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Event, Fact, Fault, Mode, Note, Register, Says, Understood
from ..line import Line

_LOGGED = re.compile(r"(\d{11})[deip]\[(CPU\d+|[A-Za-z0-9_ ]{1,6}) *\] (.*)$")
_WORDS = r": (?:[a-z0-9_]+ )*[a-z0-9_]+"
_CONTROL = re.compile(rf"(CR0|CR4|EFER)=0x([0-9a-f]{{8,16}})(?:{_WORDS})?$", re.IGNORECASE)
_OTHER = re.compile(
    r"CR2=page fault laddr=0x|CR3=0x[0-9a-f]{8,16}$|P(?:CD|WT)=page-level|CR8: 0x|XCR0=0x|[gi]dtr:base=0x"
    r"|(?:Code|Data) segment, base=0x"
)
_CUT_OFF = re.compile(r"(?:CR0|CR4|EFER)=(?:0(?:x[0-9a-f]*)?)?$|eflags|[c-gs]s:|rip: ")
_CPL = re.compile(r"CPL=([0-3])$")
_GENERAL = re.compile(r"(r[a-d]x|r[sd]i|r[bs]p|r[89]|r1[0-5]|rip) ?: ([0-9a-f]{8})_([0-9a-f]{8})$")
_SHORT = re.compile(r"(e[a-d]x|e[sd]i|e[bs]p|eip): 0x([0-9a-f]{8}) -?\d+$")
_FLAGS = re.compile(r"eflags:? 0x([0-9a-f]{8}): ", re.IGNORECASE)
_SEGMENT = re.compile(r"([c-gs]s|ldtr|tr):(?:s=)?0x([0-9a-f]{4}), (?:dl=0x[0-9a-f]{8}, )?dh=0x([0-9a-f]{8}), ")
_TIME = re.compile(r"Next at t=(\d{1,18})$")
_NEXT = re.compile(
    r"\(\d+\)(?:\.\[(\d{1,18})\])? \[0x[0-9a-f]+\] [0-9a-f]{4}:([0-9a-f]+) \([^)]*\): (\w+)[^;]*; ([0-9a-f]{2,30})$"
)
_CPU = re.compile(r"CPU(\d+):$")

_MODE = re.compile(r"CPU is in ([a-z0-9 ]+ mode) \([^)]*?(, vmx guest)?\)")
_MODES = {
    "real mode": "real-address",
    "v8086 mode": "virtual-8086",
    "protected mode": "protected, 16- or 32-bit",
    "compatibility mode": "compatibility",
    "long mode": "64-bit",
}
_STATE = re.compile(r"EFER +=|[CS]S\.mode = |XCR0=|\| ")
_STATE_VALUE = re.compile(
    r"\b(R[A-D]X|R[SD]I|R[BS]P|R\d\d?|RIP|CR[0234]|EFER|EFLAGS) *=(?:0x)? ?(?:0x)?([0-9a-f]{8,16})\b"
)
_STATE_SEGMENT = re.compile(r"\| +CS:([0-9a-f]{4})\(")

_NOT_ALLOWED = "#GP: VMXON is not allowed !"
_POINTER = "VMXON: invalid or not page aligned physical address !"
_REVISION = re.compile(r"VMXON: not expected \((-?\d+) != (-?\d+)\) VMCS revision id !")
_IN_ROOT = re.compile(r"(VMXON|VMXOFF): with CPL!=0 cause #GP\(0\)")
_TRIPLE = re.compile(r"exception\(\): 3rd \((\d+)\) exception with no resolution")
_MESSAGES = (_NOT_ALLOWED, _POINTER, "VMXON: not expected", "with CPL!=0 cause #GP(0)", "exception(): 3rd (")
_QUICK = re.compile(r"^\d{11}|^[A-Zcdefgsr0-9(]\w{0,4}[:=.) ]|0x|#GP|VMXO|exception|Next at|segment|P[CW][DT]=")
_OF_R = {"rflags", "rip", *(f"r{number}" for number in range(8, 16)),
         *("rax", "rbx", "rcx", "rdx", "rsp", "rbp", "rsi", "rdi")}  # fmt: skip


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of the debugger's answers and of the log."""
    return _Reader().read(lines)


class _Reader:
    """Goes through the lines.  What Bochs' clock says is of the same time belongs to the same block."""

    def __init__(self) -> None:
        self.at: dict[int, Block] = {}  # by time
        self.asked: Block | None = None  # what the debugger shows
        self.names: set[str] = set()  # the registers that it has so far
        self.rip: int | None = None  # its instruction pointer

    def read(self, lines: Sequence[Line]) -> Iterator[Fact]:
        for line in lines:
            text = line.text
            if not _QUICK.search(text):
                continue
            if match := _LOGGED.match(text):
                block = self._block(int(match[1]), match[2])
                yield from self._message(line, block, match[3])
                yield from self._state(line, block, match[3])
            elif any(word in text for word in _MESSAGES):
                yield from self._message(line, Block("registers"), text)
            else:
                yield from self._answer(line)

    def _block(self, time: int, device: str = "") -> Block:
        block = self.at.setdefault(time, Block("registers"))
        number = device[3:].strip()
        if device.startswith("CPU") and number.isdigit():
            block.cpu = int(number)
        return block

    def _ask(self, *names: str) -> Block:
        if self.asked is None or self.names & set(names):
            self._turn_to(Block("registers"))
        assert self.asked is not None  # noqa: S101
        self.names |= set(names)
        return self.asked

    def _turn_to(self, block: Block) -> None:
        self.asked, self.names, self.rip = block, set(), None

    def _answer(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if match := _CONTROL.match(text):
            name = match[1].lower()
            yield Register(line, self._ask(name), name, int(match[2], 16))
        elif match := _CPL.match(text):
            yield Register(line, self._ask("cpl"), "cpl", int(match[1]))
        elif match := _GENERAL.match(text):
            yield from self._general(line, match[1], int(match[2] + match[3], 16))
        elif match := _SHORT.match(text):
            yield from self._general(line, f"r{match[1][1:]}", int(match[2], 16))
        elif match := _FLAGS.match(text):
            yield Register(line, self._ask("rflags"), "rflags", int(match[1], 16))
        elif match := _SEGMENT.match(text):
            block = self._ask(match[1])
            yield Understood(line, block)
            if match[1] == "cs":
                yield Register(line, block, "cs", int(match[2], 16))
            if match[1] in ("cs", "ss"):
                yield Register(line, block, f"{match[1]}_rights", int(match[3], 16))
        elif match := _TIME.match(text):
            block = self._block(int(match[1]))
            self._turn_to(block)
            yield Understood(line, block)
        elif match := _NEXT.match(text):
            yield from self._next(line, match[1], int(match[2], 16), match[3], match[4])
        elif match := _CPU.match(text):
            # `r` and `info cpu` begin with it.
            self._ask().cpu = int(match[1])
            self.names -= _OF_R
            yield Understood(line, self._ask())
        elif _OTHER.match(text) or (self.asked and _CUT_OFF.match(text)):
            yield Understood(line, self._ask())

    def _general(self, line: Line, name: str, value: int) -> Iterator[Fact]:
        block = self._ask(name)
        if name == "rip":
            self.rip = value
        yield Register(line, block, name, value)

    def _next(self, line: Line, time: str | None, rip: int, mnemonic: str, code: str) -> Iterator[Fact]:
        """Yield the instruction that comes next; registers from before it count if their RIP is the same."""
        went_on = False
        if time and self.rip != rip:
            went_on = bool(self.names)
            self._turn_to(self._block(int(time)))
        block = self._ask()
        yield Code(line, block, bytes.fromhex(code[: len(code) // 2 * 2]))
        if mnemonic in ("vmxon", "vmxoff"):
            yield Event(line, block, mnemonic.upper(), None)
            if went_on:
                note = "Bochs went on after the registers above, so they are not those of this instruction"
                yield Note(line, block, note)

    def _message(self, line: Line, block: Block, text: str) -> Iterator[Fact]:
        if _NOT_ALLOWED in text:
            yield Fault(line, block, "#GP", 0, "VMXON")
            yield Says(line, block, "VMX", "off")  # in VMX operation, it comes to another message
            yield Note(line, block, "Bochs has this one message for CPL, CR0.NE, CR0.PE, A20M and both bits of"
                                    " FEATURE_CONTROL")  # fmt: skip
        elif match := _IN_ROOT.search(text):
            yield Fault(line, block, "#GP", 0, match[1])
            yield Says(line, block, "VMX", "root")
        elif _POINTER in text:
            note = "the VMXON pointer is not a multiple of 4096 or too wide, and the message does not say which"
            yield Event(line, block, "VMXON", True, ("VMfailInvalid",), note)
            yield Says(line, block, "VMX", "off")
        elif match := _REVISION.search(text):
            region, wanted = (int(number) & 0xFFFF_FFFF for number in match.groups())
            yield Event(line, block, "VMXON", True, ("VMfailInvalid",))
            yield Says(line, block, "VMX", "off")
            yield Register(line, block, "revision", region)
            yield Says(line, block, "revision.match", int((region ^ wanted) & 0x7FFF_FFFF == 0))
        elif match := _TRIPLE.search(text):
            note = f"a triple fault: {match[1]} is the vector of the last exception, which need not be the first"
            yield Note(line, block, note)

    def _state(self, line: Line, block: Block, text: str) -> Iterator[Fact]:
        if match := _MODE.match(text):
            yield Understood(line, block)
            if match[1] in _MODES:
                yield Mode(line, block, _MODES[match[1]])
            if match[2]:
                yield Says(line, block, "VMX", "non-root")
        elif _STATE.match(text):
            yield Understood(line, block)
            for name, value in _STATE_VALUE.findall(text):
                yield Register(line, block, {"EFLAGS": "rflags"}.get(name, name.lower()), int(value, 16))
            if match := _STATE_SEGMENT.match(text):
                yield Register(line, block, "cs", int(match[1], 16))
