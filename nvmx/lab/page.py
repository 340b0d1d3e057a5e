"""What the controls show: pure functions, from a verdict or a version to HTML."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model.axis import Axis
from ..model.html import Markup, badge, html_table, join, tag
from ..model.outcome import BY_OUTCOME
from ..model.rules import nearest_possible
from ..model.state import State
from ..model.verdict import Verdict, cause_text, changes_text, checks_table
from .small_map import small_map

if TYPE_CHECKING:  # needs numpy, and this module must work without it
    from ..states.history import Change, Version

_HEADLINE = "font-size:1.2em;line-height:1.4"


def verdict_page(verdict: Verdict, other: Verdict | None = None) -> Markup:
    """Return the verdict in words, the smallest repair, the ladder with a mark at each check, and a small map.

    `other` is a second source's verdict on the same state, to compare.
    """
    repair = verdict.repair() if verdict.outcome != "success" else None
    legend = "The frame is where you are; in empty cells no processor can be."
    return join(
        _verdict_text(verdict, other),
        "" if other is None else _comparison(verdict, other),
        "" if repair is None else _line(f"Smallest repair: {repair}."),
        tag(
            "div",
            tag("div", checks_table(verdict), style="flex:1 1 22em;max-width:44em"),
            tag(
                "figure",
                small_map(verdict),
                tag("figcaption", legend, style="line-height:1.3"),
                style="margin:0;flex:none;max-width:100%",
            ),
            style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start",
        ),
    )


def short_page(verdict: Verdict, axes: Sequence[Axis]) -> Markup:
    """Return the verdict in words, and for each of the axes its place in the processor, its meaning and who sets it."""
    facts = [tag("li", tag("b", axis.name), f" ({axis.where}): {axis.meaning}. Set by {axis.set_by}.") for axis in axes]
    return join(_verdict_text(verdict), tag("ul", *facts, style="line-height:1.4"))


def nearest_state(verdict: Verdict, other: Verdict | None = None) -> State:
    """Return the closest possible state about which the source, and the one compared with, say something."""
    outside = [*verdict.ladder.outside_domain, *(other.ladder.outside_domain if other else ())]
    return State(nearest_possible(verdict.state.columns, verdict.kept, outside))


def _line(*children: object) -> Markup:
    return tag("p", *children, style="line-height:1.4")


def _verdict_text(verdict: Verdict, other: Verdict | None = None) -> Markup:
    """The ending and its cause, what else would fail, and for an impossible state why it is one."""
    meaning = BY_OUTCOME[verdict.outcome].meaning
    if verdict.rung is None:
        words: list[object] = [f": {meaning}; no check stands in the way."]
    else:
        words = [_because(verdict), f" ({verdict.rung.reason}).", tag("br"), f"{meaning[0].upper()}{meaning[1:]}."]
    also = "; ".join(
        f"check {number}, because {cause_text(rung, verdict.state)}"
        for number, (rung, mark) in enumerate(verdict.steps, 1)
        if mark == "would also fail"
    )
    return join(
        tag("p", _ending(verdict), *words, style=_HEADLINE, role="status"),
        _line(f"Would also fail: {also}.") if also else "",
        "" if verdict.possible else _impossible(verdict, other),
    )


def _impossible(verdict: Verdict, other: Verdict | None) -> Markup:
    way = changes_text(verdict.state.columns, nearest_state(verdict, other).columns)
    lead, _, reason = verdict.objection.partition(": ")
    return _line(tag("b", f"{lead.capitalize()}:"), f" {reason}. Nearest possible state: {way}.")


def _ending(verdict: Verdict) -> Markup:
    return join(badge(verdict.outcome), "" if verdict.error is None else f" (error {verdict.error})")


def _because(verdict: Verdict) -> str:
    return f", because {verdict.short_reason}" if verdict.rung else ""


def _comparison(verdict: Verdict, other: Verdict) -> Markup:
    same = "The same" if verdict.outcome == other.outcome else tag("b", "Different")
    return _line(same, f" in {other.ladder.source}: ", _ending(other), _because(other), ".")


def version_page(version: "Version", place: int, count: int) -> Markup:
    """Return one version of a source: what it changed, what that made right or wrong, and its ladder."""
    source = version.source
    rows = [
        (number, rung.name, rung.ending, tag("b", version.marks.get(rung.name, "")))
        for number, rung in enumerate(version.ladder.rungs, 1)
    ]
    return join(
        tag(
            "p",
            tag("b", source.title),
            f", {source.date} ({place + 1} of {count})",
            tag("br"),
            f"{version.total:,} possible states end differently from {version.manual.source}.",
            style=_HEADLINE,
            role="status",
        ),
        _line(source.note),
        *((_change("Made right", version.made_right), _change("Made wrong", version.made_wrong)) if place else ()),
        html_table(f"{version.ladder.instruction}, {source.id}", ("", "asks for", "otherwise", "change"), rows),
        _line("Dropped: ", tag("b", ", ".join(version.dropped)), ".") if version.dropped else "",
        _line(f"Written in {source.reference}."),
    )


def _change(title: str, change: "Change | None") -> Markup:
    if change is None:
        return _line(f"{title}: no state.")
    count = f"{change.states:,} state{'s' * (change.states != 1)}"
    example = ", ".join(f"{name}={value}" for name, value in change.example.items()) or "the ready state"
    return _line(
        f"{title}: {count}. For example {example}: before ", badge(change.before), ", now ", badge(change.now),
        ", by the manual ", badge(change.manual), ".",
    )  # fmt: skip
