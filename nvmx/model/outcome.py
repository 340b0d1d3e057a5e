"""The outcomes: how an instruction can end, as one table.  Its order is used everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import InvalidType, unknown
from .frozen import FrozenDict

# SDM VMX instruction conventions (rev 091 §33.2): VMsucceed, VMfailInvalid and VMfailValid write these six flags.
_CLEARED = {"CF": 0, "PF": 0, "AF": 0, "ZF": 0, "SF": 0, "OF": 0}
UNTOUCHED: Mapping[str, int] = FrozenDict()
VMSUCCEED: Mapping[str, int] = FrozenDict(_CLEARED)
_FAIL_INVALID = FrozenDict(_CLEARED | {"CF": 1})
_FAIL_VALID = FrozenDict(_CLEARED | {"ZF": 1})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome: its letter, colour and ink in pictures, and the RFLAGS bits that it writes (empty: none)."""

    name: str
    letter: str
    colour: str
    ink: str
    flags: Mapping[str, int]
    meaning: str


# Colours: Okabe and Ito's palette, which colour-blind people can tell apart; `ink` is readable on it.
TABLE = (
    Outcome("success", "S", "#009E73", "#000", VMSUCCEED, "the instruction does its work"),
    Outcome("#UD", "U", "#D55E00", "#000", UNTOUCHED, "invalid opcode: here, there is no such instruction"),
    Outcome(
        "#GP(0)", "G", "#E69F00", "#000", UNTOUCHED, "general protection, error code 0: it exists, but is refused here"
    ),
    Outcome(
        "#SS(0)",
        "T",
        "#999999",
        "#000",
        UNTOUCHED,
        "stack fault, error code 0: no such address in the stack segment",
    ),
    Outcome("#PF", "P", "#CC79A7", "#000", UNTOUCHED, "page fault: the operand cannot be read"),
    Outcome("VMfailInvalid", "I", "#56B4E9", "#000", _FAIL_INVALID, "it ran and refused: CF is set, no error number"),
    Outcome(
        "VMfailValid", "V", "#0072B2", "#fff", _FAIL_VALID, "it ran and refused: ZF is set, the VMCS has the error"
    ),
    Outcome("VM exit", "X", "#F0E442", "#000", UNTOUCHED, "the guest's own hypervisor takes over"),
)
OUTCOMES = tuple(outcome.name for outcome in TABLE)
BY_OUTCOME = {outcome.name: outcome for outcome in TABLE}


def flags_text(flags: Mapping[str, int]) -> str:
    """Describe what happens to RFLAGS: "left alone", "cleared", or the flag that is set while the others are cleared.

    >>> flags_text(BY_OUTCOME["VMfailInvalid"].flags)
    'CF set'
    """
    if not flags:
        return "left alone"
    return " ".join(name for name, value in flags.items() if value) + " set" if any(flags.values()) else "cleared"


def outcome_name(given: object) -> str:
    """Return `given` if it is one of OUTCOMES, or raise InvalidType or UnknownName.

    >>> outcome_name("#UD")
    '#UD'
    """
    if not isinstance(given, str):
        raise InvalidType(f"outcome: {given!r} is not a string (allowed: {', '.join(OUTCOMES)})")
    if given not in BY_OUTCOME:
        raise unknown("outcome", given, OUTCOMES)
    return given
