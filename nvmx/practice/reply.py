"""What to reply to a wrong answer: why it is wrong and when it would be right, but not what is right instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from ..ladders import ladder as find_ladder
from ..model.axis import BY_NAME, Value, named_axes
from ..model.box import matches, nearest, table_order
from ..model.errors import InvalidValue, OutsideDomain, UnknownName
from ..model.explanation import Explanation
from ..model.ladder import Rung
from ..model.outcome import outcome_name
from ..model.rules import BOXES
from ..model.sentence import listed, values_text
from ..model.verdict import Verdict, cause_text, decide


def outcome_reply(found: Verdict, outcome: str) -> str:
    """Reply to someone who says that the state of this verdict ends in `outcome`, which it does not.

    Raises UnknownName if `outcome` is none of OUTCOMES, and InvalidValue if it is the right one.

    >>> import nvmx
    >>> print(outcome_reply(nvmx.verdict("VMXON", "intel", cpl=3, cr4_vmxe=0), "#GP(0)"))
    #GP(0) would be right with CR4.VMXE = 1: CPL = 3 fails check 8, but check 4 (CR4.VMXE = 0) comes first
    """
    if outcome_name(outcome) == found.outcome:
        raise InvalidValue(f"outcome: {outcome} is right")
    who = f"{found.ladder.instruction} by {found.ladder.source}"
    change = _way(found, outcome)
    if change is None:
        own = f"{who} never ends in {outcome}"
    else:
        there = decide(found.ladder, {**found.state.columns, **change})
        own = f"{outcome} would be right with {values_in_words(change)}: {_why(found, there)}"
    manual = manual_says(found.ladder.instruction, found.state.columns)
    if manual and manual.outcome == outcome and manual.ladder != found.ladder:
        return f"{manual_text(manual)}, but not what {found.ladder.source} does; {own}"
    return own


def _way(found: Verdict, outcome: str) -> Mapping[str, Value] | None:
    """Return changes that lead to `outcome`, to a possible state; None: there are none.

    If a check that ends so fails already, they let it decide.  If not, they are the fewest; of equally few, rather
    those after which another check than the decoder's decides, since the decoder sees another instruction.
    """
    ladder, start = found.ladder, found.state.columns
    if outcome == "success":
        repair = found.repair()
        return None if repair is None else repair.columns
    ways: list[tuple[tuple[object, ...], Mapping[str, Value]]] = []
    for place, rung in enumerate(ladder.rungs):
        if rung.outcome == outcome:
            outside = [*BOXES, *ladder.outside_domain, *(other.when for other in ladder.rungs[:place])]
            change = nearest(start, outside, inside=rung.when)
            if change is not None:
                size, *order = table_order(change)
                ways.append(((rung not in found.masked, size, rung.by == "decoder", order), change))
    return min(ways, key=lambda way: way[0])[1] if ways else None


def _why(found: Verdict, there: Verdict) -> str:
    """Say why the state of `found` does not end as that of `there`, which follows from it by some changes."""
    ladder = found.ladder
    firing = ladder.firing(found.state.columns)
    if there.rung is None:
        failing = [ladder.number(rung) for rung in firing]
        return f"here {_checks(failing)} {'fails' if len(failing) == 1 else 'fail'}"
    number = ladder.number(there.rung)
    if there.rung not in firing:
        return f"check {number} asks for {there.rung.name}, and passes here"
    first = [rung for rung in firing if ladder.number(rung) < number]
    numbers = [ladder.number(rung) for rung in first]
    because = f" ({cause_text(first[0], found.state)})" if len(first) == 1 else ""
    cause = cause_text(there.rung, found.state)
    return (
        f"{cause} fails check {number}, but {_checks(numbers)}{because} {'comes' if len(first) == 1 else 'come'} first"
    )


def _checks(numbers: Sequence[int]) -> str:
    return f"check {numbers[0]}" if len(numbers) == 1 else f"checks {listed(numbers)}"


def values_in_words(values: Mapping[str, Value]) -> str:
    """Write values (by column name) in a sentence.

    >>> values_in_words({"CR4.VMXE": 1, "CPL": 0})
    'CR4.VMXE = 1 and CPL = 0'
    """
    return listed(f"{name} = {value}" for name, value in values.items())


def manual_says(instruction: str, state: Mapping[str, Value]) -> Verdict | None:
    """Return the manual's verdict on a state (by column name); None if the manual says nothing about it.

    >>> from nvmx.model.instruction import READY
    >>> manual_says("VMXON", {**READY["VMXON"], "CPL": 3}).outcome
    '#GP(0)'
    """
    try:
        return decide(find_ladder(instruction, "intel"), state)
    except OutsideDomain:
        return None


def manual_text(manual: Verdict) -> str:
    """Write that this is what Intel's manual says, and why.

    >>> import nvmx
    >>> manual_text(nvmx.verdict("VMXON", "intel", cpl=3))
    "this is what Intel's manual says (CPL = 3; check 8 asks for CPL 0)"
    """
    return f"this is what Intel's manual says ({manual.short_reason or 'no check fails'})"


@dataclass(frozen=True)
class CauseChoice:
    """An answer to the question which check refused: a check by its name, or an axis, which stands for its checks.

    `label` is what to offer, `rungs` are the checks that it stands for.
    """

    name: str
    label: str
    rungs: tuple[Rung, ...]


def cause_choice(explanation: Explanation, name: str) -> CauseChoice:
    """Return the choice with this name: of a check, or of an axis (column name or keyword).

    Raises UnknownName if neither exists.

    >>> import nvmx
    >>> cause_choice(nvmx.explain("VMXON", "intel"), "CPL 0").label
    'CPL = 1, 2 or 3 (check 8 asks for CPL 0)'
    """
    ladder = explanation.ladder
    for number, rung in enumerate(ladder.rungs, 1):
        if rung.name == name:
            condition = " and ".join(f"{axis} = {listed(values, 'or')}" for axis, values in rung.when.items())
            return CauseChoice(name, f"{condition} (check {number} asks for {name})", (rung,))
    try:
        (column,) = named_axes([name])
    except UnknownName:
        checks = ", ".join(repr(rung.name) for rung in ladder.rungs)
        raise UnknownName(f"choice: {name!r} is neither an axis nor a check of {ladder.source} ({checks})") from None
    rungs = tuple(rung for rung in ladder.rungs if column in rung.when)
    return CauseChoice(column, f"{column} ({BY_NAME[column].where})", rungs)


def cause_reply(explanation: Explanation, name: str) -> str:
    """Reply to someone who says that this check (or one that reads this axis) refused, which cannot be.

    Raises UnknownName if there is no such check or axis, and InvalidValue if it can be the one.

    >>> import nvmx
    >>> found = nvmx.explain("VMXON", "intel", observed="#GP(0)", cpl=0, cr0_ne=1)
    >>> print(cause_reply(found, "CR4.VMXE"))
    check 4 would end in #UD, but what was seen is #GP(0)
    >>> print(cause_reply(found, "CR0.NE"))
    CR0.NE = 1, so check 12 passes
    """
    choice = cause_choice(explanation, name)
    suspects = {suspect.rung.name for suspect in explanation.suspects}
    if any(rung.name in suspects for rung in choice.rungs):
        raise InvalidValue(f"choice: {choice.name} can be the cause")
    who = f"{explanation.ladder.instruction} by {explanation.ladder.source}"
    if not choice.rungs:
        return f"{who} does not look at {choice.name}"
    known = explanation.known.get(choice.name)
    if known is not None and all(known not in rung.when[choice.name] for rung in choice.rungs):
        return _passes(explanation, choice.name, choice.rungs)
    return "; ".join(_innocent(explanation, rung) for rung in choice.rungs)


def _passes(explanation: Explanation, axis: str, rungs: Sequence[Rung]) -> str:
    """Say that these checks pass because of the value of this axis."""
    numbers = [explanation.ladder.number(rung) for rung in rungs]
    lines = explanation.evidence.get(axis)
    shown = f"{lines[0].partition(':')[0]} shows {axis}" if lines else axis
    return f"{shown} = {explanation.known[axis]}, so {_checks(numbers)} {'passes' if len(numbers) == 1 else 'pass'}"


def _innocent(explanation: Explanation, rung: Rung) -> str:
    """Say why this check cannot be the one that refused."""
    ladder, known = explanation.ladder, explanation.known
    number = ladder.number(rung)
    for axis, values in rung.when.items():
        if axis in known and known[axis] not in values:
            return _passes(explanation, axis, [rung])
        if all(value in explanation.excluded.get(axis, ()) for value in values):
            return f"the bytes of the instruction rule out {axis} = {listed(values, 'or')}, so check {number} passes"
    for seen in explanation.observations:
        if not seen.allows(rung.outcome, rung.error, rung.flags):
            return f"check {number} would end in {rung.ending}, but what was seen is {seen.text}"
    for earlier, other in enumerate(ladder.rungs[: number - 1], 1):
        if other.when.keys() <= known.keys() and matches(other.when, known):
            cause = values_text({axis: known[axis] for axis in other.when}, " and ")
            return f"check {earlier} ({cause}) comes before check {number}"
    if explanation.decoded and rung.by == "decoder":
        return f"check {number} is about the bytes, and these are those of {ladder.instruction}"
    return f"in no possible state that agrees with what is known does check {number} decide"


def too_low_or_high(answer: float) -> list[tuple[float, str]]:
    """Return the replies to wrong guesses of a number: each with the number below which it holds, ascending.

    >>> next(reply for bound, reply in too_low_or_high(250) if 30 < bound)
    'too low: less than half of it'
    """
    if answer <= 0:
        return [(answer, "too low"), (inf, "too high")]
    return [
        (answer / 1000, "far too low: less than a thousandth of it"),
        (answer / 100, "far too low: less than a hundredth of it"),
        (answer / 10, "too low: less than a tenth of it"),
        (answer / 2, "too low: less than half of it"),
        (answer * 0.9, "too low: half of it or more"),
        (answer, "too low, but close: a tenth or less is missing"),
        (answer * 1.1, "too high, but close: less than a tenth too much"),
        (answer * 2, "too high: less than twice as much"),
        (answer * 10, "too high: less than ten times as much"),
        (answer * 100, "far too high: ten times as much or more"),
        (inf, "far too high: a hundred times as much or more"),
    ]
