"""Witnesses, mutants and suites: each is checked against verdicts and against mutants that are made separately."""

import io
import json
from itertools import combinations
from typing import Any

import brute_force
import manual
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sample import some
from scipy.optimize import Bounds, LinearConstraint, milp
from test_ladders import UNSEEN, rows_of, run_rows, same_outcome_swaps
from test_ladders import mutants as separate_mutants

import nvmx
from nvmx.ladders import all_sources
from nvmx.ladders.permissions import PERMISSIONS
from nvmx.model.outcome import flags_text
from nvmx.states.mutants import few, kills

INSTRUCTIONS = ("VMXON", "VMXOFF")
PAIRS = [(each.instruction, each.source) for source in all_sources().values() for each in source.ladders]


def states_of(table: pd.DataFrame, ladder: nvmx.Ladder) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ladder.reads} for row in table.to_dict("records")]


@pytest.mark.parametrize(("instruction", "source"), some(3, PAIRS))
def test_a_suite_expects_what_verdicts_say_in_possible_states(instruction: str, source: str) -> None:
    suite = nvmx.suite(instruction, source)
    for state, row in zip(states_of(suite, nvmx.ladder(instruction, source)), suite.to_dict("records"), strict=True):
        found = nvmx.verdict(instruction, source, **state)
        assert found.possible
        assert (found.outcome, flags_text(found.flags)) == (row["outcome"], row["flags"])
        assert found.error == (None if pd.isna(row["error"]) else row["error"])
        assert row["faults"] > 0


@pytest.mark.parametrize(("instruction", "source"), UNSEEN)
def test_a_suite_kills_every_mutant_that_can_be_killed(instruction: str, source: str) -> None:
    """The mutants of the row tests, made and run separately, on the states of the suite alone."""
    ladder, suite = nvmx.ladder(instruction, source), nvmx.suite(instruction, source)
    few = pd.DataFrame([nvmx.verdict(instruction, source, **state).state.columns for state in states_of(suite, ladder)])
    every = pd.DataFrame(manual.possible_columns())
    for name, values in ladder.narrow.items():
        every = every[every[name].isin(values)]
    alive = []
    truth = {}
    for label, states in (("few", few), ("every", every)):
        columns = {name: states[name].to_numpy() for name in states}
        truth[label] = (columns, run_rows(rows_of(ladder.rungs), columns))
    for name, rows in separate_mutants(ladder.rungs):
        killed = {
            label: any((a != b).any() for a, b in zip(run_rows(rows, columns), true, strict=True))
            for label, (columns, true) in truth.items()
        }
        assert killed["few"] == killed["every"], name
        if not killed["every"]:
            alive.append(name)
    assert set(alive) == same_outcome_swaps(ladder.rungs) | UNSEEN[instruction, source]


@pytest.mark.parametrize(("instruction", "source"), UNSEEN)
def test_what_no_state_shows_is_what_the_row_tests_list(instruction: str, source: str) -> None:
    rungs = nvmx.ladder(instruction, source).rungs
    faults = nvmx.mutants(instruction, source)
    hidden = faults[~faults["observable"]]
    assert (hidden["states"] == 0).all()
    swaps = {
        f"swap {row.rung} | {row.fault.removeprefix('swapped with ')}"
        for row in hidden.itertuples()
        if row.fault.startswith("swapped")
    }
    removed = {f"remove {row.rung}" for row in hidden.itertuples() if row.fault == "removed"}
    assert swaps | removed == same_outcome_swaps(rungs) | UNSEEN[instruction, source]
    assert len(faults) > 6 * len(rungs)


@pytest.mark.parametrize(("instruction", "source"), UNSEEN)
def test_no_state_of_a_suite_can_be_left_out(instruction: str, source: str) -> None:
    found = kills(nvmx.ladder(instruction, source))
    shown, chosen = found.shown, few(found.shown, found.states.distance())
    assert len(chosen) == len(nvmx.suite(instruction, source))
    observable = shown.any(axis=1)
    assert (shown[:, chosen].any(axis=1) == observable).all()
    for place in chosen:
        rest = [other for other in chosen if other != place]
        assert (shown[:, rest].any(axis=1) != observable).any()


