"""A test suite: which single faults of a ladder its states show."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...model.axis import AXES
from ...model.ladder import Ladder, Rung
from ...model.mutant import Mutant, mutants_of
from ...model.nearest_first import PossibleStates
from ...model.outcome import flags_text
from .result import Check, not_yet
from .sentences import complete_state, named_state, number_of, right_text, state_text, verdict_in

_SHOWN = 4  # so many faults that are missed are named


@lru_cache(maxsize=8)
def _shown(ladder: Ladder) -> tuple[PossibleStates, tuple[tuple[Mutant, int], ...]]:
    """Return the possible states, and for each fault that any of them shows the set of those that do."""
    states = PossibleStates.of([ladder])
    truth = _endings(ladder, states)
    found = []
    for mutant in mutants_of(ladder):
        same = 0
        for ending, hit in _endings(mutant.ladder, states).items():
            same |= hit & truth.get(ending, 0)
        if same != states.every:
            found.append((mutant, states.every & ~same))
    return states, tuple(found)


def _endings(ladder: Ladder, states: PossibleStates) -> dict[object, int]:
    """Return the set of states for each ending: outcome, error number and flags."""
    success = ("success", None, flags_text(ladder.effect.flags))
    found: dict[object, int] = {}
    for rung, hit in zip((*ladder.rungs, None), states.deciding(ladder), strict=True):
        # Only the rung of a mutant can end in success.
        ending = success if rung is None or rung.outcome == "success" else _ending(rung)
        found[ending] = found.get(ending, 0) | hit
    return found


def _ending(rung: Rung) -> tuple[str, int | None, str]:
    return rung.outcome, rung.error, flags_text(rung.flags)


def check_suite(answer: Sequence[Mapping[Any, Any]], ladder: Ladder, kills: int | None) -> Check:
    """Check that a list of states shows at least `kills` single faults of a ladder; None: all that any state shows.

    >>> import nvmx
    >>> check_suite([{}, {"cpl": 3}], nvmx.ladder("VMXOFF", "kvm-2011"), None).message[:47]
    'kills 8 of 41 faults; it misses: no LOCK prefix'
    """
    states, faults = _shown(ladder)
    places = {name: place for place, name in enumerate(axis.name for axis in AXES)}
    numbers = {tuple(row[places[name]] for name in states.axes): n for n, row in enumerate(states.rows)}
    keys = {axis.keyword for axis in AXES} | places.keys()
    suite = 0
    for number, row in enumerate(answer, 1):
        what = f"state {number}"
        # A table may hold more columns, such as the expected outcome.
        given, problem = named_state(row if _is_dict(answer) else {key: row[key] for key in row if key in keys}, what)
        verdict, problem = (None, problem) if problem else complete_state(ladder, given, what)
        if verdict is None:
            return not_yet(f"{problem}.", "A test can only be run in a possible state.")
        suite |= states.bit(numbers[tuple(verdict.state.columns[name] for name in states.axes)])
    missed = [(mutant, shown) for mutant, shown in faults if not shown & suite]
    count, wanted = len(faults) - len(missed), len(faults) if kills is None else min(kills, len(faults))
    message = f"kills {count} of {len(faults)} faults"
    size = suite.bit_count()
    if count >= wanted:
        return Check(True, f"{message}, with {size} states.", given=count, expected=wanted)
    listed = "; ".join(f"{mutant.rung}: {mutant.fault}" for mutant, _ in missed[:_SHOWN])
    more = f"; and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
    mutant, shown = missed[0]
    verdict = verdict_in(ladder, states.columns(states.first(shown)))
    rung = next((rung for rung in ladder.rungs if rung.name == mutant.rung), None)
    hints = [f"Add a state for {mutant.rung}."]
    if rung is not None:
        hints.append(
            f"Check {number_of(ladder, rung)} must decide there, and the fault ({mutant.fault}) must change the end."
        )
    else:
        hints.append("Success must be tested, too, with its flags.")
    hints.append(f"{state_text(ladder.instruction, verdict.state.columns)}: {right_text(verdict)}.")
    target = "" if kills is None or wanted == len(faults) else f" (wanted: {wanted})"
    return Check(
        False, f"{message}{target}; it misses: {listed}{more}.", verdict.state, count, wanted, verdict.rung,
        tuple(hints), f"{size} states, {len(missed)} faults missed.",
    )  # fmt: skip


def _is_dict(answer: Sequence[Mapping[Any, Any]]) -> bool:
    return not any("outcome" in row for row in answer)
