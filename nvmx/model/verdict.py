"""A verdict: how an instruction ends in one state, which check decided, and what the smallest repair is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .address import write_address
from .axis import BY_NAME, Value
from .box import Box, nearest, table_order
from .html import Markup, badge, code_line, html_table, join, tag
from .instruction import READY
from .ladder import Ladder, Rung
from .outcome import outcome_name
from .rules import BOXES, Rule, broken_rule, complete, nearest_possible
from .sentence import values_text
from .state import State

_FEATURE_CONTROL = ("FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx")
MARKS = ("passed", "stopped here", "would also fail", "not reached")
_FAILS = ("stopped here", "would also fail")
_SIGNS = dict(zip(MARKS, ("✓", "■", "□", "·"), strict=True))


def changes_text(start: Mapping[str, Value], end: Mapping[str, Value]) -> str:
    """Write what differs in `end`.

    >>> changes_text({"CPL": 3, "CR0.NE": 1}, {"CPL": 0, "CR0.NE": 1})
    'CPL 3 -> 0'
    """
    return ", ".join(f"{name} {start[name]} -> {value}" for name, value in end.items() if start[name] != value)


class Repair(dict[str, Value]):
    """The axes to change, all at once: {keyword: new value}, and `columns` by column name; its text is for people.

    `needs_reset` is True if a locked FEATURE_CONTROL must change, which takes a power-up reset and other firmware.
    """

    def __init__(self, start: Mapping[str, Value], changes: Mapping[str, Value]) -> None:
        super().__init__({BY_NAME[name].keyword: value for name, value in changes.items()})
        self._start, self.columns = start, changes
        self.needs_reset = start["FEATURE_CONTROL.lock"] == 1 and any(name in changes for name in _FEATURE_CONTROL)

    def __str__(self) -> str:
        if not self:
            return "nothing to change"
        text = changes_text(self._start, self.columns)
        return f"{text} (FEATURE_CONTROL is locked: this needs a power-up reset)" if self.needs_reset else text


@dataclass(frozen=True, repr=False)
class Verdict:
    """How an instruction ends in `state` by `ladder`: `rung` decided (None: success); those in `masked` fire as well.

    >>> import nvmx
    >>> found = nvmx.verdict("VMXON", "intel", cr0_ne=0, fc_lock=0)
    >>> found
    <VMXON, intel: #GP(0), because CR0.NE = 0; check 12 asks for CR0.NE set>
    >>> found.outcome, found.rung.name, [rung.name for rung in found.masked]
    ('#GP(0)', 'CR0.NE set', ['FEATURE_CONTROL locked'])
    >>> print(found.repair())
    CR0.NE 0 -> 1, FEATURE_CONTROL.lock 0 -> 1
    """

    ladder: Ladder
    state: State
    rung: Rung | None
    masked: tuple[Rung, ...]
    kept: frozenset[str]  # the axes that `nearest` leaves as they are, if possible

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        return self.rung.outcome if self.rung else "success"

    @property
    def error(self) -> int | None:
        """The VM-instruction error number that the current VMCS records, or None."""
        return self.rung.error if self.rung else None

    @property
    def ending(self) -> str:
        """The outcome, with the error number if there is one."""
        return self.rung.ending if self.rung else self.outcome

    @property
    def flags(self) -> Mapping[str, int]:
        """The RFLAGS bits that are written; empty if RFLAGS is left alone."""
        return self.rung.flags if self.rung else self.ladder.effect.flags

    @property
    def after(self) -> State:
        """The state afterwards: only success changes it.

        Some hypervisors succeed where a processor would not; then `after.possible` is False, and `after.reason` says
        why.
        """
        return State({**self.state.columns, **self.ladder.effect.after}) if self.outcome == "success" else self.state

    @property
    def possible(self) -> bool:
        """Whether a processor can be in this state."""
        return self.impossible is None

    @property
    def impossible(self) -> str | None:
        """Why no processor can be in this state, or None."""
        return self._rule.reason if self._rule else None

    @cached_property
    def _rule(self) -> Rule | None:
        return broken_rule(self.state.columns)

    @property
    def objection(self) -> str:
        """What is wrong with this state, in a sentence; "" if it is possible.

        >>> import nvmx
        >>> nvmx.verdict("VMXON", "intel", efer_lma=0).objection
        'this state is counted as another one: CS.L means nothing outside long mode; such a state is counted at CS.L=0'
        """
        if self._rule is None:
            return ""
        counted = self._rule.canonical_axis is not None
        lead = "this state is counted as another one" if counted else "no processor can be in this state"
        return f"{lead}: {self._rule.reason}"

    @cached_property
    def nearest(self) -> State:
        """The closest possible state about which the source says something; what was named stays, if possible."""
        return State(nearest_possible(self.state.columns, self.kept, self.ladder.outside_domain))

    @property
    def way_to_nearest(self) -> str:
        """The changes that lead to `nearest`, in words; "" if this state is possible."""
        return changes_text(self.state.columns, self.nearest.columns)

    @property
    def cause(self) -> str:
        """The values that made the deciding rung fire, such as `CR0.NE = 0`; "" for success."""
        return cause_text(self.rung, self.state) if self.rung else ""

    @property
    def reason(self) -> str:
        """Why it ends like this, in a sentence; for an impossible state also why, and the closest possible one."""
        why = f"{self.short_reason} ({self.rung.reason})" if self.rung else "no check stands in the way"
        return why + self._doubt

    @property
    def steps(self) -> tuple[tuple[Rung, str], ...]:
        """Each rung in order with its mark: "passed", "stopped here", "would also fail" or "not reached"."""
        decided = self.ladder.rungs.index(self.rung) if self.rung else len(self.ladder.rungs)
        after = ["would also fail" if rung in self.masked else "not reached" for rung in self.ladder.rungs]
        marks = ["passed"] * decided + ["stopped here"] + after[decided + 1 :]
        return tuple(zip(self.ladder.rungs, marks, strict=False))

    def repair(self, target: str = "success") -> Repair | None:
        """Return the smallest change, to a possible state, after which the instruction ends in `target`.

        Of equally small changes, the first in table order.  None: there is no such state.  Raises UnknownName if
        `target` is no outcome.
        """
        outcome_name(target)
        start, rungs = self.state.columns, self.ladder.rungs
        ways: list[tuple[list[Box], Box | None]] = []  # boxes to be outside of, and one to be inside
        if target == "success":
            ways.append(([rung.when for rung in rungs], None))
        for place, rung in enumerate(rungs):
            if rung.outcome == target:
                ways.append(([other.when for other in rungs[:place] if other.outcome != target], rung.when))
        found = [
            changes
            for outside, inside in ways
            if (changes := nearest(start, [*BOXES, *self.ladder.outside_domain, *outside], inside)) is not None
        ]
        return Repair(start, min(found, key=table_order)) if found else None

    @property
    def short_reason(self) -> str:
        """The cause and the check: `CR0.NE = 0; check 12 asks for CR0.NE set`; "" for success."""
        if self.rung is None:
            return ""
        return f"{self.cause}; check {self.ladder.number(self.rung)} asks for {self.rung.name}"

    @property
    def _doubt(self) -> str:
        if self.possible:
            return ""
        return f". But {self.objection} (closest possible state: {self.way_to_nearest})"

    @property
    def headline(self) -> str:
        """The ending and its cause in one line."""
        because = f", because {self.short_reason}" if self.rung else ""
        return f"{self.ladder.instruction}, {self.ladder.source}: {self.ending}{because}"

    @property
    def address(self) -> str:
        """The text form of the question: the values that differ from the ready ones, such as `VMXON/intel?cpl=3`."""
        ready = READY[self.ladder.instruction]
        values = {name: value for name, value in self.state.columns.items() if value != ready[name]}
        return write_address(self.ladder.instruction, self.ladder.source, values)

    def __repr__(self) -> str:
        return f"<{self.headline}{self._doubt}>"

    def __str__(self) -> str:
        width = max((len(rung.name) for rung in self.ladder.rungs), default=0)
        lines = [self.headline + self._doubt, ""]
        for number, (rung, mark) in enumerate(self.steps, 1):
            ending = f"{rung.ending}, because {cause_text(rung, self.state)}" if mark in _FAILS else ""
            lines.append(f"{number:3}  {mark:15}  {rung.name:{width}}  {ending}".rstrip())
        return "\n".join([*lines, *["", self._repair_line] * bool(self._repair_line), "", self.address])

    @cached_property
    def _repair_line(self) -> str:
        repair = self.repair() if self.outcome != "success" else None
        return "" if repair is None else f"smallest repair: {repair}"

    def _repr_html_(self) -> str:
        why = f"because {self.reason}" if self.rung else self.reason
        return join(
            tag("p", badge(self.outcome), f" {why}.", style="font-size:1.2em;line-height:1.4"),
            checks_table(self),
            tag("p", self._repair_line) if self._repair_line else "",
            code_line(self.address),
        )


def cause_text(rung: Rung, state: State) -> str:
    """Write the values because of which a rung fires.

    >>> import nvmx
    >>> found = nvmx.verdict("VMXON", "intel", cr0_ne=0, cr0_pg=0)
    >>> [cause_text(rung, found.state) for rung in found.masked]
    ['CR0.PG = 0']
    """
    return values_text({name: state.columns[name] for name in rung.when}, " and ")


def checks_table(verdict: Verdict) -> Markup:
    """Return the checks in order as an HTML table, each with its mark and, if it fails, the cause."""
    rows = []
    for number, (rung, mark) in enumerate(verdict.steps, 1):
        cause = f", because {cause_text(rung, verdict.state)}" if mark in _FAILS else ""
        sign = tag("span", f"{_SIGNS[mark]} {mark}", style="white-space:nowrap")
        cells = [number, sign, rung.name, rung.ending + cause]
        rows.append([tag("b", cell) for cell in cells] if mark == "stopped here" else cells)
    title = f"{verdict.ladder.instruction}, {verdict.ladder.source}: the checks, from the top"
    return html_table(title, ("check", "mark", "asks for", "otherwise"), rows)


def decide(ladder: Ladder, given: Mapping[str, Value], kept: Iterable[str] | None = None) -> Verdict:
    """Return the verdict of a ladder on the axes in `given` (by column name); the others are ready.

    An axis that is neither given nor read by the ladder takes any value that makes the state possible.
    `kept` names the axes that the closest possible state should not change; None: all that are given.

    >>> import nvmx
    >>> decide(nvmx.ladder("VMXON", "intel"), {"CPL": 3}).outcome
    '#GP(0)'
    """
    ladder.check_domain(given)
    state = State(complete({**READY[ladder.instruction], **given}, {*given, *ladder.reads}))
    rung, *masked = ladder.firing(state.columns) or (None,)
    keep = frozenset(given if kept is None else kept)
    return Verdict(ladder, state, rung, tuple(rung for rung in masked if rung), keep)
