"""Describe a set of states briefly: a short list of boxes that together hold these states and none of some others.

This is an irredundant cover, as Espresso makes it with EXPAND and IRREDUNDANT, for axes with more than two values.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int8]  # one row per state, one column per axis: the code of its value


def cover(wanted: Matrix, others: Matrix, sizes: Sequence[int]) -> list[list[frozenset[int]]]:
    """Return boxes (for each axis the codes allowed) that together hold every wanted state and none of the others.

    Each box restricts as few axes as possible, states in neither set are don't-cares, and no box can be left out.
    `sizes` has the number of values of each axis.

    >>> cover(np.array([[0, 1], [1, 1]], np.int8), np.array([[0, 0]], np.int8), [2, 2])
    [[frozenset({0, 1}), frozenset({1})]]
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


def inside(states: Matrix, box: Sequence[frozenset[int]]) -> NDArray[np.bool_]:
    """Return, for each state, whether it lies in the box."""
    hit = np.ones(len(states), dtype=bool)
    for axis, codes in enumerate(box):
        hit &= np.isin(states[:, axis], list(codes))
    return hit


def _widest(state: NDArray[np.int8], others: Matrix, sizes: Sequence[int]) -> list[frozenset[int]]:
    """Return the box around `state` that fixes the fewest axes and holds none of the others, widened value by value."""
    # A mask: the axes on which another state differs; the box must fix at least one axis of each mask.
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
        for code in range(size):
            wider = [codes | {code} if n == axis else codes for n, codes in enumerate(box)]
            if code not in box[axis] and not inside(others, wider).any():
                box = wider
    return box


def _fewest_hits(masks: Sequence[int], axes: int) -> int:
    """Return the smallest set of axes (as bits) that shares one with every mask; among equals, the first in order."""
    frontier = {0: None}  # an ordered set
    while frontier:
        following: dict[int, None] = {}
        for chosen in frontier:
            missed = next((mask for mask in masks if not mask & chosen), None)
            if missed is None:
                return chosen
            following |= {chosen | 1 << axis: None for axis in range(axes) if missed >> axis & 1}
        frontier = following
    raise ValueError("a wanted state is among the others")
