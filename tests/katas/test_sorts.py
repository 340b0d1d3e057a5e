"""Each sort of kata: right answers pass; wrong ones get a counterexample that is true."""

from functools import partial
from typing import Any

import pandas as pd
import pytest

import nvmx
from nvmx import check
from nvmx.model.rules import broken_rule

from .bugs import REAL, as_function, as_rows, repaired_vmon

INTEL = nvmx.ladder("VMXON", "intel")


def is_true(found: nvmx.Check, instruction: str = "VMXON", source: str = "intel") -> None:
    """The counterexample is a possible state, and the check named is the one that decides there."""
    assert not found.passed
    assert found.state is not None
    assert broken_rule(found.state.columns) is None
    verdict = nvmx.verdict(instruction, source, **found.state)
    assert found.rung == verdict.rung
    assert found.hints == tuple(dict.fromkeys(found.hints))
    for text in (found.message, *found.hints, *found.notes):
        assert text[-1] in ".?!", text
    assert str(found).startswith("Not yet: ")


# --- a function, rows, a Ladder ---


def test_a_right_function_passes_in_all_states() -> None:
    found = check(as_function(INTEL))
    assert (found.passed, found.message) == (True, "right in all 34,436 possible states.")
    assert found
    assert "✓ Passed" in found._repr_html_()


@pytest.mark.parametrize("source", REAL)
def test_real_mistakes_are_caught_in_a_function_and_in_rows(source: str) -> None:
    ladder = nvmx.ladder("VMXON", source)
    for answer in (as_function(ladder), as_rows(ladder)):
        axes, nearest = REAL[source]
        found = check(answer, axes=axes)
        is_true(found)
        assert found.state == nvmx.verdict("VMXON", "intel", **nearest).state
        decided = ladder.deciding(found.state.columns)
        assert str(found.given).partition(" (")[0] == (decided.outcome if decided else "success")
        assert found.expected == nvmx.verdict("VMXON", "intel", **found.state).ending
        assert found.progress.startswith("Right in ")


def test_the_counterexample_in_words() -> None:
    found = check(as_function(nvmx.ladder("VMXON", "kvm-2022-06")), axes=["cr0_ne", "cpl"])
    assert found.message == (
        "VMXON, ready except for CR0.NE = 0: you say #UD; it is #GP(0), because CR0.NE = 0 (check 12)."
    )
    assert found.hint == "Look at CR0.NE."
    assert found.hints[1:] == (
        "Which of your checks fires here?",
        "Check 12 asks for CR0.NE set: CR0.NE is fixed to 1 in VMX operation.",
    )
    html = found._repr_html_()
    assert html.count("<details>") == 3
    assert html.index("Look at CR0.NE.") < html.index("Which of your checks")


def test_every_source_agrees_with_itself_and_knows_its_own_axes() -> None:
    for source in ("kvm-2011", "kvm-2013", "pkvm-ia", "ksm"):
        ladder = nvmx.ladder("VMXON", source)
        assert check(as_function(ladder), "VMXON", source).passed
        assert check(ladder, "VMXON", source).passed
    found = check(as_function(nvmx.ladder("VMXON", "kvm-2022-10")), "VMXON", "kvm-2018-07")
    is_true(found, source="kvm-2018-07")
    assert "CR0.NE = 0: you say #GP(0); by kvm-2018-07 it is success" in found.message
    assert found.progress == "Right in 2,102 of 2,102 states."
    assert found.notes == ("No check of kvm-2018-07 reads CR0.NE.",)


def test_an_order_that_is_wrong_is_seen_where_two_checks_fire() -> None:
    rungs = list(INTEL.rungs)
    rungs[3], rungs[7] = rungs[7], rungs[3]
    rows = as_rows(nvmx.Ladder("VMXON", "mine", rungs, INTEL.effect, checked=False))
    found = check(rows, axes=["cr4_vmxe", "cpl", "cr0_ne"])
    is_true(found)
    assert found.state == nvmx.verdict("VMXON", "intel", cr4_vmxe=0, cpl=1).state
    assert found.hints[1] == "2 checks fire here: which of them comes first?"


