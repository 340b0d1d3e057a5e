"""Questions: two tries, a true reply to each wrong answer, and the same in the widget and in what stands in for it."""

import json
import re
from collections.abc import Iterator
from configparser import ConfigParser
from html import escape, unescape
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nvmx
from nvmx.ladders import sources_of
from nvmx.model.axis import named_values
from nvmx.model.html import Markup
from nvmx.model.instruction import BY_INSTRUCTION, READY
from nvmx.model.verdict import Verdict, decide
from nvmx.practice.reply import cause_choice, cause_reply, outcome_reply, too_low_or_high

FAILS = ("VMfailInvalid", "VMfailValid")
VALUE = re.compile(r"(\w+(?:\.\w+)?) = ([\w-]+)")


def values(text: str) -> dict[str, Any]:
    """The values that a sentence names."""
    return dict(named_values({name: int(v) if v.isdigit() else v for name, v in VALUE.findall(text)}))


def faults(instruction: str, source: str, most: int) -> Iterator[Verdict]:
    """The verdicts on the possible states in which at most so many axes are not ready."""
    ladder, ready = nvmx.ladder(instruction, source), READY[instruction]
    names = [name for name in ladder.reads if name in BY_INSTRUCTION[instruction].axes]
    single = [(name, value) for name in names for value in ladder.domain(name) if value != ready[name]]
    for count in range(most + 1):
        for chosen in combinations(single, count):
            if len(dict(chosen)) == count and (found := decide(ladder, dict(chosen))).possible:
                yield found


def check_reply(found: Verdict, outcome: str) -> str:
    """Everything that the reply says is so; return what sort of reply it is."""
    reply, ladder, state = outcome_reply(found, outcome), found.ladder, dict(found.state.columns)
    said = reply
    manual = nvmx.verdict(ladder.instruction, "intel", **state)
    if reply.startswith("this is what Intel's manual says ("):
        lead, _, reply = reply.partition(f", but not what {ladder.source} does; ")
        assert manual.outcome == outcome
        assert lead.endswith(f"says ({manual.short_reason or 'no check fails'})")
    else:
        assert manual.outcome != outcome or manual.ladder == ladder
    if reply == f"{ladder.instruction} by {ladder.source} never ends in {outcome}":
        assert found.repair(outcome) is None
        return "never"
    lead, _, why = reply.partition(": ")
    assert lead.startswith(f"{outcome} would be right with "), said
    there = nvmx.verdict(ladder.instruction, ladder, **{**state, **values(lead.partition(" with ")[2])})
    assert (there.outcome, there.possible) == (outcome, True), said
    numbers = [1 + ladder.rungs.index(rung) for rung in ladder.firing(state)]
    if why.startswith("here check"):
        assert outcome == "success"
        assert [int(n) for n in re.findall(r"\d+", why)] == numbers
        return "success"
    assert there.rung is not None
    number = 1 + ladder.rungs.index(there.rung)
    if why.endswith(", and passes here"):
        assert why == f"check {number} asks for {there.rung.name}, and passes here"
        assert there.rung not in ladder.firing(state)
        return "passes"
    cause, _, first = why.partition(f" fails check {number}, but ")
    assert there.rung in found.masked
    assert values(cause).items() <= state.items()
    cited, _, because = first.partition(" (")
    assert [int(n) for n in re.findall(r"\d+", cited)] == [n for n in numbers if n < number]
    assert values(because).items() <= state.items()
    return "masked"


@pytest.mark.parametrize("instruction", BY_INSTRUCTION)
def test_every_reply_to_a_wrong_outcome_is_true(instruction: str) -> None:
    """Of single faults by each source and of double faults by Intel, every so many, each with another wrong outcome."""
    found = [each for source in sources_of(instruction) for each in faults(instruction, source, 1)][::3]
    found += list(faults(instruction, "intel", 2))[::7]
    sorts = set()
    for n, verdict in enumerate(found):
        wrong = [each for each in nvmx.OUTCOMES if each != verdict.outcome]
        sorts.add(check_reply(verdict, wrong[n % len(wrong)]))
    assert sorts == {"never", "success", "passes", "masked"}