def fewest_columns(shown: NDArray[np.bool_]) -> int:
    """How many columns it takes at least to show every row that any column shows: a minimum hitting set, solved."""
    columns = np.ascontiguousarray(np.packbits(shown, axis=0).T)
    different = {column.tobytes(): place for place, column in enumerate(columns)}
    distinct = shown[:, list(different.values())]
    distinct = np.unique(distinct[distinct.any(axis=1)], axis=0)
    found = milp(
        np.ones(distinct.shape[1]),
        integrality=np.ones(distinct.shape[1]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(distinct.astype(float), lb=1),
    )
    assert found.success
    assert found.fun - found.mip_dual_bound < 0.5  # a proof that no smaller set exists
    fewest: int = round(found.fun)
    return fewest


@pytest.mark.parametrize(("instruction", "source"), some(3, PAIRS))
def test_no_suite_can_be_smaller(instruction: str, source: str) -> None:
    shown = kills(nvmx.ladder(instruction, source)).shown
    assert len(nvmx.suite(instruction, source)) == fewest_columns(shown)


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_no_fewer_states_tell_all_sources_apart(instruction: str) -> None:
    ladders = [nvmx.ladder(name, source) for name, source in PAIRS if name == instruction]
    ends = []
    for ladder in ladders:
        outcomes = np.array([outcome for outcome, _, _ in brute_force.endings(ladder)])
        known = brute_force.inside(ladder.narrow)
        ends.append(np.where(known, outcomes[brute_force.all_deciding(ladder)], ""))
    apart = np.array([(a != "") & (b != "") & (a != b) for a, b in combinations(ends, 2)])
    assert len(nvmx.distinguish(instruction, ladders)) == fewest_columns(apart)


@pytest.mark.parametrize(("instruction", "source"), PAIRS)
def test_witnesses_show_each_kind_of_difference(instruction: str, source: str) -> None:
    found = nvmx.witnesses(instruction, source, "intel")
    difference = nvmx.diff(instruction, source, "intel")
    ours, manuals = f"outcome ({source})", "outcome (intel)" if source != "intel" else "outcome (intel, b)"
    kinds = difference.groupby([ours, manuals], observed=True).size()
    assert {(row[ours], row[manuals]): row["states"] for row in found.to_dict("records")} == {
        pair: count for pair, count in kinds.items() if count
    }
    axes = [name for name in found.columns if name not in (ours, manuals, "states")]
    for row in found.to_dict("records"):
        state = {name: row[name] for name in axes}
        assert nvmx.verdict(instruction, source, **state).outcome == row[ours]
        assert nvmx.verdict(instruction, "intel", **state).outcome == row[manuals]
        assert nvmx.verdict(instruction, "intel", **state).possible


def test_few_states_tell_all_sources_apart() -> None:
    for instruction in ("VMXON", "VMXOFF"):
        sources = [source for name, source in PAIRS if name == instruction]
        found = nvmx.distinguish(instruction, sources)
        ends = {source: found[f"outcome ({source})"] for source in sources}
        apart = {
            (a, b)
            for a, b in combinations(sources, 2)
            if ((ends[a] != "") & (ends[b] != "") & (ends[a] != ends[b])).any()
        }
        same = {pair if pair in set(combinations(sources, 2)) else pair[::-1] for pair in found.attrs["same"]}
        assert apart | same == set(combinations(sources, 2))
        assert not apart & same
        for a, b in same:
            assert nvmx.diff(instruction, a, b).empty
    with pytest.raises(ValueError, match="two sources"):
        nvmx.distinguish("VMXON", ["intel"])


def test_a_suite_goes_out_as_csv_and_json() -> None:
    suite = nvmx.suite("VMXOFF", "intel")
    assert len(pd.read_csv(io.StringIO(suite.to_csv(index=False)))) == len(suite)
    rows = json.loads(suite.to_json(orient="records"))
    assert len(rows) == len(suite)
    assert set(rows[0]) >= {"CPL", "VMX", "outcome", "flags", "error"}
    assert {row["error"] for row in rows} == {None, 23}


def test_the_other_instructions_permission_prefix() -> None:
    table = nvmx.permissions()
    assert table.index.tolist() == list(PERMISSIONS)
    assert len(table) == 11
    assert table.loc["VMCLEAR", "memory operand"] == "1 #UD"
    assert table.loc["VMREAD", "memory operand"] == ""
    exits = "not VMX non-root operation"
    place = {
        name: [cell.split()[0] for cell in row if cell] for name, row in zip(table.index, table.to_numpy(), strict=True)
    }
    assert place["VMFUNC"] == ["1"]
    # VMCALL exits before its mode is looked at; all others after.
    assert int(table.loc["VMCALL", exits].split()[0]) < int(table.loc["VMCALL", "not compatibility mode"].split()[0])
    for name in PERMISSIONS:
        if name not in ("VMCALL", "VMFUNC"):
            assert int(table.loc[name, exits].split()[0]) > int(table.loc[name, "not compatibility mode"].split()[0])
            assert table.loc[name, "CPL 0"].endswith("#GP(0)")
    assert (
        np.array([rung.outcome for rungs in PERMISSIONS.values() for rung in rungs]).size
        == (table != "").to_numpy().sum()
    )


def test_a_made_up_hypervisor_is_one_file_of_rows(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the package a new file is all it takes; in a notebook, a Ladder."""
    (tmp_path / "madeup.py").write_text(
        "from nvmx.model.ladder import Effect, Ladder\n"
        "from nvmx.ladders.checks import checks\n"
        "from nvmx.ladders.source import Source\n"
        "SOURCES = (Source('made-up', 'Made up', '2026-11', 'nowhere', 'A note.', (\n"
        "    Ladder('VMXON', 'made-up', checks('CR4.VMXE set, CPL 0', 'handler', 'nowhere'), Effect(vmx='root')),)),)\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(nvmx.ladders, "__path__", [*nvmx.ladders.__path__, str(tmp_path)])
        all_sources.cache_clear()
        assert nvmx.verdict("VMXON", "made-up", cpl=3).outcome == "#GP(0)"
        assert "made-up" in nvmx.sources()["id"].tolist()
        assert set(nvmx.diff("VMXON", "made-up", "intel")["outcome (made-up)"]) >= {"success"}
        assert "made-up" in nvmx.lab.explorer().sources
        assert nvmx.plots.map("VMXON", "made-up").sentence.startswith("VMXON by made-up")
    all_sources.cache_clear()
    assert "made-up" not in all_sources()
    mine = nvmx.Ladder("VMXON", "mine", nvmx.ladder("VMXON", "intel").rungs[:8], nvmx.Effect(vmx="root"))
    assert len(nvmx.suite("VMXON", mine))
    assert nvmx.witnesses("VMXON", mine, "intel")["outcome (mine)"].tolist()
