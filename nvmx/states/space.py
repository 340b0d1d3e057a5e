"""Every state at once: a rung is a box, so a ladder is boxes filled into an array, the last rung first."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder
from ..model.axis import BY_NAME, READY, Value, named_axes
from ..model.box import Box
from ..model.ladder import Ladder
from ..model.outcome import OUTCOMES
from ..model.rules import BOXES

Codes = NDArray[np.uint8]
Domains = Mapping[str, Sequence[Value]]


def outcomes(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> Codes:
    """Return the outcome of every state: uint8, one dimension an axis, codes into OUTCOMES.

    `axes` names the axes to span, in order; None: the ladder's own, in table order.  An axis that is read but not
    spanned keeps its ready value.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    spanned = spanned_axes([chosen], axes)
    *codes, success = outcome_codes(chosen).tolist()
    return _fill(chosen, domains([chosen], spanned), codes, success)


def deciding_rungs(chosen: Ladder, spans: Domains) -> Codes:
    """Return the place of the rung that decides in every state of `spans`; the number of rungs stands for success."""
    return _fill(chosen, spans, range(len(chosen.rungs)), len(chosen.rungs))


def outcome_codes(chosen: Ladder) -> Codes:
    """Return the outcome that each place of a rung stands for, and last that of success: codes into OUTCOMES."""
    names = [*(rung.outcome for rung in chosen.rungs), "success"]
    return np.array([OUTCOMES.index(name) for name in names], dtype=np.uint8)


def spanned_axes(ladders: Sequence[Ladder], axes: Iterable[str] | None) -> tuple[str, ...]:
    """The axes asked for; None: those that the ladders themselves span, in table order."""
    if axes is not None:
        return named_axes(axes)
    named = {name for each in ladders for name in each.axes}
    return tuple(name for name in BY_NAME if name in named)


def read_axes(ladders: Sequence[Ladder]) -> list[str]:
    """The axes that any of the ladders reads, in table order."""
    read = {name for each in ladders for name in each.reads}
    return [name for name in BY_NAME if name in read]


def away_from_ready(instruction: str, spans: Domains, places: Sequence[NDArray[np.integer]]) -> NDArray[np.intp]:
    """Return on how many axes each state differs from the ready one; `places` are those of its values in `spans`."""
    away = np.zeros(len(places[0]), dtype=np.intp)
    for (name, values), place in zip(spans.items(), places, strict=True):
        away += place != values.index(READY[instruction][name])
    return away


def inside(box: Box, instruction: str, spans: Domains, places: Sequence[NDArray[np.integer]]) -> NDArray[np.bool_]:
    """Tell of each state whether it lies in the box; an axis that is not spanned stands at its ready value."""
    hit = np.ones(len(places[0]), dtype=bool)
    columns = dict(zip(spans, places, strict=True))
    for name, wanted in box.items():
        if name in spans:
            hit &= np.isin(columns[name], [place for place, value in enumerate(spans[name]) if value in wanted])
        else:
            hit &= READY[instruction][name] in wanted
    return hit


def known(chosen: Ladder, spans: Domains, places: Sequence[NDArray[np.integer]]) -> NDArray[np.bool_]:
    """Tell of each state whether the ladder's source knows of it."""
    found = np.ones(len(places[0]), dtype=bool)
    for box in chosen.left_out:
        found &= ~inside(box, chosen.instruction, spans, places)
    return found


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
            for cells in product(
                *(_runs(sizes[name], near[name]) if name in near else [slice(None)] for name in order)
            ):
                factor[cells] = False
            factors.append(factor)
    # Take the free axes out one by one: a state is possible if any of their values is.
    for place in range(len(free)):
        touched = [factor for factor in factors if factor.shape[place] > 1]
        if touched:
            factors = [factor for factor in factors if factor.shape[place] == 1]
            factors.append(np.logical_or.reduce(_all(touched), axis=place, keepdims=True))
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


def _runs(values: Sequence[Value], chosen: Sequence[Value]) -> list[slice]:
    """Where the `chosen` stand among `values`, as slices; several where they are not neighbours."""
    places = [place for place, value in enumerate(values) if value in chosen]
    starts = [place for place in places if place - 1 not in places]
    ends = [place + 1 for place in places if place + 1 not in places]
    return [slice(start, end) for start, end in zip(starts, ends, strict=True)]


def _fill(chosen: Ladder, spans: Domains, codes: Sequence[int], success: int) -> Codes:
    """Return an array with the code of the rung that decides in every state of `spans`."""
    array = np.empty([len(values) for values in spans.values()], dtype=np.uint8)
    ready = READY[chosen.instruction]
    rows = [
        (box, code)
        for rung, code in zip(chosen.rungs, codes, strict=True)
        if (box := _restrict(rung.when, list(spans), ready)) is not None
    ]
    # From the top: a rung that names one axis settles a slab for good, and what lies below is left a smaller space.
    order, live, left = list(spans), array, dict(spans)
    while rows and len(rows[0][0]) == 1:
        ((name, values),) = rows[0][0].items()
        rest = [value for value in left[name] if value not in values]
        kept = _runs(left[name], rest)
        if len(kept) != 1:
            break
        place = order.index(name)
        for run in _runs(left[name], values):
            live[(slice(None),) * place + (run,)] = rows[0][1]
        live = live[(slice(None),) * place + (kept[0],)]
        left[name] = tuple(rest)
        del rows[0]
    _fill_upwards(live, left, rows, success)
    return array


def _fill_upwards(array: Codes, spans: Domains, rows: Sequence[tuple[Box, int]], success: int) -> None:
    """Fill the boxes, the last first, so that the first that matches has the last word.

    What is known of an axis stands at its first place until a box names the axis; only then is it spread to the
    others.  So most boxes are filled into a small corner of the array.
    """
    order = list(spans)
    known = [slice(0, 1)] * len(order)
    array[tuple(known)] = success

    def spread(place: int) -> None:
        others = known.copy()
        others[place] = slice(1, None)
        array[tuple(others)] = array[tuple(known)]
        known[place] = slice(None)

    for box, code in reversed(rows):
        named = {order.index(name): _runs(spans[name], values) for name, values in box.items()}
        for place in named:
            if known[place].stop == 1:
                spread(place)
        for runs in product(*named.values()):
            cells = known.copy()
            for place, run in zip(named, runs, strict=True):
                cells[place] = run
            array[tuple(cells)] = code
    for place in range(len(order)):
        if known[place].stop == 1:
            spread(place)
