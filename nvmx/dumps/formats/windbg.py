"""WinDbg and KD: `r`, `rdmsr`, the frames of `k`, the instruction at RIP, and what is said about an exception.

The forms are those of public posts (`r`, `r cr4`, `rdmsr`, `k`, a bug check's arguments, "- code c000001d (first
chance)"); no debugger was run.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Event, Fact, Fault, Msr, Note, Register, Understood
from ..line import Line

_PROMPT = re.compile(r"(?:\d+: )?(?:l?kd|\d+:\d{3}(?::x86)?)> *")
_PAIR = re.compile(
    r"\b([re][a-d]x|[re][sd]i|[re][bs]p|r\d\d?|[re]ip|cr[0-48]|dr[0-7])=([0-9a-f]{8}(?:`?[0-9a-f]{8})?)\b"
    r"|\b(efl)=([0-9a-f]{8})\b|\b([c-gs]s)=([0-9a-f]{4})\b|\biopl=\d\b"
)
_BEGINNING = re.compile(r"(?:rax|rdx|rip|cr\d|iopl|cs|eax|eip)=[0-9a-f]")
_64_BIT = re.compile(r"\b(?:r[a-d]x|rip|cr\d)=[0-9a-f]{8}`?[0-9a-f]{8}\b")
_MSR = re.compile(r"msr\[([0-9a-f]{1,8})\] = ([0-9a-f]{1,8})`([0-9a-f]{8})$")
_FRAME = re.compile(
    r"[0-9a-f`]{2,17} .*\bnt!Ki(GeneralProtection|InvalidOpcode|StackFault|PageFault)(?:Fault|Abort)?\w*\+0x"
)
_FRAMES = {"GeneralProtection": "#GP", "InvalidOpcode": "#UD", "StackFault": "#SS", "PageFault": "#PF"}
_STATUS = re.compile(
    r"(?:EXCEPTION_CODE: \(NTSTATUS\)|ExceptionCode:|Exception code:) *(?:0x)?(c[0-9a-f]{7})\b"
    r"|- code (c[0-9a-f]{7}) \((?:first|!!! second) chance"
    r"|Arg1: (?:0{8}|f{8})?(c[0-9a-f]{7}), (?:The )?exception code",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"Arg2: ([0-9a-f]{8,16}), (?:The address that the exception|Address of the (?:instruction|exception))",
    re.IGNORECASE,
)
_STATUSES = {
    "c000001d": ("#UD", "STATUS_ILLEGAL_INSTRUCTION is what Windows makes of #UD"),
    "c0000096": ("#GP", "STATUS_PRIVILEGED_INSTRUCTION is what Windows makes of a #GP of a privileged instruction"),
}
_VIOLATION = "STATUS_ACCESS_VIOLATION is what Windows makes of #PF, and of #GP if the address is ffffffffffffffff"
_DISASSEMBLY = re.compile(r"([0-9a-f]{8}`[0-9a-f]{8}|[0-9a-f]{8,16}) ([0-9a-f]{4,30}) +([a-z]\w*)\b")
_AT_RIP = re.compile(r"u(?: +(?:@?\$?[re]?ip|\.))?(?: +L\d+)?$", re.IGNORECASE)
_ELSEWHERE = re.compile(r"u[bfpr]?\b", re.IGNORECASE)
_GOES_ON = re.compile(r"(?:g[hncu]?|[pt][acht]?)(?: |$)", re.IGNORECASE)
_NAMED = {"vmxon": "VMXON", "vmxoff": "VMXOFF"}
_QUICK = ("=", "nt!Ki", "xception", "EXCEPTION", "`", "> u", "> r", "> p", "> t", "> g", "_IP:", " - code ", "Arg")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every register, frame and status."""
    return _Reader(lines).read()