def test_rows_with_an_error_number_an_idle_row_or_a_wrong_effect() -> None:
    rows, today = as_rows(INTEL), as_rows(nvmx.ladder("VMXON", "kvm-2018-07"))
    check_today = partial(check, instruction="VMXON", source="kvm-2018-07")
    assert check_today(today).passed
    number = next(n for n, row in enumerate(rows) if len(row) == 3)
    for wrong, words in (
        ((*rows[number][:2], 14), "VMfailValid (error 14), by your row"),
        (rows[number][:2], "without an error number"),
    ):
        found = check([*rows[:number], wrong, *rows[number + 1 :]], axes=["vmx", "current_vmcs", "cpl"])
        is_true(found)
        assert found.expected == "VMfailValid (error 15)"
        assert words in found.message
    idle = check_today([*today, ({"cpl": 3, "cr4_vmxe": 0}, "#PF")])
    assert (idle.passed, idle.notes) == (True, (f"Never decides: your row {len(today) + 1}.",))
    more = check_today([({"dual_monitor": 1}, "#UD"), *today])
    is_true(more, source="kvm-2018-07")
    assert "dual_monitor = 1" in more.message
    silent = check(nvmx.Ladder("VMXON", "mine", INTEL.rungs, nvmx.Effect(vmx="root", flags={})), axes=["cpl"])
    assert "not the effects of success: yours are VMX = root, current_VMCS = 0, flags left alone" in silent.message
    assert check(nvmx.ladder("VMXOFF", "intel")).message == "your ladder is for VMXOFF, not for VMXON."


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (5, "row 1 is 5, which is not a condition and an outcome: write"),
        (({"cr4vmxe": 0}, "#UD"), "did you mean 'cr4_vmxe'?"),
        (({"cpl": [0, 1, 2, 3]}, "#UD"), "holds for none or for all"),
        (({"cpl": 5}, "#UD"), "value of CPL: 5 is not allowed"),
        (({}, "#UD"), "empty condition"),
        (({"cpl": 3}, "#GP"), "row 1 ends in '#GP', which is no outcome (did you mean '#GP(0)'?)."),
        (({"cpl": 3}, "success"), "needs no row"),
        (({"cpl": 3}, ...), "still has ... in it"),
        (({"cpl": 3}, "#UD", 7), "only for VMfailValid"),
    ],
)
def test_a_row_that_makes_no_sense_gets_a_sentence(row: object, words: str) -> None:
    found = check([row])
    assert not found.passed
    assert words in found.message


# --- a repair ---


def test_repairs() -> None:
    assert check({"cr4_vmxe": 1}, state={"cr4_vmxe": 0}).passed
    assert check({"CR4.VMXE": 1, "cpl": 0}, state={"cr4_vmxe": 0, "cpl": 3}).passed
    assert check({"cpl": 3}, state={}, target="#GP(0)").passed
    assert check({"vmx": "root", "current_vmcs": 1}, state={}, target="VMfailValid").passed
    assert "power-up reset" in check({"fc_vmx": 1}, state={"fc_vmx": 0}).notes[0]
    assert check({"cpl": 0}, state={"cpl": 2}, source="xen").passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "after your repair: VMXON, ready except for CR4.VMXE = 0, CPL = 3: it is #UD, because CR4.VMXE = 0"),
        ({"cr4_vmxe": 1, "cpl": 0, "cr0_ne": 1}, "it ends in success, but with 3 changes: 2 changes suffice"),
        ({"cr4_vmxe": 1}, "it is #GP(0), because CPL = 3 (check 8)"),
        ({"cpl": 0}, "it is #UD, because CR4.VMXE = 0 (check 4)"),
        ({"cr4_vmxe": 1, "cpl": 0, "fc_lock": 0}, "FEATURE_CONTROL.lock = 0"),
        ({"cr4_vmxe": 1, "cpl": 0, "fc_smx": 1}, "it ends in success, but with 3 changes: 2 changes suffice."),
        ({"cr4_vmxe": 1, "cpl": 0, "cr0_pg": 0}, "no processor can be in this state: long mode is active only"),
        ({"vmxe": 1}, "the repair: axis: 'vmxe' is not allowed"),
        ({"cr4_vmxe": 7}, "value of CR4.VMXE: 7 is not allowed"),
        ({1: 2}, "axis: 1 is not a string"),
    ],
)
def test_wrong_repairs(answer: dict[Any, Any], words: str) -> None:
    found = check(answer, state={"cr4_vmxe": 0, "cpl": 3})
    assert words in found.message
    if found.state is not None:
        is_true(found)


# --- a state for each outcome ---


EIGHT: dict[str, Any] = {
    "success": {},
    "#UD": {"cr4_vmxe": 0},
    "#GP(0)": {"cpl": 3},
    "#SS(0)": {"operand": "ss-fault"},
    "#PF": {"operand": "unmapped"},
    "VMfailInvalid": {"vmx": "root"},
    "VMfailValid": {"vmx": "root", "current_vmcs": 1},
    "VM exit": {"vmx": "non-root", "current_vmcs": 1},
}


