"""What to execute: the possible states that our guest can reach, twice.  A case is packed into one number, its key.

Each state is run twice, so that don't-cares take two values.  In the first run all six status flags are set and the
code is 32-bit; in the second they are clear and the code is 16-bit if the mode has such code.  If a bit of the pointer
or of the revision is wrong, the second run has another bit wrong, and if the operand's address faults, it does so in
another way (see `encoding`).

Without a LOCK prefix, every such state is executed; with it, all end alike, so that fewer will do (see `SKIPPED`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder
from ..model.axis import AXES, BY_NAME, Value
from ..model.box import Box, make_box
from ..model.instruction import BY_INSTRUCTION, READY
from ..states.listing import Domains, States
from .log import LogError


@dataclass(frozen=True)
class NotExecuted:
    """One row: the states of the box `when` are not executed; `reason` says why, with names of a log's header in {}."""

    when: Box
    reason: str

    def why(self, header: Mapping[str, str]) -> str:
        """Return the reason with what this log's header says.

        >>> NotExecuted(make_box({"SMX": 1}), "its width is {width}").why({"width": "28"})
        'its width is 28'
        """
        return self.reason.format_map(header)


def _not_ready(name: str) -> tuple[Value, ...]:
    return tuple(value for value in BY_NAME[name].values if value != BY_NAME[name].ready)


# States into which our guest gets no processor.
OUT_OF_REACH = (
    NotExecuted(
        make_box({"SMX": 1}),
        "SMX operation begins with GETSEC[SENTER], which Bochs does not have and which elsewhere needs a module "
        "signed for the chipset",
    ),
    NotExecuted(
        make_box({"dual_monitor": 1}),
        "the dual-monitor treatment needs a monitor installed in SMM, where only firmware gets; Bochs does not have it",
    ),
    NotExecuted(
        make_box({"other_fixed_bits": 0}),
        "the guest sets no other bit of CR0 and CR4 against MSRs 486H to 489H ({fixed_bits}); of the bits that these "
        "forbid, MOV to CR0 and to CR4 accept {wrong_bits}",
    ),
)

# States that the guest could reach, but need not.  These axes are no part of what a decoder looks at.
_NOT_DECODED = (
    "CR0.NE", "A20M", "FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx",
    "pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31",
)  # fmt: skip
SKIPPED = tuple(
    NotExecuted(
        make_box({"LOCK": 1, **{name: _not_ready(name) for name in pair}}),
        "with a LOCK prefix, at most one of the axes that a decoder does not look at differs from the ready state "
        f"({', '.join(_NOT_DECODED)}), which is enough to see that it is refused before all other checks",
    )
    for pair in combinations(_NOT_DECODED, 2)
)

# The instructions that the guest can execute, and their machine code; VMXON's operand is at [bx], [edi] or [rdi].
CODE = {"VMXON": b"\xf3\x0f\xc7\x37", "VMXOFF": b"\x0f\x01\xc4"}
_PARTS: dict[str, tuple[Value, ...]] = {
    "run": (0, 1),
    "instruction": tuple(CODE),
    **{axis.name: axis.values for axis in AXES},
}
_SHAPE = tuple(len(values) for values in _PARTS.values())
KEY = " ".join(f"{name}={','.join(map(str, values))}" for name, values in _PARTS.items())


def domains(instruction: str) -> Domains:
    """Return the values of each axis on which this instruction can depend: VMXOFF has no operand.

    >>> domains("VMXOFF")["CPL"]
    (0, 1, 2, 3)
    """
    return {name: BY_NAME[name].values for name in BY_INSTRUCTION[instruction].axes}


@cache
def to_execute(instruction: str) -> tuple[States, Mapping[NotExecuted, int]]:
    """Return the states to execute, and how many possible states are not executed, by row.

    A state that is in several rows is counted by the first.

    >>> states, others = to_execute("VMXOFF")
    >>> len(states), sum(others.values())
    (1624, 5176)
    """
    states = States.possible([ladder(instruction, "intel")], domains(instruction))
    others = {}
    for row in (*OUT_OF_REACH, *SKIPPED):
        hit = states.inside(row.when)
        others[row] = int(hit.sum())
        states = states[~hit]
    return states, MappingProxyType(others)


@cache
def case_keys() -> NDArray[np.int64]:
    """Return the keys of all cases, ascending: the two runs of a state follow each other.

    >>> len(case_keys())
    34864
    """
    keys = np.concatenate([keys_of(to_execute(instruction)[0]) for instruction in CODE])
    keys = np.sort(np.concatenate([keys, keys + 1]))
    keys.flags.writeable = False
    return keys


def keys_of(states: States) -> NDArray[np.int64]:
    """Return the keys of these states' first runs; those of the second are one more."""
    fixed = {"run": 0, "instruction": _PARTS["instruction"].index(states.instruction)}
    codes = {name: np.full(len(states), code) for name, code in fixed.items()} | all_codes(states)
    keys: NDArray[np.int64] = np.ravel_multi_index([codes[name] for name in _PARTS], _SHAPE, order="F").astype(np.int64)
    return keys


def all_codes(states: States) -> dict[str, NDArray[np.integer]]:
    """Return the codes of every axis, also of those that the instruction does not have: they are ready."""
    ready = READY[states.instruction]
    codes = {axis.name: np.full(len(states), axis.values.index(ready[axis.name])) for axis in AXES}
    return codes | dict(zip(states.domains, states.codes, strict=True))


def key_of(instruction: str, state: Mapping[str, Value]) -> int:
    """Return the key of the first run of this state (by column name, complete)."""
    codes = [[values.index(state[name])] for name, values in domains(instruction).items()]
    return int(keys_of(States(instruction, domains(instruction), np.array(codes, dtype=np.int8)))[0])


def codes_of(keys: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return what these keys mean: the codes of `run`, `instruction` and of the value of every axis.

    Raises LogError if one of them is not a key.
    """
    try:
        columns = np.unravel_index(keys, _SHAPE, order="F")
    except ValueError:
        raise LogError("log: one of its keys is not the key of a case") from None
    return {name: codes.astype(np.int64) for name, codes in zip(_PARTS, columns, strict=True)}
