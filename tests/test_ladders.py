"""The rows against a second derivation, on every state; and what becomes of a row that is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import manual
import numpy as np
import pandas as pd
import pytest

import nvmx
from nvmx.ladders import all_sources
from nvmx.ladders.checks import checks
from nvmx.model.axis import AXES
from nvmx.model.box import Box
from nvmx.model.instruction import BY_INSTRUCTION, READY
from nvmx.model.ladder import Rung, common_domains
from nvmx.states.listing import States

INSTRUCTIONS = ("VMXON", "VMXOFF")
Row = tuple[Box, str, int]


def every_state(instruction: str) -> dict[str, Any]:
    """For each axis of Intel's ladder an array that broadcasts to all of its states."""
    ladder = nvmx.ladder(instruction, "intel")
    grid = np.ix_(*[np.array(axis.values) for axis in AXES if axis.name in ladder.reads])
    return dict(zip(ladder.reads, grid, strict=True))


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_intel_equals_the_manual_on_every_state(instruction: str) -> None:
    expected, _ = manual.MANUAL[instruction](every_state(instruction))
    found = nvmx.outcomes(instruction, "intel", nvmx.ladder(instruction, "intel").reads)
    wrong = int((found != expected).sum())  # a number: pytest would take minutes to write a twenty-dimensional array
    assert wrong == 0
    assert len(set(np.bincount(found.ravel()).nonzero()[0])) > 4


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_what_can_be_is_what_modes_can_make(instruction: str) -> None:
    """The rules that forbid, and the modes that build, leave the same states."""
    ladder = nvmx.ladder(instruction, "intel")
    domains = common_domains([ladder], [axis.name for axis in AXES])
    listed = States.possible([ladder], domains)
    sizes = [len(values) for values in domains.values()]
    built = np.sort(np.ravel_multi_index(list(manual.possible_codes(domains).values()), sizes))
    assert len(np.unique(built)) == len(built)  # each state was built once, and is listed once
    assert np.array_equal(np.ravel_multi_index(list(listed.codes), sizes), built)


@pytest.mark.parametrize("source", ["intel", "kvm-2011"])
@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_a_table_row_is_possible_if_the_axes_that_nobody_reads_allow_it(instruction: str, source: str) -> None:
    possible_states = manual.possible_columns()
    table = nvmx.table(instruction, source, possible=True)
    names = list(nvmx.ladder(instruction, source).axes)
    kept = possible_states["LOCK"] == 0
    if "operand" not in names and instruction == "VMXON":  # what is read but not spanned is ready
        kept &= possible_states["operand"] == "mapped"
    states = pd.DataFrame({name: values[kept] for name, values in possible_states.items() if name in names})
    expected = set(states.drop_duplicates()[names].itertuples(index=False, name=None))
    for name, values in nvmx.ladder(instruction, source).narrow.items():
        expected = {row for row in expected if row[names.index(name)] in values}
    assert set(table[names].itertuples(index=False, name=None)) == expected


# --- mutants -----------------------------------------------------------------------------------------------------


def rows_of(rungs: Sequence[Rung]) -> list[Row]:
    return [(rung.when, rung.outcome, rung.error or 0) for rung in rungs]


def run_rows(rows: Sequence[Row], states: dict[str, Any]) -> tuple[Any, Any]:
    """Outcome codes and error numbers of `rows` in each of the states (an evaluation of its own)."""
    codes = np.zeros(len(states["VMX"]), dtype=int)
    errors = np.zeros(len(states["VMX"]), dtype=int)
    for when, outcome, error in reversed(rows):
        hit = np.logical_and.reduce([sum(states[name] == value for value in values) for name, values in when.items()])
        codes[hit], errors[hit] = nvmx.OUTCOMES.index(outcome), error
    return codes, errors


