"""The model against the recording."""

import re
from collections.abc import Mapping

import manual
import numpy as np
import pytest
from sample import some

import nvmx
from nvmx import bochs
from nvmx.bochs import cases
from nvmx.bochs.conformance import DEVIATIONS, STATUSES
from nvmx.bochs.observation import Observed

from .logs import altered, case_of, first, with_header

INSTRUCTIONS = tuple(cases.CODE)
NOT_DECODED = (
    "CR0.NE", "A20M", "FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx", "pointer.aligned",
    "pointer.in_width", "revision.match", "revision.bit31",
)  # fmt: skip


def test_the_recording_holds_every_state_that_a_guest_can_reach(
    log: bochs.Log, observed: Mapping[str, Observed]
) -> None:
    """Counted by the second derivation of what is possible, which builds states from processor modes.

    With a LOCK prefix, at most one of the axes that no decoder looks at is not ready.
    """
    ready = nvmx.verdict("VMXOFF", "intel").state.columns
    operand = ("operand", "pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31")
    possible = dict.fromkeys(INSTRUCTIONS, 0)
    reached = dict(possible)
    for state in manual.possible_states():
        within = state["SMX"] == 0 and state["dual_monitor"] == 0 and state["other_fixed_bits"] == 1
        within = within and (state["LOCK"] == 0 or sum(state[name] != ready[name] for name in NOT_DECODED) <= 1)
        possible["VMXON"] += 1
        reached["VMXON"] += within
        if all(state[name] == ready[name] for name in operand):
            possible["VMXOFF"] += 1
            reached["VMXOFF"] += within
    assert {name: len(each) for name, each in observed.items()} == reached
    found = bochs.agreement(log)
    others = [*found.not_reachable.values(), *found.skipped.values()]
    assert found.executed + sum(others) == sum(possible.values())
    assert all(not each.refused for each in observed.values())


def test_the_manual_and_the_processor_part_only_where_it_is_documented(log: bochs.Log) -> None:
    found = bochs.agreement(log, "intel")
    assert found.count("disagree") == 0
    assert found.count("as documented") > 0
    assert {each.deviation for each in found.discrepancies} == set(DEVIATIONS)
    states = nvmx.executed("VMXON")
    odd = states[states["status"] == "as documented"]
    assert (odd[["CR0.PE", "CR0.PG"]] == [1, 0]).all().all()
    assert set(odd["outcome (intel)"]) == {"#GP(0)"}
    assert set(odd["outcome"]) == {"success", "#SS(0)", "VMfailInvalid"}


def test_the_ladder_of_bochs_agrees_with_it_everywhere(log: bochs.Log) -> None:
    found = bochs.agreement(log, "bochs")
    assert found.count("agree") == found.executed == len(log) // 2


def test_the_second_derivation_of_the_manual_agrees_with_the_processor(observed: Mapping[str, Observed]) -> None:
    for instruction, each in observed.items():
        ready = nvmx.verdict(instruction, "intel").state.columns
        columns = {name: np.array(value) for name, value in ready.items()}
        for (name, values), codes in zip(each.states.domains.items(), each.states.codes, strict=True):
            columns[name] = np.array(values)[codes]
        codes, errors = manual.MANUAL[instruction](columns)
        observed_errors = np.array([error or 0 for error in each.endings.column("error")])
        unlike = (np.array(nvmx.OUTCOMES)[codes] != each.endings.column("outcome")) | (errors != observed_errors)
        assert int((unlike & ((columns["CR0.PG"] == 1) | (columns["CR0.PE"] == 0))).sum()) == 0


@pytest.mark.parametrize("source", nvmx.sources()["id"])
def test_every_source_can_be_compared_with_it(source: str, log: bochs.Log) -> None:
    found = bochs.agreement(log, source)
    assert sum(found.count(status) for status in STATUSES) == found.executed
    assert found.executed + found.unknown <= len(log) // 2
    assert sum(each.states for each in found.discrepancies) == found.executed - found.count("agree")
    counts = r"\d+ executed: \d+ agree, \d+ as documented, \d+ disagree; \d+ not reachable here, \d+ skipped"
    assert re.fullmatch(counts, found.line)


def test_the_table_and_the_picture_say_the_same() -> None:
    for instruction in INSTRUCTIONS:
        for source in ("intel", "kvm-2018-06"):
            states = nvmx.executed(instruction, source)
            counts = states["status"].value_counts()
            words = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
            sentence = nvmx.plots.agreement(instruction, source).sentence
            assert f"Bochs 2.7 against {source}: {words}, of {len(states)} states in " in sentence
            unlike = states["outcome"].astype(str) != states[f"outcome ({source})"].astype(str)
            assert (states.loc[unlike, "status"] != "agree").all()


@pytest.mark.parametrize("source", some(4, ((name,) for name in nvmx.sources()["id"])))
def test_a_picture_counts_what_was_executed_and_is_known(source: str) -> None:
    count = len(nvmx.executed("VMXON", source))
    for axis in {"CPL", *nvmx.ladder("VMXON", source).narrow}:
        assert f"of {count} states in " in nvmx.plots.agreement("VMXON", source, down=[axis], across=[]).sentence


def test_a_picture_of_other_axes_counts_the_same_states() -> None:
    picture = nvmx.plots.agreement("VMXON", "intel", down=["CPL"], across=["CR0.PG", "VMX"])
    assert picture.sentence.split(", of ")[0] == nvmx.plots.agreement("VMXON", "intel").sentence.split(", of ")[0]


def test_what_was_not_reached_is_counted_for_what_is_compared(log: bochs.Log) -> None:
    parts = [bochs.agreement(log, nvmx.ladder(name, "intel")) for name in INSTRUCTIONS]
    whole = bochs.agreement(log, "intel")
    for name in ("not_reachable", "skipped"):
        for reason, count in getattr(whole, name).items():
            assert count == sum(getattr(part, name)[reason] for part in parts)
            assert all(getattr(part, name)[reason] > 0 for part in parts)


def test_a_result_is_a_value(log: bochs.Log) -> None:
    one, other = bochs.agreement(log), bochs.agreement(bochs.Log(dict(log.header), dict(log.fields)))
    assert one == other
    assert hash(one) == hash(other)
    assert one != bochs.agreement(log, "bochs")
    assert one != bochs.agreement(with_header(log, date="2001-01-01"))
    assert one != bochs.agreement(altered(log, case_of("VMXON", cpl=3), vector=6))
    assert first(log, 40) != first(log, 42)
    with pytest.raises(ValueError, match="status: 'agrees' is not allowed; did you mean 'agree'"):
        one.count("agrees")