def test_a_state_for_each_outcome() -> None:
    assert check(EIGHT).passed
    ladder = nvmx.ladder("VMXOFF", "intel")
    six: dict[str, Any] = {
        "success": {}, "#UD": {"vmx": "off"}, "#GP(0)": {"cpl": 1}, "VM exit": EIGHT["VM exit"],
        "VMfailInvalid": {"dual_monitor": 1}, "VMfailValid": {"dual_monitor": 1, "current_vmcs": 1},
    }  # fmt: skip
    assert check(six, "VMXOFF").passed
    assert {rung.outcome for rung in ladder.rungs} | {"success"} == set(six)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"#GP(0)": {"cr4_vmxe": 0, "cpl": 3}}, "you say #GP(0); it is #UD, because CR4.VMXE = 0 (check 4)."),
        ({"VMfailValid": {"vmx": "root"}}, "you say VMfailValid; it is VMfailInvalid"),
        ({"VM exit": {"vmx": "non-root"}}, "no processor can be in this state: a guest was entered from"),
        ({"#UD": {"cr0_pe": 0}}, "no processor can be in this state"),
        ({"#PF": {"operand": "ss-fault"}}, "it is #SS(0)"),
        ({"#PF": {"operands": "unmapped"}}, "did you mean 'operand'?"),
        ({"#PF": 5}, "the state for #PF is 5: write a dict"),
        ({"#PF": ...}, "still missing: #PF."),
        ({"#GP": {}}, "a key is '#GP', which is no outcome (did you mean '#GP(0)'?)."),
    ],
)
def test_a_wrong_state_for_an_outcome(change: dict[str, Any], words: str) -> None:
    found = check({**EIGHT, **change})
    assert words in found.message
    if "#GP" not in change:  # a key that is no outcome
        assert found.progress == "Right for 7 of 8 outcomes."
    if found.state is not None:
        is_true(found)


def test_outcomes_that_are_missing_or_never_come() -> None:
    assert check({}).message.startswith("still missing: success, #UD")
    assert "by intel, VMXOFF never ends in #PF: leave it out" in check({"#PF": {}}, "VMXOFF").message
    assert "this is one state" in check({"cpl": 3}).message


# --- a state in which two sources differ ---


def test_a_difference() -> None:
    assert check({"cpl": 3}, differs_from="kvm-2017").passed
    assert check({"operand": "ss-fault"}, source="xen", differs_from="intel").passed
    assert check({"vmx": "root"}, source="acrn", differs_from="intel").passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "VMXON, ready: both end in success."),
        ({"cpl": 3, "cr4_vmxe": 0}, "both end in #UD."),
        ({"cr0_pg": 0}, "no processor can be in this state"),
        ({"cpl": 4}, "value of CPL: 4 is not allowed"),
        ({"cpll": 3}, "did you mean 'CPL'?"),
        ({"vmx": "non-root", "current_vmcs": 1, "cpl": 3}, "both end in VM exit."),
    ],
)
def test_states_without_a_difference(answer: dict[str, Any], words: str) -> None:
    found = check(answer, differs_from="kvm-2017")
    assert words in found.message
    if found.state is not None:
        is_true(found)
        assert found.hints[-1].startswith("One of them is about ")


def test_a_state_does_not_change_what_the_task_fixes() -> None:
    found = check({"vmx": "root", "cpl": 3}, differs_from="kvm-2017", vmx="off")
    assert found.message == "the state: VMX = root, but this kata asks for VMX = off."
    assert check({"vmx": "off", "cpl": 3}, differs_from="kvm-2017", vmx="off").passed


# --- how many, and which ---


def test_counts() -> None:
    table = nvmx.table("VMXON", "kvm-2018-07", possible=True)
    counts = partial(check, source="kvm-2018-07")
    assert counts(len(table)).passed
    assert counts(int((table["outcome"] == "#UD").sum()), outcome="#UD").passed
    assert counts((table["outcome"] == "#UD").sum(), outcome="#UD").passed
    assert counts(float((table["CPL"] == 0).sum()), cpl=0).passed
    assert check(4, axes=["cpl"]).passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (7, "7 is too many."),
        (2, "2 is too few."),
        (-1, "-1 is too few."),
        (True, "True is no answer"),
        (2.5, "2.5 is no answer"),
        ("3", "'3' is not what this kata asks for"),
    ],
)
def test_wrong_counts(answer: object, words: str) -> None:
    found = check(answer, outcome="#GP(0)", axes=["cpl", "cr4_vmxe"])
    assert not found.passed
    assert words in found.message
    assert str(3) not in " ".join(found.hints)  # what is right is not given away