def test_the_reply_lets_the_check_decide_that_one_has_thought_of() -> None:
    found = nvmx.verdict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    assert outcome_reply(found, "#GP(0)") == (
        "#GP(0) would be right with CR4.VMXE = 1: CPL = 3 fails check 8, but check 4 (CR4.VMXE = 0) comes first"
    )
    manual = "this is what Intel's manual says (CPL = 3; check 8 asks for CPL 0), but not what kvm-2017 does; #GP(0) "
    assert outcome_reply(nvmx.verdict("VMXON", "kvm-2017", cpl=3), "#GP(0)").startswith(manual)
    # A register operand would be as near, but it is the encoding of another instruction.
    assert "with CR4.VMXE = 0: check 4" in outcome_reply(nvmx.verdict("VMXON", "intel", cpl=3), "#UD")
    with pytest.raises(ValueError, match="#UD is right"):
        outcome_reply(found, "#UD")


def test_the_first_reply_does_not_give_the_solution() -> None:
    question = nvmx.lab.predict("VMXON", "intel", cpl=3, cr4_vmxe=0, shows="the table")
    assert question.question == "VMXON by intel, ready except for CR4.VMXE = 0, CPL = 3: how does it end?"
    assert (question.choice, question.answer, question.solved) == (None, "", False)
    for wrong in (each for each in question.choices if each != "#UD"):
        question.choice = wrong
        assert question.answer.startswith("Not so: ")
        assert question.answer.endswith(". Try once more.")
        assert "#UD" not in question.answer
        assert not question.solved
        question.choice = None
    question.choice = "success"
    question.choice = "#GP(0)"
    assert question.solved
    assert "<b>The answer</b>: <b style=" in question.answer
    assert "because CR4.VMXE = 0; check 4" in question.answer
    question.choice = "#UD"
    assert question.answer.startswith("<b>Right</b>: <b style=")
    with pytest.raises(ValueError, match="choice: '#XX' is not allowed"):
        question.choice = "#XX"


def test_the_choices_grow_with_the_lesson() -> None:
    assert nvmx.lab.predict("VMXOFF", "intel", cpl=3).choices == ("success", "#UD", "#GP(0)", *FAILS, "VM exit")
    few = nvmx.lab.predict("VMXON", "intel", choices=["#GP(0)", "success"], cpl=3)
    assert few.choices == ("success", "#GP(0)")
    for choices, complaint in (
        (["success", "#UD"], "the right outcome is not among them"),
        (["#GP(0)"], "at least two"),
        (["#GP(0)", "#GP"], "outcome: '#GP' is not allowed"),
    ):
        with pytest.raises(ValueError, match=complaint):
            nvmx.lab.predict("VMXON", "intel", choices=choices, cpl=3)
    with pytest.raises(TypeError, match="choices: 'success' is not a list"):
        nvmx.lab.predict("VMXON", "intel", choices="success", cpl=3)
    with pytest.raises(TypeError, match="at least one axis"):
        nvmx.lab.predict("VMXON", "intel")


def test_a_prediction_of_what_a_processor_did() -> None:
    log = nvmx.bochs.recording()
    question = nvmx.lab.predict("VMXON", log, cr0_pg=0, efer_lma=0, cs_l=0)
    assert question.question.startswith("VMXON by Bochs 2.7, ready except for CR0.PG = 0")
    for wrong in question.choices[1:]:
        question.choice = wrong
        told = question.answer.removesuffix(". Try once more.")
        if wrong == "#GP(0)":
            assert told.startswith("Not so: this is what Intel&#x27;s manual says (CR0.PG = 0; check ")
        head = f"Bochs 2.7 ended in {wrong} when VMXON was executed with "
        changed = values(told.partition(head)[2])
        state = {"CR0.PG": 0, "EFER.LMA": 0, "CS.L": 0, **changed}
        assert nvmx.bochs.ask("VMXON", log, **state).outcome == wrong
        question.choice = None
    question.choice = "success"
    assert "VMX root, no current VMCS" in question.answer
    never = nvmx.lab.predict("VMXOFF", log, choices=["#UD", "#PF"], vmx="off")
    never.choice = "#PF"
    assert "in no state in which Bochs 2.7 executed VMXOFF did it end in #PF" in never.answer
    with pytest.raises(TypeError, match="5 is neither a source's id nor"):
        nvmx.lab.predict("VMXON", 5, cpl=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="this state was not executed"):
        nvmx.lab.predict("VMXON", log, smx=1)


REPORTS = (
    nvmx.read("VMXON raises #GP. CR4=0x2020, CR0=0x80000031, FEATURE_CONTROL=1").explain(cpl=0),
    nvmx.explain("VMXON", "intel", observed="#GP(0)", cpl=0, cr0_ne=1, cr0_pg=1, a20m=0, fc_lock=1, smx=0),
    nvmx.explain("VMXON", "kvm-2022-06", cr4_vmxe=0, cr0_pe=1, lock=0, operand="mapped"),
    nvmx.explain("VMXON", "intel", observed="error 15"),
    nvmx.explain("VMXOFF", "intel", observed="#GP(0)"),
    nvmx.explain("VMXON", "intel", cpl=3, cr4_vmxe=0),
)


