"""A processor's log against a source's ladders: where the two agree, where not, and what could not be asked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..ladders import find_source, ladder
from ..ladders.bochs import NO_PAGING_TEST
from ..model.axis import BY_NAME
from ..model.errors import InvalidValue, unknown
from ..model.frozen import FrozenDict
from ..model.instruction import READY
from ..model.ladder import Ladder
from ..model.outcome import flags_text
from ..states.listing import States
from .cases import CODE, OUT_OF_REACH, case_keys, to_execute
from .log import Log, LogError, check_log
from .observation import Ending, Endings, Observed, group, observe

STATUSES = ("agree", "as documented", "disagree")
_AGREE, _DOCUMENTED, _DISAGREE = range(3)


@dataclass(frozen=True)
class Deviation:
    """One row: these `machines` (an emulator and its version) do not test what the manual's `rung` tests.

    `reason` says why, and `evidence` where that was seen.
    """

    machines: tuple[str, ...]
    instruction: str
    rung: str
    reason: str
    evidence: str


DEVIATIONS = (
    Deviation(
        ("Bochs 2.7", "Bochs 2.8", "Bochs 3.0"),
        "VMXON",
        "CR0.PG set",
        NO_PAGING_TEST,
        "executed on 2.7, read in 2.8, 3.0 and revision 783b58fd of 2026-08-22; since fixed, says the maintainer",
    ),
)


@dataclass(frozen=True)
class Discrepancy:
    """One kind of mismatch: the states of an instruction that share an expected and an executed ending.

    `states` is how many there are, `witness` the one closest to the ready state, `deviation` the row that documents
    the mismatch, or None.
    """

    instruction: str
    expected: Ending
    executed: Ending
    states: int
    witness: str
    deviation: Deviation | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """The executed states of one instruction: what was `observed`, what the ladder says, and the `status` of each.

    A status is an index into STATUSES.  `unknown` counts the executed states about which the source says nothing; they
    are left out of all else.
    """

    ladder: Ladder
    observed: Observed
    expected: Endings
    status: NDArray[np.int8]
    deviation: Deviation | None
    unknown: int

    def discrepancies(self) -> Iterator[Discrepancy]:
        """Yield every kind of mismatch, the documented ones first."""
        instruction, states = self.ladder.instruction, self.observed.states
        distance = states.distance()
        rows_of: dict[tuple[int, str, str], list[int]] = {}
        for row in np.flatnonzero(self.status != _AGREE).tolist():
            ends = str(self.expected[row]), str(self.observed.endings[row])
            rows_of.setdefault((int(self.status[row]), *ends), []).append(row)
        for (status, _, _), rows in sorted(rows_of.items()):
            closest = min(rows, key=lambda row: (distance[row], row))
            apart = {name: value for name, value in states.state(closest).items() if value != READY[instruction][name]}
            yield Discrepancy(
                instruction,
                self.expected[closest],
                self.observed.endings[closest],
                len(rows),
                " ".join(f"{name}={value}" for name, value in apart.items()) or "the ready state",
                self.deviation if status == _DOCUMENTED else None,
            )


@dataclass(frozen=True, repr=False)
class Agreement:
    """A log compared with a source: one comparison per instruction, and the states that were not executed, by reason.

    `out_of_reach` are those that our guest reaches on no processor, `refused` those that this processor could not be
    put into; if these are too many, it is not `conclusive`.  `skipped` are those that the guest could reach, but that
    are no cases.  Two are equal if they are of equal logs and ladders.
    """

    log: Log
    source: str
    ladders: tuple[Ladder, ...]
    comparisons: tuple[Comparison, ...] = field(compare=False)
    out_of_reach: Mapping[str, int] = field(compare=False)
    refused: Mapping[str, int] = field(compare=False)
    skipped: Mapping[str, int] = field(compare=False)
    conclusive: bool = field(compare=False)

    @property
    def not_reachable(self) -> dict[str, int]:
        """All states that could not be reached, by reason."""
        return {**self.out_of_reach, **self.refused}

    def count(self, status: str) -> int:
        """Return how many states have this status, one of STATUSES."""
        if status not in STATUSES:
            raise unknown("status", status, STATUSES)
        return sum(int((each.status == STATUSES.index(status)).sum()) for each in self.comparisons)

    @property
    def executed(self) -> int:
        """How many states were executed and compared."""
        return sum(len(each.status) for each in self.comparisons)

    @property
    def unknown(self) -> int:
        """How many executed states were left out, since the source says nothing about them."""
        return sum(each.unknown for each in self.comparisons)

    @cached_property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Every kind of mismatch, with a witness."""
        return tuple(found for each in self.comparisons for found in each.discrepancies())

    @property
    def line(self) -> str:
        """The result in one line."""
        counts = ", ".join(f"{self.count(status)} {status}" for status in STATUSES)
        others = f"{sum(self.not_reachable.values())} not reachable here, {sum(self.skipped.values())} skipped"
        line = f"{self.executed} executed: {counts}; {others}"
        return line if self.conclusive else f"{line}; INCONCLUSIVE: too few states were executed"

    def __repr__(self) -> str:
        return f"<{self.log.name} against {self.source}: {self.line}>"

    def __str__(self) -> str:
        header = self.log.header
        on = ", ".join(header[name] for name in ("machine", "model", "date") if name in header)
        lines = [f"{header['processor']}{f' ({on})' if on else ''}, against {self.source}", ""]
        for each in self.discrepancies:
            status = "as documented" if each.deviation else "DISAGREES"
            lines += [
                f"{each.instruction}, {_states(each.states)}, {status}; nearest: {each.witness}",
                f"  expected: {each.expected}",
                f"  executed: {each.executed}",
            ]
        for row in {each.deviation: None for each in self.discrepancies if each.deviation}:
            lines.append(f"documented: {row.reason}; {row.evidence}")
        lines += [f"not reachable, {_states(count)}: {reason}" for reason, count in self.out_of_reach.items()]
        lines += [f"refused by this processor, {_states(count)}: {reason}" for reason, count in self.refused.items()]
        lines += [f"skipped, {_states(count)}: {reason}" for reason, count in self.skipped.items()]
        if self.unknown:
            lines.append(f"left out, {_states(self.unknown)}: {self.source} says nothing about them")
        return "\n".join([*lines, self.line])


