"""QEMU: `info registers` of its monitor, the dump after a KVM error, and the log of `-d int,cpu_reset`.

Source: target/i386/cpu-dump.c and target/i386/tcg/seg_helper.c, and runs of QEMU 7.2.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Fact, Fault, Mode, Note, Register, Says, Understood
from ..line import Line

_CPU = re.compile(r"CPU#(\d+)$")
_GENERAL = re.compile(r"(?:[RE][A-D]X|[RE][SD]I|[RE][BS]P|R\d[\d ]) ?=[0-9a-f]{8}")
# A value with fewer digits is cut off.
_VALUE = re.compile(
    r"\b(?:(R[A-D]X|R[SD]I|R[BS]P|R\d\d?|EFER) ?=([0-9a-f]{16})\b|(E[A-D]X|E[SD]I|E[BS]P|CR[04])=([0-9a-f]{8})\b)"
)
_POINTER = re.compile(
    r"([RE])IP=([0-9a-f]{8}|[0-9a-f]{16}) (?:RFL|EFL)=([0-9a-f]{8}) \[[A-Z-]{7}\]"
    r" CPL=([0-3]) II=[01] A20=([01])(?: SMM=([01]))?(?: HLT=[01])?$"
)
_SEGMENT = re.compile(r"(ES|CS|SS|DS|FS|GS|LDT|TR) ?=([0-9a-f]{4}) [0-9a-f]{8,16} [0-9a-f]{8} ([0-9a-f]{8})\b")
_CONTROL = re.compile(r"CR0=[0-9a-f]{8} CR2=[0-9a-f]{8,16} CR3=([0-9a-f]{8,16}) CR4=[0-9a-f]{8}$")
_OTHER = re.compile(
    r"(?:[GI]DT=  |DR[06]=|CR0=[0-9a-f]|EFER=|(?:[C-GS]S|LDT|TR) ?=[0-9a-f]|[RE]IP=|CC[SD]=|FCW=|FPR\d|[XY]MM\d|Opmask"
    r"|check_exception old: |Servicing hardware INT=)"
)
_CODE = re.compile(r"Code=((?:<?[0-9a-f?]{2}>? ?)+)$")
_RESET = re.compile(r"CPU Reset \(CPU (\d+)\)$")
_EXCEPTION = re.compile(
    r"\d+: v=([0-9a-f]{2}) e=([0-9a-f]{4,8}) i=([01]) cpl=([0-3]) IP=([0-9a-f]{4}):[0-9a-f]+ pc=([0-9a-f]+) SP="
)
_VECTORS = {0x06: "#UD", 0x0C: "#SS", 0x0D: "#GP", 0x0E: "#PF"}
_DOUBLE_FAULT, _PAGE_FAULT = 0x08, 0x0E
_IDT = 2  # in the error code: an entry of the IDT cannot be used
_EMULATION = re.compile(r"KVM internal error\. Suberror: (\d+)")
_ENTRY = re.compile(r"KVM: entry failed, hardware error (0x[0-9a-f]+)")
_QUICK = ("=", "CPU", "KVM", "Triple", "check_", "Servicing")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every dump of a processor's registers."""
    return _Reader(lines).read()


