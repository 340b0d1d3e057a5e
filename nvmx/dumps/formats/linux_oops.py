"""What the Linux kernel prints when it faults or warns: the headline, the code bytes and the registers.

Source: arch/x86/kernel/{dumpstack,process_32,process_64,traps}.c and arch/x86/mm/fault.c, 2.6 to 6.18.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Fact, Fault, Mode, Note, Register, Says, Symbol, Understood
from ..line import Line

_HEADLINES = (
    (re.compile(r"(?:segment-related )?general protection fault\b[^\[]{0,120}?: ([0-9a-f]{4}) \[#\d+\]"), "#GP"),
    (re.compile(r"invalid opcode: ([0-9a-f]{4}) \[#\d+\]"), "#UD"),
    (re.compile(r"stack[- ]segment(?: fault)?: ([0-9a-f]{4}) \[#\d+\]"), "#SS"),
    (re.compile(r"int3: ([0-9a-f]{4}) \[#\d+\]"), "#BP"),
    (re.compile(r"double fault: ([0-9a-f]{4}) \[#\d+\]"), "#DF"),
    (re.compile(r"PANIC: double fault, error_code: (0x[0-9a-f]{1,16})"), "#DF"),
)
_PAGE_FAULT = re.compile(
    r"unable to handle (?:page fault for address|kernel paging request|kernel NULL pointer dereference)"
)
_PAGE_FAULT_CODE = re.compile(r"#PF: (?:error_code|supervisor|user)")
_OOPS = re.compile(r"Oops: ([0-9a-f]{4}) \[#\d+\]")
_SIGNAL = re.compile(r"potentially unexpected fatal signal (\d+)\.")  # with print-fatal-signals=1
_SIGILL = "4"
_WARNING = re.compile(r"WARNING: (?:CPU: \d+ PID: \d+ )?(?:\S{1,200} )?at \S")
_BACKTRACE = re.compile(r"NMI backtrace for cpu (\d+)")
_BUG = re.compile(r"kernel BUG at \S")
_CPU = re.compile(r"\bCPU: ?(\d+)\b.{0,60}\bPID: ?\d+|\bPid: \d+.{0,120}\bCPU: ?(\d+)")
_RIP = re.compile(r"\bRIP: (?:([0-9a-f]{4}):)?(?:\[<([0-9a-f]{16})>\]|(0x[0-9a-f]+)|(\S+))")
_EIP = re.compile(r"\bEIP: (?:([0-9a-f]{4}):)?(?:\[<([0-9a-f]{8})>\]|(\S+))")
_SYMBOL = re.compile(r"\b([A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+| \([\w/.-]+:\d+\))")
_MARKED = re.compile(r"^ *[0-9a-f]+:\*[ \t]+((?:[0-9a-f]{2} )+)")  # scripts/decodecode
_CODE = re.compile(r"\bCode: (.*)$")
_AT = re.compile(r"<([0-9a-f]{2})>((?: [0-9a-f]{2})*)")
_NAMED = re.compile(
    r"\b(R[A-D]X|R[SD]I|R[BS]P|R\d\d|CR[0234]|E[A-D]X|E[SD]I|E[BS]P|EFLAGS|knlGS|[FGCDES]S|SS|DR\d|ORIG_RAX):[ \t]*"
    r"(?:[0-9a-f]{4}:)?([0-9a-f]{4,16})\b(?!`)"
)
_TRAP = re.compile(
    r"\btraps: [^\[]{0,64}\[\d+\] (general protection(?: fault)?|trap invalid opcode|invalid opcode|trap stack segment)"
    r"[: ].{0,40}?\bip:([0-9a-f]+) sp:[0-9a-f]+ error:([0-9a-f]+)"
)
_TRAPS = {"general protection": "#GP", "general protection fault": "#GP", "trap stack segment": "#SS"}
_QUICK = ("fault", "opcode", "segment", "IP:", "Code:", "CPU:", "X:", "CS:", "SP:", "R08", "DI:", "R10", "R13", "CR2:",
          "DR", "CR0:", "CR4:", "FLAGS:", "signal", "Oops", "WARNING", "BUG", "NMI", "traps:", "int3", "FS:", "BP:",
          "PF:", ":*")  # fmt: skip
_USER_CS = 0x33  # of 64-bit code
_VIRTUAL_8086 = 1 << 17
_SELECTORS = ("CS", "DS", "ES", "SS", "FS", "GS")
_SHORT = {"EFLAGS": "rflags", "FS": "fs_base", "GS": "gs_base"}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every oops, warning and trap of user code."""
    reader = _Reader()
    found = list(reader.read(lines))
    return (fact for fact in found if not (isinstance(fact, Says) and fact.block in reader.not_ring_0))


