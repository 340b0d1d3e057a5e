"""Arrays with one dimension per axis: each state has a cell, and a rung is a box that is filled at once."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder as find_ladder
from ..model.axis import BY_NAME, Value, named_axes
from ..model.instruction import READY
from ..model.ladder import Ladder, common_domains
from ..model.outcome import OUTCOMES
from .listing import Domains, States

# The axes of a rung's box, by number, each with the codes that it allows; and the number of the rung.
Row = tuple[tuple[tuple[int, frozenset[int]], ...], int]


def outcomes(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> NDArray[np.uint8]:
    """Return the outcome of every state: uint8, one dimension per axis, codes into OUTCOMES.

    `axes` names the axes to span, in order; None: those of the ladder, in table order.  An axis that the ladder reads
    and that is not spanned is ready.

    >>> outcomes("VMXON", "intel", ["CR4.VMXE", "CPL"])
    array([[1, 1, 1, 1],
           [0, 2, 2, 2]], dtype=uint8)
    """
    ladder = find_ladder(instruction, source)
    return _filled(ladder, common_domains([ladder], spanned_axes([ladder], axes)), outcome_codes(ladder))


def deciding_rungs(ladder: Ladder, domains: Domains) -> NDArray[np.integer]:
    """Return the number of the rung that decides, for every state; the number of rungs stands for success."""
    count = len(ladder.rungs)
    return _filled(ladder, domains, np.arange(count + 1, dtype=np.min_scalar_type(count)))


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
    """Return, for every state, whether some values of the axes that no ladder reads make it possible."""
    found = np.zeros([len(values) for values in domains.values()], dtype=bool)
    found[tuple(States.possible(ladders, domains).codes)] = True
    return found


def _filled(ladder: Ladder, domains: Domains, codes: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Return an array with a code for every state: that of the deciding rung; the last one is that of success."""
    array = np.empty([len(values) for values in domains.values()], dtype=codes.dtype)
    rows = _rows(ladder, tuple((name, tuple(values)) for name, values in domains.items()))
    _fill(array, tuple(range(length) for length in array.shape), rows, codes.tolist())
    return array


@lru_cache(maxsize=64)
def _rows(ladder: Ladder, domains: tuple[tuple[str, tuple[Value, ...]], ...]) -> tuple[Row, ...]:
    """Return the rungs that can fire on these axes; an axis that is not among them is ready."""
    ready, names = READY[ladder.instruction], {name for name, _ in domains}
    rows = []
    for number, rung in enumerate(ladder.rungs):
        if all(name in names or ready[name] in wanted for name, wanted in rung.when.items()):
            box = (
                (axis, frozenset(code for code, value in enumerate(values) if value in rung.when[name]))
                for axis, (name, values) in enumerate(domains)
                if name in rung.when
            )
            rows.append((tuple(box), number))
    return tuple(rows)


def _fill(
    array: NDArray[np.unsignedinteger], parts: tuple[range, ...], rows: Sequence[Row], codes: Sequence[int]
) -> None:
    """Write the code of the first row that fires into every state; `parts` are the codes of each axis in `array`."""
    for n, (box, number) in enumerate(rows):
        if any(wanted.isdisjoint(parts[axis]) for axis, wanted in box):
            continue
        undecided = [(axis, wanted) for axis, wanted in box if not wanted.issuperset(parts[axis])]
        if not undecided:
            array[...] = codes[number]
        elif len(undecided) == 1:
            # Split there: in one part this row decides alone, and the rows below have less to do.
            axis, wanted = undecided[0]
            for run in _runs(parts[axis], wanted):
                fewer = (*parts[:axis], run, *parts[axis + 1 :])
                _fill(array[_cells(parts, {axis: run})], fewer, rows[n:], codes)
        else:
            # Fill in what the rows below decide, then write this box over it.
            _fill(array, parts, rows[n + 1 :], codes)
            choices = [
                [(axis, run) for run in _runs(parts[axis], wanted) if run.start in wanted] for axis, wanted in undecided
            ]
            for chosen in product(*choices):
                array[_cells(parts, dict(chosen))] = codes[number]
        return
    array[...] = codes[-1]


def _cells(parts: Sequence[range], chosen: Mapping[int, range]) -> tuple[slice, ...]:
    """Return the index of the states in which these axes have codes in these ranges."""
    shifted = {axis: slice(run.start - parts[axis].start, run.stop - parts[axis].start) for axis, run in chosen.items()}
    return tuple(shifted.get(axis, slice(None)) for axis in range(max(chosen) + 1))


def _runs(part: range, wanted: frozenset[int]) -> list[range]:
    """Divide `part` into runs of neighbours that are all wanted, or all not."""
    starts = [n for n in part if n == part.start or (n in wanted) != (n - 1 in wanted)]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], part.stop], strict=True)]
