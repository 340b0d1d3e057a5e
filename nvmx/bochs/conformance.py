"""A processor's log laid over a source's ladders: where the two agree, where not, and what could not be asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..ladders import find_source, ladder
from ..model.instruction import READY
from ..model.ladder import Ladder
from ..states.listing import States
from .cases import case_keys, out_of_reach, spans
from .known import DEVIATIONS, Deviation
from .log import Log, LogError
from .observation import Endings, Observed, observe

STATUSES = ("agree", "as documented", "disagree")
_AGREE, _DOCUMENTED, _DISAGREE = range(3)


@dataclass(frozen=True)
class Kind:
    """States of one instruction that end alike otherwise than expected: how many, and the one nearest to ready.

    `deviation` is the row that documents it, or None.
    """

    instruction: str
    expected: str
    executed: str
    states: int
    witness: str
    deviation: Deviation | None


@dataclass(frozen=True, repr=False)
class Part:
    """One instruction's states: what was `observed`, what is `expected`, and the `status` of each (see STATUSES)."""

    observed: Observed
    expected: Endings
    status: NDArray[np.int64]
    deviation: Deviation | None

    def kinds(self) -> Iterator[Kind]:
        """Every kind of disagreement, the documented first."""
        kinds: dict[tuple[int, str, str], list[int]] = {}
        for row in np.flatnonzero(self.status != _AGREE).tolist():
            told = self.expected.told(row), self.observed.endings.told(row)
            kinds.setdefault((int(self.status[row]), *told), []).append(row)
        instruction = self.observed.instruction
        names = spans(instruction)
        away = States(instruction, names, np.stack(self.observed.cells)).distance()
        for (status, expected, executed), rows in sorted(kinds.items()):
            state = self.observed.state(min(rows, key=lambda row: (away[row], row)))
            witness = " ".join(f"{name}={state[name]}" for name in names if state[name] != READY[instruction][name])
            documented_by = self.deviation if status == _DOCUMENTED else None
            yield Kind(instruction, expected, executed, len(rows), witness or "the ready state", documented_by)


@dataclass(frozen=True, repr=False)
class Agreement:
    """A log against a source: `parts`, one an instruction, and the states that were not reached, by reason.

    `out_of_reach` are those that no guest of ours reaches, `refused` those that this processor could not be put into.
    `unknown` counts the executed states of which the source knows nothing; they are left out of all else.
    """

    log: Log
    source: str
    parts: tuple[Part, ...]
    out_of_reach: dict[str, int]
    refused: dict[str, int]
    unknown: int

    @property
    def not_reachable(self) -> dict[str, int]:
        """All states that were not reached, by reason."""
        return {**self.out_of_reach, **self.refused}

    def count(self, status: str) -> int:
        """How many states have this status, one of STATUSES."""
        return sum(int((part.status == STATUSES.index(status)).sum()) for part in self.parts)

    @property
    def executed(self) -> int:
        """How many states were executed and compared."""
        return sum(len(part.status) for part in self.parts)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind of disagreement, with a witness."""
        return tuple(kind for part in self.parts for kind in part.kinds())

    @property
    def line(self) -> str:
        """The result in one line."""
        counts = ", ".join(f"{self.count(status)} {status}" for status in STATUSES)
        return f"{self.executed} executed: {counts}; {sum(self.not_reachable.values())} not reachable here"

    def __repr__(self) -> str:
        return f"<{self.log.name} against {self.source}: {self.line}>"

    def __str__(self) -> str:
        said = self.log.said
        on = ", ".join(said[name] for name in ("machine", "model", "date") if name in said)
        lines = [f"{said['processor']}{f' ({on})' if on else ''}, against {self.source}", ""]
        for kind in self.kinds:
            status = "as documented" if kind.deviation else "DISAGREES"
            lines += [
                f"{kind.instruction}, {kind.states} state{'s' * (kind.states != 1)}, {status}; nearest: {kind.witness}",
                f"  expected: {kind.expected}",
                f"  executed: {kind.executed}",
            ]
        for row in {kind.deviation: None for kind in self.kinds if kind.deviation}:
            lines.append(f"documented: {row.reason}; {row.evidence}")
        lines += [f"not reachable, {count} states: {reason}" for reason, count in self.out_of_reach.items()]
        lines += [f"refused by this processor, {count} states: {reason}" for reason, count in self.refused.items()]
        if self.unknown:
            lines.append(f"left out, {self.unknown} states: {self.source} knows nothing of them")
        return "\n".join([*lines, self.line])


def agreement(log: Log, source: str | Ladder = "intel") -> Agreement:
    """Lay a log over a source's ladders, or over a Ladder of your own.

    Agreement is held for outcome with its error code, VM-instruction error, flags, and VMX operation and current VMCS
    afterwards.  Raises LogError where the log does not hold every state that a guest can reach, TypeError or
    ValueError for an unknown source.
    """
    ladders = [source] if isinstance(source, Ladder) else list(find_source(source).ladders)
    observed = {each.instruction: each for each in observe(log)}
    if not np.array_equal(log.fields["key"], case_keys()):
        raise LogError(f"the log holds {len(log)} cases, and these are not the {len(case_keys())} of the model")
    if not sum(len(each) for each in observed.values()):
        reasons = {reason for each in observed.values() for reason in each.refused}
        raise LogError(f"nothing was executed: {'; '.join(sorted(reasons))}")
    parts, unknown = [], 0
    for chosen in ladders:
        part, left_out = _part(log, observed[chosen.instruction], chosen)
        parts.append(part)
        unknown += left_out
    instructions = [chosen.instruction for chosen in ladders]
    never = _sum(out_of_reach(instruction) for instruction in instructions)
    refused = _sum(observed[instruction].refused for instruction in instructions)
    return Agreement(log, ladders[0].source, tuple(parts), never, refused, unknown)


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for reason, count in each.items():
            total[reason] = total.get(reason, 0) + count
    return {reason: count for reason, count in total.items() if count}


def _part(log: Log, observed: Observed, chosen: Ladder) -> tuple[Part, int]:
    knows = States(chosen.instruction, spans(chosen.instruction), np.stack(observed.cells)).in_domain(chosen)
    observed = observed.only(knows)
    expected = observed.expected(chosen)
    status = np.where(observed.endings.differ(expected), _DISAGREE, _AGREE)
    deviation = next(
        (row for row in DEVIATIONS if row.instruction == chosen.instruction and log.name in row.machines),
        None,
    )
    if deviation:
        # Documented is what the manual without that rung would say, and the source must say what the manual does.
        manual = ladder(chosen.instruction, "intel")
        lenient = replace(manual, rungs=tuple(rung for rung in manual.rungs if rung.name != deviation.rung))
        as_documented = ~observed.endings.differ(observed.expected(lenient))
        as_documented &= ~expected.differ(observed.expected(manual))
        status[(status == _DISAGREE) & as_documented] = _DOCUMENTED
    return Part(observed, expected, status, deviation), int((~knows).sum())
