"""Answers about single states: a repair, a state for each outcome, a state where two sources differ, the check."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...ask import explain_known
from ...model.axis import AXES, BY_NAME, Value
from ...model.box import nearest, table_order
from ...model.errors import unknown
from ...model.instruction import READY
from ...model.ladder import Ladder, Rung
from ...model.outcome import BY_OUTCOME, OUTCOMES
from ...model.rules import BOXES
from ...model.verdict import decide
from .answers import read_outcome
from .result import Check, not_yet
from .sentences import (
    complete_state,
    counterexample,
    ends_sentence,
    fires,
    hints_for,
    named_state,
    passed,
    quoted,
    right_text,
    state_text,
    verdict_in,
)

_NO_CHECK = ("success", "none", "no check", "")


def check_repair(answer: Mapping[object, object], ladder: Ladder, broken: Mapping[str, Value], target: str) -> Check:
    """Check that changes to a broken state lead to `target`, to a possible state, and are as few as can be.

    >>> import nvmx
    >>> print(check_repair({"cpl": 0, "fc_vmx": 0}, nvmx.ladder("VMXON", "intel"), {"CPL": 3}, "success").message)
    after your repair: VMXON, ready except for FEATURE_CONTROL.vmx = 0: it is #GP(0), because \
FEATURE_CONTROL.vmx = 0 and SMX = 0 (check 17).
    """
    changes, problem = named_state(answer, "the repair")
    if problem:
        return not_yet(problem)
    start = decide(ladder, broken)
    smallest = start.repair(target)
    if smallest is None:
        return not_yet(f"no change leads to {target} here, so this kata cannot be solved")
    verdicts, problem = complete_state([ladder], {**broken, **changes}, "the state after your repair")
    if problem:
        return not_yet(problem, "Which other bit must change with it?", f"{_changes(len(smallest))}.")
    after = verdicts[0]
    if after.outcome != target:
        hints = hints_for(after) if target == "success" else (f"Look for a check that ends in {target}.",)
        sentence = f"after your repair: {ends_sentence(after)}"
        return Check(False, sentence, after.state, dict(answer), target, after.rung, hints)
    if len(changes) > len(smallest):
        sentence = f"it ends in {target}, but with {len(changes)} changes: {_changes(len(smallest))}."
        hints = ("Which of your changes is not needed?", *hints_for(start))
        return Check(False, sentence, after.state, dict(answer), target, after.rung, hints)
    reset = "On a real machine, a locked FEATURE_CONTROL changes only with a power-up reset."
    return passed(after, dict(answer), *[reset] * smallest.needs_reset)


def _changes(count: int) -> str:
    return "one change suffices" if count == 1 else f"{count} changes suffice"


def check_each_outcome(answer: Mapping[object, object], ladder: Ladder, fixed: Mapping[str, Value]) -> Check:
    """Check that there is one state for each outcome in which the ladder can end.

    >>> import nvmx
    >>> check_each_outcome({"success": {"vmx": "root"}}, nvmx.ladder("VMXOFF", "kvm-2011"), {}).message
    'still missing: #UD, #GP(0).'
    """
    named: dict[str, object] = {}
    for key, state in answer.items():
        outcome, problem = read_outcome(key)
        if outcome is None:
            if key in BY_NAME or key in {axis.keyword for axis in AXES}:
                return not_yet(
                    'this is one state; wanted is one for each outcome: {"#UD": {...}, "#GP(0)": {...}, ...}'
                )
            return not_yet(f"a key is {problem}")
        named[outcome] = state
    reachable = explain_known(ladder.instruction, ladder, fixed).outcomes
    missing = [outcome for outcome in reachable if named.get(outcome, Ellipsis) is Ellipsis]
    wrong = {
        outcome: found
        for outcome in named
        if outcome not in missing and (found := _ends_in(named[outcome], outcome, ladder, fixed, reachable)) is not None
    }
    if wrong or missing:
        first = next(
            iter(wrong.values()),
            not_yet(f"still missing: {', '.join(missing)}", *_ways_to((missing or [OUTCOMES[0]])[0], ladder)),
        )
        right = sum(outcome not in wrong and outcome not in missing for outcome in reachable)
        return replace(first, progress=f"Right for {right} of {len(reachable)} outcomes.")
    return Check(True, f"a state for each of the {len(reachable)} outcomes of {ladder.instruction}, {ladder.source}.")


def _ends_in(
    given: object, outcome: str, ladder: Ladder, fixed: Mapping[str, Value], reachable: Sequence[str]
) -> Check | None:
    """Return what is wrong with a state that should end in `outcome`; None: nothing."""
    if outcome not in reachable:
        return not_yet(f"by {ladder.source}, {ladder.instruction} never ends in {outcome}: leave it out")
    what = f"the state for {outcome}"
    state, problem = named_state(given, what, fixed)
    verdicts, problem = ([], problem) if problem else complete_state([ladder], state, what)
    if problem:
        return not_yet(problem)
    if verdicts[0].outcome == outcome:
        return None
    hints = (*hints_for(verdicts[0])[:1], *_ways_to(outcome, ladder))
    return counterexample(verdicts[0], outcome, f"you say {outcome}", hints=hints)


def _ways_to(outcome: str, ladder: Ladder) -> tuple[str, ...]:
    """Return hints on how to reach an outcome."""
    hints = [f"{outcome}: {BY_OUTCOME[outcome].meaning}."]
    rung = next((rung for rung in ladder.rungs if rung.outcome == outcome and rung.by != "decoder"), None)
    if rung is not None:
        hints.append(
            f"Check {ladder.number(rung)} ends in {outcome}: it asks for {rung.name}; all before it must pass."
        )
    return tuple(hints)


def check_difference(
    answer: Mapping[object, object], ladder: Ladder, other: Ladder, fixed: Mapping[str, Value]
) -> Check:
    """Check that a state is possible, and that two ladders end differently there.

    >>> import nvmx
    >>> both = nvmx.ladder("VMXON", "intel"), nvmx.ladder("VMXON", "kvm-2017")
    >>> print(check_difference({"cpl": 3}, *both, {}).message)
    VMXON, ready except for CPL = 3: by intel it is #GP(0), because CPL = 3 (check 8); by kvm-2017 it is success, \
