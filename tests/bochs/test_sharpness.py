"""How sharp the comparison is: what would show a wrong ladder, a wrong processor, or a run that proves little."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise, zip_longest
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sample import some

import nvmx
from nvmx import bochs
from nvmx.bochs import cases
from nvmx.bochs.__main__ import DISAGREES, FAILED, INCONCLUSIVE, main
from nvmx.bochs.conformance import STATUSES, expected_endings
from nvmx.bochs.observation import Observed
from nvmx.model.mutant import mutants_of
from nvmx.states.listing import States

from .logs import altered, case_of

# Faults of Intel's ladders that some possible state shows, but none that Bochs 2.7 executes.
BLIND = {
    ("VMXON", "CR0.PG set", "removed"): "Bochs 2.7 does not test CR0.PG",
    ("VMXON", "other fixed bits valid", "removed|ends in"): "MOV to CR0 or CR4 refuses what would make them wrong",
    ("VMXON", "VMXON enabled inside SMX", "removed|ends in|ignores FEATURE_CONTROL"): "SMX operation is not reached",
    ("VMXON", "VMXON enabled outside SMX", "ignores SMX"): "SMX operation is not reached",
    ("VMXOFF", "CPL 0", "swapped"): "nor is the dual-monitor treatment",
    ("VMXOFF", "no dual-monitor treatment (a current VMCS)", "(?!ignores dual)"): "nor is the dual-monitor treatment",
    ("VMXOFF", "no dual-monitor treatment (no current VMCS)", "(?!ignores dual)"): "nor is the dual-monitor treatment",
}


def test_every_fault_of_the_manual_that_can_be_seen_is_noticed(observed: Mapping[str, Observed]) -> None:
    for instruction, truth in observed.items():
        intel = nvmx.ladder(instruction, "intel")
        before = truth.endings.differ(expected_endings(intel, truth.states))
        listed = nvmx.mutants(instruction, "intel").itertuples()
        for mutant, row in zip(mutants_of(intel), listed, strict=True):
            assert (row.fault, row.rung) == (mutant.fault, mutant.rung)
            noticed = int((truth.endings.differ(expected_endings(mutant.ladder, truth.states)) & ~before).sum())
            where = [instruction, mutant.rung]
            blind = any(where == there and re.match(pattern, mutant.fault) for *there, pattern in BLIND)
            assert (noticed > 0) == (row.observable and not blind), (*where, mutant.fault)


def test_the_executed_states_tell_the_place_of_the_lock_check_among_all_others(
    observed: Mapping[str, Observed],
) -> None:
    """Fewer states with a LOCK prefix are executed than could be, but they show every difference that all would."""
    for instruction, truth in observed.items():
        ladder = nvmx.ladder(instruction, "intel")
        lock, *others = ladder.rungs
        assert lock.name == "no LOCK prefix"
        all_states = States.possible([ladder], cases.domains(instruction))
        for row in cases.OUT_OF_REACH:
            all_states = all_states[~all_states.inside(row.when)]
        assert len(all_states) > 1.5 * len(truth)
        placed = [
            replace(ladder, rungs=(*others[:place], lock, *others[place:]), checked=False)
            for place in range(len(others) + 1)
        ]
        for earlier, later in pairwise(placed):
            differ = [
                expected_endings(earlier, states).differ(expected_endings(later, states)).any()
                for states in (truth.states, all_states)
            ]
            assert differ[0] == differ[1], (instruction, later)


# One answer of the recording, altered: by state, what is changed in it.
ALTERATIONS: list[tuple[dict[str, object], list[dict[str, int]]]] = [
    ({"cpl": 3}, [{"vector": 6}, {"error": 8}, {"moved": 4}, {"flags": 0x10044}, {"after": 1}]),
    ({}, [{"moved": 4}, {"after": 2}, {"after": 0}, {"flags": 0x06}, {"flags": 0x43}]),
    ({"vmx": "root", "current_vmcs": 1}, [{"vm_error": 16}, {"vm_error": 0}, {"flags": 0x03, "vm_error": 0}]),
    ({"vmx": "non-root", "current_vmcs": 1}, [{"exit_reason": 26}]),
    ({"operand": "unmapped"}, [{"error": 4}]),
    ({"operand": "gp-fault"}, [{"vector": 12}, {"error": 0x10}]),
    ({"operand": "ss-fault"}, [{"vector": 13}, {"error": 0x10}]),
    ({"operand": "ss-fault", "vmx": "root"}, [{"moved": 5}]),  # its instruction has one byte more
    ({"lock": 1}, [{"vector": 13}]),
]


@pytest.mark.parametrize("runs", some(3, [((0,),), ((1,),), ((0, 1),)]))
def test_one_altered_answer_is_a_disagreement(runs: tuple[int, ...], log: bochs.Log) -> None:
    """One log has the first alteration of every state, the next one the second, and so on."""
    key = log.fields["key"]
    for changes_by_state in zip_longest(*(changes for _, changes in ALTERATIONS)):
        wrong, states = log, set()
        for (axes, _), changes in zip(ALTERATIONS, changes_by_state, strict=True):
            if changes:
                place = case_of("VMXON", **axes)
                states.add(int(key[place]))
                for run in runs:
                    wrong = altered(wrong, place + run, **changes)
        found = bochs.agreement(wrong)
        (compared,) = [each for each in found.comparisons if each.ladder.instruction == "VMXON"]
        assert set(compared.observed.keys[compared.status == STATUSES.index("disagree")].tolist()) == states
        assert found.count("disagree") == len(states)
        unlike = [each for each in found.discrepancies if each.deviation is None]
        assert sum(each.states for each in unlike) == len(states)
        assert str(found).count("DISAGREES") == len(unlike)


def test_one_altered_answer_alone_is_a_disagreement(log: bochs.Log) -> None:
    found = bochs.agreement(altered(log, case_of("VMXON", cpl=3), vector=6))
    assert found.count("disagree") == 1
    (discrepancy,) = [each for each in found.discrepancies if each.deviation is None]
    assert discrepancy.states == 1
    assert "1 state, DISAGREES" in str(found)


@pytest.mark.parametrize(
    ("axes", "changes", "outcome"),
    [
        ({"cpl": 3}, {"vector": 1, "error": 0}, "vector 1 with error code 0, RIP moved by 0"),
        ({}, {"flags": 0x43}, "completed with CF and ZF set"),
        ({"vmx": "non-root", "current_vmcs": 1}, {"exit_reason": 18}, "VM exit 18, RIP moved by 0"),
        ({"cr0_pe": 0, "cr0_pg": 0, "cr0_ne": 0, "efer_lma": 0, "cs_l": 0}, {"vector": 0xFF},
         "nothing was noted: the machine was reset on its way"),
    ],
)  # fmt: skip
def test_what_is_no_outcome_is_described(
    axes: dict[str, object], changes: dict[str, int], outcome: str, log: bochs.Log
) -> None:
    place = case_of("VMXON", **axes)
    wrong = altered(altered(log, place, **changes), place + 1, **changes)
    assert bochs.ask("VMXON", wrong, **axes).outcome == outcome
    once = altered(log, place, **changes)
    assert bochs.ask("VMXON", once, **axes).outcome == f"{outcome} and then {bochs.ask('VMXON', **axes).outcome}"


def test_a_deviation_is_known_of_its_own_processor_alone(log: bochs.Log) -> None:
    known = bochs.agreement(log)
    fields = dict(log.fields)
    guest = {name: value for name, value in log.header.items() if name not in log.host}
    for header in (
        {**log.header, "machine": "silicon"},
        guest,  # no host says what it was
        {**guest, "processor": "Bochs 2.7"},  # a name that a guest could print
    ):
        found = bochs.agreement(bochs.Log(header, fields))
        assert found.count("as documented") == 0
        assert found.count("disagree") == known.count("as documented") > 0


def test_a_source_that_says_neither_what_the_manual_nor_what_the_processor_does_disagrees(log: bochs.Log) -> None:
    intel = nvmx.ladder("VMXON", "intel")
    rungs = [replace(rung, outcome="#UD") if rung.name == "CR0.PG set" else rung for rung in intel.rungs]
    found = bochs.agreement(log, nvmx.Ladder("VMXON", "wrong", tuple(rungs), intel.effect))
    assert found.count("as documented") == 0
    assert found.count("disagree") > bochs.agreement(log, intel).count("as documented") > 0


def test_what_a_processor_refuses_is_counted_with_its_reason(log: bochs.Log) -> None:
    place = case_of("VMXON", a20m=1)
    nothing = {"vector": 0xFF}
    for stage, more, reason in (
        (2, {}, "A20 does not take the value"),
        (7, {"vm_error": 7}, "VM entry fails (VM-instruction error 7)"),
        (7, {"exit_reason": 33}, "VM entry fails (exit reason 33)"),
    ):
        changes = {"stage": stage, **nothing, **more}
        refusing = altered(altered(log, place, **changes), place + 1, **changes)
        found = bochs.agreement(refusing)
        assert found.refused == {reason: 1}
        assert found.not_reachable == {**bochs.agreement(log).not_reachable, reason: 1}
        assert found.executed == bochs.agreement(log).executed - 1
        assert found.conclusive
        assert f"refused by this processor, 1 state: {reason}" in str(found)
        with pytest.raises(ValueError, match=re.escape(f"this state was not executed: {reason}")):
            bochs.ask("VMXON", refusing, a20m=1)


def refusing(log: bochs.Log, kept: NDArray[np.bool_]) -> bochs.Log:
    """The log of a processor that could be put into no states but those of the cases `kept`."""
    fields = {name: column.copy() for name, column in log.fields.items()}
    for name, value in {"stage": 1, "vector": 0xFF, "exit_reason": 0xFFFF, "error": 0, "vm_error": 0}.items():
        fields[name][~kept] = value
    return bochs.Log(log.header, fields)


def test_a_log_in_which_almost_nothing_was_executed_is_no_pass(
    log: bochs.Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = case_of("VMXOFF")
    codes = cases.codes_of(log.fields["key"])
    one = np.isin(np.arange(len(log)), (place, place + 1))
    path = tmp_path / "refused.log"
    for kept, executed in (
        (one, 1),
        (one | (codes["instruction"] == 0), 15809),
    ):  # all of VMXON does not make up for it
        bochs.save(refusing(log, kept), path)
        assert main(["--log", str(path)]) == INCONCLUSIVE
        found = bochs.agreement(bochs.read(path))
        assert found.executed == executed
        assert found.count("disagree") == 0
        assert not found.conclusive
        assert capsys.readouterr().out.splitlines()[-1] == found.line
        assert found.line.endswith("; INCONCLUSIVE: too few states were executed")


def test_a_processor_that_does_not_mask_a20_is_asked_enough(log: bochs.Log) -> None:
    kept = cases.codes_of(log.fields["key"])["A20M"] == 0
    found = bochs.agreement(refusing(log, kept))
    assert found.conclusive
    assert sum(found.refused.values()) > 0.7 * found.executed


def test_a_disagreement_is_one_even_if_most_was_refused(log: bochs.Log, tmp_path: Path) -> None:
    kept = cases.codes_of(log.fields["key"])["CPL"] == 1
    path = tmp_path / "wrong.log"
    bochs.save(altered(refusing(log, kept), case_of("VMXON", cpl=1), vector=6), path)
    assert not bochs.agreement(bochs.read(path)).conclusive
    assert main(["--log", str(path)]) == DISAGREES


def test_a_log_in_which_nothing_was_executed_is_an_error(
    log: bochs.Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "refused.log"
    bochs.save(refusing(log, np.zeros(len(log), dtype=bool)), path)
    assert main(["--log", str(path)]) == FAILED
    assert "nothing was executed: IA32_FEATURE_CONTROL does not take the value" in capsys.readouterr().err