@pytest.mark.parametrize("found", REPORTS, ids=str)
def test_every_reply_to_a_wrong_cause_is_true(found: nvmx.Explanation) -> None:
    suspects = {suspect.rung.name for suspect in found.suspects}
    rungs = found.ladder.rungs
    for name in (*(rung.name for rung in rungs), *READY[found.ladder.instruction]):
        choice = cause_choice(found, name)
        if suspects.intersection(rung.name for rung in choice.rungs):
            with pytest.raises(ValueError, match="can be the cause"):
                cause_reply(found, name)
            continue
        for part in cause_reply(found, name).split("; "):
            if "does not look at" in part:
                assert not choice.rungs
                continue
            numbers = [int(n) for n in re.findall(r"\d+", "".join(re.findall(r"checks? [\d, and]+", part)))]
            cited = [rungs[n - 1] for n in numbers]
            if part.endswith(("passes", "pass")) and " = " in part:
                assert values(part).items() <= found.known.items()
                assert all(value not in rung.when[axis] for rung in cited for axis, value in values(part).items())
            elif "would end in" in part:
                seen = part.partition("what was seen is ")[2]
                (observation,) = [each for each in found.observations if each.text == seen]
                assert not observation.allows(cited[0].outcome, cited[0].error, cited[0].flags)
                assert f"would end in {cited[0].ending}," in part
            elif "comes before" in part:
                first, second = cited
                assert rungs.index(first) < rungs.index(second)
                assert all(found.known[axis] in allowed for axis, allowed in first.when.items())
            else:
                assert part.startswith(("check", "in no possible state", "the bytes"))


def test_which_check_refused() -> None:
    question = nvmx.lab.predict_cause(REPORTS[0], ["CR4.VMXE", "CPL 0", "fc_vmx", "CR0.NE"])
    assert question.question == "VMXON by intel: #GP(0) was seen. Which check refused?"
    assert question.choices == ("CR4.VMXE", "CPL 0", "FEATURE_CONTROL.vmx", "CR0.NE")
    question.choice = "CR0.NE"
    assert question.answer == "Not so: line 1 shows CR0.NE = 1, so check 12 passes. Try once more."
    question.choice = "CPL 0"
    assert "Not so: CPL = 0, so check 8 passes. <b>The answer</b>: " in question.answer
    # Whether it is in SMX operation is not known, and so is not said.
    assert "FEATURE_CONTROL.vmx can be the cause: <b " in question.answer
    assert " if FEATURE_CONTROL.vmx = 0 and SMX = 0; check 17 asks for " in question.answer
    assert "Smallest repair: FEATURE_CONTROL.vmx 0 -&gt; 1" in question.answer
    only = nvmx.lab.predict_cause(nvmx.explain("VMXON", "intel", observed="error 15"), ["vmx", "CPL"])
    only.choice = "VMX"
    assert "VMX is the cause: <b " in only.answer
    for choices, complaint in (
        (["CR4.VMXE", "CR0.NE"], "not 0 of them"),
        (["fc_vmx", "VMXON enabled outside SMX"], "not 2 of them"),
        (["CR9"], "neither an axis nor a check of intel"),
    ):
        with pytest.raises(ValueError, match=complaint):
            nvmx.lab.predict_cause(REPORTS[0], choices)
    with pytest.raises(TypeError, match="is not an Explanation"):
        nvmx.lab.predict_cause("VMXON", ["CPL"])  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [1, 6, 256, 4_718_592, 0, -3, 2.5])
def test_every_reply_to_a_wrong_number_is_true(answer: float) -> None:
    question = nvmx.lab.guess("How many?", answer, unit="states")
    bounds = [bound for bound, _ in too_low_or_high(answer)]
    assert bounds == sorted(bounds)
    for factor in (
        -1,
        0,
        0.0005,
        0.001,
        0.005,
        0.05,
        0.1,
        0.3,
        0.5,
        0.7,
        0.9,
        0.95,
        1,
        1.05,
        1.1,
        1.5,
        2,
        9,
        10,
        99,
        1e3,
    ):
        number = answer * factor if answer else factor
        question.choice = number
        if number == answer:
            assert question.solved
            assert f"{answer:,} states" in question.answer
        else:
            size = question.answer.removeprefix("Not so: ").removesuffix(". Try once more.")
            assert ("low" in size) == (number < answer)
            for word, part in (
                ("thousandth", 1e-3),
                ("hundredth", 1e-2),
                ("a tenth of it", 0.1),
                ("less than half", 0.5),
            ):
                assert word not in size or number < part * answer
            assert "half of it or more" not in size or answer / 2 <= number < answer
            assert "a tenth or less" not in size or 0.9 * answer <= number < answer
            for word, most in (("less than a tenth too", 1.1), ("less than twice", 2), ("less than ten times", 10)):
                assert word not in size or answer < number < most * answer
            for word, least in (("high: ten times as", 10), ("a hundred times as", 100)):
                assert word not in size or number >= least * answer
        question.choice = None
    for wrong in ("6", True, float("nan")):
        with pytest.raises(TypeError, match="is not a number"):
            question.choice = wrong
        with pytest.raises(TypeError, match="is not a number"):
            nvmx.lab.guess("How many?", wrong)  # type: ignore[arg-type]
    assert "Right" not in question.answer


