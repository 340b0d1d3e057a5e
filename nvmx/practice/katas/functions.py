"""A function from states to outcomes, compared with a ladder in every possible state."""

import inspect
import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from ...model.axis import AXES, BY_NAME, Value
from ...model.instruction import BY_INSTRUCTION, READY
from ...model.ladder import Ladder
from ...model.nearest_first import PossibleStates
from ...model.rules import broken_rule, complete
from .answers import read_outcome
from .limit import Ending, Stopped, run
from .result import Check, not_yet
from .sentences import counterexample, key_hint, progress_text, quoted, verdict_in

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
        for number, state in enumerate(states):
            if self.raised >= _RAISES:
                return
            self.now, self.since = number, monotonic()
            handed = dict(state)
            answer: object = None
            try:
                answer = self.function(handed)
            except Stopped:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reader's
                self.raised += 1
                self.problems[number] = f"your function {raised_text(error, self.function)}"
            else:
                outcome, problem = read_outcome(answer)
                if problem:
                    self.problems[number] = f"your function returns {problem}"
                    answer = quoted(answer)
                else:
                    answer = outcome
            self.given.append(answer)
            if handed != state and not self.changed:
                self.changed = change_text(state, handed)

    def says(self, number: int) -> str:
        """Say what the function did in one state, as a clause."""
        return self.problems.get(number, f"you say {self.given[number]}")


def change_text(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Say that a function changed its argument, and how."""
    keys = [key for key in (*before, *(key for key in after if key not in before)) if before.get(key) != after.get(key)]
    return f"your function changes its argument ({quoted(keys[0])}): a check only looks, so leave the state alone."


def raised_text(error: BaseException, function: object) -> str:
    """Say what a function raised, and in which line.

    >>> raised_text(ValueError("no"), print)
    'raises ValueError: no'
    """
    kind = type(error).__name__
    if isinstance(error, NotImplementedError):
        return "is not written yet (NotImplementedError)"
    if isinstance(error, KeyError) and error.args:
        text = f"raises KeyError: the state has no {quoted(error.args[0])}; {key_hint(error.args[0])}"
    else:
        try:
            said = " ".join(str(error).split())
        except Exception:  # noqa: BLE001 - it is the reader's class
            said = ""
        text = f"raises {kind}" + (f": {said[:200]}" if said else "")
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    trace, line = error.__traceback__, None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if (code is not None and name == code.co_filename) or (code is None and name != __file__):
            line = trace
            if code is None:
                break
        trace = trace.tb_next
    if line is None:
        return text
    source = linecache.getline(line.tb_frame.f_code.co_filename, line.tb_lineno).strip()
    return f"{text} (line {line.tb_lineno}{f': {source}' if source else ''})"


def signature_problem(function: Callable[..., object], what: str) -> str:
    """Say why a function cannot be called with one argument; "" if it can, or if that is unknown.

    >>> signature_problem(lambda cpl, cr0_ne: "#UD", "state")
    'it is called with one argument, the state as a dict: write def my_function(state), and in it state["cpl"].'
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    keywords = [axis.keyword for axis in AXES]
    axes = [name for name in signature.parameters if name in keywords]
    try:
        signature.bind({})
    except TypeError:
        bound = False
    else:
        bound = True
    if bound and not axes:
        return ""
    example = f', and in it state["{axes[0] if axes else "cpl"}"]' if what == "state" else ""
    kind = "the state as a dict" if what == "state" else "the virtual CPU"
    return f"it is called with one argument, {kind}: write def my_function({what}){example}."


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
        return not_yet("there is no possible state to compare: look at the axes that are fixed.")
    extras = _unread(ladder, states) if axes is None else []
    calls, repeated = Calls(function), Calls(function)

    def work() -> None:
        calls.call(states.keywords(number) for number in range(len(states)))
        calls.call({BY_NAME[name].keyword: value for name, value in state.items()} for state in extras)

    start = monotonic()
    ending, prints = run(work, seconds)
    notes = tuple(note for note in (calls.changed, prints and f"Your function runs, and {prints}") if note)
    if ending is not Ending.IN_TIME:
        return _late(ladder, [*map(states.columns, range(len(states))), *extras], calls, ending, seconds, notes)
    if not calls.raised:
        backwards = range(len(states) - 1, -1, -1)
        run(lambda: repeated.call(map(states.keywords, backwards)), max(seconds - (monotonic() - start), 0.1))
        for number, again in zip(backwards, repeated.given, strict=False):
            if again != calls.given[number]:
                says = f"you say {calls.given[number]}, and {again} when asked again (use nothing but the state)"
                return counterexample(verdict_in(ladder, states.columns(number)), again, says, notes=notes)
    endings = [*(rung.outcome for rung in ladder.rungs), "success"]
    answered = zip(states.decided(ladder), calls.given, strict=False)
    wrong = [
        number for number, (rung, said) in enumerate(answered) if number in calls.problems or said != endings[rung]
    ]
    progress = "" if calls.raised >= _RAISES else progress_text(len(states) - len(wrong), len(states))
    if wrong:
        verdict = verdict_in(ladder, states.columns(wrong[0]))
        return counterexample(verdict, calls.given[wrong[0]], calls.says(wrong[0]), progress, notes)
    for number, state in enumerate(extras, len(states)):
        verdict = verdict_in(ladder, state)
        if number in calls.problems or calls.given[number] != verdict.outcome:
            ready = READY[ladder.instruction]
            unread = [name for name, value in state.items() if name not in ladder.reads and value != ready[name]]
            more = f"No check of {ladder.source} reads {' or '.join(unread)}."
            return counterexample(verdict, calls.given[number], calls.says(number), progress, (more, *notes))
    return Check(True, all_right(len(states), ladder), notes=notes)


def all_right(count: int, ladder: Ladder) -> str:
    """Say that all states are right."""
    return f"right in all {count:,} possible states{'' if ladder.source == 'intel' else f', by {ladder.source}'}."


def _unread(ladder: Ladder, states: PossibleStates) -> list[dict[str, Value]]:
    """Return the states nearest to those of the ladder in which an axis that it does not read is not ready."""
    ready, found = READY[ladder.instruction], []
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
    return found


def _late(
    ladder: Ladder, states: Sequence[Mapping[str, Value]], calls: Calls, ending: Ending, seconds: float,
    notes: tuple[str, ...],
) -> Check:  # fmt: skip
    """Return the result for a function that was still running when its time was up."""
    if ending is Ending.LEFT_BEHIND:
        notes = (*notes, "It could not be stopped and still runs: restart the kernel once you have fixed it.")
    if monotonic() - calls.since < seconds / 2:
        message = f"your function is too slow: {calls.now:,} of {len(states):,} states in {seconds:g} seconds."
        return Check(False, message, notes=notes)
    verdict = verdict_in(ladder, states[calls.now])
    says = f"your function does not come to an end ({seconds:g} seconds)"
    return counterexample(verdict, None, says, notes=notes)
