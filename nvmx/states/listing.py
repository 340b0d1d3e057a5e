"""A set of states as arrays, above all the set of the possible ones: they are few, so they are listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.axis import AXES, BY_NAME, Value
from ..model.box import Box
from ..model.instruction import READY
from ..model.ladder import Ladder, common_domains
from ..model.rules import BOXES

Domains: TypeAlias = Mapping[str, Sequence[Value]]  # the values that each axis can have


@dataclass(frozen=True, eq=False)
class States:
    """Some states of one instruction: `codes` has one row per axis of `domains` and one column per state.

    A code is the index of a value in its domain; an axis outside `domains` is ready.  Arrays cannot be written to.

    >>> import nvmx
    >>> states = States.possible([nvmx.ladder("VMXON", "intel")], ["CPL", "RFLAGS.VM"])
    >>> len(states), states.state(3)
    (4, {'CPL': 3, 'RFLAGS.VM': 0})
    >>> len(states[states.inside({"CPL": (3,)})])
    1
    """

    instruction: str
    domains: Domains
    codes: NDArray[np.int8]
    _inside: dict[object, NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.codes.flags.writeable = False

    @classmethod
    def possible(cls, ladders: Sequence[Ladder], axes: Iterable[str] | Domains | None = None) -> Self:
        """Return the possible states of these axes, in the order of a table.

        `axes` names the axes, or maps them to their values; None: those that the ladders read.  A state counts as
        possible if some values of the axes that no ladder reads make it so; an axis that is read but not in `axes` is
        ready.
        """
        if not isinstance(axes, Mapping):
            axes = common_domains(ladders, read_axes(ladders) if axes is None else axes)
        instruction = ladders[0].instruction
        ready = frozenset((name, READY[instruction][name]) for name in read_axes(ladders) if name not in axes)
        domains = tuple((name, tuple(values)) for name, values in axes.items())
        return cls(instruction, dict(domains), _project(domains, ready))

    def __len__(self) -> int:
        return int(self.codes.shape[1])

    def __getitem__(self, rows: NDArray[np.bool_] | Sequence[int]) -> Self:
        """Return the states of a mask, or of a list of row numbers."""
        return type(self)(self.instruction, self.domains, self.codes[:, rows])

    def inside(self, box: Box) -> NDArray[np.bool_]:
        """Return, for each state, whether it lies in the box."""
        key = tuple(box.items())
        if key not in self._inside:
            hit = np.ones(len(self), dtype=bool)
            ready = READY[self.instruction]
            columns = dict(zip(self.domains, self.codes, strict=True))
            for name, wanted in box.items():
                if name in columns:
                    hit &= np.array([value in wanted for value in self.domains[name]])[columns[name]]
                else:
                    hit &= ready[name] in wanted
            hit.flags.writeable = False
            self._inside[key] = hit
        return self._inside[key]

    def in_domain(self, ladder: Ladder) -> NDArray[np.bool_]:
        """Return, for each state, whether the ladder's source says something about it."""
        hit = np.ones(len(self), dtype=bool)
        for box in ladder.outside_domain:
            hit &= ~self.inside(box)
        return hit

    def deciding(self, ladder: Ladder) -> NDArray[np.integer]:
        """Return, for each state, the number of the rung that decides; the number of rungs stands for success."""
        numbers = np.full(len(self), len(ladder.rungs), dtype=np.min_scalar_type(len(ladder.rungs)))
        for number, rung in reversed(list(enumerate(ladder.rungs))):
            numbers[self.inside(rung.when)] = number
        return numbers

    def distance(self) -> NDArray[np.intp]:
        """Return, for each state, on how many axes it differs from the ready state."""
        distance = np.zeros(len(self), dtype=np.intp)
        for (name, values), codes in zip(self.domains.items(), self.codes, strict=True):
            distance += codes != values.index(READY[self.instruction][name])
        return distance

    def state(self, row: int) -> dict[str, Value]:
        """Return one state: {column name: value}, for the axes of `domains`."""
        return {
            name: values[int(codes[row])]
            for (name, values), codes in zip(self.domains.items(), self.codes, strict=True)
        }


def read_axes(ladders: Sequence[Ladder]) -> tuple[str, ...]:
    """Return the axes that any of the ladders reads, in table order."""
    return tuple(axis.name for axis in AXES if any(axis.name in ladder.reads for ladder in ladders))


_ROW = {axis.name: row for row, axis in enumerate(AXES)}


@lru_cache(maxsize=32)
def _project(
    domains: tuple[tuple[str, tuple[Value, ...]], ...], fixed: frozenset[tuple[str, Value]]
) -> NDArray[np.int8]:
    """Return the codes of the possible states on these axes, each state once; the axes in `fixed` have that value."""
    table = _all_possible()
    keep = np.ones(table.shape[1], dtype=bool)
    for name, value in fixed:
        keep &= table[_ROW[name]] == BY_NAME[name].values.index(value)
    columns = []
    for name, values in domains:
        # From the codes of the axis to those of its domain; -1: not in the domain.
        recode = np.array([values.index(value) if value in values else -1 for value in BY_NAME[name].values], np.int8)
        columns.append(recode[table[_ROW[name]]])
        keep &= columns[-1] >= 0
    sizes = tuple(len(values) for _, values in domains)
    if not sizes:
        return np.zeros((0, 1), dtype=np.int8)
    keys = np.unique(np.ravel_multi_index([column[keep] for column in columns], sizes))
    return np.stack(np.unravel_index(keys, sizes)).astype(np.int8)


@cache
def _all_possible() -> NDArray[np.int8]:
    """Return every possible state: one row per axis, one column per state, in table order.

    The axes are added one by one, and what breaks a rule is dropped as soon as all axes of the rule are there.
    """
    table = np.zeros((0, 1), dtype=np.int8)
    for axis in AXES:
        values = np.arange(len(axis.values), dtype=np.int8)
        table = np.vstack([np.repeat(table, len(values), axis=1), np.tile(values, table.shape[1])])
        for box in BOXES:
            if axis.name in box and all(_ROW[name] < len(table) for name in box):
                hit = [
                    np.isin(table[_ROW[name]], [BY_NAME[name].values.index(value) for value in wanted])
                    for name, wanted in box.items()
                ]
                table = table[:, ~np.logical_and.reduce(hit)]
    return table