def test_listings() -> None:
    axes = ["cpl", "cr4_vmxe", "vmx", "current_vmcs"]
    table = nvmx.table("VMXON", "intel", axes, possible=True)
    right = table[table["outcome"] == "#GP(0)"]
    assert check(right, outcome="#GP(0)").passed
    assert check(right.rename(columns={"CPL": "cpl"}), outcome="#GP(0)", axes=axes).passed
    assert check(table[table["CPL"] == 0].drop(columns="CPL"), axes=axes, cpl=0).passed


def test_wrong_listings() -> None:
    axes = ["cpl", "cr4_vmxe", "vmx", "current_vmcs"]
    table = nvmx.table("VMXON", "intel", axes)
    possible = table[table["possible"]]
    right = possible[possible["outcome"] == "#GP(0)"]
    for answer, words in (
        (right[right["CPL"] != 2], "VMXON, ready except for CPL = 2 is missing: it is #GP(0), because CPL = 2"),
        (
            possible[possible["CPL"] > 0],
            "CR4.VMXE = 0, CPL = 1: you have a row for it; it is #UD, because CR4.VMXE = 0",
        ),
        (table[table["outcome"] == "#GP(0)"], "no processor can be in this state: outside VMX operation"),
        (pd.concat([right, right]), "the table has a state twice"),
        (right.drop(columns="VMX"), "the table has no column 'VMX'."),
        (right[:0], "is missing"),
    ):
        found = check(answer, outcome="#GP(0)", axes=axes)
        assert words in found.message
        if found.state is not None:
            is_true(found)
    assert check(right[["outcome"]], outcome="#UD").message == "the table has no column 'CPL'."


# --- a test suite ---


def test_suites() -> None:
    for instruction, source in (("VMXOFF", "intel"), ("VMXON", "kvm-2011")):
        suite = nvmx.suite(instruction, source)
        observable = int(nvmx.mutants(instruction, source)["observable"].sum())
        found = check(suite, instruction, source)
        assert (found.passed, found.given, found.expected) == (True, observable, observable)
        states = suite[[name for name in suite if name in nvmx.axes()["axis"].tolist()]].to_dict("records")
        assert check(states, instruction, source).passed
        assert check(suite[:3], instruction, source, kills=2).passed


def test_the_number_of_faults_is_that_of_the_numpy_mutants() -> None:
    found = check([{}], "VMXON", "xen")
    assert found.expected == int(nvmx.mutants("VMXON", "xen")["observable"].sum())


def test_wrong_suites() -> None:
    suite = nvmx.suite("VMXOFF", "intel")
    for answer, words in (
        ([{}], "faults; it misses: no LOCK prefix (removed, and "),
        (suite[1:], "it misses: "),
        (suite[:-1], "it misses: "),
        (suite.head(1), "more checks."),
        ([{"cpl": 3}, {"vmx": "off"}], "it misses: "),
    ):
        found = check(answer, "VMXOFF", kills=None)
        is_true(found, "VMXOFF")
        assert found.message.startswith("kills ")
        assert words in found.message
        # The last hint is a state that helps.
        more = [*(answer if isinstance(answer, list) else []), dict(found.state or {})]
        if isinstance(answer, list):
            assert check(more, "VMXOFF").given > found.given  # type: ignore[operator]
    assert "state 2: axis: 'cplx' is not allowed" in check([{}, {"cplx": 3}], "VMXOFF").message
    assert "state 1: no processor can be in this state" in check([{"cr0_pe": 0}], "VMXOFF").message
    assert "kills 0 of" in check([], "VMXOFF", kills=3).message
    assert "(wanted: 30)" in check([{}], "VMXOFF", kills=30).message


# --- the check that decides ---


@pytest.mark.parametrize("answer", ["CPL", "cpl", "CPL 0", " cpl 0 "])
def test_the_check_that_decides(answer: str) -> None:
    assert check(answer, state={"cpl": 3, "cr0_ne": 0}).passed


def test_no_check_decides() -> None:
    assert check("success", state={}).passed
    is_true(check("success", state={"cpl": 3}))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("CR0.NE", "you say 'CR0.NE', but it fires here, because CR0.NE = 0; an earlier check decides."),
        ("CR4.VMXE set", "but it passes here, because CR4.VMXE = 1."),
        ("fc_lock", "but it passes here, because FEATURE_CONTROL.lock = 1."),
        ("#GP(0)", "#GP(0) is how it ends: name the check that decides"),
        ("vmxe", "did you mean 'CR4.VMXE'?"),
        ("privilege", "is not"),
        ("dual_monitor", "no check of intel reads dual_monitor."),
    ],
)
def test_another_check(answer: str, words: str) -> None:
    found = check(answer, state={"cpl": 3, "cr0_ne": 0})
    assert words in found.message
    if found.state is not None:
        is_true(found)


