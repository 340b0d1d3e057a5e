"""Diagnose: a handler with one fault, seen only by its answers in ten states.  Which check is wrong, and how?"""

from collections.abc import Mapping, Sequence

from ...model.axis import Value
from ...model.ladder import Ladder, Rung
from ...model.mutant import Mutant, mutants_of
from ...model.state import State
from ..blanks import numbered
from ..chooser import Chooser
from ..draw import draw_ladder, draw_state
from ..level import Level
from ..task import Blank, Problem
from ..typed import read_checks, read_choice
from ..wording import READY_NOTE, brief

STATES = 10
_POOL, _NEAR = 24, 24  # states to choose from: any, and those in which the check with the fault fails
_FLAGS = "RFLAGS is not written"  # answers do not show it
FAULTS = ("removed", "swapped", "outcome", "error", "condition")
_MEANS = {
    "removed": "the check is not there", "swapped": "it stands behind the next check",
    "outcome": "it ends in another outcome", "error": "it records another error number",
    "condition": "it fires in too many or too few states",
}  # fmt: skip


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind; up to level 2, the right answers stand beside the wrong ones."""
    while True:
        ladder = draw_ladder(chooser, level)
        mutants = [each for each in mutants_of(ladder) if each.fault != _FLAGS]
        mutant = chooser.pick(mutants)
        if not level.decoder and rung_of(ladder, mutant).by == "decoder":
            continue
        states = _states(chooser, level, ladder, mutant, mutants)
        if states:
            break
    answers = [ending(mutant.ladder, state.columns) for state in states]
    right = [ending(ladder, state.columns) for state in states]
    explain = level.number < 3
    lines = [
        f"A handler of {ladder.instruction} should do what {ladder.source} says, but has one fault. Ten answers:",
        "",
        *_table(ladder, states, answers, right if explain else None),
        "",
        READY_NOTE,
        "The fault is one of:",
        *(f"  - {name}: {_MEANS[name]}" for name in FAULTS),
        "If several faults explain all answers, each of them is right.",
    ]
    fitting = [each for each in mutants if [ending(each.ladder, state.columns) for state in states] == answers]
    key = (ladder.source, mutant.rung, mutant.fault, tuple(state.columns for state in states))
    facts = {"ladder": ladder, "mutant": mutant, "states": states, "answers": answers}
    blanks = [_check_blank(ladder, mutant, fitting), _fault_blank(mutant, fitting)]
    return Problem("diagnose", seed, level.number, lines, blanks, key, facts=facts)


def fault_of(mutant: Mutant) -> str:
    """Return the word for a mutant's fault, one of FAULTS.

    >>> import nvmx
    >>> [fault_of(each) for each in mutants_of(nvmx.ladder("VMXON", "intel"))][:3]
    ['removed', 'swapped', 'outcome']
    """
    words = {"removed": "removed", "swapped with": "swapped", "ends in": "outcome", "error": "error"}
    return next((fault for start, fault in words.items() if mutant.fault.startswith(start)), "condition")


def ending(ladder: Ladder, state: Mapping[str, Value]) -> str:
    """Return how it ends in a state, with the error number if there is one."""
    rung = ladder.deciding(state)
    if rung is None:
        return "success"
    # A mutant with another outcome has kept the error number.
    return rung.ending if rung.outcome == "VMfailValid" else rung.outcome


def rung_of(ladder: Ladder, mutant: Mutant) -> Rung:
    """Return the rung of the right ladder in which a mutant has its fault."""
    return next(rung for rung in ladder.rungs if rung.name == mutant.rung)


def _states(
    chooser: Chooser, level: Level, ladder: Ladder, mutant: Mutant, mutants: Sequence[Mutant]
) -> list[State] | None:
    """Return ten states that show the fault, and leave as few other faults as possible; None if it is not shown.

    They are chosen one after the other: each is the one that rules out most of the faults that are left.
    """
    pool: dict[tuple[Value, ...], State] = {}
    rung, place = rung_of(ladder, mutant), ladder.rungs.index(rung_of(ladder, mutant))
    near = ladder.rungs[place : place + 2]
    for number in range(_POOL + 3 * _NEAR):
        state = draw_state(chooser, ladder, level).state
        if number < _POOL or any(other in ladder.firing(state.columns) for other in near):
            pool.setdefault(tuple(state.columns.values()), state)
    states = list(pool.values())
    truth = [ending(mutant.ladder, state.columns) for state in states]
    right = [ending(ladder, state.columns) for state in states]
    if truth == right or rung.shadowed:
        return None
    # For each other fault, the states in which it would have answered differently.
    others = [
        {n for n, state in enumerate(states) if ending(each.ladder, state.columns) != truth[n]} for each in mutants
    ]
    shows = [n for n in range(len(states)) if truth[n] != right[n]]
    chosen = [chooser.pick(shows)]
    while len(chosen) < min(STATES, len(states)):
        left = [each for each in others if each and not each & set(chosen)]
        free = [n for n in range(len(states)) if n not in chosen]
        chosen.append(max(free, key=lambda n: (sum(n in each for each in left), -n)))
    return [states[n] for n in chooser.shuffled(chosen)] if len(chosen) == STATES else None


def _table(ladder: Ladder, states: Sequence[State], answers: Sequence[str], right: Sequence[str] | None) -> list[str]:
    width = max(map(len, answers))
    lines = []
    for number, state in enumerate(states):
        should = f"{right[number]:{max(map(len, right))}}  " if right else ""
        lines.append(f"  {answers[number]:{width}}  {should}{brief(ladder.instruction, state.columns)}")
    head = f"  {'answer':{width}}  " + (f"{'right':{max(map(len, right))}}  " if right else "") + "state"
    return [head, *lines]


def _check_blank(ladder: Ladder, mutant: Mutant, fitting: Sequence[Mutant]) -> Blank:
    names = list(dict.fromkeys(each.rung for each in fitting))
    rung = rung_of(ladder, mutant)
    why = f"{mutant.rung}: {mutant.fault}" + _also(mutant, fitting)

    def objection(given: Sequence[frozenset[Rung]]) -> str:
        if len(given) == 1 and any(each.name in names for each in given[0]):
            return ""
        return f"{numbered(ladder, rung)}; no fault of another check gives these ten answers"

    return Blank("The check with the fault", numbered(ladder, rung), why, read_checks(ladder), objection)


def _fault_blank(mutant: Mutant, fitting: Sequence[Mutant]) -> Blank:
    words = list(dict.fromkeys(fault_of(each) for each in fitting))

    def objection(given: str) -> str:
        return "" if given in words else f"{fault_of(mutant)}: {mutant.rung}, {mutant.fault}"

    return Blank("The fault", fault_of(mutant), mutant.fault, read_choice(FAULTS), objection)


def _also(mutant: Mutant, fitting: Sequence[Mutant]) -> str:
    others = [f"{each.rung}: {each.fault}" for each in fitting if each is not mutant]
    return f"; the same answers come from {' or '.join(others[:3])}" if others else ""
