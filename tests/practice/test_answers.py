"""What people type is read kindly, compared blank by blank, and answered with the row that decided."""

import re

import brute_force
import numpy as np
import pytest

import nvmx
from nvmx.practice import Problem, problem, problems
from nvmx.practice.marking import marks
from nvmx.practice.page import html_page, page, worksheet
from nvmx.practice.seeds import seed_for

from .solve import goals

ADA, BOB, EVE = 913287221, 106359609, 987188084  # with the secret "2026"


def status(found: Problem, *given: str) -> list[str]:
    return [mark.status for mark in found.grade(list(given))]


def of(kind: str, level: int, answer: str) -> Problem:
    """The first problem whose first answer is this one."""
    return next(each for each in problems(kind, 1, level, 200) if re.fullmatch(answer, each.blanks[0].answer))


@pytest.mark.parametrize("typed", ["#GP(0)", "gp", " GP (0) ", "#gp", "Gp(0)."])
def test_an_outcome_may_be_written_in_many_ways(typed: str) -> None:
    assert status(of("state", 1, r"#GP\(0\)"), typed)[0] == "right"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("VMfailValid", "right"), ("vmfail valid (error 15)", "right"), ("failvalid 15", "right"),
        ("VMfailValid error 23", "wrong"), ("VMfailInvalid", "wrong"), ("vmfail", "not readable"),
        ("", "missing"), ("?", "missing"),
    ],
)  # fmt: skip
def test_an_error_number_counts_if_it_is_typed(typed: str, expected: str) -> None:
    assert status(of("state", 2, r"VMfailValid \(error 15\)"), typed)[0] == expected


@pytest.mark.parametrize("typed", ["4", "check 4", "CR4.VMXE set", "cr4.vmxe", "cr4_vmxe=0", "CR4.VMXE = 0", "vmxe"])
def test_a_check_may_be_named_by_its_number_its_name_or_its_bit(typed: str) -> None:
    found = next(each for each in problems("state", 1, 1, 100) if "CR4.VMXE set" in each.blanks[1].answer)
    assert status(found, "", typed)[1] == "right"
    assert status(found, "", "CPL")[1] == "wrong"
    mark = found.grade(["success"])[0]
    assert "CR4.VMXE = 0; check 4 asks for CR4.VMXE set" in mark.sentence


def test_what_cannot_be_read_gets_a_sentence() -> None:
    found = problem("state", 17)
    sentences = [mark.sentence for mark in found.grade(["maybe", "the third one"])]
    assert sentences[0].startswith("'maybe' is no outcome I know; please write one of success, #UD")
    assert "(nvmx ladder VMXON intel lists them)" in sentences[1]
    assert "the ladder has the checks 1 to 24" in found.grade(["", "check 40"])[1].sentence


def test_every_smallest_repair_is_right() -> None:
    """In protected mode without paging, VMX operation off: several repairs are equally small."""
    found = next(
        each for each in problems("repair", 1, 3, 200)
        if each.facts and len(smallest(each)) > 1
    )  # fmt: skip
    for changes in smallest(found):
        assert status(found, ", ".join(f"{name}={value}" for name, value in changes.items())) == ["right"]
        assert status(found, " ".join(f"{name.lower()} x -> {value}" for name, value in changes.items())) == ["right"]
    assert status(found, "none") == ["wrong"]


def smallest(found: Problem) -> list[dict[str, nvmx.model.axis.Value]]:
    state, good = goals(found)
    ways = [
        {name: value for name, value in brute_force.POSSIBLE[n].items() if value != state[name]}
        for n in np.flatnonzero(good)
    ]
    return [each for each in ways if len(each) == min(map(len, ways))]


def test_a_repair_that_is_none_is_told_why() -> None:
    found = problem("repair", 1)
    right = found.blanks[0].answer
    assert found.blanks[0].why
    assert found.grade(f"{right}, A20M = 1")[0].status == "wrong"
    assert "no processor can be in that state" in found.grade(f"{right}, rflags_vm=1")[0].sentence
    assert "after that it ends in" in found.grade("none")[0].sentence
    extra = found.grade(f"{right}, dual_monitor = 0, fc_smx = 1")[0].sentence
    assert "are enough" in extra or "after that" in extra


def test_a_set_has_no_order() -> None:
    found = next(each for each in problems("reverse", 1, 1, 200) if ";" in each.blanks[0].answer)
    values = found.blanks[0].answer.split("; ")
    assert status(found, ", ".join(reversed(values))) == ["right"]
    assert status(found, " ".join(reversed(values))) == ["right"]
    assert status(found, values[0]) == ["wrong"]
    assert "would do as well" in found.grade(values[0])[0].sentence
    other = next(each for each in problems("state", 1, 5, 50) if "Not known" in each.question)
    assert status(other, " or ".join(reversed(other.blanks[0].answer.lower().split(", ")))) == ["right"]


def test_a_page_with_answers_has_them_in_the_same_places() -> None:
    found = list(problems(None, 1, 2, 7))
    blank, full = page(found).splitlines(), page(found, answers=True).splitlines()
    assert len(blank) == len(full)
    for before, after in zip(blank, full, strict=True):
        assert before == after or after.startswith(before.removesuffix("?"))
    assert sum(line.endswith("--> ?") for line in blank) == sum(len(each.blanks) for each in found)
    assert all(mark.passed for mark in marks(found, "\n".join(full)))
    assert {mark.status for mark in marks(found, "\n".join(blank))} == {"missing"}


def test_a_file_of_answers_may_have_tags_or_only_lines() -> None:
    found = [problem("state", 17), problem("repair", 1)]
    right = [blank.answer for each in found for blank in each.blanks]
    assert all(mark.passed for mark in marks(found, "\n".join(right)))
    tagged = f"1b) {right[1]}\n\n2A: {right[2]}\n1 a = {right[0]}\n"
    assert all(mark.passed for mark in marks(found, tagged))
    more = marks(found, "\n".join([*right, "and more"]))
    assert more[-1].sentence == "there is no blank 3a; the last one is 2a."
    with pytest.raises(ValueError, match="the file of answers is empty"):
        marks(found, "\n")


def test_a_worksheet_has_its_answers_on_another_page() -> None:
    found = list(problems(None, 1, 1, 10))
    tasks, answers = worksheet(found).split("\f")
    assert tasks.count("--> ____") == sum(len(each.blanks) for each in found) == answers.count("-->")
    assert all(each.name in tasks and each.name in answers for each in found)
    html = worksheet(found, html=True)
    assert html.count("<section>") == 10
    assert "break-before:page" in html
    assert "?" not in re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)
    assert html_page(found, answers=True).count("--&gt; ?") == 0


def test_users_have_other_seeds_that_the_lecturer_can_compute() -> None:
    seeds = [seed_for(name, "2026") for name in ("ada", "bob", "eve")]
    assert seeds == [ADA, BOB, EVE]
    assert seed_for("ada", "2026", 2) != ADA != seed_for("ada", "other")
    with pytest.raises(ValueError, match="a name and a secret"):
        seed_for(" ", "2026")
