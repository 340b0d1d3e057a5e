"""The possible states without numpy: listed once each, nearest to the ready state first, with sets of them as bits.

The same states as `nvmx.states.listing`, found by another program; a test holds both equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import TypeAlias

from .axis import AXES, BY_NAME, Value
from .box import Box, nearest
from .instruction import READY
from .ladder import Ladder, common_domains
from .rules import BOXES

Row: TypeAlias = tuple[Value, ...]  # one value per axis, in table order
_NAMES = tuple(axis.name for axis in AXES)
_KEYWORDS = tuple(axis.keyword for axis in AXES)


@dataclass(frozen=True, eq=False)
class PossibleStates:
    """The possible states of some axes, nearest to ready first: fewest changes, then table order.

    A set of them is an integer: state 0 is the bit of value `2 ** (len(self) - 1)`, the last state is bit 0.  So the
    logic of a ladder is that of integers, and the first state of a set is found by `first`.

    >>> import nvmx
    >>> states = PossibleStates.of([nvmx.ladder("VMXON", "intel")], ["CPL", "RFLAGS.VM"])
    >>> len(states), states.keywords(1)["cpl"]
    (4, 1)
    >>> bin(states.inside({"CPL": (2, 3)}))
    '0b11'
    """

    instruction: str
    axes: tuple[str, ...]
    rows: tuple[Row, ...]

    @staticmethod
    def of(
        ladders: Sequence[Ladder], axes: Iterable[str] | None = None, fixed: Mapping[str, Value] | None = None
    ) -> "PossibleStates":
        """Return the possible states of these axes (column names); None: those that the ladders read.

        An axis in `fixed` has only that value.  An axis that is read but not in `axes` is ready.  One that is not read
        takes any value that makes the state possible; a state is listed once, with as many of these ready as it can.
        """
        read = [name for name in _NAMES if any(name in ladder.reads for ladder in ladders)]
        wanted = set(read if axes is None else axes) | set(fixed or {})
        domains = common_domains(ladders, [name for name in _NAMES if name in wanted])
        for name, value in (fixed or {}).items():
            domains[name] = tuple(each for each in domains[name] if each == value)
        instruction = ladders[0].instruction
        return _possible(instruction, tuple(domains.items()), frozenset(read) - wanted)

    def __len__(self) -> int:
        return len(self.rows)

    def keywords(self, number: int) -> dict[str, Value]:
        """Return one state, complete, by keyword."""
        return dict(zip(_KEYWORDS, self.rows[number], strict=True))

    def columns(self, number: int) -> dict[str, Value]:
        """Return one state, complete, by column name."""
        return dict(zip(_NAMES, self.rows[number], strict=True))

    @property
    def every(self) -> int:
        """The set of all states."""
        return (1 << len(self)) - 1

    @cached_property
    def _having(self) -> dict[tuple[str, Value], int]:
        """Return the set of states that have each value."""
        columns = list(zip(*self.rows, strict=True)) or [() for _ in AXES]
        found = {}
        for axis, column in zip(AXES, columns, strict=True):
            code = {value: number for number, value in enumerate(axis.values)}
            codes = bytes(map(code.__getitem__, column))
            for value in axis.values:
                digits = bytes(b"01"[number == code[value]] for number in range(256))
                found[axis.name, value] = int(b"0" + codes.translate(digits), 2)
        return found

    def inside(self, box: Box) -> int:
        """Return the set of states in the box."""
        found = self.every
        for name, values in box.items():
            either = 0
            for value in values:
                either |= self._having[name, value]
            found &= either
        return found

    def deciding(self, ladder: Ladder) -> list[int]:
        """Return, for each rung, the set of states that it decides, and last the set that ends in success."""
        left, found = self.every, []
        for rung in ladder.rungs:
            hit = left & self.inside(rung.when)
            found.append(hit)
            left ^= hit
        return [*found, left]

    def decided(self, ladder: Ladder) -> list[int]:
        """Return, for each state, the number of the rung that decides; the number of rungs stands for success."""
        numbers = [len(ladder.rungs)] * len(self)
        for number, rung_states in enumerate(self.deciding(ladder)):
            for place in self.numbers(rung_states):
                numbers[place] = number
        return numbers

    @cached_property
    def _numbers(self) -> dict[Row, int]:
        places = [_NAMES.index(name) for name in self.axes]
        return {tuple(row[place] for place in places): number for number, row in enumerate(self.rows)}

    def find(self, state: Mapping[str, Value]) -> int | None:
        """Return the number of the state with these values (by column name; more axes do not matter), or None."""
        return self._numbers.get(tuple(state[name] for name in self.axes))

    def first(self, states: int) -> int:
        """Return the number of the nearest state of a set that is not empty."""
        return len(self) - states.bit_length()

    def numbers(self, states: int) -> list[int]:
        """Return the numbers of the states of a set, nearest first."""
        return [place for place, bit in enumerate(f"{states:0{len(self)}b}") if bit == "1"] if states else []

    def bit(self, number: int) -> int:
        """Return the set that holds this state alone."""
        return 1 << len(self) - 1 - number


@lru_cache(maxsize=8)
def _possible(instruction: str, domains: tuple[tuple[str, Row], ...], pinned: frozenset[str]) -> PossibleStates:
    return PossibleStates(instruction, tuple(name for name, _ in domains), _listed(instruction, domains, pinned))


def _listed(instruction: str, domains: tuple[tuple[str, Row], ...], pinned: frozenset[str]) -> tuple[Row, ...]:
    """Return the possible states of these domains as rows; axes in `pinned` are ready, the others free."""
    ready = READY[instruction]
    place = {name: number for number, (name, _) in enumerate(domains)}
    free = frozenset(_NAMES) - place.keys() - pinned
    # A rule about another value of what is pinned never applies.
    rules = [box for box in BOXES if all(ready[name] in values for name, values in box.items() if name in pinned)]
    # Each row, with the places of what is not ready and the codes there: its position in the order.
    table: list[tuple[Row, tuple[int, ...], tuple[int, ...]]] = [((), (), ())]
    for number, (name, values) in enumerate(domains):
        choices = [
            ((value,), *(((), ()) if value == ready[name] else ((number,), (BY_NAME[name].values.index(value),))))
            for value in values
        ]
        table = [
            (row + value, places + new_place, codes + new_code)
            for row, places, codes in table
            for value, new_place, new_code in choices
        ]
        for box in rules:
            named = [(place[axis], allowed) for axis, allowed in box.items() if axis in place]
            if free.isdisjoint(box) and named and max(at for at, _ in named) == number:
                table = [each for each in table if not all(each[0][at] in allowed for at, allowed in named)]
    table.sort(key=lambda each: (len(each[1]), each[1], each[2]))
    # What is free depends on the axes that share a rule with it.
    bound = sorted({place[name] for box in rules if not free.isdisjoint(box) for name in box if name in place})
    rest = [name for name in _NAMES if name not in place]
    in_table_order = itemgetter(*([*place, *rest].index(name) for name in _NAMES))
    completions: dict[Row, Row | None] = {}
    found = []
    for row, _, _ in table:
        key = tuple([row[at] for at in bound])
        if key not in completions:
            start = {**ready, **{name: row[at] for name, at in place.items()}}
            changes = nearest(start, BOXES, held=frozenset(_NAMES) - free)
            completions[key] = None if changes is None else tuple({**start, **changes}[name] for name in rest)
        completion = completions[key]
        if completion is not None:
            found.append(in_table_order(row + completion))
    return tuple(found)
