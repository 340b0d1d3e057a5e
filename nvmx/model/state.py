"""A state of the processor: one value for every axis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .axis import AXES, Value, find_axis
from .errors import NvmxError
from .frozen import FrozenDict
from .modes import mode_of
from .rules import broken_rule


@dataclass(frozen=True, eq=False)
class State(Mapping[str, Value]):
    """A state: a mapping that is read by keyword or by column name, and that cannot be changed.

    It can be passed on as keyword arguments.

    >>> import nvmx
    >>> state = nvmx.verdict("VMXON", "intel", cpl=3).state
    >>> state["cpl"], state["CPL"], state.mode, state.possible
    (3, 3, '64-bit', True)
    >>> nvmx.verdict("VMXON", "xen", **state).outcome
    '#GP(0)'
    """

    columns: Mapping[str, Value] = field(repr=False)  # by column name

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", FrozenDict(self.columns))

    def __getitem__(self, name: str) -> Value:
        try:
            return self.columns[find_axis(name).name]
        except NvmxError as error:
            raise KeyError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return (axis.keyword for axis in AXES)

    def __len__(self) -> int:
        return len(AXES)

    def __hash__(self) -> int:
        return hash(self.columns)

    @property
    def mode(self) -> str | None:
        """The mode of the processor, one of `nvmx.model.modes.MODES`; None if the bits belong to none."""
        return mode_of(self.columns)

    @property
    def possible(self) -> bool:
        """Whether a processor can be in this state."""
        return not self.reason

    @property
    def reason(self) -> str:
        """Why no processor can be in this state; "" if one can."""
        rule = broken_rule(self.columns)
        return rule.reason if rule else ""

    def __repr__(self) -> str:
        changed = [
            f"{axis.keyword}={self.columns[axis.name]!r}" for axis in AXES if self.columns[axis.name] != axis.ready
        ]
        return f"State({', '.join(changed) or 'ready'}{'' if self.possible else '; impossible'})"
