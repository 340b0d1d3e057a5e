"""FreeBSD, DragonFly, NetBSD and OpenBSD: the registers at a fatal trap, and where the kernel's debugger stopped.

Source: sys/amd64/amd64/trap.c of FreeBSD (2026), NetBSD and OpenBSD (2018), sys/ddb, and reports that were posted.  A
number of a trap is the system's own, and no vector.  "code=" of "kernel: ... trap, code=" is always 0, and not the
error code.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Fault, Mode, Register, Says, Understood
from ..line import Line

_FATAL = re.compile(
    r"\bFatal trap \d{1,2}: ([a-z ]{3,40}?)(?: fault)? while in (?:kernel|user) mode"
    r"|\bfatal ([a-z ]{3,40}?)(?: fault)? in (?:supervisor|user) mode"
    r"|\bkernel: ([a-z ]{3,40}?)(?: fault)? trap, code="
)
_EXCEPTIONS = {"general protection": "#GP", "protection": "#GP", "privileged instruction": "#UD", "stack": "#SS",
               "page": "#PF", "double": "#DF"}  # fmt: skip
_CPU = re.compile(r"cpuid = (\d{1,4})\b")
_POINTER = re.compile(r"instruction pointer\s*= 0x([0-9a-f]{1,4}):0x([0-9a-f]{1,16})$")
_LONG = re.compile(r"(?:code segment\s.{0,80})?= DPL \d, pres \d, long (\d), def32 \d, gran \d$")  # 64-bit kernels
_FLAGS = re.compile(r"processor eflags\s*= ((?:[a-z0-9/ ]+, )*)IOPL = \d$")
_OTHER = re.compile(
    r"(?:(?:stack|frame) pointer|code segment|fault (?:virtual address|code)|current (?:process|thread)"
    r"|trap number)\s*= |= DPL \d|cpuid = |panic: |KDB: |--- trap 0x"
)
_GENERAL = re.compile(r"\b(r[a-d]x|r[sd]i|rbp|r8|r9|r1[0-5]): ([0-9a-f]{16})\b")
_LINE = re.compile(
    r"\btrap type \d{1,2} code (?:0x)?([0-9a-f]{1,8}) [re]ip (?:0x)?([0-9a-f]{1,16}) cs (?:0x)?([0-9a-f]{1,4})"
    r" [re]flags (?:0x)?([0-9a-f]{1,8}) cr2 "
)
_STOPPED = re.compile(r"Stopped(?: in pid \S+ \([^)]*\))? at\s+([\w.$]+)(?:\+0x[0-9a-f]+)?:\s+([a-z]\w+)")
_OWN_STOPS = re.compile(r"kdb_enter|db_enter|breakpoint|cpu_Debugger|panic|vpanic")
_SHOWN = re.compile(
    r"(r[a-d]x|r[sd]i|r[bs]p|r8|r9|r1[0-5]|rip|rflags|cs|ss|ds|es|fs|gs)\s+0x([0-9a-f]{1,16})(?:\s+\S+)?$"
)
_SHOW = re.compile(r"(?:ddb\{\d+\}|db(?:\{\d+\})?)> *sh\w* +reg")
_INSTRUCTIONS = {"vmxon": "VMXON", "vmxoff": "VMXOFF", "vmptrld": "VMPTRLD", "vmclear": "VMCLEAR", "ud2": "UD2",
                 "vmlaunch": "VMLAUNCH", "vmresume": "VMRESUME", "vmread": "VMREAD", "vmwrite": "VMWRITE",
                 "rdmsr": "RDMSR", "wrmsr": "WRMSR", "xsetbv": "XSETBV"}  # fmt: skip
_QUICK = ("trap", "= ", "Stopped", "r", "cs", "ss", "db")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every trap."""
    return _Reader().read(lines)


class _Reader:
    """Goes through the lines; what the debugger shows after a trap belongs to the trap."""

    def __init__(self) -> None:
        self.block: Block | None = None
        self.fault: Line | None = None
        self.exception = ""
        self.error: int | None = None
        self.instruction: str | None = None
        self.showing = False  # `show registers` is being answered
        self.is_last = False  # of all lines: it may be cut off

    def read(self, lines: Sequence[Line]) -> Iterator[Fact]:
        for line in lines:
            if match := _FATAL.search(line.text):
                yield from self._begin(line, (match[1] or match[2] or match[3]).removesuffix(" fault"))
            if self.block is not None:
                self.is_last = line is lines[-1]
                yield from self._of_trap(line, self.block)
        yield from self._end()

    def _begin(self, line: Line, name: str) -> Iterator[Fact]:
        exception = _EXCEPTIONS.get(name, name)
        if self.block and exception == self.exception and not self.instruction:
            yield Understood(line, self.block)  # the kernel and its debugger each announce it
            return
        yield from self._end()
        self.block, self.fault, self.exception = Block("fault"), line, exception
        self.error = self.instruction = None
        self.showing = False
        yield Understood(line, self.block)

    def _end(self) -> Iterator[Fact]:
        if self.block and self.fault:
            yield Fault(self.fault, self.block, self.exception, self.error, self.instruction)

    def _of_trap(self, line: Line, block: Block) -> Iterator[Fact]:
        text = line.text
        if match := _LINE.search(text):
            self.error = int(match[1], 16)
            yield Register(line, block, "rip", int(match[2], 16))
            yield Register(line, block, "cs", int(match[3], 16))
            yield Register(line, block, "rflags", int(match[4], 16))
        elif match := _POINTER.match(text):
            yield Register(line, block, "cs", int(match[1], 16))
            yield Register(line, block, "rip", int(match[2], 16))
        elif match := _LONG.match(text):
            yield Mode(line, block, "64-bit" if match[1] == "1" else "compatibility")
        elif match := _FLAGS.match(text):
            yield Says(line, block, "RFLAGS.VM", int("vm86, " in match[1]))
        elif match := _STOPPED.match(text):
            yield Understood(line, block)
            own = _OWN_STOPS.fullmatch(match[1])
            name = _INSTRUCTIONS.get(match[2]) or (None if own else "another instruction")
            self.instruction = self.instruction or name
        elif found := _GENERAL.findall(text):
            for name, value in found:
                yield Register(line, block, name, int(value, 16))
        elif _SHOW.match(text):
            self.showing = True
            yield Understood(line, block)
        elif self.showing and (match := _SHOWN.match(text)):
            yield Understood(line, block)
            if match[1] not in ("ss", "ds", "es", "fs", "gs") and not self.is_last:
                yield Register(line, block, match[1], int(match[2], 16))
        elif _OTHER.match(text):
            if (match := _CPU.match(text)) and block.cpu is None:
                block.cpu = int(match[1])
            yield Understood(line, block)