class _Reader:
    """Goes through the lines, and knows which command the debugger answers."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = [line for line in lines if any(word in line.text for word in _QUICK)]
        self.block, self.machine = Block("registers"), Block("system")
        self.seen: dict[str, int] = {}
        self.wide = any(_64_BIT.search(line.text) for line in self.lines)
        self.faulted = False
        self.asked = False  # there was a prompt, so that a line of registers is an answer
        self.rip: int | None = None  # of this block
        self.code_at: int | None = None  # the address of its code
        self.faulting = False  # what is disassembled next is where the exception occurred
        self.listing = False  # what is disassembled now is not at the instruction pointer
        self.name = ""  # VMXON or VMXOFF, if it is at the instruction pointer
        self.violation: Line | None = None

    def read(self) -> Iterator[Fact]:
        for line in self.lines:
            text = line.text
            if prompt := _PROMPT.match(text):
                text = text[prompt.end() :]
                self.asked = True
                if _GOES_ON.match(text):
                    self._move()
                self.listing = bool(_ELSEWHERE.match(text)) and not _AT_RIP.match(text)
            if text.startswith(("FAULTING_IP:", "FOLLOWUP_IP:")):
                self.faulting = text.startswith("FAULTING")
                self.listing = True
                yield Understood(line, self.block)
            elif match := _MSR.match(text):
                yield Msr(line, self.machine, int(match[1], 16), int(match[2] + match[3], 16))
            elif not self.faulted and (match := _FRAME.match(text)):
                self.faulted = True
                if self.code_at is not None or self.rip is not None:
                    self._move()  # the debugger stopped later, when Windows gave up
                yield Fault(line, self.block, _FRAMES[match[1]])
            elif match := _STATUS.search(text):
                if match[2] and not text.startswith("Last event"):
                    self._move()  # the debugger says it when it stops
                yield from self._status(line, (match[1] or match[2] or match[3]).lower())
            elif match := _PLACE.search(text):
                self.rip = int(match[1], 16)
                yield Register(line, self.block, "rip", self.rip)
            elif match := _DISASSEMBLY.match(text):
                yield from self._instruction(line, int(match[1].replace("`", ""), 16), match[2], match[3])
            elif _BEGINNING.match(text):
                yield from self._registers(line, text)
        if self.violation and self.name:
            yield Event(self.violation, self.block, self.name, True, ("fault",))

    def _move(self) -> None:
        """Begin another moment, if there is something of this one."""
        if self.seen or self.code_at is not None:
            self.block, self.seen, self.rip, self.code_at = Block("registers"), {}, None, None
            self.name = ""
        self.listing = False

    def _registers(self, line: Line, text: str) -> Iterator[Fact]:
        found = _pairs(text, self.wide)
        if self.seen or found or self.asked:
            yield Understood(line, self.block)
        elsewhere = self.code_at is not None and found.get("rip", self.code_at) != self.code_at
        if elsewhere or any(self.seen.get(name, value) != value for name, value in found.items()):
            self._move()
        self.seen |= found
        self.rip = found.get("rip", self.rip)
        for name, value in found.items():
            yield Register(line, self.block, name, value)

    def _instruction(self, line: Line, address: int, code: str, mnemonic: str) -> Iterator[Fact]:
        """Yield the bytes, if they are known to be those at the instruction pointer."""
        yield Understood(line, self.block)
        here = self.faulting or (address == self.rip if self.rip is not None else not self.listing)
        self.faulting = False
        if here:
            self.code_at = address
            yield Code(line, self.block, bytes.fromhex(code[: len(code) // 2 * 2]))
            if mnemonic in _NAMED:
                self.name = _NAMED[mnemonic]
                yield Event(line, self.block, self.name, None)
        self.listing = True  # the next one is behind it

    def _status(self, line: Line, status: str) -> Iterator[Fact]:
        yield Understood(line, self.block)
        if status in _STATUSES:
            exception, note = _STATUSES[status]
            yield Fault(line, self.block, exception)
            yield Note(line, self.block, note)
        elif status == "c0000005":
            self.violation = self.violation or line
            yield Note(line, self.block, _VIOLATION)


def _pairs(text: str, wide: bool) -> dict[str, int]:
    """Return the registers of a line that consists of nothing else but the words of flags.

    A register has as many digits as it is wide; fewer are a number that is cut off.
    """
    if any(len(word) != 2 for word in _PAIR.sub("", text).replace(",", " ").split()):
        return {}
    found = {}
    for match in _PAIR.finditer(text):
        general, digits, flags, narrow, segment, selector = match.groups()
        if general:
            value, full = int(digits.replace("`", ""), 16), len(digits) > 8
            if full == (general[0] == "r") if general[0] in "re" else full or (value and not wide):
                found[f"r{general[1:]}" if general[0] == "e" else general] = value
        elif flags:
            found["rflags"] = int(narrow, 16)
        elif segment == "cs":
            found["cs"] = int(selector, 16)
    return found