def mutants(rungs: Sequence[Rung]) -> Iterator[tuple[str, list[Row]]]:
    """Each rung removed, swapped with the next, given every other outcome, another error number."""
    rows = rows_of(rungs)
    for n, rung in enumerate(rungs):
        yield f"remove {rung.name}", rows[:n] + rows[n + 1 :]
        for outcome in nvmx.OUTCOMES:
            if outcome != rung.outcome:
                yield f"{rung.name}: {outcome}", [*rows[:n], (rung.when, outcome, rows[n][2]), *rows[n + 1 :]]
        if rung.error:
            yield f"{rung.name}: error", [*rows[:n], (rung.when, rung.outcome, rung.error + 1), *rows[n + 1 :]]
        if n + 1 < len(rows):
            yield f"swap {rung.name} | {rungs[n + 1].name}", [*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]


def same_outcome_swaps(rungs: Sequence[Rung]) -> set[str]:
    return {f"swap {a.name} | {b.name}" for a, b in pairwise(rungs) if (a.outcome, a.error) == (b.outcome, b.error)}


# What no possible state shows, besides swaps of neighbours with the same ending: two checks that never fire together.
UNSEEN = {
    ("VMXON", "intel"): {
        "swap not in VMX root operation (a current VMCS) | not in VMX root operation (no current VMCS)",
        # In VMX root operation A20M is blocked.
        "swap not in VMX root operation (no current VMCS) | not A20M mode",
        # There is one operand, and it has one fault; if it cannot be read, it holds no pointer.
        "swap operand address valid | stack address valid",
        "swap stack address valid | operand mapped",
        "swap operand mapped | pointer aligned",
    },
    ("VMXOFF", "intel"): {
        "swap no dual-monitor treatment (a current VMCS) | no dual-monitor treatment (no current VMCS)",
    },
    ("VMXON", "kvm-2011"): set[str](),
    ("VMXOFF", "kvm-2011"): {
        # In real-address mode VMX root operation is not possible, so `in VMX operation` gives the same #UD.
        "remove protected mode",
    },
}


@pytest.mark.parametrize(("instruction", "source"), UNSEEN)
def test_every_mutant_of_a_ladder_is_noticed_where_a_possible_state_shows_it(
    instruction: str, source: str, kvm2011_outcomes: Callable[..., Any]
) -> None:
    """Against the manual for `intel`, against the handlers for `kvm-2011`; what survives is listed above."""
    states = manual.possible_columns()
    if source == "kvm-2011":
        known = states["VMX"] != "non-root"
        states = {name: values[known] for name, values in states.items()}
        truth = kvm2011_outcomes(instruction, states)
    else:
        truth = manual.MANUAL[instruction](states)
    rungs = nvmx.ladder(instruction, source).rungs

    def differs(rows: list[Row]) -> bool:
        return any((found != true).any() for found, true in zip(run_rows(rows, states), truth, strict=True))

    unaltered = differs(rows_of(rungs))
    assert not unaltered
    survivors = {name for name, rows in mutants(rungs) if not differs(rows)}
    assert survivors == same_outcome_swaps(rungs) | UNSEEN[instruction, source]


# --- rows that are refused ---------------------------------------------------------------------------------------