def _states(count: int) -> str:
    return f"{count} state{'s' * (count != 1)}"


def agreement(log: Log, source: str | Ladder = "intel") -> Agreement:
    """Compare a log with a source's ladders, or with a Ladder of your own.

    Two endings agree if the outcome with its error code, the VM-instruction error, the flags, and VMX operation and the
    current VMCS afterwards are the same.  Raises LogError if the log does not hold every case, if nothing was executed,
    or if it cannot be trusted.

    >>> from nvmx import bochs
    >>> bochs.agreement(bochs.recording(), "intel").count("disagree")
    0
    """
    observed = observe(check_log(log))
    if isinstance(source, Ladder):
        ladders: tuple[Ladder, ...] = (source,)
    else:
        ladders = tuple(each for each in find_source(source).ladders if each.instruction in CODE)
    for each in ladders:
        if each.instruction not in CODE:
            raise InvalidValue(f"the guest does not execute {each.instruction} (only {', '.join(CODE)})")
    if not np.array_equal(log.fields["key"], case_keys()):
        raise LogError(f"the log holds {len(log)} cases, and these are not the {len(case_keys())} of the model")
    if not any(len(each) for each in observed.values()):
        reasons = {reason for each in observed.values() for reason in each.refused}
        raise LogError(f"nothing was executed: {'; '.join(sorted(reasons))}")
    out_of_reach: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for each in ladders:
        for row, count in to_execute(each.instruction)[1].items():
            (out_of_reach if row in OUT_OF_REACH else skipped)[row.why(log.header)] += count
        refused.update(observed[each.instruction].refused)
    return Agreement(
        log,
        ladders[0].source,
        ladders,
        tuple(_compare(log, observed[each.instruction], each) for each in ladders),
        FrozenDict({reason: count for reason, count in out_of_reach.items() if count}),
        FrozenDict(refused),
        FrozenDict({reason: count for reason, count in skipped.items() if count}),
        all(_enough(observed[each.instruction]) for each in ladders),
    )


def _enough(observed: Observed) -> bool:
    """Return whether a quarter of the states or more were executed; A20 masked, which KVM refuses, is nearly half."""
    return len(observed) >= (len(observed) + sum(observed.refused.values())) / 4


def _compare(log: Log, observed: Observed, chosen: Ladder) -> Comparison:
    known = observed.states.in_domain(chosen)
    observed = observed.only(known)
    expected = expected_endings(chosen, observed.states)
    status = np.where(observed.endings.differ(expected), _DISAGREE, _AGREE).astype(np.int8)
    machine = log.host.get("machine")
    deviation = next(
        (row for row in DEVIATIONS if row.instruction == chosen.instruction and machine in row.machines), None
    )
    if deviation:
        # Documented means: the source agrees with the manual, and the processor with the manual minus this rung.
        manual = ladder(chosen.instruction, "intel")
        lenient = replace(manual, rungs=tuple(rung for rung in manual.rungs if rung.name != deviation.rung))
        documented = ~observed.endings.differ(expected_endings(lenient, observed.states))
        documented &= ~expected.differ(expected_endings(manual, observed.states))
        status[(status == _DISAGREE) & documented] = _DOCUMENTED
    status.flags.writeable = False
    return Comparison(chosen, observed, expected, status, deviation, int((~known).sum()))


def expected_endings(chosen: Ladder, states: States) -> Endings:
    """Return how these states end by a ladder.

    >>> import nvmx
    >>> states = to_execute("VMXOFF")[0]
    >>> print(expected_endings(nvmx.ladder("VMXOFF", "intel"), states)[0])
    #UD, flags left alone; then VMX off, no current VMCS
    """
    codes = dict(zip(states.domains, states.codes.tolist(), strict=True))
    vmx, vmcs = BY_NAME["VMX"].values, BY_NAME["current_VMCS"].values
    rows, numbers = group(zip(states.deciding(chosen).tolist(), codes["VMX"], codes["current_VMCS"], strict=True))
    return Endings(tuple(_expected(chosen, rung, str(vmx[a]), int(vmcs[b])) for rung, a, b in rows), numbers)


def _expected(chosen: Ladder, number: int, vmx: str, current_vmcs: int) -> Ending:
    if number < len(chosen.rungs):
        rung = chosen.rungs[number]
        return Ending(rung.outcome, rung.error, flags_text(rung.flags), vmx, current_vmcs)
    after = {"VMX": vmx, "current_VMCS": current_vmcs, **chosen.effect.after}
    return Ending("success", None, flags_text(chosen.effect.flags), str(after["VMX"]), int(after["current_VMCS"]))
