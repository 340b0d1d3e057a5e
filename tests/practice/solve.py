"""Solve problems again, from their printed text alone, by loops over rows and over the states of `tests/manual.py`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, TypeAlias

import brute_force
import manual
import numpy as np
from numpy.typing import NDArray

import nvmx
from nvmx.ladders import find_source, ladder
from nvmx.model.axis import Value
from nvmx.model.instruction import READY
from nvmx.model.modes import MODES
from nvmx.model.mutant import mutants_of
from nvmx.practice import Problem

State: TypeAlias = dict[str, Value]
OPERATIONS = {"outside": "off", "in VMX root": "root", "in VMX non-root": "non-root"}
WORDS = {"removed": "removed", "swapped": "swapped with", "outcome": "ends in", "error": "error"}


# --- from the text to states -----------------------------------------------------------------------------------------


def values(text: str) -> State:
    """The axes in `CPL = 3, VMX = root`; those with a question mark are left out."""
    found: State = {}
    for name, value in re.findall(r"([\w.]+) = ([\w?-]+)", text):
        if value != "?":
            found[name] = int(value) if value.isdecimal() else value
    return found


def mode(words: str) -> State:
    name = next(name for name in MODES if name.partition(",")[0] == words.partition(" mode")[0])
    return {axis: MODES[name][axis] for axis in ("CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L")}


def line(problem: Problem, start: str) -> str:
    return next((each for each in problem.lines if each.startswith(start)), "")


def asked(problem: Problem) -> tuple[nvmx.Ladder, State]:
    """The ladder and the state that the text of a problem names."""
    head = re.search(r"(\w+) (?:is|was) executed; (\S+) decide", problem.lines[0])
    assert head
    ready = READY[head[1]]
    found: State = dict(ready)
    if words := re.match(
        r"The processor is in (.*? mode)\b.*?(?: at CPL (\d))?(?:, (.*?))?\.$", line(problem, "The pro")
    ):
        found |= mode(words[1])
        if words[2]:
            found["CPL"] = int(words[2])
        if words[3]:
            found["VMX"] = next(value for start, value in OPERATIONS.items() if words[3].startswith(start))
            found["current_VMCS"] = int("with a current VMCS" in words[3])
    elif "This is its state:" in problem.lines:
        found |= nvmx.read("\n".join(problem.lines[3:])).known
    for start in ("CR0.PE", "Not ready:", "Besides:"):
        found |= values(line(problem, start))
    return ladder(head[1], head[2]), found


def brief(instruction: str, text: str) -> State:
    found: State = dict(READY[instruction])
    return found | (mode(text) if " mode" in text else {}) | values(text)


# --- answers ----------------------------------------------------------------------------------------------------------


def number(given: nvmx.Ladder, state: Mapping[str, Value]) -> int:
    """The number of the deciding rung; for the manual, its nested pseudo-code must agree on how it ends."""
    found = brute_force.deciding(given, state)
    if given.source == "intel":
        code, error = manual.MANUAL[given.instruction]({name: np.array(value) for name, value in state.items()})
        rung = given.rungs[found] if found < len(given.rungs) else None
        assert nvmx.OUTCOMES[int(code)] == (rung.outcome if rung else "success")
        assert int(error) == (rung.error or 0 if rung else 0)
    return found


def ending(given: nvmx.Ladder, state: Mapping[str, Value]) -> str:
    return end_of(given, brute_force.deciding(given, state))


def end_of(given: nvmx.Ladder, place: int) -> str:
    if place == len(given.rungs):
        return "success"
    rung = given.rungs[place]
    # A mutant can lack an error number, or have one that its outcome does not record.
    has_number = rung.outcome == "VMfailValid" and rung.error
    return f"VMfailValid (error {rung.error})" if has_number else rung.outcome


def check(given: nvmx.Ladder, place: int) -> str:
    return f"check {place + 1}: {given.rungs[place].name}" if place < len(given.rungs) else "none"


def in_domain(given: nvmx.Ladder, state: Mapping[str, Value]) -> bool:
    return all(state[name] in allowed for name, allowed in given.narrow.items())


def combinations(given: nvmx.Ladder, state: State, names: Sequence[str]) -> Iterator[State]:
    """The possible states with any values of some axes."""
    for each in product(*(brute_force.VALUES[name] for name in names)):
        found = state | dict(zip(names, each, strict=True))
        if brute_force.is_possible(found) and in_domain(given, found):
            yield found


@cache
def all_outcomes(given: nvmx.Ladder) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """For each possible state the number of its rung, and its outcome."""
    numbers = brute_force.all_deciding(given)
    return numbers, np.array([*(rung.outcome for rung in given.rungs), "success"])[numbers]


def solve_state(problem: Problem) -> list[str]:
    given, state = asked(problem)
    if unknown := line(problem, "Not known: ").removeprefix("Not known: "):
        ends = {ending(given, each).partition(" (")[0] for each in combinations(given, state, unknown.split(", "))}
        return [", ".join(name for name in nvmx.OUTCOMES if name in ends)]
    assert brute_force.is_possible(state)
    place = number(given, state)
    later = range(place + 1, len(given.rungs))
    masked = [check(given, other) for other in later if brute_force.lies_in(given.rungs[other].when, state)]
    return [ending(given, state), check(given, place), "; ".join(masked) or "none"][: len(problem.blanks)]


def goals(problem: Problem) -> tuple[State, NDArray[np.bool_]]:
    """The state of a repair, and which of the possible states would do."""
    given, state = asked(problem)
    assert brute_force.is_possible(state)
    assert f"it ends in {ending(given, state)}." in problem.lines[0]
    wanted = re.search(r"so that it (?:ends in (.*)|succeeds); the", problem.question)
    assert wanted
    _, outcomes = all_outcomes(given)
    return state, (outcomes == (wanted[1] or "success")) & brute_force.inside(given.narrow)


def solve_repair(problem: Problem) -> list[str]:
    changes = brute_force.closest(*goals(problem))
    assert changes
    return [", ".join(f"{name} = {value}" for name, value in changes.items())]


def solve_reverse(problem: Problem) -> list[str]:
    given, state = asked(problem)
    names = re.findall(r"([\w.]+) = \?", problem.question)
    names.sort(key=brute_force.NAMES.index)
    wanted = re.search(r"it ended in (.*)\.$", problem.lines[0])
    assert wanted
    right = [each for each in combinations(given, state, names) if ending(given, each) == wanted[1]]
    return ["; ".join("/".join(str(each[name]) for name in names) for each in right)]


def solve_sequence(problem: Problem) -> list[str]:
    source = problem.lines[0].partition(" ")[0]
    start: State = dict(READY["VMXON"])
    words = re.match(r"The processor is in (.*? mode)\b.*? at CPL (\d), outside", problem.lines[1])
    assert words
    start |= mode(words[1]) | {"CPL": int(words[2])} | values(line(problem, "Not ready:"))
    assert brute_force.is_possible(start)
    steps = re.findall(r"^  \d\. (.*)$", problem.question, re.MULTILINE) or [blank.label for blank in problem.blanks]
    program = [step if " " not in step else (step.split()[0], int(step.split()[2])) for step in steps]
    done = nvmx.run(program, source, start)
    ends: list[str] = done["outcome"].tolist()
    assert ends == simulated(source, start, program, ends)
    if problem.options:
        last = done.iloc[-1]
        return [ends[-1], str(last["VMX after"]), str(last["CR4.VMXE after"])]
    return ends


def simulated(source: str, state: State, program: Sequence[Any], ends: Sequence[str]) -> list[str]:
    """How the steps end: a write that leads to a state that no processor can be in is refused.

    Only for writes that some hypervisor allows, and for those in an impossible state, `ends` is believed.
    """
    strict = find_source(source).allowed_writes == ()
    found = []
    for step in program:
        if isinstance(step, str):
            given = ladder(step, source)
            found.append(ending(given, state).partition(" (")[0])
            if found[-1] == "success":
                state = state | given.effect.after
            continue
        after = state | {step[0]: step[1]}
        if after["CR0.PG"] == 0:
            after["EFER.LMA"] = 0 if after["CS.L"] == 0 else after["EFER.LMA"]
            after["operand"] = "mapped" if after["operand"] == "unmapped" else after["operand"]
        allowed = state["CPL"] == 0 and brute_force.is_possible(after)
        if not brute_force.is_possible(state) or not (strict or state["VMX"] == "off"):
            allowed = ends[len(found)] == "success"
        found.append("success" if allowed else "#GP(0)")
        state = after if allowed else state
    return found


def seen(problem: Problem, instruction: str) -> list[tuple[str, State]]:
    """The answers of a handler and their states, from the lines of the table; right answers beside them are dropped."""
    found = []
    for each in problem.lines:
        if row := re.match(r"  (#?[\w()]+(?: exit)?(?: \(error \d+\))?)  +(.*)$", each):
            rest = re.split(r"  +", row[2])
            if row[1] != "answer":
                found.append((row[1], brief(instruction, rest[-1])))
    return found


def solve_diagnose(problem: Problem) -> list[str]:
    head = re.search(r"A handler of (\w+) should do what (\S+) says", problem.lines[0])
    assert head
    given, rows = ladder(head[1], head[2]), seen(problem, head[1])
    assert len(rows) == 10
    assert all(brute_force.is_possible(state) for _, state in rows)
    assert any(ending(given, state) != answer for answer, state in rows)
    fitting = [each for each in mutants_of(given) if all(ending(each.ladder, state) == end for end, state in rows)]
    # Every fault that fits is right; the one that is printed must be among them.
    names = [rung.name for rung in given.rungs]
    checks = [check(given, names.index(each.rung)) for each in fitting if each.rung in names]
    words = [
        next((word for word, start in WORDS.items() if each.fault.startswith(start)), "condition") for each in fitting
    ]
    place = next(n for n, one in enumerate(checks) if [one, words[n]] == [blank.answer for blank in problem.blanks])
    for one, word in zip(checks, words, strict=True):
        assert all(mark.passed for mark in problem.grade([one, word]))
    for name in names:
        if check(given, names.index(name)) not in checks:
            assert not problem.grade([name])[0].passed, name
    return [checks[place], words[place]]


def solve_distinguish(problem: Problem) -> list[str]:
    head = re.search(r"executed (\w+)", problem.lines[0])
    assert head
    candidates = [found[1] for each in problem.lines if (found := re.match(r"  (\S+): ", each))]
    rows = seen(problem, head[1])
    assert all(brute_force.is_possible(state) for _, state in rows)
    assert all(in_domain(ladder(head[1], name), state) for name in candidates for _, state in rows)
    fits = [name for name in candidates if all(ending(ladder(head[1], name), state) == end for end, state in rows)]
    assert len(fits) == 1
    return fits


SIGNS = (
    ("<0f> 30", "WRMSR", "yes"), ("<f3> 0f c7", "VMXON", "yes"), ("<0f> 01 c4", "VMXOFF", "yes"),
    ("reason=0000001b", "VMXON", "yes"), ("reason=0000001a", "VMXOFF", "yes"), ("VMXON raises", "VMXON", "yes"),
    ("VMXOFF raises", "VMXOFF", "yes"), ("): vmxon", "VMXON", "unknown"), ("): vmxoff", "VMXOFF", "unknown"),
    ("kvm", "VMXON", "no"),
)  # fmt: skip
HEADLINES = {"invalid opcode": "#UD", "general protection": "#GP(0)", "stack segment": "#SS(0)", "#UD": "#UD",
             "raises #GP(0)": "#GP(0)", "raises #SS(0)": "#SS(0)", "raises #PF": "#PF"}  # fmt: skip


def solve_read(problem: Problem) -> list[str]:
    _, instruction, executed = next(sign for sign in SIGNS if sign[0] in problem.question)
    observed = next((end for words, end in HEADLINES.items() if words in problem.question), None)
    if instruction == "WRMSR":
        return [instruction, executed, str(observed)]
    given = ladder(instruction, "intel")
    reading = nvmx.read(problem.question)
    known = dict(reading.known) | values(line(problem, "Known besides:"))
    assert all(reading.known.get(name, value) == value for name, value in known.items())
    hit = brute_force.inside({name: (value,) for name, value in known.items()})
    for name, excluded in reading.excluded.items():
        hit &= ~brute_force.inside({name: excluded})
    numbers, outcomes = all_outcomes(given)
    if observed:
        hit &= outcomes == observed
    # That the bytes are those of the instruction is taken for granted.
    decoder = [place for place, rung in enumerate(given.rungs) if rung.by == "decoder"]
    left = sorted(set(numbers[hit].tolist()) - set(decoder)) or sorted(set(numbers[hit].tolist()))
    ends = {end_of(given, place).partition(" (")[0] for place in left}
    checks = [check(given, place) for place in left if place < len(given.rungs)]
    assert len(left) > 0
    return [
        instruction,
        executed,
        ", ".join(name for name in nvmx.OUTCOMES if name in ends),
        "; ".join(checks) or "none",
    ]


SOLVERS: dict[str, Callable[[Problem], list[str]]] = {
    "state": solve_state, "repair": solve_repair, "reverse": solve_reverse, "sequence": solve_sequence,
    "diagnose": solve_diagnose, "distinguish": solve_distinguish, "read": solve_read,
}  # fmt: skip


def is_trivial(problem: Problem) -> bool:
    """Whether nothing has to be thought: the state is ready, each answer would do, or all steps are alike."""
    answers = [blank.answer for blank in problem.blanks]
    if problem.kind in ("state", "repair"):
        given, state = asked(problem)
        return answers[0] == "" or ("Not known" not in problem.question and state == READY[given.instruction])
    if problem.kind == "reverse":
        given, state = asked(problem)
        names = re.findall(r"([\w.]+) = \?", problem.question)
        return len({ending(given, each) for each in combinations(given, state, names)}) == 1
    if problem.kind == "sequence":
        return not problem.options and len(set(answers)) == 1
    if problem.kind == "read":
        return answers[-1] == "none"
    return False  # the solvers see to it that the fault shows, and that one candidate is left


def impossible(problem: Problem) -> list[State]:
    """The states that a problem was made from and that no processor can be in, unless the problem says so."""
    facts = problem.facts or {}
    states = [facts["state"]] if "state" in facts else list(facts.get("states", []))
    if facts.get("odd"):
        assert "states that no processor has" in problem.question
    return [dict(state.columns) for state in states if not brute_force.is_possible(state.columns)]
