"""Arrays with one dimension per axis: each state has a cell, and a rung is a box that is filled at once."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder as find_ladder
from ..model.axis import BY_NAME, Value, named_axes
from ..model.box import Box
from ..model.instruction import READY
from ..model.ladder import Ladder
from ..model.outcome import OUTCOMES
from .listing import Domains, States, common_domains

Row = tuple[Box, int]


def outcomes(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> NDArray[np.uint8]:
    """Return the outcome of every state: uint8, one dimension per axis, codes into OUTCOMES.

    `axes` names the axes to span, in order; None: those of the ladder, in table order.  An axis that the ladder reads
    and that is not spanned is ready.

    >>> outcomes("VMXON", "intel", ["CR4.VMXE", "CPL"])
    array([[1, 1, 1, 1],
           [0, 2, 2, 2]], dtype=uint8)
    """
    ladder = find_ladder(instruction, source)
    *codes, success = outcome_codes(ladder).tolist()
    return _filled(ladder, common_domains([ladder], spanned_axes([ladder], axes)), codes, success, np.dtype(np.uint8))


def deciding_rungs(ladder: Ladder, domains: Domains) -> NDArray[np.integer]:
    """Return the number of the rung that decides, for every state; the number of rungs stands for success."""
    count = len(ladder.rungs)
    return _filled(ladder, domains, range(count), count, np.min_scalar_type(count))


def outcome_codes(ladder: Ladder) -> NDArray[np.uint8]:
    """Return the outcome of each rung and, last, of success: codes into OUTCOMES."""
    names = [*(rung.outcome for rung in ladder.rungs), "success"]
    return np.array([OUTCOMES.index(name) for name in names], dtype=np.uint8)


def spanned_axes(ladders: Sequence[Ladder], axes: Iterable[str] | None) -> tuple[str, ...]:
    """Return the axes asked for; None: those that the ladders span by default, in table order."""
    if axes is not None:
        return named_axes(axes)
    return tuple(name for name in BY_NAME if any(name in ladder.axes for ladder in ladders))


def possible(ladders: Sequence[Ladder], domains: Domains) -> NDArray[np.bool_]:
    """Return, for every state, whether it is possible for some values of the axes that no ladder reads."""
    found = np.zeros([len(values) for values in domains.values()], dtype=bool)
    found[tuple(States.possible(ladders, domains).codes)] = True
    return found


def _filled(
    ladder: Ladder, domains: Domains, codes: Sequence[int], success: int, dtype: np.dtype[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    """Return an array with the code of the deciding rung in every state."""
    array = np.empty([len(values) for values in domains.values()], dtype=dtype)
    ready = READY[ladder.instruction]
    rows = []
    for rung, code in zip(ladder.rungs, codes, strict=True):
        if all(name in domains or ready[name] in values for name, values in rung.when.items()):
            rows.append(({name: values for name, values in rung.when.items() if name in domains}, code))
    _fill(array, {name: tuple(values) for name, values in domains.items()}, rows, success)
    return array


def _fill(
    array: NDArray[np.unsignedinteger], domains: dict[str, tuple[Value, ...]], rows: Sequence[Row], success: int
) -> None:
    """Write the code of the first row that fires into every state.

    A ladder is a decision tree: split the states on an axis of the first row, and go on in both parts.
    """
    if not rows or not rows[0][0]:
        array[...] = rows[0][1] if rows else success
        return
    name = next(iter(rows[0][0]))
    before = (slice(None),) * list(domains).index(name)
    for run in _runs(domains[name], rows[0][0][name]):
        part = domains[name][run]
        _fill(array[(*before, run)], {**domains, name: part}, _cut(rows, name, part), success)


def _cut(rows: Sequence[Row], name: str, part: Sequence[Value]) -> list[Row]:
    """Return the rows that can fire if the axis `name` has one of the values in `part`, without what always holds."""
    kept = []
    for box, code in rows:
        if name not in box:
            kept.append((box, code))
        elif shared := tuple(value for value in box[name] if value in part):
            rest = {other: values for other, values in box.items() if other != name}
            kept.append((rest if len(shared) == len(part) else {**box, name: shared}, code))
    return kept


def _runs(values: Sequence[Value], wanted: Sequence[Value]) -> list[slice]:
    """Return slices that divide `values` into runs of neighbours that are all wanted, or all not."""
    starts = [n for n in range(len(values)) if n == 0 or (values[n] in wanted) != (values[n - 1] in wanted)]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(values)], strict=True)]
