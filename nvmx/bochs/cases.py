"""What to execute: every possible state that a guest can reach, each twice; and how a case is packed into a number."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder
from ..model.axis import AXES, BY_NAME, Value
from ..model.instruction import INSTRUCTIONS
from ..states.listing import Domains, States
from .known import OUT_OF_REACH
from .log import LogError

Places = Mapping[str, NDArray[np.integer]]

# Each state has two runs, since what the model calls a don't-care must not stand at one value: the first has all six
# status flags set and 32-bit code, the second has them clear and 16-bit code where the mode has such; and where a bit
# of the pointer or of the revision is wrong, the second has another one wrong.
_NO_OPERAND = ("operand", "pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31")
_PARTS: dict[str, tuple[Value, ...]] = {
    "run": (0, 1),
    "instruction": INSTRUCTIONS,
    **{axis.name: axis.values for axis in AXES},
}
KEY = " ".join(f"{name}={','.join(map(str, values))}" for name, values in _PARTS.items())


def spans(instruction: str) -> Domains:
    """The axes that a state of this instruction has, with their values: VMXOFF has no operand."""
    left_out = _NO_OPERAND if instruction == "VMXOFF" else ()
    return {axis.name: axis.values for axis in AXES if axis.name not in left_out}


@cache
def _reachable(instruction: str) -> tuple[tuple[NDArray[np.intp], ...], Mapping[str, int]]:
    """The possible states that a guest can reach, as places in `spans`, and how many it cannot, by the first reason."""
    names = spans(instruction)
    states = States.possible([ladder(instruction, "intel")], names)
    counts = {}
    for row in OUT_OF_REACH:
        hit = states.inside(row.when)
        counts[row.reason] = int(hit.sum())
        states = states[~hit]
    return tuple(codes.astype(np.intp) for codes in states.codes), counts


def out_of_reach(instruction: str) -> Mapping[str, int]:
    """Count the possible states that no guest reaches, by reason; each is counted once, by the first that holds."""
    return _reachable(instruction)[1]


@cache
def case_keys() -> NDArray[np.int64]:
    """The keys of all cases, ascending: both runs of every possible state that a guest can reach."""
    found = []
    for code, instruction in enumerate(INSTRUCTIONS):
        names = spans(instruction)
        places = _reachable(instruction)[0]
        fixed = {"run": 0, "instruction": code}
        fixed |= {name: axis.values.index(axis.ready) for name, axis in BY_NAME.items() if name not in names}
        columns = {name: np.full(len(places[0]), place) for name, place in fixed.items()}
        found.append(_pack({**columns, **dict(zip(names, places, strict=True))}))
    keys = np.concatenate(found)
    return np.sort(np.concatenate([keys, keys | 1]))


def _pack(places: Places) -> NDArray[np.int64]:
    keys = np.zeros(len(places["run"]), dtype=np.int64)
    shift = 0
    for name, values in _PARTS.items():
        keys |= places[name].astype(np.int64) << shift
        shift += (len(values) - 1).bit_length()
    return keys


def unpack(keys: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """The places of `run`, `instruction` and every axis' value in each key; raises LogError for what is no key."""
    places = {}
    left = keys
    for name, values in _PARTS.items():
        bits = (len(values) - 1).bit_length()
        places[name] = left & ((1 << bits) - 1)
        if len(keys) and places[name].max() >= len(values):
            raise LogError(f"a key of the log has no value of {name}")
        left = left >> bits
    if left.any():
        raise LogError("a key of the log has more bits than a case")
    return places


def key_of(instruction: str, state: Mapping[str, Value]) -> int:
    """The key of the first run of this state (by column name, complete)."""
    ready = {name: BY_NAME[name].ready for name in BY_NAME.keys() - spans(instruction)}
    values = {"run": 0, "instruction": instruction, **state, **ready}
    return int(_pack({name: np.array([each.index(values[name])]) for name, each in _PARTS.items()})[0])


def values_at(places: Places, row: int) -> dict[str, Value]:
    """The state (by column name) in this row."""
    return {name: BY_NAME[name].values[places[name][row]] for name in BY_NAME}
