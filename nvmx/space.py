"""Every state at once: a rung is a box, so a ladder is boxes filled into an array, the last rung first."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .axis import BY_NAME, READY, Value, named_axes
from .box import Box
from .ladders import ladder
from .outcome import OUTCOMES
from .possible import BOXES
from .rung import Ladder

Codes = NDArray[np.uint8]
Domains = Mapping[str, Sequence[Value]]


def outcomes(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> Codes:
    """Return the outcome of every state: uint8, one dimension an axis, codes into OUTCOMES.

    `axes` names the axes to span, in order; None: the ladder's own, in table order.  An axis that is read but not
    spanned keeps its ready value.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    spanned = spanned_axes([chosen], axes)
    codes = [OUTCOMES.index(rung.outcome) for rung in chosen.rungs]
    return _fill(chosen, domains([chosen], spanned), codes, OUTCOMES.index("success"))


def deciding_rungs(chosen: Ladder, spans: Domains) -> Codes:
    """Return the place of the rung that decides in every state of `spans`; the number of rungs stands for success."""
    return _fill(chosen, spans, range(len(chosen.rungs)), len(chosen.rungs))


def spanned_axes(ladders: Sequence[Ladder], axes: Iterable[str] | None) -> tuple[str, ...]:
    """The axes asked for; None: those that the ladders themselves span, in table order."""
    if axes is not None:
        return named_axes(axes)
    named = {name for each in ladders for name in each.axes}
    return tuple(name for name in BY_NAME if name in named)


def domains(ladders: Sequence[Ladder], spanned: Sequence[str]) -> dict[str, tuple[Value, ...]]:
    """The values of each spanned axis that all the ladders know."""
    return {
        name: tuple(value for value in BY_NAME[name].values if all(value in each.domain(name) for each in ladders))
        for name in spanned
    }


def possible(ladders: Sequence[Ladder], spans: Domains) -> NDArray[np.bool_]:
    """Tell of every state of `spans` whether some values of the axes that no ladder reads make it possible."""
    ready = READY[ladders[0].instruction]
    read = {name for each in ladders for name in each.reads}
    free = [name for name in BY_NAME if name not in spans and name not in read]
    order = [*free, *spans]
    sizes = {name: spans.get(name, BY_NAME[name].values) for name in order}
    factors: list[NDArray[np.bool_]] = []
    for box in BOXES:
        near = _restrict(box, order, ready)
        if near is not None:
            factor = np.ones([len(sizes[name]) if name in near else 1 for name in order], dtype=bool)
            for cells in _cells(near, sizes, order):
                factor[cells] = False
            factors.append(factor)
    # Take the free axes out one by one: a state is possible if any of their values is.
    for place in range(len(free)):
        touched = [factor for factor in factors if factor.shape[place] > 1]
        if touched:
            factors = [factor for factor in factors if factor.shape[place] == 1]
            factors.append(_all(touched).any(axis=place, keepdims=True))
    result = _all(sorted(factors, key=lambda factor: factor.size)) if factors else np.ones([1] * len(order), dtype=bool)
    shape = [len(values) for values in spans.values()]
    return np.broadcast_to(result.reshape(result.shape[len(free) :]), shape).copy()


def _all(factors: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    first, *rest = factors
    for factor in rest:
        first = first & factor
    return first


def _restrict(box: Box, order: Sequence[str], ready: Mapping[str, Value]) -> Box | None:
    """The box cut to the axes of `order`, the others standing at ready; None where it does not reach there."""
    if any(name not in order and ready[name] not in values for name, values in box.items()):
        return None
    return {name: values for name, values in box.items() if name in order}


def _cells(box: Box, sizes: Domains, order: Sequence[str]) -> Iterable[tuple[slice, ...]]:
    """The box as slices of an array; several where the values of an axis are not neighbours."""
    runs: list[list[slice]] = []
    for name in order:
        if name not in box:
            runs.append([slice(None)])
            continue
        places = [place for place, value in enumerate(sizes[name]) if value in box[name]]
        starts = [place for place in places if place - 1 not in places]
        ends = [place + 1 for place in places if place + 1 not in places]
        runs.append([slice(start, end) for start, end in zip(starts, ends, strict=True)])
    return product(*runs)


def _fill(chosen: Ladder, spans: Domains, codes: Sequence[int], success: int) -> Codes:
    """Fill the rungs' boxes, the last first, so that the first that matches has the last word.

    A dimension stays of length one until a rung names its axis: most rungs are filled into a small array.
    """
    order, ready = list(spans), READY[chosen.instruction]
    array = np.full([1] * len(order), success, dtype=np.uint8)
    for rung, code in zip(reversed(chosen.rungs), reversed(codes), strict=True):
        box = _restrict(rung.when, order, ready)
        if box is None:
            continue
        array = _grown(array, [len(spans[name]) if name in box else 1 for name in order])
        for cells in _cells(box, spans, order):
            array[cells] = code
    return _grown(array, [len(values) for values in spans.values()])


def _grown(array: Codes, wanted: Sequence[int]) -> Codes:
    shape = tuple(max(have, want) for have, want in zip(array.shape, wanted, strict=True))
    return array if shape == array.shape else np.broadcast_to(array, shape).copy()
