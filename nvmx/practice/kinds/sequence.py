"""A program, step by step: how does each instruction and each write end?"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from ...ask import WRITABLE, Event, execute
from ...ladders import find_source
from ...ladders import ladder as find_ladder
from ...model.axis import Value
from ...model.instruction import READY
from ...model.state import State
from ..chooser import Chooser
from ..draw import draw_state
from ..level import Level
from ..task import Blank, Problem
from ..typed import read_choice, read_ending
from ..wording import READY_NOTE, in_words

Step: TypeAlias = str | tuple[str, Value]
_STARTS_READY = 3  # one program in so many begins in the ready state
_PER_LINE = (
    "Each step begins in the state that the one before it left; a fault changes nothing, and the program goes on."
)
_ODD = "By this source, the guest can get into states that no processor has; go on by its checks."


def make(chooser: Chooser, level: Level, seed: int, *, final: bool = False) -> Problem:
    """Return a problem of this kind; with `final`, only the last step and the state after it are asked for."""
    while True:
        source = chooser.pick([each for each in level.sources_for("VMXON") if _is_known(each)])
        start = _start(chooser, level, source)
        program = [_step(chooser) for _ in range(max(3, level.steps - chooser.below(2)))]
        events = execute(program, source, start.columns)
        odd = not all(event.state.possible for event in events)
        if _is_good(events) and (level.number > 3 or not odd):
            break
    lines = [f"{source} decides about this program.", *in_words("VMXON", start.columns), READY_NOTE]
    lines += [_PER_LINE, *([_ODD] if odd else [])]
    if final:
        lines += ["", *(f"  {number}. {event.step}" for number, event in enumerate(events, 1))]
    blanks = _final(events) if final else [_blank(event) for event in events]
    key = (source, tuple(program), start.columns, final)
    facts = {"source": source, "program": program, "state": start, "odd": odd}
    return Problem("sequence", seed, level.number, lines, blanks, key, " --final" if final else "", facts)


def _is_known(source: str) -> bool:
    return find_source(source).allowed_writes is not None


def _start(chooser: Chooser, level: Level, source: str) -> State:
    """Return a state outside VMX non-root operation: the ready one, or one in which VMXON fails."""
    while not chooser.chance(_STARTS_READY):
        state = draw_state(chooser, find_ladder("VMXON", source), level).state
        if state["VMX"] == "off" and state["operand"] == "mapped" and state["LOCK"] == 0:
            return state
    return State(READY["VMXON"])


def _step(chooser: Chooser) -> Step:
    kind = chooser.below(7)
    if kind < 3:
        return "VMXON"
    if kind < 5:
        return "VMXOFF"
    return chooser.pick(WRITABLE[1:]), int(chooser.chance(3))  # clearing a bit is the more interesting write


def _is_good(events: Sequence[Event]) -> bool:
    """Return whether a program is worth a problem: it enters VMX operation, something fails, and no step is idle."""
    entered = any(event.step == "VMXON" and event.outcome == "success" for event in events)
    failed = [event.outcome for event in events if event.outcome != "success"]
    steps = [event.step for event in events]
    thrice = any(len(set(steps[n : n + 3])) == 1 for n in range(len(steps) - 2))
    idle = any(one == two and ":=" in one for one, two in pairwise(steps))
    return entered and bool(failed) and not thrice and not idle


def _blank(event: Event) -> Blank:
    def objection(given: tuple[str, int | None]) -> str:
        return "" if given[0] == event.outcome else f"{event.outcome}{f', because {why}' if why else ''}"

    why = event.because
    return Blank(event.step, event.outcome, why, read_ending, objection)


def _final(events: Sequence[Event]) -> list[Blank]:
    last = events[-1]
    ending = _named(_blank(last))
    trace = ", ".join(event.outcome for event in events)
    return [
        ending,
        _value("VMX operation afterwards", str(last.state["VMX"]), ("off", "root"), trace),
        _value("CR4.VMXE afterwards", str(last.state["CR4.VMXE"]), ("0", "1"), trace),
    ]


def _named(blank: Blank) -> Blank:
    return Blank("The last step ends in", blank.answer, blank.why, blank.read, blank.objection)


def _value(label: str, right: str, allowed: Sequence[str], trace: str) -> Blank:
    why = f"the steps end in: {trace}"
    return Blank(label, right, why, read_choice(allowed), lambda given: "" if given == right else f"{right}; {why}")
