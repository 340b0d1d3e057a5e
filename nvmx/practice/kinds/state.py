"""A state, in words or as a dump: how does the instruction end, and which check decides?"""

from ...ask import explain_known
from ...model.axis import Value
from ...model.instruction import BY_INSTRUCTION
from ...model.modes import MODE_AXES
from ...model.verdict import decide
from ..blanks import check_blank, ending_blank, masked_blank, outcomes_blank
from ..chooser import Chooser
from ..draw import Drawn, draw_ladder, draw_state
from ..level import Level
from ..printers import PRINTERS, can_print
from ..task import Problem
from ..wording import READY_NOTE, in_words, not_shown

_CLOSED = (*MODE_AXES, "operand", "LOCK", "CR0.PG")  # they are always known: the words for a mode need them


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind."""
    while True:
        drawn = draw_state(chooser, draw_ladder(chooser, level), level)
        opened = level.unknown > 0 and chooser.chance(2)
        found = _partly_known(chooser, level, seed, drawn) if opened else _known(chooser, level, seed, drawn)
        if found:
            return found


def _known(chooser: Chooser, level: Level, seed: int, drawn: Drawn) -> Problem:
    ladder, state = drawn.ladder, drawn.state
    lines = [f"{ladder.instruction} is executed; {ladder.source} decides."]
    printers = [name for name in PRINTERS if can_print(name, state)]
    if level.dumps and printers and chooser.chance(2):
        report = PRINTERS[chooser.pick(printers)](chooser, ladder.instruction, state)
        lines += ["This is its state:", "", *report.text.splitlines(), ""]
        lines += not_shown(ladder.instruction, state.columns, report.shows)
    else:
        lines += in_words(ladder.instruction, state.columns)
    found = decide(ladder, state.columns)
    blanks = [ending_blank(found), check_blank(found)]
    if level.number > 2:
        blanks.append(masked_blank(found))
    facts = {"ladder": ladder, "state": state}
    return Problem("state", seed, level.number, [*lines, READY_NOTE], blanks, (ladder.source, state.columns),
                   facts=facts)  # fmt: skip


def _partly_known(chooser: Chooser, level: Level, seed: int, drawn: Drawn) -> Problem | None:
    """Leave some axes open, at least one of which matters; None if the answer would be too easy or too long."""
    ladder, state = drawn.ladder, drawn.state
    own = BY_INSTRUCTION[ladder.instruction].axes
    named = [name for rung in drawn.firing for name in rung.when] or list(ladder.reads)
    names = [name for name in dict.fromkeys([*named, *ladder.reads]) if name in own and name not in _CLOSED]
    if not names:
        return None
    first = chooser.pick([name for name in names if name in named] or names)
    others = chooser.shuffled([name for name in names if name != first])
    opened = sorted([first, *others[: level.unknown - 1]], key=own.index)
    known: dict[str, Value] = {name: state.columns[name] for name in own if name not in opened}
    found = explain_known(ladder.instruction, ladder, known)
    if not 2 <= len(found.outcomes) <= 4:
        return None
    lines = [
        f"{ladder.instruction} is executed; {ladder.source} decides.",
        *in_words(ladder.instruction, state.columns, opened),
        READY_NOTE,
    ]
    why = "; ".join(f"{each.rung.ending}: check {each.number} asks for {each.rung.name}" for each in found.suspects)
    blank = outcomes_blank("It can end in (all that are possible)", found.outcomes, why)
    facts = {"ladder": ladder, "state": state, "unknown": opened}
    key = (ladder.source, tuple(known.items()))
    return Problem("state", seed, level.number, lines, [blank], key, facts=facts)
