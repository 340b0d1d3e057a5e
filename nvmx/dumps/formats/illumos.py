"""illumos: the registers of a panic by a trap, and the control registers in the debugger (`::sysregs`).

Source: usr/src/uts/i86pc/os/trap.c (`die`, `showregs`, `dumpregs`) and mdb's `sysregs`.  A type is the vector in
hexadecimal.  Values have no leading zeros, so that the names of their bits behind them show that they are whole.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Fault, Register, Understood
from ..line import Line

_CPU = re.compile(r"panic\[cpu(\d{1,4})\]/thread=")
_HEADLINE = re.compile(r"BAD TRAP: type=([0-9a-f]{1,2}) \(#")
_PLACE = re.compile(r"pid=\d+, pc=0x([0-9a-f]{1,16}), sp=0x[0-9a-f]{1,16}, eflags=0x([0-9a-f]{1,8})$")
_CONTROL = re.compile(r"\bcr([04]): ([0-9a-f]{1,8})<")
_OTHER = re.compile(r"cr2: [0-9a-f]|cr3: [0-9a-f]|cr8: [0-9a-f]|addr=0x|#[a-z]{2} \w|Bad kernel fault at")
_FRAME = re.compile(r"(?:[a-z]{3}|r\d|[c-gs]s|[er]\w\w): +[0-9a-f]{1,16}(?: +\w{2,3}: +[0-9a-f]{1,16})*$")
_ERROR = re.compile(r"\berr: +([0-9a-f]{1,16}) +[er]ip:")
_CS = re.compile(r"\bcs: +([0-9a-f]{1,4}) +rfl:")
_SYSTEM = re.compile(r"%(cr0|cr4|efer) = 0x([0-9a-f]{1,16}) <")
_EXCEPTIONS = {6: "#UD", 12: "#SS", 13: "#GP", 14: "#PF"}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every panic, and of every list of control registers."""
    block: Block | None = None
    system = Block("registers", "any")  # the debugger shows those of the machine or of a guest
    cpu = None
    fault: tuple[Line, str] | None = None
    for line in lines:
        text = line.text
        if match := _CPU.match(text):
            cpu = int(match[1])
        if "BAD TRAP" in text and (match := _HEADLINE.search(text)):
            if block and fault:
                yield Fault(fault[0], block, fault[1])
            vector = int(match[1], 16)
            block = Block("fault", cpu=cpu)
            fault = line, _EXCEPTIONS.get(vector) or f"exception {vector}"
            yield Understood(line, block)
        elif text.startswith("%") and (match := _SYSTEM.match(text)):
            yield Register(line, system, match[1], int(match[2], 16))
        elif block is None:
            continue
        elif match := _PLACE.match(text):
            yield Register(line, block, "rip", int(match[1], 16))
            yield Register(line, block, "rflags", int(match[2], 16))
        elif found := _CONTROL.findall(text):
            for number, value in found:
                yield Register(line, block, f"cr{number}", int(value, 16))
        elif _FRAME.match(text):
            yield Understood(line, block)
            if match := _CS.search(text):
                yield Register(line, block, "cs", int(match[1], 16))
            if fault and (match := _ERROR.search(text)):
                yield Fault(fault[0], block, fault[1], int(match[1], 16))
                fault = None
        elif _OTHER.match(text):
            yield Understood(line, block)
    if block and fault:
        yield Fault(fault[0], block, fault[1])
