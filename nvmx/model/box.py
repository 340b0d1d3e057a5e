"""A box: a condition on states.  It gives the values that some axes must have; every other axis is a don't-care.

(In logic minimisation a box is called a cube.)
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from .axis import AXES, BY_NAME, Value, find_axis, find_value
from .errors import InvalidType, InvalidValue
from .frozen import FrozenDict

Box: TypeAlias = Mapping[str, tuple[Value, ...]]
Changes: TypeAlias = dict[str, Value]
_PLACE = {axis.name: place for place, axis in enumerate(AXES)}


def make_box(when: Mapping[str, object]) -> Box:
    """Return `when` as an immutable box in table order: {column name or keyword: a value, or a tuple of values}.

    Raises InvalidValue if an axis or value does not exist, or if an axis has all of its values, or none.

    >>> make_box({"cpl": (3, 1), "CR4.VMXE": 0})
    {'CR4.VMXE': (0,), 'CPL': (1, 3)}
    """
    if not isinstance(when, Mapping):
        raise InvalidType(f"{when!r} is not a mapping of axes to values, such as {{'CPL': (1, 2, 3)}}")
    given: dict[str, tuple[Value, ...]] = {}
    for name, values in when.items():
        axis = find_axis(name)
        wanted = {find_value(axis, value) for value in (values if isinstance(values, (tuple, list)) else (values,))}
        if axis.name in given:
            raise InvalidValue(f"axis {axis.name} is named twice")
        if not wanted or len(wanted) == len(axis.values):
            raise InvalidValue(f"axis {axis.name}: {values!r} holds for none or for all of {axis.values!r}")
        given[axis.name] = tuple(value for value in axis.values if value in wanted)
    return FrozenDict({name: given[name] for name in _PLACE if name in given})


def matches(box: Box, state: Mapping[str, Value]) -> bool:
    """Return whether the state (by column name, complete) lies in the box.

    >>> matches({"CPL": (1, 2, 3)}, {"CPL": 3, "CR4.VMXE": 0})
    True
    """
    for name, values in box.items():  # noqa: SIM110 - all() would be half as fast, and this is called most
        if state[name] not in values:
            return False
    return True


def condition_text(box: Box) -> str:
    """Write a box as people read it.

    >>> condition_text({"CPL": (1, 2, 3), "RFLAGS.VM": (1,)})
    'CPL=1|2|3 and RFLAGS.VM=1'
    """
    return " and ".join(f"{name}={'|'.join(map(str, values))}" for name, values in box.items())


def nearest(
    start: Mapping[str, Value], outside: Sequence[Box], inside: Box | None = None, held: frozenset[str] = frozenset()
) -> Changes | None:
    """Return the fewest changes to `start` that bring it outside every box of `outside` and into `inside`.

    Axes in `held` do not change.  Among equally small sets of changes the first in table order wins.  None: there is
    no such state.

    >>> from nvmx.model.instruction import READY
    >>> nearest({**READY["VMXON"], "CPL": 3, "CR4.VMXE": 0}, outside=[{"CPL": (1, 2, 3)}, {"CR4.VMXE": (0,)}])
    {'CR4.VMXE': 1, 'CPL': 0}
    """
    # Uniform-cost search.  To leave a box, one of its axes must change, so trying only those misses no solution.
    free = BY_NAME.keys() - held
    queue: list[tuple[tuple[int, list[int], list[int]], Changes]] = [(table_order({}), {})]
    seen: set[frozenset[tuple[str, Value]]] = set()
    while queue:
        _, changes = heappop(queue)
        options = _fixes({**start, **changes}, outside, inside or {}, free - changes.keys())
        if options is None:
            return {name: changes[name] for name in _PLACE if name in changes}
        for name, value in options:
            further = {**changes, name: value}
            key = frozenset(further.items())
            if key not in seen:
                seen.add(key)
                heappush(queue, (table_order(further), further))
    return None


def _fixes(
    state: Mapping[str, Value], outside: Sequence[Box], inside: Box, free: set[str]
) -> list[tuple[str, Value]] | None:
    """Return the changes that fix one violated condition, the one with the fewest fixes; None: nothing is violated."""
    for name, allowed in inside.items():
        if state[name] not in allowed:
            return [(name, value) for value in allowed] if name in free else []
    fixes_of_each = (
        [
            (name, value)
            for name, values in box.items()
            if name in free
            for value in BY_NAME[name].values
            if value not in values and value in inside.get(name, (value,))
        ]
        for box in outside
        if matches(box, state)
    )
    return min(fixes_of_each, key=len, default=None)


def table_order(changes: Mapping[str, Value]) -> tuple[int, list[int], list[int]]:
    """Return the sort key of a set of changes: fewest first, then by the axes' order in the table, then the values'.

    >>> table_order({"CPL": 3, "CR0.PE": 0})
    (2, [2, 10], [0, 3])
    """
    names = sorted(changes, key=_PLACE.__getitem__)
    places = [_PLACE[name] for name in names]
    return len(names), places, [BY_NAME[name].values.index(changes[name]) for name in names]
