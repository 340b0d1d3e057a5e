"""Registers as small kernels print them: `cr0: 0x80050033, cs: 0x8`, a structure's fields as Rust does, `trap 13 @ 0x`.

Only lines that consist of names and values are taken; before a trap only names in small letters, because many programs
print CR0= about a processor that cannot be told from one line.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Fault, Register, Understood
from ..line import Line

_NAMES = {"cr0": "cr0", "cr4": "cr4", "efer": "efer", "rflags": "rflags", "eflags": "rflags", "rip": "rip",
          "eip": "rip", "cs": "cs", "cpl": "cpl"}  # fmt: skip
_PAIR = re.compile(r"\b([a-z][a-z0-9_]{1,24}) ?[:=] ?(0x[0-9a-f_]{1,20}|[0-9a-f]{8,16}|\d)\b")
_OTHERS = re.compile(
    r"[re][a-d]x|[re][sd]i|[re][bs]p|r\d\d?|[d-gs]s|cr[238]|dr\d|error_code|trap_num|[fg]s_?base|vector"
)
_REST = re.compile(r"(?:\w{1,30}::){0,5}(?:TrapFrame|Registers|Context)\b|[\s,;{}()\[\]|]+", re.IGNORECASE)
_TRAP = re.compile(r"\btrap (\d{1,2}) @ 0x[0-9a-f]{1,16}$")
_VECTORS = {6: "#UD", 12: "#SS", 13: "#GP", 14: "#PF"}
_QUICK = re.compile(r"cr[04]|efer|flags|[re]ip|cs|cpl")
_LONGEST = 500


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every trap and of every line of names and values."""
    block = Block("registers")
    seen: dict[str, int] = {}
    for line in lines:
        text = line.text
        if "trap " in text and (match := _TRAP.search(text)):
            block, seen = Block("fault"), {}
            vector = int(match[1])
            yield Fault(line, block, _VECTORS.get(vector) or f"exception {vector}")
        if block.kind == "fault":
            text = text.lower()
        found = _registers(text) if ":" in text or "=" in text else {}
        if any(seen.get(name, value) != value for name, value in found.items()):
            block, seen = Block("registers"), {}
        seen |= found
        for name, value in found.items():
            yield Register(line, block, name, value)
        if found or (block.kind == "fault" and text.startswith("trapframe")):
            yield Understood(line, block)


def _registers(text: str) -> dict[str, int]:
    """Return the registers of a line, if it has nothing else in it than names and values."""
    if len(text) > _LONGEST or not _QUICK.search(text) or _REST.sub("", _PAIR.sub("", text)):
        return {}
    if any(name not in _NAMES and not _OTHERS.fullmatch(name) for name, _ in _PAIR.findall(text)):
        return {}
    pairs = [(name, int(value.replace("_", ""), 16)) for name, value in _PAIR.findall(text)]
    return {_NAMES[name]: value for name, value in pairs if name in _NAMES}
