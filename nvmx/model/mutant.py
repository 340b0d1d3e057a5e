"""Single faults of a ladder: mutants, which are ladders that are wrong on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .instruction import BY_INSTRUCTION
from .ladder import Ladder, Rung
from .outcome import UNTOUCHED


@dataclass(frozen=True)
class Mutant:
    """One single fault: what it is, in which rung, and the ladder that has it."""

    fault: str
    rung: str
    ladder: Ladder


def mutants_of(ladder: Ladder) -> Iterator[Mutant]:
    """Yield every single fault of a ladder.

    A rung is removed, swapped with the next, has another outcome or error number, or ignores one of its conditions or
    values; or success does not write the flags.

    >>> import nvmx
    >>> next(mutants_of(nvmx.ladder("VMXON", "intel"))).fault
    'removed'
    """
    rungs = ladder.rungs
    for n, rung in enumerate(rungs):
        before, after = rungs[:n], rungs[n + 1 :]
        yield Mutant("removed", rung.name, _altered(ladder, *before, *after))
        if after:
            swapped = _altered(ladder, *before, after[0], rung, *after[1:])
            yield Mutant(f"swapped with {after[0].name}", rung.name, swapped)
        for fault, change in _changes(rung, BY_INSTRUCTION[ladder.instruction].outcomes):
            yield Mutant(fault, rung.name, _altered(ladder, *before, replace(rung, checked=False, **change), *after))
    if ladder.effect.flags:
        silent = replace(ladder, effect=replace(ladder.effect, flags=UNTOUCHED), checked=False)
        yield Mutant("RFLAGS is not written", "(success)", silent)


def _altered(ladder: Ladder, *rungs: Rung) -> Ladder:
    return replace(ladder, rungs=rungs, checked=False)


def _changes(rung: Rung, outcomes: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the faults inside one rung: a name, and what changes."""
    for outcome in outcomes:
        if outcome != rung.outcome:
            yield f"ends in {outcome}", {"outcome": outcome}
    if rung.error is not None:
        yield f"error {rung.error + 1} instead of {rung.error}", {"error": rung.error + 1}
    for name, values in rung.when.items():
        if len(rung.when) > 1:
            yield f"ignores {name}", {"when": {other: kept for other, kept in rung.when.items() if other != name}}
        for value in values if len(values) > 1 else ():
            fewer = {**rung.when, name: tuple(kept for kept in values if kept != value)}
            yield f"lets {name}={value} pass", {"when": fewer}
