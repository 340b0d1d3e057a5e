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
    holds: list[NDArray[np.bool_]] = []  # for each box, which of the wanted states lie in it
    left = np.ones(len(wanted), dtype=bool)
    while left.any():
        boxes.append(_widest(wanted[np.argmax(left)], others, sizes))
        holds.append(inside(wanted, boxes[-1]))
        left &= ~holds[-1]
    times = np.sum(holds, axis=0)
    kept = []
    for box, held in zip(boxes, holds, strict=True):
        if (times[held] > 1).all():
            times -= held
        else:
            kept.append(box)
    return kept


def inside(states: Matrix, box: Sequence[frozenset[int]]) -> NDArray[np.bool_]:
    """Return, for each state, whether it lies in the box."""
    hit = np.ones(len(states), dtype=bool)
    for axis, codes in enumerate(box):
        hit &= np.isin(states[:, axis], list(codes))
    return hit


def _widest(state: NDArray[np.int8], others: Matrix, sizes: Sequence[int]) -> list[frozenset[int]]:
    """Return the box around `state` that fixes the fewest axes and holds none of the others, widened value by value."""
    # A mask: the axes on which another state differs; the box must fix at least one axis of each mask.
    masks = np.unique((others != state) @ (1 << np.arange(len(sizes))))
    masks = np.array(sorted(masks.tolist(), key=int.bit_count), dtype=np.int64)
    minimal: list[int] = []
    while len(masks):
        small = int(masks[0])
        minimal.append(small)
        masks = masks[masks & small != small]  # a mask that holds a smaller one asks for nothing new
    fixed = _fewest_hits(minimal, len(sizes))
    box = [
        frozenset({int(state[axis])}) if fixed >> axis & 1 else frozenset(range(size))
        for axis, size in enumerate(sizes)
    ]
    # On the other axes every state is inside, so only the codes on the fixed ones count.
    axes = [axis for axis in range(len(sizes)) if fixed >> axis & 1]
    taken = np.zeros([sizes[axis] for axis in axes], dtype=bool)
    taken[tuple(others[:, axis] for axis in axes)] = True
    for place, axis in enumerate(axes):
        for code in range(sizes[axis]):
            wider = [sorted(box[each]) for each in axes]
            wider[place] = [code]
            if code not in box[axis] and not taken[np.ix_(*wider)].any():
                box[axis] |= {code}
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
