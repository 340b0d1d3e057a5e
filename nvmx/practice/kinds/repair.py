"""A state in which the instruction fails: the fewest changes after which it succeeds, or ends otherwise."""

from collections.abc import Mapping

from ...model.axis import Value
from ...model.box import matches
from ...model.instruction import BY_INSTRUCTION
from ...model.rules import broken_rule
from ...model.sentence import values_text
from ...model.verdict import Verdict, decide
from ..chooser import Chooser
from ..draw import draw_ladder, draw_state
from ..level import Level
from ..task import Blank, Problem
from ..typed import read_changes
from ..wording import READY_NOTE, in_words

_TRIES = 60


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind; from level 4 on, the outcome that is wanted need not be success."""
    least, most = level.changes
    tries = 0
    while True:
        tries += 1
        if tries % _TRIES == 0:
            least = max(least - 1, 1)
        drawn = draw_state(chooser, draw_ladder(chooser, level), level, fails=True)
        found = decide(drawn.ladder, drawn.state.columns)
        ends = [name for name in BY_INSTRUCTION[drawn.ladder.instruction].outcomes if name != found.outcome]
        target = chooser.pick(ends) if level.number > 3 and chooser.chance(2) else "success"
        repair = found.repair(target)
        if repair is not None and least <= len(repair) <= most:
            break
    ladder, state = drawn.ladder, drawn.state
    wanted = "it succeeds" if target == "success" else f"it ends in {target}"
    lines = [
        f"{ladder.instruction} is executed; {ladder.source} decides, and it ends in {found.ending}.",
        *in_words(ladder.instruction, state.columns),
        READY_NOTE,
        f"Change as few values as possible so that {wanted}; the state must stay a possible one.",
    ]
    key = (ladder.source, state.columns, target)
    facts = {"ladder": ladder, "state": state, "target": target}
    return Problem("repair", seed, level.number, lines, [_blank(found, target, repair.columns)], key, facts=facts)


def _blank(found: Verdict, target: str, columns: Mapping[str, Value]) -> Blank:
    """Ask for a smallest repair; every one that is as small is right."""

    def objection(given: Mapping[str, Value]) -> str:
        state = {**found.state.columns, **given}
        size = sum(state[name] != value for name, value in found.state.columns.items())
        rule = broken_rule(state)
        if rule:
            return f"no processor can be in that state: {rule.reason}"
        if any(matches(box, state) for box in found.ladder.outside_domain):
            return f"{found.ladder.source} says nothing about that state"
        rung = found.ladder.deciding(state)
        ending = rung.outcome if rung else "success"
        if ending != target:
            because = f" ({', '.join(f'{name} = {state[name]}' for name in rung.when)}: {rung.name})" if rung else ""
            return f"after that it ends in {ending}{because}"
        return f"it works, but {len(columns)} changes are enough" if size > len(columns) else ""

    count = f"{len(columns)} change{'s' * (len(columns) > 1)}"
    checks = ", ".join(rung.name for rung in (found.rung, *found.masked) if rung)
    return Blank("Smallest repair", values_text(columns), f"{count}; fails: {checks}", read_changes, objection)