class _Reader:
    """Goes through the lines, and knows which processor's registers come next."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = [line for line in lines if any(word in line.text for word in _QUICK)]
        self.block: Block | None = None
        self.names: set[str] = set()  # the registers of this block so far
        self.kernel = ""  # "R" or "E": how the names of its registers begin
        self.cause = _cause(self.lines)

    def read(self) -> Iterator[Fact]:
        for line in self.lines:
            yield from self._title(line)
            yield from self._exception(line)
            yield from self._registers(line)

    def _begin(self, block: Block) -> Block:
        self.block, self.names, self.kernel = block, set(), ""
        return block

    def _title(self, line: Line) -> Iterator[Fact]:
        if match := _CPU.match(line.text):
            yield Understood(line, self._begin(Block("registers", "guest", int(match[1]))))
        elif match := _RESET.match(line.text):
            # What was there before a reset is not what an instruction ran with.
            yield Understood(line, self._begin(Block("registers", "later", int(match[1]))))
        elif match := _EMULATION.search(line.text):
            if self.block and self.block.kind == "fault" and "CR0" not in self.names:
                yield Understood(line, self.block)  # several writers: it is repeated inside the dump
                return
            block = self._begin(Block("fault", "guest"))
            yield Note(line, block, f"KVM stopped the guest with internal error {match[1]}: it could not go on with the"
                                    " instruction at RIP, and no exception was raised")  # fmt: skip
        elif match := _ENTRY.search(line.text):
            block = self._begin(Block("registers", "guest"))
            note = f"the host's VM entry failed ({match[1]}): KVM's VMXON had succeeded, and the guest did not run"
            yield Note(line, block, note)

    def _exception(self, line: Line) -> Iterator[Fact]:
        if line.text == "Triple fault":
            block = Block("system", "guest")
            yield Note(
                line, block, "a triple fault: two more exceptions came of the first, and only the first one counts"
            )
        if not (match := _EXCEPTION.match(line.text)):
            return
        vector = int(match[1], 16)
        block = self._begin(Block("fault", "guest" if line is self.cause else "later"))
        if line is self.cause and vector in _VECTORS:
            yield Fault(line, block, _VECTORS[vector], int(match[2], 16))
        yield Register(line, block, "cpl", int(match[4]))
        yield Understood(line, block)

    def _registers(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if match := _POINTER.match(text):
            block = self._current({"rip"})
            self.kernel = match[1]
            if match[1] == "R":
                yield Mode(line, block, "64-bit")  # only then are 64-bit names printed
            yield Register(line, block, "rip", int(match[2], 16))
            yield Register(line, block, "rflags", int(match[3], 16))
            yield Register(line, block, "cpl", int(match[4]))
            yield Register(line, block, "a20", int(match[5]))
            if match[6] == "1":
                yield Note(line, block, "the processor is in SMM (SMM=1), which this model does not have")
        elif not (self.block or _GENERAL.match(text)):
            return
        elif match := _SEGMENT.match(text):
            block = self._current({match[1]})
            yield Understood(line, block)
            if match[1] == "CS":
                yield Register(line, block, "cs", int(match[2], 16))
            if match[1] in ("CS", "SS"):
                yield Register(line, block, f"{match[1].lower()}_rights", int(match[3], 16))
        elif match := _CODE.match(text):
            block = self._current(set())
            yield Understood(line, block)
            at = match[1].partition("<")[2].replace(">", "").split("?")[0].split()
            if at:
                yield Code(line, block, bytes(int(byte, 16) for byte in at if len(byte) == 2))
        elif _GENERAL.match(text) or _OTHER.match(text):
            yield from self._values(line)

    def _values(self, line: Line) -> Iterator[Fact]:
        found = {long or short: int(wide or narrow, 16) for long, wide, short, narrow in _VALUE.findall(line.text)}
        block = self._current(set(found))
        yield Understood(line, block)
        for name, value in found.items():
            name = f"R{name[1:]}" if name[0] == "E" and name != "EFER" else name
            yield Register(line, block, name.lower(), value)
        if self.kernel == "E" and (match := _CONTROL.match(line.text)):
            # The width of CR3 follows EFER.LMA, and the names of the registers follow CS.  After an error of KVM, dumps
            # were seen that have EFER.LMA = 1 and a narrow CR3.
            if len(match[1]) == 16:
                yield Mode(line, block, "compatibility")
            elif block.kind != "fault":
                yield Says(line, block, "EFER.LMA", 0)

    def _current(self, names: set[str]) -> Block:
        """Return the block that registers of these names belong to: a new one if it has one of them already."""
        if self.block is None or names & self.names:
            self._begin(Block("registers", "guest"))
        assert self.block is not None  # noqa: S101
        self.names |= names
        return self.block


def _cause(lines: Sequence[Line]) -> Line | None:
    """Return the line of the exception that counts: that which led to a triple fault, or the first by an instruction.

    Interrupts by software have i=1, and those of devices come with a line of their own.
    """
    found: list[tuple[Line, int, int, str]] = []  # of an exception: line, vector, error code, place
    device = False
    for line in lines:
        if line.text.startswith("Servicing hardware INT="):
            device = True
        elif line.text == "Triple fault" and found:
            return _origin([each for each in found if each[3] == found[-1][3]])
        elif match := _EXCEPTION.match(line.text):
            if match[3] == "0" and not device:
                found.append((line, int(match[1], 16), int(match[2], 16), match[6]))
            device = False
    return next((line for line, vector, *_ in found if vector in (0x06, 0x0C, 0x0D)), None)


def _origin(chain: Sequence[tuple[Line, int, int, str]]) -> Line:
    """Return the first of the exceptions that followed each other: the others came while it was being delivered."""
    place = len(chain) - 1
    while place and (chain[place][1] == _DOUBLE_FAULT or (chain[place][1] != _PAGE_FAULT and chain[place][2] & _IDT)):
        place -= 1
    if place and chain[place][1] == _PAGE_FAULT and chain[place - 1][1] != _PAGE_FAULT:
        place -= 1
    return chain[place][0]
