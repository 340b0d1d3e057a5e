"""What the random tests draw: states, boxes, ladders, register values.

Every run draws the same examples, so that a run can be repeated.  To look further, `NVMX_EXAMPLES=20 pytest ...` draws
20 times as many, and others each time.
"""

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import Any

import brute_force
from brute_force import NAMES, POSSIBLE, VALUES
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.strategies import DrawFn, SearchStrategy

import nvmx
from nvmx.model.axis import Value
from nvmx.model.instruction import BY_INSTRUCTION, INSTRUCTIONS, READY
from nvmx.model.ladder import BY
from nvmx.model.outcome import VMSUCCEED

_TIMES = int(os.environ.get("NVMX_EXAMPLES", "1"))
set_hypothesis_home_dir(Path(gettempdir(), "hypothesis"))  # not into the checkout, which may be read-only


def examples(count: int) -> settings:
    """How many examples a test draws; no clock, no memory of earlier runs and no advice decides whether it passes."""
    return settings(
        max_examples=count * _TIMES,
        derandomize=_TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


# --- states and boxes ----------------------------------------------------------------------------------------------


def one_of(states: Sequence[dict[str, Value]]) -> SearchStrategy[dict[str, Value]]:
    """One of many states.  They are shuffled, since the first in a list are drawn most often."""
    mixed = Random(0).sample(states, len(states))  # noqa: S311 - the same order each time
    return st.integers(0, len(mixed) - 1).map(mixed.__getitem__)


possible_states = one_of(POSSIBLE)
axis_names = st.sampled_from(NAMES)
instructions = st.sampled_from(INSTRUCTIONS)


def values_of(name: str) -> SearchStrategy[Value]:
    """A value of the axis; the ready one is the simplest."""
    ready = READY["VMXON"][name]
    return st.sampled_from([ready, *(value for value in VALUES[name] if value != ready)])


@st.composite
def some_values(draw: DrawFn, names: Sequence[str] = NAMES, most: int = 4) -> dict[str, Value]:
    """Values of a few axes, by column name."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=min(most, len(names)), unique=True))
    return {name: draw(values_of(name)) for name in chosen}


@st.composite
def states(draw: DrawFn) -> dict[str, Value]:
    """A state: possible, near a possible one, or anywhere (where hardly any is possible)."""
    if draw(st.integers(0, 9)) == 9:
        return {name: draw(values_of(name)) for name in NAMES}
    return {**draw(possible_states), **draw(some_values())}


@st.composite
def boxes(draw: DrawFn, names: Sequence[str] = NAMES, most: int = 3) -> dict[str, tuple[Value, ...]]:
    """A condition on at least one of the axes `names`, and at most `most` of them."""
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=min(most, len(names)), unique=True))
    return {
        name: tuple(draw(st.lists(values_of(name), min_size=1, max_size=len(VALUES[name]) - 1, unique=True)))
        for name in sorted(chosen, key=NAMES.index)
    }


# --- ladders -------------------------------------------------------------------------------------------------------


@st.composite
def pools(draw: DrawFn, instruction: str, most: int = 5) -> list[str]:
    """A few axes of the instruction, sometimes those that make up the mode: rungs that share axes mask each other."""
    axes = st.sampled_from(BY_INSTRUCTION[instruction].axes)
    few = draw(st.lists(axes, min_size=2, max_size=most, unique=True))
    mode = ["CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L"] if draw(st.integers(0, 3)) == 3 else []
    return list(dict.fromkeys([*mode, *few]))


effects = st.builds(
    nvmx.Effect,
    vmx=st.sampled_from([None, *VALUES["VMX"]]),
    current_vmcs=st.sampled_from([None, 0, 1]),
    flags=st.sampled_from([VMSUCCEED, {}, {"ZF": 1}, {"CF": 0, "OF": 1}]),
    others=st.just({}) | some_values([name for name in NAMES if name not in ("VMX", "current_VMCS")], 2),
)


@st.composite
def _rows(draw: DrawFn, instruction: str, pool: Sequence[str]) -> list[dict[str, Any]]:
    """One rung, or the two that VMfail needs: with and without a current VMCS."""
    when = draw(boxes(pool))
    row = {"by": draw(st.sampled_from(BY)), "reason": "why", "source": "where"}
    error = draw(st.integers(1, 30))
    if draw(st.integers(0, 3)) == 3:
        valid = {**row, "when": {**when, "current_VMCS": (1,)}, "outcome": "VMfailValid", "error": error}
        invalid = {**row, "when": {**when, "current_VMCS": (0,)}, "outcome": "VMfailInvalid"}
        return draw(st.permutations([valid, invalid]))
    outcome = draw(st.sampled_from(BY_INSTRUCTION[instruction].outcomes[1:]))
    return [{**row, "when": when, "outcome": outcome, "error": error if outcome == "VMfailValid" else None}]


@st.composite
def ladders(
    draw: DrawFn, instruction: str | None = None, pool: Sequence[str] | None = None, most: int = 5
) -> nvmx.Ladder:
    """A valid ladder with rungs on the axes in `pool`, and on current_VMCS; a rung that can never fire says so."""
    instruction = instruction or draw(instructions)
    pool = draw(pools(instruction)) if pool is None else pool
    narrow = draw(boxes([*pool, "VMX"], 2)) if draw(st.booleans()) else {}
    for name, values in narrow.items():
        if READY[instruction][name] not in values:
            narrow[name] = tuple(value for value in VALUES[name] if value not in values)
    rungs: list[nvmx.Rung] = []
    left = brute_force.inside(narrow)
    fewest = draw(st.integers(0, most - 1))
    for row in chain.from_iterable(draw(st.lists(_rows(instruction, pool), min_size=fewest, max_size=most))):
        hit = brute_force.inside(row["when"])
        fires = bool((left & hit).any())
        if fires or draw(st.integers(0, 3)) == 3:
            rungs.append(nvmx.Rung(f"check {len(rungs)}", **row, shadowed="" if fires else "it never fires"))
        left &= ~hit
    return nvmx.Ladder(instruction, draw(st.sampled_from(["mine", "yours"])), rungs, draw(effects), narrow)


@st.composite
def pairs_of_ladders(draw: DrawFn) -> tuple[nvmx.Ladder, nvmx.Ladder]:
    """Two ladders of one instruction that read the same few axes."""
    instruction = draw(instructions)
    pool = draw(pools(instruction, 3))
    return draw(ladders(instruction, pool)), draw(ladders(instruction, pool))


# --- registers -----------------------------------------------------------------------------------------------------

_BITS = {
    "cr0": {"CR0.PE": 0, "CR0.NE": 5, "CR0.PG": 31},
    "cr4": {"CR4.VMXE": 13},
    "efer": {"EFER.LMA": 10},
    "rflags": {"RFLAGS.VM": 17},
    "feature_control": {"FEATURE_CONTROL.lock": 0, "FEATURE_CONTROL.smx": 1, "FEATURE_CONTROL.vmx": 2},
    "cs_access_rights": {"CS.L": 13},
}
# The axes that each register holds; some need another register for that, and the MSRs of the fixed bits each other.
HELD_IN = {
    **{register: set(bits) for register, bits in _BITS.items()},
    "ss_access_rights": {"CPL"},
    "current_vmptr": {"current_VMCS"},
    "vmxon_pointer": {"pointer.aligned"},
    "physical_width": {"pointer.in_width"},
    "revision": {"revision.bit31"},
    "vmx_basic": {"revision.match"},
}
# The register that each of these MSRs is about, and what its bits must be there.
_FIXED = {"cr0_fixed0": ("cr0", 1), "cr0_fixed1": ("cr0", 0), "cr4_fixed0": ("cr4", 1), "cr4_fixed1": ("cr4", 0)}
_NEEDS = {
    "physical_width": "vmxon_pointer",
    "vmx_basic": "revision",
    **{msr: register for msr, (register, _) in _FIXED.items()},
}
_WRONG = (1 << 40, 1 << 9)  # a bit that is clear although it must be set, and one that is set although it must not be
_RIGHTS = 0x1F0FF  # the bits of access rights in a VMCS
_words = st.sampled_from([0, 2**64 - 1]) | st.integers(0, 2**64 - 1)


@st.composite
def registers(draw: DrawFn, state: dict[str, Any]) -> tuple[dict[str, int], set[str]]:
    """Some registers that hold these values, with anything in their other bits; and the axes whose values they tell."""
    found = {}
    for register, bits in _BITS.items():
        word = draw(_words) & (_RIGHTS if register == "cs_access_rights" else 2**64 - 1)
        for name, bit in bits.items():
            word = word & ~(1 << bit) | state[name] << bit
        found[register] = word
    found["ss_access_rights"] = draw(_words) & _RIGHTS & ~(3 << 5) | state["CPL"] << 5
    found["current_vmptr"] = draw(st.integers(0, 2**64 - 2)) if state["current_VMCS"] else 2**64 - 1
    width = draw(st.integers(32, 52))
    low = 0 if state["pointer.aligned"] else 1 << draw(st.integers(0, 11))
    high = 0 if state["pointer.in_width"] else 1 << draw(st.integers(0, 63 - width))
    found["physical_width"] = width
    found["vmxon_pointer"] = high << width | draw(_words) % 2**width & ~0xFFF | low
    identifier = draw(_words) % 2**31
    wrong = 0 if state["revision.match"] else 1 << draw(st.integers(0, 30))
    found["vmx_basic"] = draw(_words) & ~(2**31 - 1) | identifier
    found["revision"] = state["revision.bit31"] << 31 | identifier ^ wrong
    broken = set[str]() if state["other_fixed_bits"] else draw(st.sets(st.sampled_from(sorted(_FIXED)), min_size=1))
    for register in ("cr0", "cr4") if broken else ():
        found[register] = found[register] & ~_WRONG[0] | _WRONG[1]
    for msr, (register, wanted) in _FIXED.items():
        own = sum(1 << bit for bit in _BITS[register].values())  # about these bits the MSRs say nothing that counts
        word = draw(_words)
        found[msr] = word & (found[register] | own) if wanted else word | found[register] & ~own
    for msr in broken:
        found[msr] ^= _WRONG[0] if _FIXED[msr][1] else _WRONG[1]
    chosen = found.keys() - draw(st.sets(st.sampled_from(sorted(found))))
    chosen |= {_NEEDS[register] for register in chosen & _NEEDS.keys()}
    told = set[str]().union(*(HELD_IN[register] for register in chosen - _FIXED.keys()))
    if chosen & broken or (not broken and chosen >= _FIXED.keys()):
        told.add("other_fixed_bits")
    return {register: found[register] for register in sorted(chosen)}, told
