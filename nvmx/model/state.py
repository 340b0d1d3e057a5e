"""A state of the processor: a value for every axis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .axis import AXES, READY, Value, find_axis
from .rules import broken_rule, is_possible


@dataclass(frozen=True, eq=False)
class State(Mapping[str, Value]):
    """A state of the processor: a value for every axis, read by keyword or by column name.

    `possible` tells whether a processor can be in it and `reason` why not ('' where it can).  It goes where keyword
    arguments go: `verdict("VMXON", "intel", **state)`.
    """

    columns: dict[str, Value] = field(repr=False)

    def __getitem__(self, name: str) -> Value:
        try:
            return self.columns[find_axis(name).name]
        except (ValueError, TypeError) as error:
            raise KeyError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return (axis.keyword for axis in AXES)

    def __len__(self) -> int:
        return len(AXES)

    @property
    def possible(self) -> bool:
        """Whether a processor can be in this state."""
        return is_possible(self.columns)

    @property
    def reason(self) -> str:
        """Why no processor can be in this state; '' where one can."""
        rule = broken_rule(self.columns)
        return rule.reason if rule else ""

    def __repr__(self) -> str:
        changed = [f"{axis.keyword}={self.columns[axis.name]!r}" for axis in AXES
                   if self.columns[axis.name] != READY["VMXON"][axis.name]]  # fmt: skip
        return f"State({', '.join(changed) or 'ready'}{'' if self.possible else '; impossible'})"
