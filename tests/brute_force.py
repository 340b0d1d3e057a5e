"""Plain answers to compare with: loops over rows, and over the possible states as `manual` builds them.

A state is a dict by column name.  Nothing here is fast, or uses the evaluation of the package.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import TypeAlias

import manual
import numpy as np
from numpy.typing import NDArray

import nvmx
from nvmx.model.axis import AXES, Value
from nvmx.model.box import Box
from nvmx.model.instruction import READY

State: TypeAlias = Mapping[str, Value]
Ending: TypeAlias = tuple[str, int | None, dict[str, int]]  # the outcome, the error number, the flags written
NAMES = tuple(axis.name for axis in AXES)
VALUES = {axis.name: axis.values for axis in AXES}
POSSIBLE: list[dict[str, Value]] = [{name: state[name] for name in NAMES} for state in manual.possible_states()]
_POSSIBLE = {tuple(state.values()) for state in POSSIBLE}
_CODES = manual.possible_codes(VALUES)


# --- one state -----------------------------------------------------------------------------------------------------


def lies_in(box: Box, state: State) -> bool:
    return all(state[name] in values for name, values in box.items())


def is_possible(state: State) -> bool:
    return tuple(state[name] for name in NAMES) in _POSSIBLE


def deciding(ladder: nvmx.Ladder, state: State) -> int:
    """The number of the first rung that fires; the number of rungs for success."""
    for number, rung in enumerate(ladder.rungs):
        if lies_in(rung.when, state):
            return number
    return len(ladder.rungs)


def endings(ladder: nvmx.Ladder) -> list[Ending]:
    """How each rung ends the instruction and, last, how success does."""
    flag = {"VMfailInvalid": "CF", "VMfailValid": "ZF"}
    written = [
        {name: int(name == flag[rung.outcome]) for name in ("CF", "PF", "AF", "ZF", "SF", "OF")}
        if rung.outcome in flag
        else {}
        for rung in ladder.rungs
    ]
    found: list[Ending] = [(rung.outcome, rung.error, flags) for rung, flags in zip(ladder.rungs, written, strict=True)]
    return [*found, ("success", None, dict(ladder.effect.flags))]


# --- the states of a table -----------------------------------------------------------------------------------------


def read_axes(ladders: Iterable[nvmx.Ladder]) -> list[str]:
    """The axes that any of the ladders names, in a rung or since it says nothing about some values; and VMX."""
    named = {"VMX"}.union(
        *(box for ladder in ladders for box in (ladder.narrow, *(rung.when for rung in ladder.rungs)))
    )
    return [name for name in NAMES if name in named]


def all_rows(ladders: Sequence[nvmx.Ladder], names: Sequence[str]) -> Iterator[dict[str, Value]]:
    """Every combination of the values that all ladders know, in the order of a table."""
    domains = [
        [value for value in VALUES[name] if all(value in ladder.narrow.get(name, (value,)) for ladder in ladders)]
        for name in names
    ]
    return (dict(zip(names, values, strict=True)) for values in product(*domains))


def possible_rows(ladders: Sequence[nvmx.Ladder], names: Sequence[str]) -> list[dict[str, Value]]:
    """Those of `all_rows` that are possible for some values of the axes that no ladder reads.

    What is read but not named is ready.
    """
    fixed = [name for name in NAMES if name in {*names, *read_axes(ladders)}]
    sizes = [len(VALUES[name]) for name in fixed]
    codes = np.unravel_index(np.unique(np.ravel_multi_index([_CODES[name] for name in fixed], sizes)), sizes)
    found = set(
        zip(*(np.array(VALUES[name], object)[row] for name, row in zip(fixed, codes, strict=True)), strict=True)
    )
    ready = READY[ladders[0].instruction]
    return [row for row in all_rows(ladders, names) if tuple({**ready, **row}[name] for name in fixed) in found]


# --- the closest state ---------------------------------------------------------------------------------------------


def search(
    start: State, wanted: Callable[[State], bool], free: Iterable[str] = NAMES, most: int = len(NAMES)
) -> dict[str, Value] | None:
    """The first set of changes that leads to a wanted state: fewest first, then in table order; None: there is none.

    Only axes in `free` change, at most `most` of them.
    """
    names = [name for name in NAMES if name in free]
    for count in range(min(most, len(names)) + 1):
        for axes in combinations(names, count):
            for values in product(*([value for value in VALUES[name] if value != start[name]] for name in axes)):
                changes = dict(zip(axes, values, strict=True))
                if wanted({**start, **changes}):
                    return changes
    return None


def inside(box: Box) -> NDArray[np.bool_]:
    """Which of POSSIBLE lie in the box."""
    hit = np.ones(len(POSSIBLE), dtype=bool)
    for name, values in box.items():
        hit &= np.array([value in values for value in VALUES[name]])[_CODES[name]]
    return hit


def all_deciding(ladder: nvmx.Ladder) -> NDArray[np.intp]:
    """The number of the deciding rung in each of POSSIBLE."""
    numbers = np.full(len(POSSIBLE), len(ladder.rungs))
    undecided = np.ones(len(POSSIBLE), dtype=bool)
    for number, rung in enumerate(ladder.rungs):
        numbers[undecided & inside(rung.when)] = number
        undecided &= ~inside(rung.when)
    return numbers


def closest(start: State, goals: NDArray[np.bool_]) -> dict[str, Value] | None:
    """The changes that lead from `start` to the closest of these POSSIBLE states; order and None as in `search`."""
    different = np.stack([_CODES[name] != VALUES[name].index(start[name]) for name in NAMES])
    counts = different.sum(axis=0)
    if not goals.any():
        return None
    nearest = [POSSIBLE[n] for n in np.flatnonzero(goals & (counts == counts[goals].min()))]
    ways = [[name for name in NAMES if state[name] != start[name]] for state in nearest]
    axes, state = min(
        zip(ways, nearest, strict=True),
        key=lambda way: ([NAMES.index(name) for name in way[0]], [VALUES[name].index(way[1][name]) for name in way[0]]),
    )
    return {name: state[name] for name in axes}
