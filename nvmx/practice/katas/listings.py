"""How many possible states end like this, or which."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.axis import AXES, BY_NAME, Value, find_value
from ...model.errors import NvmxError
from ...model.ladder import Ladder
from ...model.nearest_first import PossibleStates
from .result import Check, not_yet
from .sentences import complete_state, counterexample, hints_for, quoted, right_text, state_text, verdict_in


def _wanted(ladder: Ladder, states: PossibleStates, outcome: str | None) -> int:
    """Return the set of states that end in `outcome`; None: all."""
    if outcome is None:
        return states.every
    found = 0
    for rung, decided in zip((*ladder.rungs, None), states.deciding(ladder), strict=True):
        if (rung.outcome if rung else "success") == outcome:
            found |= decided
    return found


def check_count(
    answer: object, ladder: Ladder, axes: Sequence[str] | None, fixed: Mapping[str, Value], outcome: str | None
) -> Check:
    """Check a number of possible states.

    >>> import nvmx
    >>> check_count(7, nvmx.ladder("VMXON", "intel"), ["CPL", "CR4.VMXE"], {}, "#GP(0)").message
    '7 is too many.'
    """
    number = _integer(answer)
    if number is None:
        return not_yet(f"{quoted(answer)} is no answer to this kata: wanted is {_kinds(outcome, fixed)}")
    states = PossibleStates.of([ladder], ladder.axes if axes is None else axes, fixed)
    right = _wanted(ladder, states, outcome).bit_count()
    if number == right:
        return Check(True, f"{right:,} of {len(states):,} possible states.", given=number, expected=right)
    hints = [f"There are {len(states):,} possible states on these axes{' with what is fixed' if fixed else ''}."]
    if number > right:
        hints.insert(0, "Did you count states that no processor can be in, or that end in something else?")
    else:
        hints.insert(0, f"Did you leave out an axis? Those that vary are {', '.join(states.axes)}.")
    how = "too many" if number > right else "too few"
    return Check(False, f"{number:,} is {how}.", given=number, expected=right, hints=tuple(hints))


def _kinds(outcome: str | None, fixed: Mapping[str, Value]) -> str:
    return "a number or a DataFrame" if outcome or fixed else "a function, rows, a state or a number, as the task says"


def _integer(answer: object) -> int | None:
    if type(answer).__name__ in ("bool", "bool_", "str") or hasattr(answer, "__len__"):
        return None
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    try:
        return operator.index(answer)  # type: ignore[arg-type]
    except TypeError:
        return None


def check_listing(
    rows: Sequence[Mapping[Any, Any]],
    ladder: Ladder,
    axes: Sequence[str] | None,
    fixed: Mapping[str, Value],
    outcome: str | None,
) -> Check:
    """Check that the rows of a table are exactly the possible states that end in `outcome`.

    The axes are those of the table's columns, unless the task names them.

    >>> import nvmx
    >>> rows = [{"CPL": 1}, {"CPL": 3}]
    >>> check_listing(rows, nvmx.ladder("VMXON", "intel"), ["CPL"], {}, "#GP(0)").message
    'VMXON, ready except for CPL = 2 is missing: it is #GP(0), because CPL = 2 (check 8).'
    """
    keys = {axis.keyword: axis.name for axis in AXES} | {axis.name: axis.name for axis in AXES}
    columns = {key: keys[key] for key in (rows[0] if rows else ()) if key in keys}
    if not rows and axes is None:
        return not_yet("the table has no rows")
    varied = list(dict.fromkeys(columns.values())) if axes is None else list(axes)
    missing = [name for name in varied if name not in columns.values() and name not in fixed]
    if rows and (missing or not varied):
        return not_yet(f"the table has no column {(missing or ['CPL'])[0]!r}", "Keep the columns of the axes.")
    states = PossibleStates.of([ladder], varied, fixed)
    read: dict[tuple[str, object], Value] = {}
    seen = 0
    for row in rows:
        try:
            for key, name in columns.items():
                if (name, row[key]) not in read:
                    read[name, row[key]] = find_value(BY_NAME[name], row[key])
        except (NvmxError, TypeError) as error:  # a cell may hold a list
            return not_yet(f"the table: {error}")
        given = {**fixed, **{name: read[name, row[key]] for key, name in columns.items()}}
        number = states.find(given)
        if number is None:
            return _strange(ladder, given)
        if seen & states.bit(number):
            return not_yet(f"the table has a state twice ({state_text(ladder.instruction, states.columns(number))})")
        seen |= states.bit(number)
    wanted = _wanted(ladder, states, outcome)
    wrong, total = seen ^ wanted, wanted.bit_count()
    if not wrong:
        return Check(True, f"exactly the {total:,} of {len(states):,} possible states.", given=total, expected=total)
    verdict = verdict_in(ladder, states.columns(states.first(wrong)))
    spare = (seen & ~wanted).bit_count()
    progress = (
        f"{total - (wanted & ~seen).bit_count():,} of {total:,} states are there, and {spare:,} that do not belong."
    )
    if spare and wrong & seen & states.bit(states.first(wrong)):
        return counterexample(verdict, outcome, "you have a row for it", progress=progress)
    where = state_text(ladder.instruction, verdict.state.columns)
    sentence, ending = f"{where} is missing: it is {right_text(verdict)}.", verdict.ending
    return Check(False, sentence, verdict.state, None, ending, verdict.rung, hints_for(verdict), progress)


def _strange(ladder: Ladder, given: Mapping[str, Value]) -> Check:
    """Return the result for a table with a row that is none of the states asked for."""
    _, problem = complete_state([ladder], given, "a row of the table")
    if not problem:
        return not_yet("the table has a row that was not asked for: look at the axes that are fixed")
    return not_yet(problem, "Keep only possible states.", "nvmx.table(..., possible=True) lists only these.")
