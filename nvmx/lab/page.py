"""What the explorer shows of one verdict: pure functions, from a verdict to HTML."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ..model.axis import Axis
from ..model.html import badge, html_table
from ..model.outcome import BY_OUTCOME
from ..model.verdict import Verdict
from .small_map import small_map

if TYPE_CHECKING:  # it is counted with numpy, and this file runs without
    from ..states.history import Change, Version

_MARKS = {"passed": "✓ passed", "stopped here": "■ stopped here", "would also fail": "□ would also fail",
          "not reached": "· not reached"}  # fmt: skip
_LINES = "style='line-height:1.4'"


def render(verdict: Verdict, other: Verdict | None = None) -> str:
    """Return the verdict in words, the smallest repair, the ladder with a mark on each rung, and a small map.

    `other` is a second source's verdict on the same state, to compare.
    """
    parts = [_headline(verdict), _impossible(verdict)]
    if other is not None:
        parts.append(_comparison(verdict, other))
    repair = verdict.repair()
    if verdict.outcome != "success" and repair is not None:
        parts.append(f"<p {_LINES}>Smallest repair: {escape(str(repair))}.</p>")
    parts.append(
        "<div style='display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start'>"
        f"<div style='flex:1 1 24em;max-width:38em'>{_ladder(verdict)}</div>"
        f"<figure style='margin:0;max-width:22em'>{small_map(verdict)}"
        "<figcaption style='line-height:1.3'>The frame is where you stand; in empty cells no processor can be."
        "</figcaption></figure></div>"
    )
    return "".join(parts)


def brief(verdict: Verdict, axes: Sequence[Axis]) -> str:
    """Return the verdict in words, and what each of the `axes` is: where it lives, what it means, who sets it."""
    facts = "".join(
        f"<li><b>{escape(axis.name)}</b> ({escape(axis.where)}): {escape(axis.meaning)}. "
        f"Set by {escape(axis.set_by)}.</li>"
        for axis in axes
    )
    return f"{_headline(verdict)}{_impossible(verdict)}<ul {_LINES}>{facts}</ul>"


def _headline(verdict: Verdict) -> str:
    meaning = escape(BY_OUTCOME[verdict.outcome].meaning)
    if verdict.rung is None:
        words = f"{meaning}: no check stands in the way."
    else:
        words = f"{meaning}.<br>Because <b>{escape(verdict.cause)}</b>: {escape(verdict.reason)}."
    return f"<p style='font-size:1.2em;line-height:1.4' role='status'>{badge(verdict.outcome)} {words}</p>"


def _impossible(verdict: Verdict) -> str:
    if verdict.impossible is None:
        return ""
    return (
        f"<p {_LINES}><b>No processor can be in this state:</b> {escape(verdict.impossible)}. "
        f"Nearest possible state: {escape(verdict.way_to_nearest)}.</p>"
    )


def _comparison(verdict: Verdict, other: Verdict) -> str:
    same = verdict.outcome == other.outcome
    why = f", stopped by <b>{escape(other.rung.name)}</b>" if other.rung else ""
    return (
        f"<p {_LINES}>{'The same' if same else '<b>Different</b>'} in {escape(other.ladder.source)}: "
        f"{badge(other.outcome)}{why}.</p>"
    )


def _ladder(verdict: Verdict) -> str:
    rows = []
    for number, (rung, mark) in enumerate(verdict.steps, 1):
        cells = [
            str(number),
            f"<span style='white-space:nowrap'>{_MARKS[mark]}</span>",
            escape(rung.name),
            escape(rung.ending),
        ]
        rows.append([f"<b>{cell}</b>" for cell in cells] if mark == "stopped here" else cells)
    title = f"{verdict.ladder.instruction}, {verdict.ladder.source}: the checks, from the top"
    return html_table(title, ("", "", "asks for", "otherwise"), rows)


def render_version(version: "Version", place: int, count: int) -> str:
    """Return one version of a source: what it changed, what that made right or wrong, and its ladder."""
    source = version.source
    parts = [
        f"<p style='font-size:1.2em;line-height:1.4' role='status'><b>{escape(source.title)}</b>, "
        f"{escape(source.date)} ({place + 1} of {count})<br>{version.total:,} possible states end otherwise than in "
        f"{escape(version.manual.source)}.</p>",
        f"<p {_LINES}>{escape(source.note)}</p>",
    ]
    if place:
        parts += [_change("Made right", version.made_right), _change("Made wrong", version.made_wrong)]
    rows = [
        (str(number), escape(rung.name), escape(rung.ending), f"<b>{escape(version.marks.get(rung.name, ''))}</b>")
        for number, rung in enumerate(version.ladder.rungs, 1)
    ]
    parts.append(
        html_table(f"{version.ladder.instruction}, {source.id}", ("", "asks for", "otherwise", "change"), rows)
    )
    if version.dropped:
        parts.append(f"<p {_LINES}>Dropped: <b>{escape(', '.join(version.dropped))}</b>.</p>")
    parts.append(f"<p {_LINES}>Written in {escape(source.reference)}.</p>")
    return "".join(parts)


def _change(title: str, change: "Change | None") -> str:
    if change is None:
        return f"<p {_LINES}>{title}: no state.</p>"
    state = ", ".join(f"{name}={value}" for name, value in change.example.items()) or "the ready state"
    return (
        f"<p {_LINES}>{title}: {change.states:,} states. For example {escape(state)}: before {badge(change.before)}, "
        f"now {badge(change.now)}, by the manual {badge(change.manual)}.</p>"
    )
