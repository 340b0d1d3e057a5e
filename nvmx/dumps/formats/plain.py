"""Registers as names and values, as kernels print them that have no format of their own: `cr0: 0x80050033, cs: 0x8`.

Names in capitals are left alone: many programs print CR0= about a processor that cannot be told from one line.  Only
lines that consist of such pairs, or of a structure's fields as Rust prints them, are believed.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Mode, Msr, Register
from ..line import Line

_NAMES = {
    "cr0": "cr0", "cr4": "cr4", "efer": "efer", "ia32_efer": "efer", "rflags": "rflags", "eflags": "rflags",
    "rip": "rip", "eip": "rip", "cs": "cs", "cpl": "cpl",
}  # fmt: skip
_FEATURE_CONTROL = ("ia32_feature_control", "feature_control", "ia32_feat_ctl", "msr_ia32_feat_ctl", "feat_ctl")
_PAIR = re.compile(r"\b([a-z][a-z0-9_]{1,24}) ?[:=] ?(0x[0-9A-Fa-f_]{1,20}|[0-9A-Fa-f]{8,16}|\d)\b")
_REST = re.compile(r"[\w:]*TrapFrame|[\w:]*Context|[\s,;{}()\[\]|]+")
_QUICK = ("cr0", "cr4", "efer", "flags", "rip", "eip", "cs", "cpl", "feat")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every line of pairs."""
    block, machine = Block("registers"), Block("system")
    seen: dict[str, int] = {}
    for line in lines:
        if not any(word in line.text for word in _QUICK):
            continue
        if _REST.sub("", _PAIR.sub("", line.text)):
            continue
        for name, value in _PAIR.findall(line.text):
            number = int(value.replace("_", ""), 16)
            register = _NAMES.get(name)
            if name in _FEATURE_CONTROL:
                yield Msr(line, machine, 0x3A, number)
            if register is None:
                continue
            if seen.get(register, number) != number:
                block, seen = Block("registers"), {}
            seen[register] = number
            yield Register(line, block, register, number)
            if register == "rip" and number >> 32:
                yield Mode(line, block, "64-bit")  # in every other mode, the instruction pointer has 32 bits
