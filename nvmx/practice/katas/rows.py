"""Rows, or a whole Ladder, compared with a ladder in every possible state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.axis import Value
from ...model.errors import NvmxError
from ...model.ladder import Effect, Ladder, Rung
from ...model.nearest_first import PossibleStates
from ...model.outcome import flags_text
from .answers import read_outcome
from .result import Check, not_yet
from .sentences import all_right, counterexample, progress_text, quoted, shorter, verdict_in

_SHAPE = 'write ({"cpl": [1, 2, 3]}, "#GP(0)")'


def check_rows(
    answer: Ladder | Sequence[object], ladder: Ladder, axes: Sequence[str] | None, fixed: Mapping[str, Value]
) -> Check:
    """Compare rows (a list, or a Ladder) with a ladder; the error number of a VMfailValid counts, too.

    >>> import nvmx
    >>> check_rows([({"vmx": "off"}, "#UD")], nvmx.ladder("VMXOFF", "intel"), ["VMX", "CPL"], {}).message[:60]
    'VMXOFF, ready except for CPL = 1: you say success; it is #GP'
    """
    if isinstance(answer, Ladder):
        own, each = replace(answer, narrow={}, checked=False), "check"
        if own.instruction != ladder.instruction:
            return not_yet(f"your ladder is for {own.instruction}, not for {ladder.instruction}")
    else:
        rungs: list[Rung] = []
        for number, row in enumerate(answer, 1):
            rung, problem = _rung(row, number)
            if rung is None:
                return not_yet(f"row {number} {problem}")
            rungs.append(rung)
        own, each = Ladder(ladder.instruction, "yours", rungs, ladder.effect, checked=False), "row"
    # What only the answer reads must not matter.
    varied = {*ladder.axes, *own.reads} if axes is None else axes
    states = PossibleStates.of([ladder, own], varied, fixed)
    if not len(states):
        return not_yet("there is no possible state to compare: look at the axes that are fixed")
    mine = states.deciding(own)
    wrong = states.every
    for right, hit in zip((*ladder.rungs, None), states.deciding(ladder), strict=True):
        for said, own_hit in zip((*own.rungs, None), mine, strict=True):
            if _ending(right) == _ending(said):
                wrong &= ~(hit & own_hit)
    idle = [str(number) for number, hit in enumerate(mine[:-1], 1) if not hit]
    notes = (f"Never decides: your {each} {', '.join(idle)}.",) if idle and axes is None and not fixed else ()
    if wrong:
        verdict = verdict_in(ladder, states.columns(states.first(wrong)))
        decided = own.deciding(verdict.state.columns)
        says = f"you say {decided.ending}, by your {each} {own.number(decided)}" if decided else "you say success"
        if decided and decided.outcome == "VMfailValid" and decided.error is None:
            says += ", without an error number"
        progress = progress_text(len(states) - wrong.bit_count(), len(states))
        given = decided.ending if decided else "success"
        return counterexample(verdict, given, says, progress=progress, notes=notes)
    if own.effect != ladder.effect:
        both = f"yours are {_effect(own.effect)}; right are {_effect(ladder.effect)}"
        return not_yet(f"every check is right, but not the effects of success: {both}")
    return Check(True, f"{all_right(len(states), ladder)}.", notes=notes)


def _ending(rung: Rung | None) -> tuple[str, int | None]:
    return ("success", None) if rung is None else (rung.outcome, rung.error)


def _effect(effect: Effect) -> str:
    after = ", ".join(f"{name} = {value}" for name, value in effect.after.items())
    return f"{after}, flags {flags_text(effect.flags)}"


def _rung(row: object, number: int) -> tuple[Rung | None, str]:
    """Return a row as a rung, or what is wrong with it, as the rest of a sentence."""
    if isinstance(row, Rung):
        return row, ""
    if row is Ellipsis or (isinstance(row, (tuple, list)) and any(each is Ellipsis for each in row)):
        return None, "still has ... in it"
    if not isinstance(row, (tuple, list)) or len(row) not in (2, 3) or not isinstance(row[0], Mapping):
        return None, f"is {quoted(row)}, which is not a condition and an outcome: {_SHAPE}"
    outcome, problem = read_outcome(row[1])
    if outcome is None:
        return None, f"ends in {problem}"
    if outcome == "success":
        return None, "ends in success, which needs no row: it is what remains if no row fires"
    error = row[2] if len(row) == 3 else None
    if error is not None and (type(error) is not int or outcome != "VMfailValid"):
        return None, "has an error number (its third entry), which is a number, and only for VMfailValid"
    if not row[0]:
        return None, "has an empty condition, which would hold in every state"
    try:
        when = {
            name: tuple(values) if isinstance(values, (list, tuple, set, range)) else values
            for name, values in row[0].items()
        }
        return Rung(f"row {number}", when, outcome, "", "handler", "", error, checked=False), ""
    except NvmxError as wrong:
        return None, f"has a wrong condition: {shorter(str(wrong).partition(': ')[2])}"
