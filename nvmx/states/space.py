"""Arrays with one dimension per axis: each state has a cell, and a rung is a box that is filled at once."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder as find_ladder
from ..model.axis import BY_NAME, named_axes
from ..model.instruction import READY
from ..model.ladder import Ladder, common_domains
from ..model.outcome import OUTCOMES
from .listing import Domains, States

# The axes of a box, by number, each with the codes that it allows; and the code to write.
Row = tuple[list[tuple[int, frozenset[int]]], int]


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
    """Return, for every state, whether some values of the axes that no ladder reads make it possible."""
    found = np.zeros([len(values) for values in domains.values()], dtype=bool)
    found[tuple(States.possible(ladders, domains).codes)] = True
    return found


def _filled(
    ladder: Ladder, domains: Domains, codes: Sequence[int], success: int, dtype: np.dtype[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    """Return an array with the code of the deciding rung in every state."""
    array = np.empty([len(values) for values in domains.values()], dtype=dtype)
    ready, axes = READY[ladder.instruction], list(domains)
    rows = []
    for rung, code in zip(ladder.rungs, codes, strict=True):
        if all(name in domains or ready[name] in values for name, values in rung.when.items()):
            box = [
                (axes.index(name), frozenset(n for n, value in enumerate(domains[name]) if value in values))
                for name, values in rung.when.items()
                if name in domains
            ]
            rows.append((box, code))
    _fill(array, tuple(range(len(values)) for values in domains.values()), rows, success)
    return array


def _fill(array: NDArray[np.unsignedinteger], parts: tuple[range, ...], rows: Sequence[Row], success: int) -> None:
    """Write the code of the first row that fires into every state; `parts` are the codes of each axis in `array`."""
    for n, (box, code) in enumerate(rows):
        if any(wanted.isdisjoint(parts[axis]) for axis, wanted in box):
            continue
        undecided = [(axis, wanted) for axis, wanted in box if not wanted.issuperset(parts[axis])]
        if not undecided:
            array[...] = code
        elif len(undecided) == 1:
            # Split there: in one part this row decides alone, and the rows below have less to do.
            axis, wanted = undecided[0]
            for run in _runs(parts[axis], wanted):
                fewer = (*parts[:axis], run, *parts[axis + 1 :])
                _fill(array[_cells(parts, {axis: run})], fewer, rows[n:], success)
        else:
            # Fill in what the rows below decide, then write this box over it.
            _fill(array, parts, rows[n + 1 :], success)
            choices = [
                [(axis, run) for run in _runs(parts[axis], wanted) if run.start in wanted] for axis, wanted in undecided
            ]
            for chosen in product(*choices):
                array[_cells(parts, dict(chosen))] = code
        return
    array[...] = success


def _cells(parts: Sequence[range], chosen: Mapping[int, range]) -> tuple[slice, ...]:
    """Return the index of the states in which these axes have codes in these ranges."""
    shifted = {axis: slice(run.start - parts[axis].start, run.stop - parts[axis].start) for axis, run in chosen.items()}
    return tuple(shifted.get(axis, slice(None)) for axis in range(max(chosen) + 1))


def _runs(part: range, wanted: frozenset[int]) -> list[range]:
    """Divide `part` into runs of neighbours that are all wanted, or all not."""
    starts = [n for n in part if n == part.start or (n in wanted) != (n - 1 in wanted)]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], part.stop], strict=True)]
