"""How an instruction can end if only some axes are known, and which checks can be the one that decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from .address import write_address
from .axis import BY_NAME, Value
from .box import Box, condition_text, nearest
from .frozen import FrozenDict
from .html import Markup, badge, code_line, html_table, join, tag
from .instruction import BY_INSTRUCTION, READY
from .ladder import Ladder, Rung
from .look import LOOK, TOOLS
from .observed import Observation
from .outcome import OUTCOMES
from .rules import BOXES, RULES
from .sentence import listed, values_text
from .state import State
from .verdict import Repair, Verdict, changes_text, decide

_WIDEST = 100  # of a line that is quoted, in characters
_SUSPECTS = 12  # how many checks a text shows; `suspects` has all of them
_LISTED = 6  # how many ways to look a text shows; `looks` has all of them


@dataclass(frozen=True)
class Suspect:
    """A check that can be the one that decided; `state` is the state closest to ready in which it decides.

    `open` are the axes of the check that are not known.
    """

    number: int
    rung: Rung
    state: State
    open: tuple[str, ...]
    ladder: Ladder

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that the check reads, by column name."""
        return tuple(self.rung.when)

    @cached_property
    def repair(self) -> Repair | None:
        """The smallest change after which the instruction succeeds, if all else that is not known is ready."""
        return decide(self.ladder, self.state.columns).repair()


