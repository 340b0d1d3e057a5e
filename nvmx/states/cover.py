"""Say which states in few words: a short irredundant list of boxes that holds some states and none of some others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.int8]  # one row a state, one column an axis: the place of its value


def cover(wanted: States, others: States, sizes: Sequence[int]) -> list[list[frozenset[int]]]:
    """Return boxes (for each axis the places of the values allowed) that hold every wanted state and no other one.

    Each box names as few axes as can be, states in neither set are don't-cares, and no box can be left out.
    """
    boxes: list[list[frozenset[int]]] = []
    left = np.ones(len(wanted), dtype=bool)
    while left.any():
        box = _widest(wanted[np.argmax(left)], others, sizes)
        boxes.append(box)
        left &= ~inside(wanted, box)
    for box in list(boxes):
        rest = [other for other in boxes if other is not box]
        if rest and np.logical_or.reduce([inside(wanted, other) for other in rest]).all():
            boxes = rest
    return boxes


def inside(states: States, box: Sequence[frozenset[int]]) -> NDArray[np.bool_]:
    """Tell of each state whether it lies in the box."""
    hit = np.ones(len(states), dtype=bool)
    for axis, places in enumerate(box):
        hit &= np.isin(states[:, axis], list(places))
    return hit


def _widest(state: NDArray[np.int8], others: States, sizes: Sequence[int]) -> list[frozenset[int]]:
    """The box around `state` that fixes the fewest axes and holds none of the others; then widened value by value."""
    bits = 1 << np.arange(len(sizes))
    masks = [int(mask) for mask in np.unique(((others != state) * bits).sum(axis=1))]
    masks.sort(key=lambda mask: mask.bit_count())
    minimal: list[int] = []
    for mask in masks:
        if not any(small & mask == small for small in minimal):
            minimal.append(mask)
    fixed = _fewest_hits(minimal, len(sizes))
    box = [
        frozenset({int(state[axis])}) if fixed >> axis & 1 else frozenset(range(size))
        for axis, size in enumerate(sizes)
    ]
    for axis, size in enumerate(sizes):
        for place in range(size):
            wider = [places | {place} if n == axis else places for n, places in enumerate(box)]
            if place not in box[axis] and not inside(others, wider).any():
                box = wider
    return box


def _fewest_hits(masks: Sequence[int], axes: int) -> int:
    """The smallest set of axes (as bits) that shares one with every mask; the first in table order among equals."""

    def search(chosen: int, count: int, limit: int) -> int | None:
        missed = next((mask for mask in masks if not mask & chosen), None)
        if missed is None:
            return chosen
        if count == limit:
            return None
        for axis in range(axes):
            if missed >> axis & 1:
                found = search(chosen | 1 << axis, count + 1, limit)
                if found is not None:
                    return found
        return None

    for limit in range(axes + 1):
        found = search(0, 0, limit)
        if found is not None:
            return found
    raise ValueError("a wanted state is among the others")
