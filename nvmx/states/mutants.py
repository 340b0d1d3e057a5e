"""Mutation testing of a ladder: the states that show its single faults, and few states that show them all.

Everything is decided by enumeration, over all possible states.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.ladder import Ladder
from ..model.mutant import Mutant, mutants_of
from ..model.outcome import flags_text
from .listing import States

# Enough for a smallest set in every ladder held, as the tests prove with an exact solver.
_ROUNDS, _NOISE = 200, 0.3


@dataclass(frozen=True, eq=False)
class Kills:
    """Which possible states show which mutants: `shown` has one row per mutant and one column per state."""

    mutants: tuple[Mutant, ...]
    states: States
    shown: NDArray[np.bool_]


def kills(ladder: Ladder) -> Kills:
    """Run every mutant of a ladder on every possible state.

    >>> import nvmx
    >>> found = kills(nvmx.ladder("VMXOFF", "kvm-2011"))
    >>> found.shown.shape == (len(found.mutants), len(found.states))
    True
    """
    states = States.possible([ladder])
    mutants = tuple(mutants_of(ladder))
    numbers: dict[object, int] = {}
    truth = _endings(ladder, states, numbers)
    shown = [_endings(mutant.ladder, states, numbers) != truth for mutant in mutants]
    return Kills(mutants, states, np.array(shown, dtype=bool).reshape(len(mutants), len(states)))


def _endings(ladder: Ladder, states: States, numbers: dict[object, int]) -> NDArray[np.intp]:
    """Return the number of each state's ending (outcome, error and flags); `numbers` holds those given so far."""
    success = ("success", None, flags_text(ladder.effect.flags))
    # Only the rung of a mutant can end in success.
    endings = [
        success if rung.outcome == "success" else (rung.outcome, rung.error, flags_text(rung.flags))
        for rung in ladder.rungs
    ]
    found = [numbers.setdefault(ending, len(numbers)) for ending in [*endings, success]]
    endings_of_states: NDArray[np.intp] = np.array(found)[states.deciding(ladder)]
    return endings_of_states


def few(shown: NDArray[np.bool_], distance: NDArray[np.intp]) -> list[int]:
    """Return few columns that together show every row that any column shows.

    A minimum hitting set is wanted; this is greedy, in many rounds with noise (from a fixed seed), so the smallest is
    not guaranteed.  In the first round, of columns that show as much, the one with the smallest `distance` wins.

    >>> few(np.array([[1, 0, 1], [0, 1, 1]], dtype=bool), np.array([0, 0, 1]))
    [2]
    """
    rows = shown[shown.any(axis=1)]
    if not len(rows):
        return []
    # Of equal columns one is enough: the nearest (packed into bits, to be compared as bytes).
    farthest_first = np.argsort(distance, kind="stable")[::-1]
    packed = np.ascontiguousarray(np.packbits(rows[:, farthest_first], axis=0).T)
    distinct = dict(zip(packed.view(f"V{packed.shape[1]}").ravel().tolist(), farthest_first.tolist(), strict=True))
    columns = sorted(distinct.values(), key=lambda column: (int(distance[column]), column))
    matrix = rows[:, columns].astype(np.float32)  # sums of floats are much faster than those of integers
    best = _greedy(matrix, np.ones(len(rows), np.float32))
    # The later rounds prefer columns that show what few others do.
    rare = matrix.sum(axis=1) ** np.float32(-2)
    chooser = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        noise = 1 - np.float32(_NOISE) * chooser.random(len(columns), np.float32)
        picked = _greedy(matrix, rare, noise)
        if len(picked) < len(best):
            best = picked
    return [columns[place] for place in sorted(best)]


def _greedy(
    matrix: NDArray[np.float32], weights: NDArray[np.float32], noise: NDArray[np.float32] | float = 1.0
) -> list[int]:
    """Return columns that show every row, none of which can be left out; the heaviest rows left decide, times noise."""
    left, picked = weights.copy(), list[int]()
    while left.any():
        picked.append(int(np.argmax((left @ matrix) * noise)))
        left[matrix[:, picked[-1]] > 0] = 0
    times = matrix[:, picked].sum(axis=1)
    for column in list(picked):
        if (times[matrix[:, column] > 0] > 1).all():
            picked.remove(column)
            times -= matrix[:, column]
    return picked