@dataclass(frozen=True, repr=False)
class Explanation:
    """What a ladder says if only the axes in `known` (by column name) are known, after `seen` was observed.

    `named` is the instruction that a text names, and `executed` whether it was executed (None: not known).  `evidence`
    quotes, for each known axis, the lines that say so; `remarks` are sentences about the text, and `objection` says why
    it is refused, or is None.  If `named` is another instruction, what was seen says nothing about this one.
    `excluded` holds values that some axes do not have.  `decoded=True` takes for granted, if that is possible at all,
    that the bytes are those of this instruction: no LOCK prefix, and no register as the operand.

    >>> import nvmx
    >>> found = nvmx.explain("VMXON", "intel", observed="#GP(0)", cpl=0, cr0_ne=1, cr0_pg=1, fc_lock=1, smx=0, a20m=0)
    >>> [suspect.rung.name for suspect in found.suspects]
    ['other fixed bits valid', 'VMXON enabled outside SMX', 'operand address valid']
    >>> found.missing
    ('operand', 'other_fixed_bits', 'FEATURE_CONTROL.vmx')
    """

    ladder: Ladder
    known: Mapping[str, Value]
    seen: tuple[Observation, ...] = ()
    named: str | None = None
    executed: bool | None = None
    evidence: Mapping[str, tuple[str, ...]] = FrozenDict()
    remarks: tuple[str, ...] = ()
    objection: str | None = None
    excluded: Mapping[str, tuple[Value, ...]] = FrozenDict()
    decoded: bool = False

    @property
    def is_about_another(self) -> bool:
        """Whether the text names an instruction that is not this one."""
        return self.named not in (None, self.ladder.instruction)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What was seen of this instruction."""
        return () if self.is_about_another else self.seen

    @cached_property
    def _granted(self) -> tuple[Rung, ...]:
        """The decoder's checks that could decide, but are taken for granted."""
        checks = [rung for rung, _ in self._all_endings if rung and rung.by == "decoder"] if self.decoded else []
        return tuple(checks) if len(checks) < len(self._all_endings) else ()

    @cached_property
    def _endings(self) -> tuple[tuple[Rung | None, State], ...]:
        """Each rung that can decide (None: success), and the state closest to ready in which it does."""
        return tuple(ending for ending in self._all_endings if ending[0] not in self._granted)

    @cached_property
    def _all_endings(self) -> tuple[tuple[Rung | None, State], ...]:
        if self.objection is not None:
            return ()
        found = [(rung, self._agreeing(rung, self.known)) for rung in (*self.ladder.rungs, None)]
        return tuple((rung, State(state)) for rung, state in found if state is not None)

    def _agreeing(self, rung: Rung | None, known: Mapping[str, Value]) -> Mapping[str, Value] | None:
        """Return the state closest to ready that agrees with everything and that this rung decides, or None."""
        earlier = takewhile(lambda other: other is not rung, self.ladder.rungs)
        outside = [*BOXES, *self.ladder.outside_domain, *(other.when for other in earlier)]
        outside += [FrozenDict({name: values}) for name, values in self.excluded.items()]
        effect = self.ladder.effect
        outcome, error, flags = (rung.outcome, rung.error, rung.flags) if rung else ("success", None, effect.flags)
        for each in self.observations:
            if not each.allows(outcome, error, flags):
                return None
            outside += _before(each.never_after, {} if rung else effect.after)
        start = {**READY[self.ladder.instruction], **known}
        changes = nearest(start, outside, inside=rung.when if rung else None, held=frozenset(known))
        return None if changes is None else {**start, **changes}

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that are still possible, in the order of OUTCOMES."""
        found = {rung.outcome if rung else "success" for rung, _ in self._endings}
        return tuple(name for name in OUTCOMES if name in found)

    @cached_property
    def suspects(self) -> tuple[Suspect, ...]:
        """The checks that can be the one that decided, in order."""
        return tuple(
            Suspect(
                self.ladder.number(rung),
                rung,
                state,
                tuple(name for name in rung.when if name not in self.known),
                self.ladder,
            )
            for rung, state in self._endings
            if rung
        )

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The axes, in table order, whose value would help to tell the endings apart that are still possible."""
        if len(self._endings) < 2:
            return ()
        named = {name for suspect in self.suspects for name in suspect.open}
        return tuple(name for name in BY_NAME if name in named and self._varies(name))

    def _varies(self, name: str) -> bool:
        values = {state.columns[name] for _, state in self._endings}
        for value in BY_NAME[name].values:
            if len(values) > 1:
                break
            rungs = (rung for rung, _ in self._endings)
            if value not in values and any(self._agreeing(rung, {**self.known, name: value}) for rung in rungs):
                values.add(value)
        return len(values) > 1

    @property
    def repair(self) -> Repair | None:
        """The smallest repair if one check is left; None if there are several, if none is, or if there is no way."""
        return self.suspects[0].repair if len(self.suspects) == 1 else None

    @cached_property
    def verdict(self) -> Verdict | None:
        """The verdict, if every axis of the instruction is known (and the state is possible); else None."""
        everything = all(name in self.known for name in BY_INSTRUCTION[self.ladder.instruction].axes)
        return decide(self.ladder, self._endings[0][1].columns) if everything and self._endings else None

    @property
    def observed(self) -> str | None:
        """The outcome that was seen, if it is only one."""
        ladder = self.ladder
        endings: list[tuple[str, int | None, Mapping[str, int]]] = [("success", None, ladder.effect.flags)]
        endings += [(rung.outcome, rung.error, rung.flags) for rung in ladder.rungs]
        left = {ending[0] for ending in endings if all(each.allows(*ending) for each in self.seen)}
        for each in self.seen:
            if len(each.outcomes) == 1:
                return each.outcomes[0]
        return left.pop() if self.seen and len(left) == 1 and not self.is_about_another else None

    @property
    def is_ruled_out(self) -> bool:
        """Whether what was seen cannot be in any state that agrees with what is known."""
        return self.objection is None and not self._endings and not self._clash

    @cached_property
    def _clash(self) -> Mapping[str, Value]:
        """What is known and contradicts itself."""
        return _conflict(self.known, self.ladder)

    @cached_property
    def refused(self) -> str | None:
        """Why there is no answer: the text was refused, or what is known or was observed contradicts itself."""
        if self.objection is not None or self._endings:
            return self.objection
        if self._clash:
            return f"{values_text(self._clash, ' and ')}: {_why_impossible(self._clash)}"
        seen = ", ".join(each.text for each in self.seen)
        left = Explanation(self.ladder, self.known).outcomes
        return f"by {self.ladder.source}, what is known allows only {listed(left, 'or')}, but what was seen is: {seen}"

    @property
    def behind(self) -> tuple[Rung, ...]:
        """The checks after the first suspect that fail as well, whatever is not known."""
        if not self.suspects:
            return ()
        names = {suspect.rung.name for suspect in self.suspects}
        return tuple(
            rung
            for rung in self.ladder.rungs[self.suspects[0].number :]
            if rung.name not in names
            and all(name in self.known and self.known[name] in values for name, values in rung.when.items())
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the text and the answer."""
        found = list(self.remarks)
        name = self.ladder.instruction
        if self.is_about_another:
            found.insert(0, f"the text shows {self.named}: what follows is what {name} would do in this state")
        elif self.named is None and self.objection is None:
            found.append(f"no instruction was named: the state is explained for {name}")
        if self._granted:
            found.append(f"taken for granted: {', '.join(rung.name for rung in self._granted)}")
        if any("FEATURE_CONTROL.lock" in each.repair.columns for each in self.suspects if each.repair):
            found.append("the lock keeps the other bits of FEATURE_CONTROL as they are: write it together with bit 2")
        for rung in self.behind:
            cause = values_text(self._of(rung.when), " and ")
            found.append(f"would also fail: check {self.ladder.number(rung)}, {rung.name} ({cause})")
        return tuple(found)

    def _if_ready(self) -> str:
        """Say how it ends in the state closest to ready, and why; "" for success."""
        ready = READY[self.ladder.instruction]

        def distance(ending: tuple[Rung | None, State]) -> int:
            return sum(value != ready[name] for name, value in ending[1].columns.items())

        _, state = min(self._endings, key=distance)
        found = decide(self.ladder, state.columns)
        return f"{found.ending}, because {found.short_reason}" if found.rung else ""

    def _of(self, names: Iterable[str]) -> dict[str, Value]:
        return {name: self.known[name] for name in names if name in self.known}

    @property
    def address(self) -> str:
        """The text form of the question, such as `VMXON/intel?cpl=3`."""
        return write_address(self.ladder.instruction, self.ladder.source, self.known)

    @property
    def status(self) -> int:
        """The exit status of the command: 0 if one check is left (or none: success), 3 if several, 4 if refused."""
        if self.refused is not None or self.is_about_another:
            return 4
        return 3 if len(self.suspects) > 1 else 0

    def as_json(self) -> dict[str, object]:
        """Return the answer as a dictionary for `json.dumps`; docs/command-line.md describes its keys."""
        repair = self.repair
        return {
            "instruction": self.named,
            "executed": self.executed,
            "observed": self.observed,
            "known": dict(self.known),
            "outcomes": list(self.outcomes),
            "suspects": [
                {"check": each.rung.name, "outcome": each.rung.outcome, "axes": list(each.axes)}
                for each in self.suspects
            ],
            "missing": list(self.missing),
            "repair": None if repair is None else dict(repair.columns),
            "notes": list(self.notes),
            "refused": self.refused,
        }

    @property
    def headline(self) -> str:
        """The answer in one line."""
        who = f"{self.ladder.instruction}, {self.ladder.source}"
        if self.is_about_another:
            who = f"not {self.ladder.instruction}, but {self.named}; {who} in this state"
        if self.refused is not None:
            return f"{who}: no answer, because {self.refused}"
        if not self.suspects:
            return f"{who}: success; no check stands in the way"
        observed = " and ".join(dict.fromkeys(each.text for each in self.observations))
        after = f" (seen: {observed})" if observed else ""
        count = len(self.suspects)
        if count == 1 and len(self.outcomes) == 1:
            only = self.suspects[0]
            why = f"because {suspect_cause(only, self.known)}; check {only.number} asks for {only.rung.name}"
            return f"{who}: {only.rung.ending}, {why}{after}"
        checks = f"{count} checks can be" if count > 1 else f"check {self.suspects[0].number} alone can be"
        if observed:
            return f"{who}: {listed(self.outcomes, 'or')}; {checks} the one that refuses{after}"
        ready = self._if_ready()
        if not ready:
            return f"{who}: nothing that is known stands in the way; {checks} the one that refuses"
        return f"{who}: if all else is ready, {ready}; but {checks} the one that refuses"

    def looks(self) -> list[tuple[str, Mapping[str, str]]]:
        """Return how to read what is missing: the axes, with commas between them, and for each tool the way."""
        ways: dict[Mapping[str, str], list[str]] = {}
        for name in self.missing:
            ways.setdefault(FrozenDict(LOOK[name]), []).append(name)
        return [(", ".join(names), way) for way, names in ways.items()]

    def _quotes(self) -> list[tuple[str, str]]:
        """Return what is known, grouped by the first line that says so."""
        lines: dict[str, list[str]] = {}
        for name, value in self.known.items():
            line = next(iter(self.evidence.get(name, ())), "given")
            lines.setdefault(line, []).append(f"{name}={value}")
        return [(", ".join(values), line) for line, values in lines.items()]

    def __repr__(self) -> str:
        return f"<{self.headline}>"

    def __str__(self) -> str:
        parts = [[self.headline], [f"note: {note}" for note in self.notes]]
        if self.evidence:
            width = min(_WIDEST // 3, max(len(values) for values, _ in self._quotes()))
            parts.append(["known:"] + [f"  {values:{width}}  {_cut(line)}" for values, line in self._quotes()])
        if self.verdict is not None:
            parts.append(str(self.verdict).splitlines()[2:-2])
        elif self.suspects:
            shown = self.suspects[:_SUSPECTS]
            name = max(len(each.rung.name) for each in shown)
            ending = max(len(each.rung.ending) for each in shown)
            folded = [f"   ... and {len(self.suspects) - _SUSPECTS} more"] if len(self.suspects) > _SUSPECTS else []
            parts.append(["checks that can be the one:"] + [
                f"{each.number:4}  {each.rung.name:{name}}  {each.rung.ending:{ending}}"
                f"  if {suspect_cause(each, self.known)}{_repair_text(each)}" for each in shown
            ] + folded)  # fmt: skip
        if self.missing:
            looks = self.looks()
            more = [f"  ... and {len(looks) - _LISTED} more"] if len(looks) > _LISTED else []
            parts.append(["to find out:"] + [
                f"  {names}: " + "; ".join(f"{tool}: {ways[tool]}" for tool in TOOLS if tool in ways)
                for names, ways in looks[:_LISTED]
            ] + more)  # fmt: skip
        if self.known and self.refused is None:
            parts.append([self.address])
        return "\n\n".join("\n".join(part) for part in parts if part)

    def _repr_html_(self) -> str:
        head = join(*(join(badge(outcome), " ") for outcome in self.outcomes), self.headline, ".")
        tables: list[Markup] = []
        if self.suspects:
            tables.append(html_table(
                "Checks that can be the one", ("", "asks for", "otherwise", "if", "smallest repair"),
                [(each.number, each.rung.name, each.rung.ending, suspect_cause(each, self.known),
                  "" if each.repair is None else each.repair) for each in self.suspects],
            ))  # fmt: skip
        if self.missing:
            tables.append(
                html_table(
                    "To find out",
                    ("axis", *TOOLS),
                    [(names, *(ways.get(tool, "") for tool in TOOLS)) for names, ways in self.looks()],
                )
            )
        if self.evidence:
            tables.append(html_table("Known", ("axes", "from"), self._quotes()))
        notes = tag("ul", *(tag("li", note) for note in self.notes)) if self.notes else ""
        return join(tag("p", head, style="font-size:1.2em;line-height:1.4"), notes, *tables, code_line(self.address))


Explanation.__module__ = "nvmx"  # it presents itself under its public name


def _before(boxes: Iterable[Box], after: Mapping[str, Value]) -> list[Box]:
    """Return the boxes of states that lead into `boxes` if these axes are set on the way."""
    return [
        FrozenDict({name: values for name, values in box.items() if name not in after})
        for box in boxes
        if all(after[name] in values for name, values in box.items() if name in after)
    ]


def _is_possible(known: Mapping[str, Value], ladder: Ladder) -> bool:
    start = {**READY[ladder.instruction], **known}
    return nearest(start, [*BOXES, *ladder.outside_domain], held=frozenset(known)) is not None


def _conflict(known: Mapping[str, Value], ladder: Ladder) -> dict[str, Value]:
    """Return the values that no possible state has together, as few of them as possible; empty if there are none."""
    if _is_possible(known, ladder):
        return {}
    left = dict(known)
    for rule in RULES:  # a rule says it best
        if all(name in known and known[name] in values for name, values in rule.when.items()):
            return {name: known[name] for name in rule.when}
    for name in known:
        fewer = {other: value for other, value in left.items() if other != name}
        if not _is_possible(fewer, ladder):
            left = fewer
    return left


def _why_impossible(clash: Mapping[str, Value]) -> str:
    for rule in RULES:
        if all(name in clash and clash[name] in values for name, values in rule.when.items()):
            return rule.reason
    return "no processor can be in such a state"


def _cut(line: str) -> str:
    """Return the two ends of a line that is too long to quote."""
    half = _WIDEST // 2
    return line if len(line) <= _WIDEST else f"{line[:half]} ... {line[-half:]}"


def suspect_cause(suspect: Suspect, known: Mapping[str, Value]) -> str:
    """Write when a check fires: the values that are known, and those that would make it fire.

    >>> import nvmx
    >>> suspect_cause(nvmx.explain("VMXON", "intel", cr0_ne=0, cpl=0).suspects[0], {})
    'LOCK = 1'
    """
    return " and ".join(
        f"{name} = {known[name]}" if name in known else condition_text({name: values}).replace("=", " = ")
        for name, values in suspect.rung.when.items()
    )


def _repair_text(suspect: Suspect) -> str:
    if suspect.repair is None:
        return ""
    changes = changes_text(suspect.state.columns, suspect.repair.columns)
    return f"; repair: {changes}{' (and a power-up reset)' if suspect.repair.needs_reset else ''}"
