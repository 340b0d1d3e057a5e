"""GDB: `info registers` with the system registers that QEMU's stub has, `print`, and the instruction at the pointer.

Source: runs of GDB 13.1 with QEMU 7.2; target/i386/gdbstub.c and gdb-xml/.  An access right is not among them, so that
CPL and CS.L are known only in part: CPL is the RPL of CS after any far transfer in protected mode, which is believed
here if SS agrees or if a program received a signal, and code beyond 4 GiB is 64-bit code.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Event, Fact, Fault, Note, Register, Understood
from ..line import Line

_REGISTER = re.compile(
    r"(r[a-d]x|r[sd]i|r[bs]p|r\d\d?|rip|e[a-d]x|e[sd]i|e[bs]p|eip|eflags|[cdefgs]s|[fg]s_base|k_gs_base|cr[02348]|efer)"
    r"[ \t]+(0x[0-9a-f]{1,16})[ \t]+\S"
)
_COMMAND = re.compile(r"\(gdb\) (?:p|print|output)(?:/x)? \$([a-z0-9]+)$")
_ANSWER = re.compile(r"\$\d+ = (0x[0-9a-f]{1,16})$")
_PLACE = re.compile(r"=> (0x[0-9a-f]+)(?: <[^>]*>)?:[ \t]*(?:[0-9a-f]{2}[ \t]+)*([a-z][a-z0-9]+)\b")
_SIGNAL = re.compile(r"(?:Program|Thread \S+ (?:\"[^\"]*\" )?)\s*received signal (SIG[A-Z]+)")
_OF_PROGRAMS = frozenset({"SIGILL", "SIGSEGV", "SIGBUS"})  # the kernel sends them to a program, in protected mode
_VM = 1 << 17  # in EFLAGS
_NOT_GENERAL = frozenset({"ds", "es", "fs", "gs", "cr8", "k_gs_base"})
_INSTRUCTIONS = {"vmxon": "VMXON", "vmxoff": "VMXOFF", "vmptrld": "VMPTRLD", "vmclear": "VMCLEAR", "ud2": "UD2",
                 "vmlaunch": "VMLAUNCH", "vmresume": "VMRESUME", "rdmsr": "RDMSR", "wrmsr": "WRMSR"}  # fmt: skip


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every list of registers."""
    block = Block("registers")
    seen: dict[str, tuple[int, Line]] = {}
    signal: tuple[str, Line] | None = None
    asked = ""
    for line in lines:
        text = line.text
        if "0x" not in text and "$" not in text and "signal" not in text:
            continue
        if match := _COMMAND.match(text):
            asked = match[1]
            yield Understood(line, block)
        elif asked and (match := _ANSWER.match(text)):
            yield from _register(line, block, asked, int(match[1], 16))
            asked = ""
        elif match := _REGISTER.match(text):
            name, value = match[1], int(match[2], 16)
            if name in seen:
                yield from _privilege(block, seen, signal)
                block, seen = Block("registers"), {}
            seen[name] = value, line
            yield from _register(line, block, name, value)
        elif match := _SIGNAL.search(text):
            signal = match[1], line
            yield Understood(line, block)
        elif match := _PLACE.match(text):
            yield from _instruction(line, block, match[2], signal)
    yield from _privilege(block, seen, signal)


def _register(line: Line, block: Block, name: str, value: int) -> Iterator[Fact]:
    yield Understood(line, block)
    if name in ("cs", "ss") or name in _NOT_GENERAL:
        return
    short = {"eflags": "rflags"}.get(name) or (f"r{name[1:]}" if name[0] == "e" and name != "efer" else name)
    yield Register(line, block, short, value)


def _privilege(block: Block, seen: dict[str, tuple[int, Line]], signal: tuple[str, Line] | None) -> Iterator[Fact]:
    if "cs" not in seen:
        return
    selector, line = seen["cs"]
    if signal and signal[0] in _OF_PROGRAMS and selector & 3 == 3 and not seen.get("eflags", (0, line))[0] & _VM:
        yield Register(line, block, "cpl", 3)
        return
    stack = seen["ss"][0] if "ss" in seen else None
    if stack is not None and (stack ^ selector) & 3 == 0:
        yield Register(line, block, "cs", selector)
        yield Note(
            line,
            block,
            "GDB shows no CPL: in protected mode it is taken from the lowest two bits of CS, with which SS agrees",
        )
    else:
        why = "SS is not shown" if stack is None else "the lowest two bits of CS and SS differ"
        yield Note(line, block, f"GDB shows no CPL, and {why}: it stays unknown")


def _instruction(line: Line, block: Block, mnemonic: str, signal: tuple[str, Line] | None) -> Iterator[Fact]:
    yield Understood(line, block)
    name = _INSTRUCTIONS.get(mnemonic)
    if name is None:
        return
    if signal is None:
        yield Event(line, block, name, None)
    elif signal[0] == "SIGILL":
        yield Fault(signal[1], block, "#UD", instruction=name)
    else:
        # SIGSEGV and SIGBUS come of #GP, #SS and #PF.
        yield Event(signal[1], block, name, True, ("fault",))