class _Reader:
    """Goes through the lines, and knows which block the next register belongs to."""

    def __init__(self) -> None:
        self.block: Block | None = None  # the block that is being read
        self.names: set[str] = set()  # the registers that it has so far
        self.headline = False  # it begins with a headline, so it is the kernel's
        self.bug = False  # its headline says that the kernel executed UD2
        self.signal = False  # its headline says that user code was stopped
        self.pointer = 0  # the number of its last line with an instruction pointer
        self.not_ring_0: set[Block] = set()  # the kernel's blocks of which this is known or possible
        self.kernel: Block | None = None  # the first block

    def read(self, lines: Sequence[Line]) -> Iterator[Fact]:
        for line in lines:
            text = line.text
            if not any(word in text for word in _QUICK):
                continue
            yield from self._headline(line)
            yield from self._trap(line)
            yield from self._pointer(line)
            yield from self._registers(line)
            yield from self._code(line)

    def _begin(self, headline: bool) -> Block:
        self.block = Block("fault")
        self.names = set()
        self.headline = headline
        self.signal = self.bug = False
        return self.block

    def _headline(self, line: Line) -> Iterator[Fact]:
        text = line.text
        for pattern, exception in _HEADLINES:
            if match := pattern.search(text):
                # "kernel BUG at" comes before its "invalid opcode", and both are one event.
                goes_on = self.block is not None and self.headline and not self.names
                bug = goes_on and self.bug
                block = self.block if self.block and goes_on else self._begin(True)
                yield Fault(line, block, exception, int(match[1], 16), "UD2" if bug and exception == "#UD" else None)
                yield Says(line, block, "CPL", 0)
                return
        if _PAGE_FAULT.search(text):
            yield Fault(line, self._begin(True), "#PF")
        elif self.block and _PAGE_FAULT_CODE.search(text):
            yield Understood(line, self.block)
        elif _BUG.search(text):
            yield Understood(line, self._begin(True))
            self.bug = True
        elif _WARNING.search(text):
            block = self._begin(True)
            yield Note(line, block, "the registers are those of a warning, some instructions after its cause")
            yield Understood(line, block)
        elif match := _SIGNAL.search(text):
            block = self._begin(True)
            self.signal = True
            yield Fault(line, block, "#UD") if match[1] == _SIGILL else Understood(line, block)
        elif self.block and _OOPS.search(text):
            yield Says(line, self.block, "CPL", 0)
        elif match := _BACKTRACE.search(text):
            self._begin(True)
            self.block = Block("registers", cpu=int(match[1]))
            yield Understood(line, self.block)
        if self.block and not self.names and (match := _CPU.search(text)):
            self.block.cpu = int(match[1] or match[2])
            yield Understood(line, self.block)

    def _trap(self, line: Line) -> Iterator[Fact]:
        if match := _TRAP.search(line.text):
            block = Block("fault")
            yield Fault(line, block, _TRAPS.get(match[1], "#UD"), int(match[3], 16))
            yield Says(line, block, "CPL", 3)

    def _pointer(self, line: Line) -> Iterator[Fact]:
        for pattern, mode in ((_RIP, "64-bit"), (_EIP, "protected, 16- or 32-bit")):
            match = pattern.search(line.text)
            if not match:
                continue
            selector = int(match[1], 16) if match[1] else None
            of_user = selector is not None and selector & 3 == 3
            # The lines of functions that are inlined in another one follow each other.
            if self.block is None or (self.names and (self.pointer != line.number - 1 or of_user)):
                self._begin(False)
            self.pointer = line.number
            block = self.block
            assert block is not None  # noqa: S101
            self.names.add("rip")
            if of_user and not self.signal:
                # The kernel prints the registers of the user code that called it last.
                self.block = block = Block("fault", "user")
            yield Understood(line, block)
            xen_pv = selector is not None and selector & 0xFF00 == 0xE000
            if selector == 0x10 or xen_pv or mode != "64-bit":
                # Without a selector, EFLAGS may still say that this is virtual-8086 mode.
                yield Mode(line, block, mode if selector is not None else "legacy")
            if xen_pv:
                self.not_ring_0.add(block)
                yield Note(line, block, "the kernel is a PV guest of Xen: its CS does not say at which CPL it runs")
            elif selector is not None:
                yield Register(line, block, "cs", selector)
            if of_user and self.signal:
                yield Mode(line, block, "64-bit" if selector == _USER_CS else "compatibility")
            if match[2]:
                yield Register(line, block, "rip", int(match[2], 16))
            if symbol := _SYMBOL.search(line.text):
                yield Symbol(line, block, symbol[1])
            return

    def _registers(self, line: Line) -> Iterator[Fact]:
        found = list(_complete(_NAMED.findall(line.text)))
        if not found:
            return
        if self.block is None or self.names & {name for name, _ in found}:
            self._begin(False)
        block = self.block
        assert block is not None  # noqa: S101
        for name, value in found:
            if name in _SELECTORS and name != "CS" and len(value) == 4:
                yield Understood(line, block)
                continue
            self.names.add(name)
            if name == "CR0" and len(value) == 16:
                yield Mode(line, block, "long")  # only the 64-bit kernel prints 16 digits
            if name == "CS" and int(value, 16) & 0xFF00 == 0xE000:
                continue
            if name == "EFLAGS" and int(value, 16) & _VIRTUAL_8086:
                self.not_ring_0.add(block)
            short = _SHORT.get(name) or (f"r{name[1:]}" if name[0] == "E" else name)
            yield Register(line, block, short.lower().replace("r08", "r8").replace("r09", "r9"), int(value, 16))

    def _code(self, line: Line) -> Iterator[Fact]:
        if self.block is None:
            return
        if match := _MARKED.match(line.text):
            yield Code(line, self.block, bytes.fromhex(match[1]))
        if not (match := _CODE.search(line.text)):
            return
        yield Understood(line, self.block)
        if at := _AT.search(match[1]):
            yield Code(line, self.block, bytes.fromhex(at[1] + at[2]))


def _complete(found: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the registers of a line whose value has all its digits, for the text may end within a number."""
    if not found:
        return
    first = found[0][0]
    # The 64-bit kernel prints CR0 after the selectors, and CR4 after CR2; the 32-bit kernel begins with CR0.
    long = first[0] == "R" or first in ("CS", "CR2", "DR0", "DR3") or len(found[0][1]) == 16
    for name, value in found:
        width = 4 if name in _SELECTORS and len(value) == 4 else 8 if name == "EFLAGS" or not long else 16
        if len(value) == width:
            yield name, value