since no check stands in the way.
    """
    given, problem = named_state(answer, "the state", fixed)
    verdicts, problem = ([], problem) if problem else complete_state([ladder, other], given, "the state")
    if problem:
        return not_yet(problem)
    first, second = verdicts
    where = state_text(ladder.instruction, first.state.columns)
    if first.ending == second.ending:
        hints = (
            f"Compare the checks of {ladder.source} with those of {other.source}.",
            "Which check is in one of them only, comes earlier, or ends in something else?",
            *_apart(ladder, other),
        )
        sentence = f"{where}: both end in {first.ending}."
        return Check(False, sentence, first.state, dict(answer), first.ending, first.rung, hints)
    both = "; ".join(f"by {verdict.ladder.source} it is {right_text(verdict)}" for verdict in verdicts)
    return Check(True, f"{where}: {both}.", first.state, dict(answer), first.ending, first.rung)


def _apart(ladder: Ladder, other: Ladder) -> list[str]:
    """Return a hint about a state near ready in which two ladders end differently."""
    ready = READY[ladder.instruction]
    never = [*BOXES, *ladder.outside_domain, *other.outside_domain]
    found: list[tuple[tuple[int, list[int], list[int]], str]] = []
    for each in (ladder, other):
        for place, rung in enumerate(each.rungs):
            earlier = [before.when for before in each.rungs[:place]]
            changes = nearest(ready, [*never, *earlier], inside=rung.when)
            if changes is not None:
                one, two = (verdict_in(both, {**ready, **changes}).ending for both in (ladder, other))
                if one != two:
                    found.append((table_order(changes), rung.name))
    return [f"One of them is about {min(found)[1]}."] if found else []


def check_decider(answer: str, ladder: Ladder, state: Mapping[str, Value]) -> Check:
    """Check that a text names the check that decides in a state: by its name, or by an axis that it reads.

    >>> import nvmx
    >>> print(check_decider("CR4.VMXE", nvmx.ladder("VMXON", "intel"), {"CPL": 3}).message)
    VMXON, ready except for CPL = 3: you say 'CR4.VMXE', but it passes here, because CR4.VMXE = 1.
    """
    verdict = decide(ladder, state)
    said = answer.strip().lower()
    where = state_text(ladder.instruction, verdict.state.columns)
    if said in _NO_CHECK:
        if verdict.rung is None:
            return passed(verdict, answer)
        sentence = f"{where}: you say that no check fires, but one does."
        return Check(False, sentence, verdict.state, answer, verdict.ending, verdict.rung, hints_for(verdict))
    named, problem = _rungs_named(answer, said, ladder)
    if problem:
        return not_yet(problem)
    if verdict.rung in named:
        return passed(verdict, answer)
    best = next((rung for rung in named if rung in verdict.masked), named[0])
    says = f"{where}: you say {quoted(answer)}, but {fires(best, verdict)}"
    if best in verdict.masked:
        says += "; an earlier check decides"
        hints: tuple[str, ...] = ("Which checks come before it?", *hints_for(verdict))
    else:
        hints = hints_for(verdict)[1:] if verdict.rung else ("How many checks fire here?",)
    return Check(False, f"{says}.", verdict.state, answer, verdict.ending, verdict.rung, hints)


def _rungs_named(answer: str, said: str, ladder: Ladder) -> tuple[list[Rung], str]:
    """Return the checks that a text names, or what is wrong with it."""
    rungs = [rung for rung in ladder.rungs if said == rung.name.lower()]
    columns = {axis.keyword: axis.name for axis in AXES} | {axis.name.lower(): axis.name for axis in AXES}
    if rungs:
        return rungs, ""
    if said in columns:
        rungs = [rung for rung in ladder.rungs if columns[said] in rung.when]
        return rungs, "" if rungs else f"no check of {ladder.source} reads {columns[said]}"
    if answer.strip() in OUTCOMES:
        return [], f"{answer.strip()} is how it ends: name the check that decides, such as 'CPL'"
    inside = [name for name in ladder.reads if said in name.lower()]
    guess = f"check: {quoted(answer)} is not known; did you mean {inside[0]!r}" if inside else ""
    allowed = [*(rung.name for rung in ladder.rungs), *ladder.reads]
    guess = guess or str(unknown("check", answer, allowed)).partition(" (allowed: ")[0].rstrip("?")
    return [], f"{guess}? Name an axis, such as 'CPL', or a check, such as {ladder.rungs[-1].name!r}"
