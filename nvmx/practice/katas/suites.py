"""A test suite: which single faults of a ladder its states show."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...model.ladder import Ladder, Rung
from ...model.mutant import Mutant, mutants_of
from ...model.nearest_first import PossibleStates
from ...model.outcome import flags_text
from .result import Check, not_yet
from .sentences import complete_state, ends_sentence, named_state, verdict_in

_EXPECTED = ("outcome", "rung", "flags", "error", "faults", "possible")  # columns of tables
_SHOWN = 4  # so many checks with faults that are missed are named


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

    Each state is a dict of what differs from ready, and may hold what is expected there, as rows of `nvmx.suite` do.

    >>> import nvmx
    >>> check_suite([{}, {"cpl": 3}], nvmx.ladder("VMXOFF", "kvm-2011"), None).message[:47]
    'kills 8 of 41 faults; it misses: no LOCK prefix'
    """
    states, faults = _shown(ladder)
    suite = 0
    for number, row in enumerate(answer, 1):
        what = f"state {number}"
        given, problem = named_state(
            {key: row[key] for key in row if key not in _EXPECTED} if isinstance(row, Mapping) else row, what
        )
        verdicts, problem = ([], problem) if problem else complete_state([ladder], given, what)
        place = states.find(verdicts[0].state.columns) if verdicts else None
        if place is None:
            return not_yet(problem, "A test can only be run in a possible state.")
        suite |= states.bit(place)
    missed = [(mutant, shown) for mutant, shown in faults if not shown & suite]
    count, wanted = len(faults) - len(missed), len(faults) if kills is None else min(kills, len(faults))
    message, size = f"kills {count} of {len(faults)} faults", suite.bit_count()
    if count >= wanted:
        return Check(True, f"{message}, with {size} states.", given=count, expected=wanted)
    target = f" (wanted: {wanted})" if wanted < len(faults) else ""
    mutant, shown = missed[0]
    verdict = verdict_in(ladder, states.columns(states.first(shown)))
    hints = (f"Add a state for: {mutant.rung}.", _how(ladder, mutant), ends_sentence(verdict))
    message = f"{message}{target}; it misses: {_missed_text([mutant for mutant, _ in missed])}."
    return Check(False, message, verdict.state, count, wanted, verdict.rung, hints)


def _how(ladder: Ladder, mutant: Mutant) -> str:
    for rung in ladder.rungs:
        if rung.name == mutant.rung:
            return f"There, check {ladder.number(rung)} must make a difference; the fault is: {mutant.fault}."
    return f"There, the instruction must succeed; the fault is: {mutant.fault}."


def _missed_text(missed: Sequence[Mutant]) -> str:
    """List what is missed, by check.

    >>> import nvmx
    >>> _missed_text(list(mutants_of(nvmx.ladder("VMXOFF", "kvm-2011")))[:3])
    'no LOCK prefix (removed, and 2 more)'
    """
    by_rung: dict[str, list[str]] = {}
    for mutant in missed:
        by_rung.setdefault(mutant.rung, []).append(mutant.fault)
    parts = []
    for rung, faults in list(by_rung.items())[:_SHOWN]:
        parts.append(f"{rung} ({faults[0]}{f', and {len(faults) - 1} more' if len(faults) > 1 else ''})")
    left = len(by_rung) - _SHOWN
    return "; ".join(parts) + (f"; and faults of {left} more {'check' if left == 1 else 'checks'}" if left > 0 else "")
