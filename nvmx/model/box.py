"""A box: the values that some axes must have, every other axis being a don't-care."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TypeAlias

from .axis import AXES, BY_NAME, Value, find_axis, find_value

Box: TypeAlias = Mapping[str, tuple[Value, ...]]
_PLACE = {axis.name: place for place, axis in enumerate(AXES)}


def make_box(when: Mapping[str, object]) -> Box:
    """Return `when` as a box in table order: {name or keyword: a value, or a tuple of them}; raise ValueError."""
    given: dict[str, tuple[Value, ...]] = {}
    for name, values in when.items():
        axis = find_axis(name)
        chosen = {find_value(axis, value) for value in (values if isinstance(values, (tuple, list)) else (values,))}
        if axis.name in given:
            raise ValueError(f"axis {axis.name} is named twice")
        if not chosen or len(chosen) == len(axis.values):
            raise ValueError(f"axis {axis.name}: {values!r} holds for none or for all of {axis.values!r}")
        given[axis.name] = tuple(value for value in axis.values if value in chosen)
    return {name: given[name] for name in _PLACE if name in given}


def matches(box: Box, state: Mapping[str, Value]) -> bool:
    """Tell whether the state (one value for each axis, by column name) lies in the box."""
    return all(state[name] in values for name, values in box.items())


def nearest(
    start: Mapping[str, Value], outside: Sequence[Box], inside: Box | None = None, held: frozenset[str] = frozenset()
) -> dict[str, Value] | None:
    """Return the fewest changes that bring `start` outside every box of `outside` and into `inside`.

    Axes in `held` do not change.  Among equally small sets of changes the one that comes first in table order wins.
    None: there is no such state.
    """
    goal: Box = inside or {}

    def ways(state: dict[str, Value], changed: frozenset[str]) -> list[tuple[str, Value]] | None:
        """The changes that mend the first thing that is wrong (preferring one with few ways); None: all is right."""
        best: list[tuple[str, Value]] | None = None
        for name, allowed in goal.items():
            if state[name] not in allowed:
                return [] if name in changed or name in held else [(name, value) for value in allowed]
        for box in outside:
            if matches(box, state):
                found = [
                    (name, value)
                    for name, values in box.items()
                    if name not in changed and name not in held
                    for value in BY_NAME[name].values
                    if value not in values and value in goal.get(name, (value,))
                ]
                if best is None or len(found) < len(best):
                    best = found
                    if len(best) < 2:
                        break
        return best

    seen: set[frozenset[tuple[str, Value]]] = set()
    deeper = False

    def search(state: dict[str, Value], changes: dict[str, Value], depth: int) -> Iterator[dict[str, Value]]:
        nonlocal deeper
        key = frozenset(changes.items())
        if key in seen:
            return
        seen.add(key)
        options = ways(state, frozenset(changes))
        if options is None:
            yield changes
        elif depth == 0:
            deeper = deeper or bool(options)
        else:
            for name, value in options:
                yield from search({**state, name: value}, {**changes, name: value}, depth - 1)

    # Every solution differs from `start` on some axis of each box to be left, so trying these alone misses none.
    for depth in count():
        seen.clear()
        deeper = False
        found = list(search(dict(start), {}, depth))
        if found:
            best = min(found, key=table_order)
            return {name: best[name] for name in _PLACE if name in best}
        if not deeper:
            return None
    raise AssertionError("unreachable")


def table_order(changes: Mapping[str, Value]) -> tuple[int, list[int], list[int]]:
    """The order of sets of changes: fewest first, then by the axes' places in the table, then by the values'."""
    names = sorted(changes, key=_PLACE.__getitem__)
    places = [_PLACE[name] for name in names]
    return len(names), places, [BY_NAME[name].values.index(changes[name]) for name in names]
