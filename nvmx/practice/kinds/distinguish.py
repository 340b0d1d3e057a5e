"""Distinguish: a few hypervisors, and the answers of one of them, without a label.  Which is it?"""

from collections.abc import Mapping, Sequence

from ...ladders import find_source, sources_of
from ...ladders import ladder as find_ladder
from ...model.axis import Value
from ...model.box import matches
from ...model.ladder import Ladder
from ...model.state import State
from ..chooser import Chooser
from ..draw import draw_state
from ..level import Level
from ..task import Blank, Problem
from ..typed import read_choice
from ..wording import READY_NOTE, brief
from .diagnose import ending

_POOL = 40  # states to choose from
_MORE = 2  # states that are not needed


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind; level 1 has two to choose from, level 5 has five."""
    instruction = chooser.pick(level.instructions)
    names = sources_of(instruction)
    while True:
        candidates = chooser.shuffled(names)[: level.candidates]
        ladders = [find_ladder(instruction, name) for name in candidates]
        states = _states(chooser, level, ladders)
        if states:
            break
    candidates = [name for name in names if name in candidates]
    right = ladders[0].source
    answers = [ending(ladders[0], state.columns) for state in states]
    width = max(map(len, answers))
    lines = [
        f"One of these executed {instruction} for its guest; which?",
        *(f"  {name}: {find_source(name).title}" for name in candidates),
        "It was tried in these states, and ended like this:",
        "",
        *(f"  {answer:{width}}  {brief(instruction, state.columns)}"
          for answer, state in zip(answers, states, strict=True)),
        "",
        READY_NOTE,
    ]  # fmt: skip
    key = (instruction, tuple(candidates), right, tuple(state.columns for state in states))
    facts = {"instruction": instruction, "candidates": candidates, "source": right, "states": states,
             "answers": answers}  # fmt: skip
    blank = _blank(right, candidates, instruction, states, answers)
    return Problem("distinguish", seed, level.number, lines, [blank], key, facts=facts)


def _states(chooser: Chooser, level: Level, ladders: Sequence[Ladder]) -> list[State] | None:
    """Return few states that tell the first ladder from each of the others; None if there are none."""
    pool = [draw_state(chooser, chooser.pick(ladders), level).state for _ in range(_POOL)]
    states = list(
        {tuple(state.columns.values()): state for state in pool if _is_known(ladders, state.columns)}.values()
    )
    ends = [[ending(ladder, state.columns) for state in states] for ladder in ladders]
    left = set(range(1, len(ladders)))
    chosen: list[int] = []
    while left:
        gains = [sum(ends[0][n] != ends[other][n] for other in left) for n in range(len(states))]
        if not any(gains):
            return None
        best = chooser.pick([n for n, gain in enumerate(gains) if gain == max(gains)])
        chosen.append(best)
        left = {other for other in left if ends[0][best] == ends[other][best]}
    more = [n for n in range(len(states)) if n not in chosen]
    chosen += chooser.shuffled(more)[:_MORE]
    return [states[n] for n in chooser.shuffled(chosen)]


def _is_known(ladders: Sequence[Ladder], state: Mapping[str, Value]) -> bool:
    """Return whether all sources say something about the state."""
    return not any(matches(box, state) for ladder in ladders for box in ladder.outside_domain)


def _blank(
    right: str, candidates: Sequence[str], instruction: str, states: Sequence[State], answers: Sequence[str]
) -> Blank:
    def tells(name: str) -> str:
        ladder = find_ladder(instruction, name)
        for state, answer in zip(states, answers, strict=True):
            end = ending(ladder, state.columns)
            if end != answer:
                where = brief(instruction, state.columns)
                rung = ladder.deciding(state.columns)
                return f"{name} ends in {end} in the state: {where}" + (f" ({rung.name})" if rung else "")
        return ""

    why = "; ".join(tells(name) for name in candidates if name != right)

    def objection(given: str) -> str:
        return "" if given == right else f"{right}: {tells(given)}"

    return Blank("It is", right, why, read_choice(candidates), objection)
