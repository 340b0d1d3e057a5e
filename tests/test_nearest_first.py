"""The possible states without numpy are those of the numpy listing, once each, nearest to ready first."""

import itertools

import numpy as np
import pytest

import nvmx
from nvmx.ladders import sources_of
from nvmx.model.axis import BY_NAME
from nvmx.model.box import table_order
from nvmx.model.instruction import READY
from nvmx.model.nearest_first import PossibleStates
from nvmx.states.listing import States

QUESTIONS = [(instruction, source) for instruction in ("VMXON", "VMXOFF") for source in sources_of(instruction)]
FEW = ("CPL", "CR0.PE", "current_VMCS", "operand")


def same(found: PossibleStates, listed: States) -> bool:
    """Whether both hold the same states, each once."""
    columns = dict(zip(BY_NAME, zip(*found.rows, strict=True), strict=True))
    own = [[values.index(value) for value in columns[name]] for name, values in listed.domains.items()]
    states = list(zip(*own, strict=True))
    return len(states) == len(listed) and set(states) == set(zip(*listed.codes.tolist(), strict=True))


@pytest.mark.parametrize(("instruction", "source"), QUESTIONS)
def test_the_states_are_those_of_the_numpy_listing(instruction: str, source: str) -> None:
    ladder = nvmx.ladder(instruction, source)
    assert same(PossibleStates.of([ladder], FEW), States.possible([ladder], FEW))
    listed = States.possible([ladder], ladder.axes)
    if len(listed) < 1000:
        found = PossibleStates.of([ladder], ladder.axes)
        assert same(found, listed)
        assert all(nvmx.State(found.columns(number)).possible for number in range(0, len(found), 7))


def test_the_manuals_states_are_all_there_and_so_is_what_decides() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    found, listed = PossibleStates.of([intel], intel.axes), States.possible([intel], intel.axes)
    assert len(found) == 34_436
    assert same(found, listed)
    counts = np.bincount(listed.deciding(intel), minlength=len(intel.rungs) + 1)
    assert [states.bit_count() for states in found.deciding(intel)] == counts.tolist()
    decided = found.decided(intel)
    for number in range(0, len(found), 501):
        rung = intel.deciding(found.columns(number))
        assert decided[number] == (intel.rungs.index(rung) if rung else len(intel.rungs))
        assert found.find(found.columns(number)) == number


def test_the_order_is_nearest_first_and_then_that_of_the_table() -> None:
    ladder, ready = nvmx.ladder("VMXON", "kvm-2014"), READY["VMXON"]
    found = PossibleStates.of([ladder])
    changes = [
        {name: value for name, value in found.columns(n).items() if name in found.axes and value != ready[name]}
        for n in range(len(found))
    ]
    assert changes[0] == {}
    assert all(table_order(one) < table_order(next_) for one, next_ in itertools.pairwise(changes))


def test_sets_of_states_and_what_is_fixed() -> None:
    ladder = nvmx.ladder("VMXON", "intel")
    found = PossibleStates.of([ladder], ["CR4.VMXE"], {"CPL": 3})
    assert found.axes == ("CR4.VMXE", "CPL")
    assert [found.columns(n)["CR4.VMXE"] for n in range(len(found))] == [1, 0]
    refused = found.inside({"CR4.VMXE": (0,)})
    assert (found.first(refused), found.numbers(refused), found.bit(1)) == (1, [1], refused)
    assert found.numbers(0) == []
    assert found.find({"CR4.VMXE": 1, "CPL": 0}) is None
    assert len(PossibleStates.of([ladder], ["CR4.VMXE"], {"CR0.PG": 0})) == 0
