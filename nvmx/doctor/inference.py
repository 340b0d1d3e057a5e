"""What VMXON and VMXOFF at CPL 3 prove about CR4.VMXE and VMX operation, computed from the rows of a ladder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ..ask import explain
from ..model.axis import BY_NAME, Value
from ..model.errors import OutsideDomain
from ..model.instruction import BY_INSTRUCTION

PROVABLE = ("CR4.VMXE", "VMX")
# A 64-bit process that executes an instruction with an operand that it can read; no VMXON accepts its pointer.
_USER: Mapping[str, Value] = {
    "operand": "mapped", "LOCK": 0, "CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1, "CPL": 3,
    "pointer.aligned": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Answering:
    """Whose checks answer: a source (None: no source is known), its other versions, and how one knows."""

    source: str | None
    versions: tuple[str, ...]
    because: str

    @property
    def every(self) -> tuple[str, ...]:
        """The source and its other versions."""
        return tuple(dict.fromkeys([*([self.source] if self.source else []), *self.versions]))


def agreeing(source: str, outcomes: Mapping[str, str]) -> list[dict[str, Value]]:
    """Return the values of CR4.VMXE and VMX with which, by `source`, each instruction can end as it did at CPL 3.

    >>> agreeing("intel", {"VMXON": "#GP(0)", "VMXOFF": "#UD"})
    [{'CR4.VMXE': 1, 'VMX': 'off'}]
    """
    return [
        dict(values)
        for values in _values()
        if all(outcome in _outcomes(source, instruction, values) for instruction, outcome in outcomes.items())
    ]


def proven(source: str, outcomes: Mapping[str, str]) -> dict[str, tuple[Value, ...]]:
    """Return the values of each axis in PROVABLE that are left; none at all if no state agrees.

    >>> proven("virtualbox", {"VMXON": "#GP(0)"})
    {'CR4.VMXE': (0, 1), 'VMX': ('off', 'root')}
    """
    left = agreeing(source, outcomes)
    return {name: tuple(dict.fromkeys(each[name] for each in left)) for name in PROVABLE}


def can_change_state(source: str, instruction: str, outcomes: Mapping[str, str]) -> bool:
    """Return whether, by `source`, the instruction could succeed at CPL 3 in a state that agrees with `outcomes`.

    >>> can_change_state("intel", "VMXOFF", {}), can_change_state("kvm-2017", "VMXOFF", {})
    (False, True)
    """
    return any("success" in _outcomes(source, instruction, values) for values in agreeing(source, outcomes))


def _values() -> Iterator[dict[str, Value]]:
    # A program does not run in the guest of its own machine: VMX non-root operation is that of another one.
    choices = [[value for value in BY_NAME[name].values if value != "non-root"] for name in PROVABLE]
    return (dict(zip(PROVABLE, values, strict=True)) for values in product(*choices))


def _outcomes(source: str, instruction: str, values: Mapping[str, Value]) -> tuple[str, ...]:
    own = BY_INSTRUCTION[instruction].axes
    state = {name: value for name, value in {**_USER, **values}.items() if name in own}
    try:
        return explain(instruction, source, **state).outcomes
    except OutsideDomain:
        return ("success",)  # unknown, so nothing is excluded
