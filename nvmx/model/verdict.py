"""Ask a ladder about one state: what happens, which check decided, and what the smallest repair is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .axis import BY_NAME, READY, Value
from .box import Box, nearest, table_order
from .ladder import Ladder, Rung, ending
from .outcome import outcome_name
from .rules import BOXES, broken_rule, complete, nearest_possible
from .state import State

_FEATURE_CONTROL = ("FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx")


def describe_changes(start: Mapping[str, Value], end: Mapping[str, Value]) -> str:
    """Write what differs in `end`, in words: `CPL 3 → 0, CR4.VMXE 0 → 1`."""
    return ", ".join(f"{name} {start[name]} → {value}" for name, value in end.items() if start[name] != value)


class Repair(dict[str, Value]):
    """The axes to change, all at once: {keyword: new value}.  `needs_reset`: a locked FEATURE_CONTROL is among them."""

    def __init__(self, start: Mapping[str, Value], changes: Mapping[str, Value]) -> None:
        super().__init__({BY_NAME[name].keyword: value for name, value in changes.items()})
        self._start, self._changes = start, changes
        self.needs_reset = start["FEATURE_CONTROL.lock"] == 1 and any(name in changes for name in _FEATURE_CONTROL)

    def __str__(self) -> str:
        if not self:
            return "nothing to change"
        text = describe_changes(self._start, self._changes)
        return f"{text} (FEATURE_CONTROL is locked: this needs a reset)" if self.needs_reset else text


@dataclass(frozen=True)
class Verdict:
    """How an instruction ends in `state` by `ladder`; `kept` are the axes that the nearest state should not change."""

    ladder: Ladder
    state: State
    rung: Rung | None
    masked: tuple[Rung, ...]
    kept: frozenset[str]

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        return self.rung.outcome if self.rung else "success"

    @property
    def error(self) -> int | None:
        """The VM-instruction error number that the current VMCS records, or None."""
        return self.rung.error if self.rung else None

    @property
    def flags(self) -> Mapping[str, int]:
        """The RFLAGS bits that are written; empty where RFLAGS is left alone."""
        return self.rung.flags if self.rung else self.ladder.effect.flags

    @property
    def possible(self) -> bool:
        """Whether a processor can be in this state."""
        return self.impossible is None

    @cached_property
    def impossible(self) -> str | None:
        """Why no processor can be in this state, or None."""
        rule = broken_rule(self.state.columns)
        return rule.reason if rule else None

    @cached_property
    def nearest(self) -> State:
        """The nearest possible state: what the caller named stays as it is, if that can be."""
        return State(nearest_possible(self.state.columns, held=self.kept))

    @property
    def way_to_nearest(self) -> str:
        """The changes that lead to the nearest possible state, in words; '' where this one is possible."""
        return describe_changes(self.state.columns, self.nearest.columns)

    @property
    def reason(self) -> str:
        """Why it ends so, in a sentence; for an impossible state also why it is one, and the nearest possible one."""
        why = f"{self.rung.name}: {self.rung.reason}" if self.rung else "no check stands in the way"
        if self.impossible is None:
            return why
        return (
            f"{why}. But no processor can be in this state: {self.impossible}"
            f" (nearest possible state: {self.way_to_nearest})"
        )

    @property
    def steps(self) -> tuple[tuple[Rung, str], ...]:
        """Each rung in order, with "passed", "stopped here" or "not reached"."""
        decided = self.ladder.rungs.index(self.rung) if self.rung else len(self.ladder.rungs)
        marks = ("passed", "stopped here", "not reached")
        return tuple((rung, marks[(n >= decided) + (n > decided)]) for n, rung in enumerate(self.ladder.rungs))

    def repair(self, target: str = "success") -> Repair | None:
        """Return the smallest change to a possible state that ends in `target`; None where there is none.

        Ties go by table order.  Raises TypeError or ValueError for a target that is no outcome.
        """
        outcome_name(target)
        start, rungs = self.state.columns, self.ladder.rungs
        ways: list[tuple[list[Box], Box | None]] = []
        if target == "success":
            ways.append(([rung.when for rung in rungs], None))
        for place, rung in enumerate(rungs):
            if rung.outcome == target:
                ways.append(([other.when for other in rungs[:place] if other.outcome != target], rung.when))
        found = [
            changes
            for outside, inside in ways
            if (changes := nearest(start, [*BOXES, *self.ladder.left_out, *outside], inside)) is not None
        ]
        return Repair(start, min(found, key=table_order)) if found else None

    def __repr__(self) -> str:
        end = ending(self.rung) if self.rung else self.outcome
        return f"<{self.ladder.instruction}, {self.ladder.source}: {end} — {self.reason}>"


def decide(chosen: Ladder, given: Mapping[str, Value], kept: Iterable[str] | None = None) -> Verdict:
    """The verdict of a ladder on `given` (by column name); what is neither given nor read is left open.

    `kept` names the axes that the nearest possible state should not change; None: all that are given.
    """
    chosen.check_domain(given)
    state = complete({**READY[chosen.instruction], **given}, {*given, *chosen.reads})
    rung, *masked = chosen.firing(state) or (None,)
    keep = frozenset(given if kept is None else kept)
    return Verdict(chosen, State(state), rung, tuple(rung for rung in masked if rung), keep)
