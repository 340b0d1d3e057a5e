"""A function from states to outcomes, compared with a ladder in every possible state."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any

from ...model.axis import BY_NAME, Value
from ...model.frozen import FrozenDict
from ...model.instruction import BY_INSTRUCTION, READY
from ...model.ladder import Ladder
from ...model.nearest_first import PossibleStates
from ...model.rules import broken_rule, complete
from .answers import read_outcome
from .complaints import raised_text, signature_problem
from .limit import Ending, Stopped, run
from .result import Check, not_yet
from .sentences import all_right, counterexample, progress_text, quoted, verdict_in

_RAISES = 50  # so many states in which a function raises are enough
_NEAR = 1  # how far from ready axes are tried that the source does not read


@dataclass
class Calls:
    """What became of the calls of a reader's function, in their order; `now` is the state of the call that runs."""

    function: Callable[[Any], object]
    given: list[object] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)
    changed: str = ""
    raised: int = 0
    now: int = 0
    since: float = 0

    def call(self, states: Iterable[dict[str, Value]]) -> None:
        """Call the function with each state."""
        for state in states:
            if self.raised >= _RAISES:
                return
            self.now, self.since = len(self.given), monotonic()
            handed = dict(state)
            answer: object = None
            try:
                answer = self.function(handed)
            except Stopped:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reader's
                self.raised += 1
                self.problems[self.now] = f"your function {raised_text(error, self.function)}"
            else:
                outcome, problem = read_outcome(answer)
                answer = outcome
                if problem:
                    self.problems[self.now] = f"your function returns {problem}"
            self.given.append(answer)
            if handed != state and not self.changed:
                self.changed = _change_text(state, handed)

    def says(self, number: int) -> str:
        """Say what the function did in one state, as a clause."""
        return self.problems.get(number, f"you say {self.given[number]}")


def _change_text(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    key = next(key for key in (*before, *after) if key not in before or key not in after or before[key] != after[key])
    return f"Your function changes its argument ({quoted(key)}): a check only looks, so leave the state alone."


def check_function(
    function: Callable[..., object],
    ladder: Ladder,
    axes: Sequence[str] | None,
    fixed: Mapping[str, Value],
    seconds: float,
) -> Check:
    """Compare a function with a ladder in every possible state, nearest to ready first.

    Afterwards, if no axes were named, it is also tried near the ready state with axes that the ladder does not read.

    >>> import nvmx
    >>> xen = nvmx.ladder("VMXOFF", "xen")
    >>> check_function(lambda state: nvmx.verdict("VMXOFF", "xen", **state).outcome, xen, None, {}, 10).message
    'right in all 55 possible states, by xen.'
    """
    problem = signature_problem(function, "state")
    if problem:
        return not_yet(problem)
    states = PossibleStates.of([ladder], ladder.axes if axes is None else axes, fixed)
    if not len(states):
        return not_yet("there is no possible state to compare: look at the axes that are fixed")
    extras = _unread(ladder, FrozenDict(fixed)) if axes is None else ()
    calls, repeated = Calls(function), Calls(function)

    def work() -> None:
        calls.call(states.keywords(number) for number in range(len(states)))
        calls.call({BY_NAME[name].keyword: value for name, value in state.items()} for state in extras)

    start = monotonic()
    ending, prints = run(work, seconds)
    notes = tuple(note for note in (calls.changed, prints and f"Your function {prints}.") if note)
    if ending is not Ending.IN_TIME:
        return _late(ladder, [*map(states.columns, range(len(states))), *extras], calls, ending, seconds, notes)
    if not calls.problems:
        backwards = range(len(states) - 1, -1, -1)
        run(lambda: repeated.call(map(states.keywords, backwards)), max(seconds - (monotonic() - start), 0.1))
        changing = [n for n, again in zip(backwards, repeated.given, strict=False) if again != calls.given[n]]
        if changing:
            number = changing[-1]
            again = len(states) - 1 - number
            says = f"{calls.says(number)}, and asked again, {repeated.says(again)} (use nothing but the state)"
            verdict = verdict_in(ladder, states.columns(number))
            return counterexample(verdict, repeated.given[again], says, hints=(), notes=notes)
    endings = [*(rung.outcome for rung in ladder.rungs), "success"]
    answered = zip(states.decided(ladder), calls.given, strict=False)
    wrong = [number for number, (rung, said) in enumerate(answered) if said != endings[rung]]
    progress = "" if calls.raised >= _RAISES else progress_text(len(states) - len(wrong), len(states))
    if wrong:
        return _wrong(ladder, states.columns(wrong[0]), calls, wrong[0], progress, notes)
    for number, state in enumerate(extras, len(states)):
        if calls.given[number] != verdict_in(ladder, state).outcome:
            ready = READY[ladder.instruction]
            unread = [name for name, value in state.items() if name not in ladder.reads and value != ready[name]]
            more = f"No check of {ladder.source} reads {' or '.join(unread)}."
            return _wrong(ladder, state, calls, number, progress, (more, *notes))
    return Check(True, f"{all_right(len(states), ladder)}.", notes=notes)


def _wrong(
    ladder: Ladder, state: Mapping[str, Value], calls: Calls, number: int, progress: str, notes: tuple[str, ...]
) -> Check:
    hints = () if number in calls.problems else None
    verdict = verdict_in(ladder, state)
    return counterexample(verdict, calls.given[number], calls.says(number), hints=hints, progress=progress, notes=notes)


@lru_cache(maxsize=8)
def _unread(ladder: Ladder, fixed: FrozenDict[str, Value]) -> tuple[dict[str, Value], ...]:
    """Return the states nearest to those of the ladder in which an axis that it does not read is not ready."""
    ready, found = READY[ladder.instruction], []
    states = PossibleStates.of([ladder], ladder.axes, fixed)
    unread = [name for name in BY_INSTRUCTION[ladder.instruction].axes if name not in ladder.reads]
    for number in range(len(states)):
        near = states.columns(number)
        if sum(near[name] != ready[name] for name in states.axes) > _NEAR:
            break
        for name in unread:
            for value in BY_NAME[name].values:
                state = complete({**ready, **near, name: value}, {name, *ladder.reads})
                if value != ready[name] and broken_rule(state) is None:
                    found.append(state)
    return tuple(found)


def _late(
    ladder: Ladder,
    states: Sequence[Mapping[str, Value]],
    calls: Calls,
    ending: Ending,
    seconds: float,
    notes: tuple[str, ...],
) -> Check:
    """Return the result for a function that was still running when its time was up."""
    if ending is Ending.LEFT_BEHIND:
        notes = (*notes, STILL_RUNS)
    if monotonic() - calls.since < seconds / 2:
        message = f"your function is too slow: {calls.now:,} of {len(states):,} states in {seconds:g} seconds"
        return not_yet(message, notes=notes)
    says = f"your function does not come to an end (in {seconds:g} seconds)"
    return counterexample(verdict_in(ladder, states[calls.now]), None, says, hints=(), notes=notes)


STILL_RUNS = "It could not be stopped and still runs: restart the kernel once you have fixed it."
