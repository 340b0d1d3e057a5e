"""Each problem is solved again from its text, in another way; none is trivial, impossible or repeated.

NVMX_SEEDS=1000 solves a thousand problems of each kind, over all levels; otherwise a few of each level.
"""

import os
from collections.abc import Callable

import pytest

import nvmx
from nvmx.practice import KINDS, Problem, problem, problems
from nvmx.practice.chooser import Chooser
from nvmx.practice.draw import draw_ladder, draw_state
from nvmx.practice.level import LEVELS, Level
from nvmx.practice.printers import PRINTERS, can_print

from .solve import SOLVERS, impossible, is_trivial

LEVEL_NUMBERS = tuple(level.number for level in LEVELS)
SEEDS = int(os.environ.get("NVMX_SEEDS", "0")) // len(LEVELS)
STATE = """\
nvmx practice state -s 17 --level 1

VMXON is executed; intel decides.
The processor is in 64-bit mode at CPL 0, outside VMX operation.
Not ready: FEATURE_CONTROL.lock = 0, FEATURE_CONTROL.smx = 1
What is not named is ready: as in a kernel whose instruction is about to succeed (nvmx axes).

a  It ends in              --> ?
b  The check that decides  --> ?"""
FEW = {"diagnose": 2, "distinguish": 4}


def answers(found: Problem) -> list[str]:
    return [blank.answer for blank in found.blanks]


@pytest.mark.parametrize("level", LEVEL_NUMBERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_found_again(kind: str, level: int, record_property: Callable[[str, object], None]) -> None:
    count = SEEDS or FEW.get(kind, 8)
    texts = set()
    for found in problems(kind, 1, level, count):
        assert SOLVERS[kind](found) == answers(found), found
        assert not is_trivial(found), found
        assert impossible(found) == [], found
        assert all(mark.passed for mark in found.grade(answers(found))), found
        texts.add((found.question, *(blank.label for blank in found.blanks)))
    assert len(texts) == count
    record_property("compared", count)


@pytest.mark.parametrize("level", LEVEL_NUMBERS)
def test_the_end_of_a_sequence_is_found_again(level: int) -> None:
    for seed in range(1, 6):
        found = problem("sequence", seed, level, final=True)
        assert SOLVERS["sequence"](found) == answers(found), found


@pytest.mark.parametrize("level", LEVELS)
def test_states_are_as_hard_as_their_level(level: Level) -> None:
    masked, ready = [], 0
    for seed in range(1, 41):
        facts = problem("state", seed, level.number).facts
        assert facts
        found = nvmx.verdict(facts["ladder"].instruction, facts["ladder"], **facts["state"])
        if found.rung:
            masked.append(len(found.masked))
        ready += found.rung is None
    least, most = level.masked
    assert sum(least <= each <= most for each in masked) >= len(masked) - 2  # some ladders are too short
    assert ready < 10


def test_the_same_seed_gives_the_same_problem_for_ever() -> None:
    """These texts must stay: somebody has them on paper."""
    assert str(problem("state", 17)) == STATE
    assert problem("state", 17).answer == "a  #GP(0)\nb  check 15: FEATURE_CONTROL locked"
    assert problem("repair", 3, 4).answer == "a  CR0.PE = 1, CR0.PG = 1, VMX = root"
    assert problem("reverse", 5, 3).answer == "a  1/root"
    assert [blank.label for blank in problem("sequence", 2, 2).blanks] == ["VMXON", "VMXOFF", "VMXOFF"]
    assert problem("diagnose", 1, 3).answer == "a  check 15: not in VMX root operation (no current VMCS)\nb  outcome"
    assert problem("distinguish", 1, 2).answer == "a  kvm-2018-07"
    assert (
        problem("read", 1, 3).answer
        == "a  VMXON\nb  yes\nc  #GP(0), VM exit\nd  check 7: not VMX non-root operation; check 8: CPL 0"
    )


def test_kinds_take_turns_without_a_kind() -> None:
    assert [problem(None, seed).kind for seed in range(1, 8)] == list(KINDS)
    assert problem(None, 2).name == "nvmx practice repair -s 2 --level 1"
    assert str(problem(None, 2)) == str(problem("repair", 2))


def test_a_run_never_repeats_and_says_if_there_are_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(problems("sequence", 1, 1, 40))
    assert len({each.key for each in found}) == 40
    assert [each.seed for each in found] != list(range(1, 41))  # a seed was left out
    assert all(str(problem("sequence", each.seed)) == str(each) for each in found)
    monkeypatch.setattr("nvmx.practice.making._PATIENCE", 2)
    with pytest.raises(nvmx.NvmxError, match="there are only "):
        list(problems("sequence", 1, 1, 1000))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="kind: 'stat' is not allowed; did you mean 'state'"):
        problem("stat")
    with pytest.raises(ValueError, match="level: 6 is not allowed"):
        problem("state", 1, 6)
    with pytest.raises(TypeError, match="seed: '1' is not an integer"):
        problem("state", "1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="only a sequence has steps"):
        problem("state", 1, final=True)


def test_printers_are_the_inverse_of_the_reader() -> None:
    """What `nvmx.read` finds in a printed state is true of it, and what is known besides as well."""
    shown = 0
    level = LEVELS[3]
    for seed in range(60):
        chooser = Chooser("printers", seed)
        drawn = draw_state(chooser, draw_ladder(chooser, level), level)
        for name, printed in PRINTERS.items():
            if can_print(name, drawn.state):
                known = printed(chooser, drawn.ladder.instruction, drawn.state).reading.known
                assert {axis: drawn.state.columns[axis] for axis in known} == known, (name, drawn.state)
                assert {"CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM"} <= known.keys()
                shown += 1
    assert shown > 80
    for seed in range(1, 21):
        facts = problem("read", seed, 1).facts
        assert facts
        told = {**facts["reading"].known, **facts["besides"]}
        assert {axis: facts["state"].columns[axis] for axis in told} == told
