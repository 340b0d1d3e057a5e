"""Answers about single states: a repair, a state for each outcome, a state where two sources differ, the check."""

from collections.abc import Mapping

from ...model.axis import AXES, BY_NAME, Value
from ...model.errors import unknown
from ...model.ladder import Ladder, Rung
from ...model.nearest_first import PossibleStates
from ...model.outcome import BY_OUTCOME, OUTCOMES
from ...model.verdict import Verdict, decide
from .answers import read_outcome
from .result import Check, not_yet
from .sentences import by_text, complete_state, fires, hints_for, named_state, number_of, quoted, right_text, state_text


def check_repair(answer: Mapping[object, object], ladder: Ladder, broken: Mapping[str, Value], target: str) -> Check:
    """Check that changes to a broken state lead to `target`, to a possible state, and are as few as can be.

    >>> import nvmx
    >>> check_repair({"cpl": 0, "smx": 1}, nvmx.ladder("VMXON", "intel"), {"CPL": 3}, "success").message[:44]
    'after your repair, VMXON, ready except for S'
    """
    changes, problem = named_state(answer, "the repair")
    if problem:
        return not_yet(f"{problem}.")
    start = decide(ladder, broken)
    smallest = start.repair(target)
    if smallest is None:
        return not_yet(f"no change leads to {target} here: this kata cannot be solved.")
    after, problem = complete_state(ladder, {**broken, **changes}, "after your repair")
    if after is None:
        return not_yet(f"{problem}.", "Which other bit must change with it?", f"{len(smallest)} changes suffice.")
    if after.outcome != target:
        sentence = f"after your repair, {state_text(ladder.instruction, after.state.columns)}: {by_text(ladder)}it is {right_text(after)}."
        hints = hints_for(after) if target == "success" else (f"Which check ends in {target}?", *hints_for(after)[:1])
        return Check(False, sentence, after.state, dict(answer), target, after.rung, hints)
    needed = [name for name, value in changes.items() if start.state.columns[name] != value]
    if len(needed) > len(smallest):
        count = f"{len(smallest)} {'change suffices' if len(smallest) == 1 else 'changes suffice'}"
        return Check(
            False, f"it ends in {target}, but {count}, and yours has {len(needed)}.", after.state, dict(answer),
            target, start.rung, ("Which of your changes is not needed?", *hints_for(start)),
        )  # fmt: skip
    reset = "In life, a locked FEATURE_CONTROL changes only with a power-up reset."
    return Check(
        True, f"{state_text(ladder.instruction, after.state.columns)}: {by_text(ladder)}it is {right_text(after)}.",
        after.state, dict(answer), target, after.rung, notes=(reset,) if smallest.needs_reset else (),
    )  # fmt: skip


def check_each_outcome(answer: Mapping[object, object], ladder: Ladder, fixed: Mapping[str, Value]) -> Check:
    """Check that there is one state for each outcome in which the ladder can end.

    >>> import nvmx
    >>> check_each_outcome({"success": {}}, nvmx.ladder("VMXOFF", "kvm-2011"), {}).message
    'still missing: #UD, #GP(0).'
    """
    named: dict[str, object] = {}
    for key, state in answer.items():
        outcome, problem = read_outcome(key)
        if outcome is None:
            if key in {axis.keyword for axis in AXES} | BY_NAME.keys():
                return not_yet(
                    "this is one state; wanted is one for each outcome: {'#UD': {...}, '#GP(0)': {...}, ...}."
                )
            return not_yet(f"{problem}.")
        named[outcome] = state
    states = PossibleStates.of([ladder], None, fixed)
    nearest: dict[str, int] = {}
    for rung, decided in zip((*ladder.rungs, None), states.deciding(ladder), strict=True):
        if decided:
            outcome = rung.outcome if rung else "success"
            nearest[outcome] = min(nearest.get(outcome, len(states)), states.first(decided))
    wrong: list[Check] = []
    missing: list[str] = []
    for outcome in OUTCOMES:
        if outcome not in named:
            if outcome in nearest:
                missing.append(outcome)
            continue
        if outcome not in nearest:
            wrong.append(not_yet(f"{by_text(ladder)}{ladder.instruction} never ends in {outcome}: leave it out."))
            continue
        if named[outcome] is Ellipsis:
            missing.append(outcome)
            continue
        given, problem = named_state(named[outcome], f"the state for {outcome}")
        verdict, problem = (
            (None, problem) if problem else complete_state(ladder, {**given, **fixed}, f"the state for {outcome}")
        )
        if verdict is None:
            wrong.append(not_yet(f"{problem}."))
        elif verdict.outcome != outcome:
            sentence = f"{state_text(ladder.instruction, verdict.state.columns)}: you say {outcome}; {by_text(ladder)}it is {right_text(verdict)}."
            wrong.append(Check(False, sentence, verdict.state, outcome, verdict.ending, verdict.rung,
                               _ways_to(outcome, ladder, hints_for(verdict)[0])))  # fmt: skip
    right = len(nearest) - len(missing) - len(wrong)
    progress = f"Right for {max(right, 0)} of {len(nearest)} outcomes."
    if wrong:
        first = wrong[0]
        return Check(False, first.message, first.state, first.given, first.expected, first.rung, first.hints, progress)
    if missing:
        return Check(
            False, f"still missing: {', '.join(missing)}.", hints=_ways_to(missing[0], ladder, ""), progress=progress
        )
    return Check(True, f"a state for each of the {len(nearest)} outcomes{_by(ladder)}.")


def _by(ladder: Ladder) -> str:
    return "" if ladder.source == "intel" else f" by {ladder.source}"