def test_the_stand_in_is_the_same_question_with_its_answer_folded() -> None:
    question = nvmx.lab.predict(
        "VMXON", "intel", cpl=3, choices=["success", "#GP(0)"], shows=nvmx.verdict("VMXON", "intel")
    )
    data, _ = question._repr_mimebundle_()
    assert data["text/plain"] == question.question
    asked, page = re.fullmatch(r"<div data-nvmx-quiz='([^']*)'>(.*)</div>", data["text/html"], re.DOTALL).groups()  # type: ignore[union-attr]
    assert json.loads(unescape(asked)) == question._asked
    before, _, answer = page.partition("<details><summary>Answer</summary>")
    assert before.count("<li>") == 2
    assert "because" not in before
    assert "because CPL = 3" in answer
    assert "<table" in answer


@pytest.mark.parametrize(
    ("shows", "html"),
    [
        ("a < b", "<p>a &lt; b</p>"),
        (Markup("<i>x</i>"), "<i>x</i>"),
        (5, "<pre>5</pre>"),
        (nvmx.verdict("VMXON", "intel"), "<table "),
        (
            pd.DataFrame({"n": [5], "state": ["x" * 99]}),
            f"left;padding:.15em .7em .15em 0;line-height:1.3'>{'x' * 99}<",
        ),
        (nvmx.plots.graph("intel"), "<img src='data:image/png;base64,"),
        (nvmx.lab.explorer("VMXON", "intel", axes=["CPL"]), "<div data-nvmx='"),
        (None, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_can_be_shown_with_the_solution(shows: object, html: str) -> None:
    question = nvmx.lab.guess("How many?", 5, shows=shows)
    assert html in question._shows
    question.close()


def test_a_table_has_text_at_the_left_numbers_at_the_right_and_nothing_for_missing() -> None:
    frame = pd.DataFrame({"n": [1, 2], "state": ["ready", None], "possible": [True, False]}, index=["first", "y" * 40])
    table = nvmx.lab.Table(frame)
    assert repr(table) == repr(frame)
    cells = re.findall(r"<t[hd][^>]*text-align:(\w+)[^>]*>(?:<b[^>]*>)?([^<]*)", table._repr_html_())
    assert cells == [
        ("left", ""), ("right", "n"), ("left", "state"), ("left", "possible"),
        ("left", "first"), ("right", "1"), ("left", "ready"), ("left", "True"),
        ("left", "y" * 40), ("right", "2"), ("left", ""), ("left", "False"),
    ]  # fmt: skip
    counts = pd.crosstab(pd.Series([0, 3], name="CPL"), pd.Series(["#UD", "#UD"], name="outcome"))
    assert ">CPL / outcome<" in nvmx.lab.Table(counts)._repr_html_()


def test_a_picture_may_look_otherwise_with_another_matplotlib() -> None:
    """Where a lesson's outputs are compared, its text is, and not the bytes of a picture in HTML."""
    config = ConfigParser()
    config.read(Path(__file__).parent / "nbval.ini")
    picture = nvmx.plots.graph("intel")
    shown = nvmx.lab.guess("How many?", 5, shows=picture)._shows
    html = re.sub(config["pictures"]["regex"], config["pictures"]["replace"], shown)
    assert html.startswith("<img src='PICTURE' alt='")
    assert escape(picture.sentence) in html
    assert "base64" not in html


def test_the_manuals_answer_is_offered_even_if_the_source_never_ends_so() -> None:
    assert "VMfailInvalid" not in {rung.outcome for rung in nvmx.ladder("VMXON", "xen-2011").rungs}
    assert "VMfailInvalid" in nvmx.lab.predict("VMXON", "xen-2011", vmx="root").choices
