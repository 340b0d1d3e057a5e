"""The geometry of a map of states.  The unit is a cell; a drawing scales it.

In a Karnaugh map, neighbours differ on one axis.  The columns can also be the modes of a processor, each several bits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import prod
from typing import NamedTuple, TypeVar

from .axis import Value, named_axes
from .errors import InvalidValue
from .ladder import Ladder, common_domains
from .modes import MODE_AXES, MODES

# Beside the modes, what matters most.
DOWN = ("CR4.VMXE", "VMX", "CPL")
# Four times the usual map of `intel` (24 by 16); beyond that, nobody can read a picture, and drawing it takes minutes.
MOST_CELLS = 1536

T = TypeVar("T")


class Run(NamedTuple):
    """Neighbours that share a `value` of an axis: the first of them, and how many they are."""

    value: Value
    start: int
    length: int


@dataclass(frozen=True)
class Side:
    """The rows, or the columns, of a map: the `axes` whose values they stand for, and each row's `values` of them.

    `names` are the headings, if they have any.

    >>> Side(("VMX",), (("off",), ("root",))).bands
    [[Run(value='off', start=0, length=1), Run(value='root', start=1, length=1)]]
    """

    axes: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    names: tuple[str, ...] = ()

    @cached_property
    def bands(self) -> list[list[Run]]:
        """For each axis, the runs of neighbours that share its value: what is drawn beside the cells."""
        return [runs(values[n] for values in self.values) for n in range(len(self.axes))]


@dataclass(frozen=True)
class Map:
    """A map of the states of some ladders: its `rows` and its `columns`."""

    rows: Side
    columns: Side

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes spread over the cells: those of the rows, then those of the columns."""
        return self.rows.axes + self.columns.axes

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and how many columns there are."""
        return len(self.rows.values), len(self.columns.values)


def lay_out(
    ladders: Sequence[Ladder],
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
    held: Mapping[str, Value] | None = None,
) -> Map:
    """Return the map with the axes `down` and `across`; None: what matters most down, the modes across.

    An axis that no ladder reads is not among the usual ones, and one in `held` is not spread.  Raises an error if an
    axis does not exist or is named twice, or if there are more than MOST_CELLS cells.

    >>> from nvmx.ladders import ladder
    >>> lay_out([ladder("VMXON", "intel")], down=["CPL"]).shape
    (4, 5)
    """
    kept = held or {}
    read = {name for each in ladders for name in each.axes}
    modes = across is None and not read.isdisjoint(MODE_AXES)
    chosen = [
        tuple(name for name in usual if name not in kept) if asked is None else named_axes(asked)
        for asked, usual in ((down, [name for name in DOWN if name in read]), (across, MODE_AXES if modes else ()))
    ]
    named_axes([*chosen[0], *chosen[1], *kept])
    domains = [common_domains(ladders, axes) for axes in chosen]
    columns = _modes(domains[1], kept) if modes else None
    across_count = len(columns.values) if columns else prod(map(len, domains[1].values()))
    count = prod(map(len, domains[0].values())) * across_count
    if count > MOST_CELLS:
        raise InvalidValue(
            f"map: {count:,} cells are too many to read (at most {MOST_CELLS:,}); "
            "spread fewer axes with down=[...] and across=[...], or hold some at a value"
        )
    rows = Side(chosen[0], tuple(gray(domains[0].values())))
    return Map(rows, columns or Side(chosen[1], tuple(gray(domains[1].values()))))


def _modes(domains: Mapping[str, Sequence[Value]], held: Mapping[str, Value]) -> Side:
    """Return the modes as columns, each as the values of these axes; those that differ from `held` are left out."""
    found = {
        name: tuple(bits[axis] for axis in domains)
        for name, bits in MODES.items()
        if all(bits[axis] == value for axis, value in held.items() if axis in MODE_AXES)
        and all(bits[axis] in values for axis, values in domains.items())
    }
    return Side(tuple(domains), tuple(found.values()), tuple(found))


def gray(domains: Iterable[Sequence[T]], kept: Iterable[tuple[T, ...]] | None = None) -> list[tuple[T, ...]]:
    """Return every combination, or those in `kept`, each differing from the one before on one axis, by one step.

    If a combination has no such neighbour in `kept`, the step is larger.

    >>> gray([(0, 1), ("off", "root")])
    [(0, 'off'), (0, 'root'), (1, 'root'), (1, 'off')]
    >>> gray([(0, 1), ("off", "root")], [(0, "off"), (1, "off"), (1, "root")])
    [(0, 'off'), (1, 'off'), (1, 'root')]
    """
    heads = None if kept is None else {whole[:length] for whole in kept for length in range(len(whole) + 1)}
    order: list[tuple[T, ...]] = [()]
    for values in domains:
        longer: list[tuple[T, ...]] = []
        for head in order:
            found = [(*head, value) for value in values if heads is None or (*head, value) in heads]
            if longer and found[-1][-1] == longer[-1][-1]:
                found.reverse()  # go on where the last ones ended
            longer += found
        order = longer
    return order


def runs(values: Iterable[Value]) -> list[Run]:
    """Return the runs of equal neighbours.

    >>> runs(["off", "off", "root"])
    [Run(value='off', start=0, length=2), Run(value='root', start=2, length=1)]
    """
    found, start = [], 0
    for value, neighbours in groupby(values):
        length = len(list(neighbours))
        found.append(Run(value, start, length))
        start += length
    return found