def _ways_to(outcome: str, ladder: Ladder, first: str) -> tuple[str, ...]:
    """Return hints on how to reach an outcome."""
    hints = [first, f"{outcome}: {BY_OUTCOME[outcome].meaning}."]
    rung = next((rung for rung in ladder.rungs if rung.outcome == outcome and rung.by != "decoder"), None)
    if rung is not None:
        hints.append(
            f"Check {number_of(ladder, rung)} ends in {outcome}: it asks for {rung.name}; every check before it must pass."
        )
    return tuple(hint for hint in hints if hint)


def check_difference(
    answer: Mapping[object, object], ladder: Ladder, other: Ladder, fixed: Mapping[str, Value]
) -> Check:
    """Check that a state is possible, and that two ladders end differently there.

    >>> import nvmx
    >>> both = nvmx.ladder("VMXON", "intel"), nvmx.ladder("VMXON", "kvm-2017")
    >>> check_difference({"cpl": 3}, *both, {}).message
    'VMXON, ready except for CPL = 3: by intel it is #GP(0), because CPL = 3 (check 8), and by kvm-2017 success.'
    """
    given, problem = named_state(answer, "the state")
    if problem:
        return not_yet(f"{problem}.")
    given = {**given, **fixed}
    both: list[Verdict] = []
    for each in (ladder, other):
        domain_first, problem = complete_state(each, given, "the state")
        if domain_first is None:
            return not_yet(f"{problem}.")
        both.append(domain_first)
    # Each completes what it does not read; one state must serve both.
    read = {*given, *ladder.reads, *other.reads}
    shared = {name: value for name, value in both[0].state.columns.items() if name in read}
    verdicts = [
        complete_state(
            each, {name: shared[name] for name in shared if name in (*given, *ladder.reads, *other.reads)}, "the state"
        )[0]
        for each in (ladder, other)
    ]
    if verdicts[0] is None or verdicts[1] is None:
        return not_yet("the state: no processor can be in it.")
    first, second = verdicts
    where = state_text(ladder.instruction, first.state.columns)
    if first.ending == second.ending:
        hints = (
            f"Compare the checks of {ladder.source} with those of {other.source}.",
            "Which check is in one of them only, comes earlier, or ends in something else?",
            *_apart(ladder, other),
        )
        return Check(False, f"{where}: both end in {first.ending}.", first.state, dict(answer), None, first.rung, hints)
    sentence = f"{where}: by {ladder.source} it is {right_text(first)}, and by {other.source} {right_text(second).partition(':')[0]}."
    return Check(True, sentence, first.state, dict(answer), first.ending, first.rung)


def _apart(ladder: Ladder, other: Ladder) -> list[str]:
    """Return a hint that names the check because of which the two ladders differ nearest to ready."""
    states = PossibleStates.of([ladder, other])
    for number in range(len(states)):
        state = states.columns(number)
        one, two = ladder.deciding(state), other.deciding(state)
        if (one and one.ending) != (two and two.ending):
            rung = one or two
            assert rung is not None
            return [f"One of them is about {rung.name}."]
    return [f"{ladder.source} and {other.source} end alike in every state."]


def check_decider(answer: str, ladder: Ladder, state: Mapping[str, Value]) -> Check:
    """Check that a text names the check that decides in a state: by its name, or by an axis that it reads.

    >>> import nvmx
    >>> check_decider("CR4.VMXE", nvmx.ladder("VMXON", "intel"), {"CPL": 3}).message
    "VMXON, ready except for CPL = 3: you say 'CR4.VMXE', but it passes here, because CR4.VMXE = 1; another check decides."
    """
    verdict = decide(ladder, state)
    said = answer.strip().lower()
    names = {axis.keyword: axis.name for axis in AXES} | {axis.name.lower(): axis.name for axis in AXES}
    named = [rung for rung in ladder.rungs if said == rung.name.lower()]
    if not named and said in names:
        named = [rung for rung in ladder.rungs if names[said] in rung.when]
        if not named:
            return not_yet(f"no check of {ladder.source} reads {names[said]}.", *hints_for(verdict)[:1])
    where = state_text(ladder.instruction, verdict.state.columns)
    if said in ("success", "none", "no check", "") and verdict.rung is None:
        return Check(True, f"{where}: {by_text(ladder)}it is {right_text(verdict)}.", verdict.state, answer, "success")
    if not named:
        if answer.strip() in OUTCOMES and said != "success":
            return not_yet(
                f"{answer.strip()} is an outcome: which check leads to the one here? Name it, such as 'CPL'."
            )
        if said in ("success", "none", "no check"):
            return Check(
                False,
                f"{where}: a check fires here.",
                verdict.state,
                answer,
                verdict.ending,
                verdict.rung,
                hints_for(verdict)[1:],
            )
        allowed = [*(rung.name for rung in ladder.rungs), *(name for name in BY_NAME if name in ladder.reads)]
        problem = str(unknown("check", answer, allowed)).partition(" (allowed: ")[0]
        return not_yet(f"{problem}: name an axis, such as 'CPL', or a check, such as {ladder.rungs[-1].name!r}.")
    if verdict.rung in named:
        return Check(
            True, f"{where}: {by_text(ladder)}it is {right_text(verdict)}.", verdict.state, answer, verdict.ending,
            verdict.rung,
        )  # fmt: skip
    best: Rung = next((rung for rung in named if rung in verdict.masked), named[0])
    says = f"{where}: you say {quoted(answer)}, but {fires(best, verdict)}"
    if best in verdict.masked:
        says += "; an earlier check decides."
        hints = ("Which checks come before it?", *hints_for(verdict))
    else:
        says += "; another check decides." if verdict.rung else "; and so does every other check."
        hints = hints_for(verdict)[1:] if verdict.rung else ("Count the checks that fire.",)
    return Check(False, says, verdict.state, answer, verdict.ending, verdict.rung, hints)