# --- a handler on the virtual CPU ---


def test_a_repaired_handler_passes() -> None:
    found = check(repaired_vmon, on="vcpu")
    assert found.passed
    assert "the operand, the pointer and its region" in found.notes[0]
    assert check(nvmx.kvm2011.handle_vmon, "VMXON", "kvm-2011", on="vcpu").passed
    assert check(nvmx.kvm2011.handle_vmoff, "VMXOFF", "kvm-2011", on="vcpu").passed


@pytest.mark.parametrize(
    ("forgotten", "words"),
    [
        ("vmxe", "CR4.VMXE = 0: you say success; it is #UD, because CR4.VMXE = 0 (check 4)."),
        ("cpl", "CPL = 1: you say success; it is #GP(0), because CPL = 1 (check 8)."),
        ("cpl is #UD", "CPL = 1: you say #UD; it is #GP(0), because CPL = 1 (check 8)."),
        ("second", "VMX = root: you say success; it is VMfailInvalid"),
        ("fail flags", "VMX = root: you say success, but leave RFLAGS alone (all six flags were set before); it is VM"),
        ("ZF", "VMX = root: you say VMfailValid; it is VMfailInvalid"),
        ("skip", "VMX = root: you neither queue an exception nor move RIP"),
        ("ne", "CR0.NE = 0: you say success; it is #GP(0), because CR0.NE = 0 (check 12)."),
        ("pg", "CR0.PG = 0, EFER.LMA = 0, CS.L = 0: you say success; it is #GP(0), because CR0.PG = 0 (check 13)."),
        ("vmxon", "VMXON, ready: you say success, but leave vcpu.nested.vmxon = False; it is success"),
        (
            "flags",
            "VMXON, ready: you say success, but leave RFLAGS alone (all six flags were set before); it is success",
        ),
    ],
)
def test_what_a_handler_forgets_is_noticed(forgotten: str, words: str) -> None:
    found = check(partial(repaired_vmon, forgotten=forgotten), on="vcpu")
    is_true(found)
    assert words in found.message


def test_the_handlers_of_2011_are_not_yet_right() -> None:
    found = check(nvmx.kvm2011.handle_vmon, on="vcpu")
    is_true(found)
    assert found.hint == "Look at RFLAGS."
    is_true(check(nvmx.kvm2011.handle_vmoff, "VMXOFF", on="vcpu"), "VMXOFF")


# --- the task itself ---


def test_a_task_that_makes_no_sense_is_an_error() -> None:
    for wrong in ({"on": "cpu"}, {"kills": 0}, {"target": "#GP"}, {"cpl": 4}, {"axes": ["vmxe"]}, {"source": "kvm"}):
        with pytest.raises(nvmx.NvmxError):
            check(len, **wrong)


@pytest.mark.parametrize("answer", [None, ..., 3.5, object(), "", b"x", {1, 2}])
def test_what_is_no_answer_gets_a_sentence(answer: object) -> None:
    found = check(answer)
    assert not found.passed
    assert "Traceback" not in repr(found)
    assert found.message[-1] in ".?"


@pytest.mark.parametrize(
    ("task", "answers", "words"),
    [
        ({"state": {"cpl": 3}}, [len, 5, [{"cpl": 0}], ["CPL"]], "changes to the state"),
        ({"differs_from": "xen"}, [len, "CPL", [{"cpl": 0}], 5], "one state, such as"),
        ({"kills": 5}, [len, {"cpl": 3}, 5, "CPL"], "a list of states, such as"),
        ({"outcome": "#UD"}, [len, {"cpl": 3}, "5", INTEL], "a number, or a DataFrame"),
    ],
)
def test_an_answer_to_another_task_gets_a_sentence(task: dict[str, Any], answers: list[object], words: str) -> None:
    for answer in answers:
        found = check(answer, **task)
        assert "is not what this kata asks for" in found.message, found
        assert words in found.message


def test_a_table_with_strange_cells_gets_a_sentence() -> None:
    for cell in ([1], float("nan"), "x", None):
        found = check(pd.DataFrame({"CPL": [cell]}), outcome="#UD", axes=["cpl"])
        assert found.message.startswith("the table: ")
