"""Rows, or a whole Ladder, compared with a ladder in every possible state."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...model.axis import Value
from ...model.errors import NvmxError
from ...model.ladder import Effect, Ladder, Rung
from ...model.nearest_first import PossibleStates
from ...model.outcome import flags_text
from .answers import read_outcome
from .functions import all_right
from .result import Check, not_yet
from .sentences import counterexample, progress_text, quoted, verdict_in

_SHAPE = 'write ({"cpl": [1, 2, 3]}, "#GP(0)")'


def check_rows(answer: Any, ladder: Ladder, axes: Sequence[str] | None, fixed: Mapping[str, Value]) -> Check:
    """Compare rows (a list, or a Ladder) with a ladder; the number of a VMfailValid counts, too.

    >>> import nvmx
    >>> check_rows([({"vmx": "off"}, "#UD")], nvmx.ladder("VMXOFF", "intel"), ["VMX", "CPL"], {}).message[:60]
    'VMXOFF, ready except for CPL = 1: you say success; it is #GP'
    """
    if isinstance(answer, Ladder):
        own = answer
        if own.instruction != ladder.instruction:
            return not_yet(f"your ladder is for {own.instruction}, not for {ladder.instruction}.")
    else:
        rungs: list[Rung] = []
        for number, row in enumerate(answer, 1):
            rung, problem = _rung(row, number)
            if rung is None:
                return not_yet(f"row {number}: {problem}.")
            rungs.append(rung)
        own = Ladder(ladder.instruction, "yours", rungs, ladder.effect, checked=False)
    every = ladder.axes if axes is None else axes
    if axes is None:
        # An axis that only the answer reads must not matter.
        every = [*every, *(name for name in own.reads if name not in every and name not in ladder.reads)]
    states = PossibleStates.of(
        [ladder, Ladder(ladder.instruction, "yours", own.rungs, own.effect, checked=False)], every, fixed
    )
    if not len(states):
        return not_yet("there is no possible state to compare: look at the axes that are fixed.")
    mine = states.deciding(own)
    wrong = states.every
    for rung, right in zip((*ladder.rungs, None), states.deciding(ladder), strict=True):
        for said, hit in zip((*own.rungs, None), mine, strict=True):
            if _ending(rung) == _ending(said):
                wrong &= ~(right & hit)
    notes = _idle(own, mine)
    if wrong:
        number = states.first(wrong)
        verdict = verdict_in(ladder, states.columns(number))
        decided = own.deciding(verdict.state.columns)
        says = f"you say {decided.ending if decided else 'success'}"
        if decided is not None:
            says += f", by your {_name(own, decided)}"
        if decided is not None and decided.outcome == "VMfailValid" and decided.error is None:
            says += ", without its error number"
        progress = progress_text(len(states) - wrong.bit_count(), len(states))
        return counterexample(verdict, decided.ending if decided else "success", says, progress, notes)
    if own.effect != ladder.effect:
        return not_yet(
            f"every check is right, but not what success changes: {_effect(own.effect)}; it is {_effect(ladder.effect)}."
        )
    return Check(True, all_right(len(states), ladder), notes=notes)


def _ending(rung: Rung | None) -> tuple[str, int | None]:
    return ("success", None) if rung is None else (rung.outcome, rung.error)


def _name(own: Ladder, rung: Rung) -> str:
    number = own.rungs.index(rung) + 1
    return f"row {number}" if own.source == "yours" else f"check {number}"


def _idle(own: Ladder, mine: Sequence[int]) -> tuple[str, ...]:
    idle = [_name(own, rung) for rung, hit in zip(own.rungs, mine, strict=False) if not hit]
    return (f"Never decides: {', '.join(idle)}.",) if idle else ()


def _effect(effect: Effect) -> str:
    return f"VMX {effect.vmx or 'as it was'}, flags {flags_text(effect.flags)}"


def _rung(row: object, number: int) -> tuple[Rung | None, str]:
    """Return a row as a rung, or what is wrong with it."""
    if isinstance(row, Rung):
        return row, ""
    if row is Ellipsis or (isinstance(row, (tuple, list)) and Ellipsis in row):
        return None, "... is still to be replaced"
    if not isinstance(row, (tuple, list)) or len(row) not in (2, 3) or not isinstance(row[0], Mapping):
        return None, f"{quoted(row)} is not a condition and an outcome: {_SHAPE}"
    outcome, problem = read_outcome(row[1])
    if outcome is None:
        return None, problem
    if outcome == "success":
        return None, "success needs no row: it is what remains if no row fires"
    error = row[2] if len(row) == 3 else None
    if error is not None and (type(error) is not int or outcome != "VMfailValid"):
        return None, "a third entry is an error number, and only VMfailValid has one"
    if not row[0]:
        return None, "its condition is empty, so it would fire in every state"
    try:
        when = {
            name: tuple(values) if isinstance(values, (list, tuple, set, range)) else values
            for name, values in row[0].items()
        }
        return Rung(f"row {number}", when, outcome, "", "handler", "", error, checked=False), ""
    except NvmxError as error_:
        text = str(error_).removeprefix(f"rung 'row {number}': ")
        return None, text if len(text) < 250 else text.partition(" (allowed: ")[0]