def rung(name: Any = "mine", **changes: Any) -> Rung:
    row: dict[str, Any] = {
        "name": name,
        "when": {"CPL": 3},
        "outcome": "#GP(0)",
        "reason": "why",
        "by": "handler",
        "source": "me",
    }
    return Rung(**(row | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when": {"CR4.VMX": 0}}, ["'mine'", "'CR4.VMX'", "CR4.VMXE"]),
        ({"when": {"CPL": 4}}, ["'mine'", "CPL", "4"]),
        ({"when": {"vmx": "Root"}}, ["'mine'", "VMX", "'Root'", "did you mean 'root'"]),
        ({"when": {}}, ["'mine'", "at least one axis"]),
        ({"when": {"CPL": (0, 1, 2, 3)}}, ["'mine'", "CPL", "all"]),
        ({"when": {"CPL": 1, "cpl": 2}}, ["'mine'", "CPL", "twice"]),
        ({"outcome": "#GP"}, ["'mine'", "'#GP'", "#GP(0)"]),
        ({"outcome": "success"}, ["'mine'", "success"]),
        ({"outcome": "VMfailValid"}, ["'mine'", "error number"]),
        ({"error": 15}, ["'mine'", "error number"]),
        ({"by": "guest"}, ["'mine'", "'guest'", "handler"]),
        ({"name": ""}, ["must have a name"]),
        ({"outcome": "VMfailValid", "error": "15"}, ["error", "'15'"]),
        ({"outcome": "VMfailValid", "error": 10**30}, ["error", "32-bit"]),
    ],
)
def test_a_malformed_rung_is_refused_by_name(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the words are checked below
        rung(**changes)
    assert all(word in str(error.value) for word in words), str(error.value)


def ladder(*rungs: Rung) -> nvmx.Ladder:
    return nvmx.Ladder("VMXON", "mine", rungs, nvmx.Effect(vmx="root"))


@pytest.mark.parametrize(
    ("rungs", "words"),
    [
        ([rung("a"), rung("a", when={"CPL": 2})], "two rungs have the name 'a'"),
        ([rung("a", when={"CPL": (2, 3)}), rung("b")], "'b' can never fire"),
        ([rung("a", when={"CR0.PE": 0, "EFER.LMA": 1})], "'a' can never fire"),
        ([rung("a"), rung("b", when={"CPL": (1, 2)}), rung("c", when={"CPL": (1, 3), "CR0.NE": 0})], "'c' can never"),
        ([rung("a", shadowed="by nothing")], "'a' says that it is shadowed"),
    ],
)
def test_a_malformed_ladder_is_refused_by_name(rungs: list[Rung], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ladder(*rungs)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: rung(name=None), "name: None is not a string"),
        (lambda: rung(name=5), "name: 5 is not a string"),
        (lambda: rung(when=None), "None is not a mapping"),
        (lambda: nvmx.Ladder("VMXON", "mine", ["x"], nvmx.Effect("root")), "'x' is not a Rung"),  # type: ignore[list-item]
        (lambda: nvmx.Ladder("VMXON", "mine", [], None), "None is not an Effect"),  # type: ignore[arg-type]
        (lambda: nvmx.Ladder("VMXON", 3, [], nvmx.Effect("root")), "3 is not a name"),  # type: ignore[arg-type]
        (lambda: nvmx.Effect("Root"), "value of VMX: 'Root' is not allowed; did you mean 'root'"),
        (lambda: nvmx.Effect("root", current_vmcs=7), "value of current_VMCS: 7"),
        (lambda: nvmx.Effect("root", flags={"IF": 1}), "flag written"),
        (lambda: nvmx.Ladder("VMXON", "mine", [rung(when={"CPL": 3})], nvmx.Effect("root"), {"CPL": (1, 2, 3)}),
         "CPL must keep its ready value 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_at_once(make: Callable[[], object], words: str) -> None:
    with pytest.raises(nvmx.NvmxError, match=words):
        make()


def test_a_ladder_without_rungs_has_nothing_to_test() -> None:
    empty = nvmx.Ladder("VMXON", "empty", [], nvmx.Effect("root", flags={}))
    assert nvmx.suite("VMXON", empty).empty
    assert nvmx.mutants("VMXON", empty).empty
    assert "empty" in str(nvmx.verdict("VMXON", empty))


def test_a_ladder_may_have_many_rungs() -> None:
    same = [rung(f"check {n}", when={"CR4.VMXE": 0}, outcome="#UD", shadowed="" if n == 0 else "tested before")
            for n in range(300)]  # fmt: skip
    mine = nvmx.Ladder("VMXON", "mine", [*same, rung("CPL 0", when={"CPL": (1, 2, 3)})], nvmx.Effect("root"))
    table = nvmx.table("VMXON", mine, ["CR4.VMXE", "CPL"])
    assert table["rung"].tolist()[:4] == ["check 0"] * 4
    assert table["outcome"].tolist()[4:] == ["success", "#GP(0)", "#GP(0)", "#GP(0)"]
    assert set(nvmx.diff("VMXON", mine, "intel")["outcome (mine)"]) >= {"success"}
    assert "#GP(0) in 3" in nvmx.plots.map("VMXON", mine, ["CPL"], []).sentence
    assert nvmx.bochs.agreement(nvmx.bochs.recording(), mine).executed == 15808


def test_a_shadowed_rung_may_stand_where_it_says_so() -> None:
    mine = ladder(rung("a"), rung("b", shadowed="`a` looks first"))
    assert nvmx.verdict("VMXON", mine, cpl=3).rung == mine.rungs[0]


def test_every_rung_says_where_it_is_written_and_why() -> None:
    for source in all_sources().values():
        for ladder in source.ladders:
            for each in ladder.rungs:
                assert each.source
                assert each.reason
                assert not each.reason.endswith(".")


def test_shared_rungs_share_their_names() -> None:
    names: dict[str, set[str]] = {}
    for source in all_sources().values():
        for ladder in source.ladders:
            for each in ladder.rungs:
                names.setdefault(str(each.when), set()).add(each.name)
    assert {len(found) for found in names.values()} == {1}


def test_a_ladder_shows_itself_as_a_table() -> None:
    mine = nvmx.ladder("VMXON", "intel")
    html = mine._repr_html_()
    assert html.count("<tr>") == len(mine.rungs) + 1
    assert "CPL=1|2|3" in html
    assert "success (VMX root, flags cleared)" in html
    assert "flags left alone" in nvmx.ladder("VMXON", "kvm-2011")._repr_html_()
    assert "VMfailValid (error 15)" in html


def test_another_instruction_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """VMPTRLD, with the axes that exist: nothing else has to know that there is a third instruction."""
    on = BY_INSTRUCTION["VMXON"]
    row = replace(on, name="VMPTRLD", exit_reason=21, ready={**on.ready, "VMX": "root"})
    monkeypatch.setitem(BY_INSTRUCTION, "VMPTRLD", row)
    monkeypatch.setitem(READY, "VMPTRLD", row.ready)
    names = "memory operand, in VMX operation, not VMX non-root operation, CPL 0, operand mapped, pointer aligned"
    mine = nvmx.Ladder("VMPTRLD", "mine", checks(names, "handler", "me"), nvmx.Effect(current_vmcs=1))
    found = nvmx.verdict("VMPTRLD", mine)
    assert (found.outcome, found.state["vmx"], found.after["vmx"], found.after["current_vmcs"]) == (
        "success", "root", "root", 1,
    )  # fmt: skip
    assert nvmx.verdict("VMPTRLD", mine, vmx="off").repair() == {"vmx": "root"}
    assert nvmx.table("VMPTRLD", mine, ["CPL"])["outcome"].tolist() == ["success"] + ["#GP(0)"] * 3
    assert len(nvmx.suite("VMPTRLD", mine))
    assert nvmx.plots.map("VMPTRLD", mine).sentence.startswith("VMPTRLD by mine")
    assert repr(nvmx.lab.explorer("VMPTRLD", mine).verdict) == "<VMPTRLD, mine: success>"
    assert nvmx.run(["VMXON", "VMPTRLD", "VMXOFF"], mine)["outcome"].tolist() == ["success"] * 3
    assert nvmx.plots.ladder("VMPTRLD", mine).sentence.startswith("VMPTRLD by mine")


def test_a_ladder_of_ones_own_is_taken_wherever_an_id_is() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mine = replace(intel, source="mine", rungs=tuple(each for each in intel.rungs if each.name != "CPL 0"))
    assert nvmx.verdict("VMXON", mine, cpl=3).outcome == "success"
    assert set(nvmx.diff("VMXON", mine, "intel")["rung (intel)"]) == {"CPL 0"}
    assert nvmx.table("VMXON", mine, axes=["cpl"]).outcome.tolist() == ["success"] * 4
    assert nvmx.outcomes("VMXON", mine, axes=["CPL"]).tolist() == [0, 0, 0, 0]
    assert nvmx.step({"cpl": 3}, "VMXON", mine)[1]["vmx"] == "root"
