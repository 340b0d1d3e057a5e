"""The instructions: what is true of each of them, whichever source decides how it ends.

To add an instruction, begin with one more row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .axis import AXES, BY_NAME, Value
from .errors import InvalidType, unknown
from .frozen import FrozenDict
from .outcome import OUTCOMES
from .sentence import values_text

_OPERAND = ("operand", "pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its VM-exit reason, the axes that it can depend on, its ready state, and how it can end.

    `ready` holds a value for every axis by column name; `exit_reason` is from SDM Vol. 3, Appendix C.
    """

    name: str
    exit_reason: int
    axes: tuple[str, ...]
    ready: Mapping[str, Value]
    outcomes: tuple[str, ...]


def _ready(**changes: Value) -> FrozenDict[str, Value]:
    return FrozenDict({axis.name: changes.get(axis.keyword, axis.ready) for axis in AXES})


_ROWS = (
    Instruction("VMXON", 27, tuple(BY_NAME), _ready(), OUTCOMES),
    Instruction(
        "VMXOFF",
        26,
        tuple(name for name in BY_NAME if name not in _OPERAND),
        _ready(vmx="root"),
        tuple(name for name in OUTCOMES if name not in ("#SS(0)", "#PF")),
    ),
)
BY_INSTRUCTION = {row.name: row for row in _ROWS}
INSTRUCTIONS = tuple(BY_INSTRUCTION)
READY = {row.name: row.ready for row in _ROWS}


def instruction_name(given: object) -> str:
    """Return `given` if it is an instruction that we model, or raise InvalidType or UnknownName.

    >>> instruction_name("VMXON")
    'VMXON'
    """
    if not isinstance(given, str):
        raise InvalidType(f"instruction: {given!r} is not a string (allowed: {', '.join(INSTRUCTIONS)})")
    if given not in BY_INSTRUCTION:
        raise unknown("instruction", given, INSTRUCTIONS)
    return given


def not_ready(instruction: str, values: Mapping[str, Value]) -> str:
    """Return, in words, the values (by column name) that differ from the ready state; "ready" if none does.

    >>> not_ready("VMXON", {"CR0.NE": 0, "CPL": 3, "VMX": "off"})
    'CR0.NE = 0, CPL = 3'
    """
    ready = READY[instruction]
    return values_text({name: value for name, value in values.items() if value != ready[name]}) or "ready"
