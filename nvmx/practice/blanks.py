"""The blanks that several kinds of problems have: how it ends, which check decides, which others fail."""

from collections.abc import Collection, Sequence

from ..model.ladder import Ladder, Rung
from ..model.outcome import OUTCOMES
from ..model.state import State
from ..model.verdict import Verdict, cause_text
from .task import Blank
from .typed import are_these, read_checks, read_ending, read_outcomes


def numbered(ladder: Ladder, rung: Rung) -> str:
    """Return a rung's number and name.

    >>> import nvmx
    >>> ladder = nvmx.ladder("VMXON", "intel")
    >>> numbered(ladder, ladder.rungs[3])
    'check 4: CR4.VMXE set'
    """
    return f"check {ladder.number(rung)}: {rung.name}"


def ending_blank(found: Verdict, label: str = "It ends in") -> Blank:
    """Ask how an instruction ends; an error number is compared if one was typed."""
    why = found.short_reason or "no check stands in the way"

    def objection(given: tuple[str, int | None]) -> str:
        outcome, error = given
        if outcome == found.outcome and (error == found.error or error is None or found.error is None):
            return ""
        if outcome == found.outcome:
            return f"the error number is {found.error}: {why}"
        return f"{found.ending}, because {why}{_why_not(found, outcome)}"

    return Blank(label, found.ending, why, read_ending, objection)


def _why_not(found: Verdict, outcome: str) -> str:
    """Return which later check would end like this, if one would."""
    later = [rung for rung in found.masked if rung.outcome == outcome]
    return f"; {numbered(found.ladder, later[0])} fails as well, but comes later" if later else ""


def check_blank(found: Verdict, label: str = "The check that decides") -> Blank:
    """Ask which check decides: by its number, its name or an axis that it looks at; "none" for success."""
    ladder, rung = found.ladder, found.rung
    why = found.short_reason or "no check stands in the way"

    def objection(given: Sequence[frozenset[Rung]]) -> str:
        if not given:
            return "" if rung is None else why
        if rung is None:
            return "none: no check stands in the way"
        if all(rung in each for each in given):
            return ""
        named = next((each for each in ladder.rungs if each in given[0]), rung)
        return f"{why}; {_role(found, named)}"

    return Blank(label, "none" if rung is None else numbered(ladder, rung), "" if rung is None else found.cause,
                 read_checks(ladder), objection)  # fmt: skip


def _role(found: Verdict, rung: Rung) -> str:
    name = numbered(found.ladder, rung)
    return f"{name} fails as well, but comes later" if rung in found.masked else f"{name} passes here"


def masked_blank(found: Verdict, label: str = "Later checks that fail as well") -> Blank:
    """Ask for the checks that would fail as well if the deciding one did not."""
    return checks_blank(label, found.ladder, found.masked, found.state)


def checks_blank(label: str, ladder: Ladder, wanted: Sequence[Rung], state: State | None = None) -> Blank:
    """Ask for a set of checks, in any order."""
    answer = "; ".join(numbered(ladder, rung) for rung in wanted) or "none"
    why = "; ".join(cause_text(rung, state) for rung in wanted) if state else ""

    def objection(given: Sequence[frozenset[Rung]]) -> str:
        return "" if are_these(given, wanted) else f"{answer}{f' ({why})' if why else ''}"

    return Blank(label, answer, why, read_checks(ladder), objection)


def outcomes_blank(label: str, wanted: Collection[str], why: str) -> Blank:
    """Ask for a set of outcomes, in any order."""
    answer = ", ".join(name for name in OUTCOMES if name in wanted)
    return Blank(label, answer, why, read_outcomes, lambda given: "" if given == set(wanted) else f"{answer}: {why}")
