"""What the explorer shows of one verdict: a pure function, from a verdict to HTML."""

from html import escape

from .answer import Verdict
from .markup import badge, html_table
from .outcome import BY_OUTCOME
from .rung import ending

_MARKS = {"passed": "✓ passed", "stopped here": "■ stopped here", "not reached": "· not reached"}


def render(verdict: Verdict) -> str:
    """Return the verdict in words, the ladder with a mark on each rung, and the smallest repair."""
    parts = [f"<p style='font-size:1.2em' role='status'>{badge(verdict.outcome)} {_headline(verdict)}</p>"]
    if verdict.impossible:
        parts.append(
            f"<p><b>No processor can be in this state:</b> {escape(verdict.impossible)}. "
            f"Nearest possible state: {escape(verdict.way_to_nearest)}.</p>"
        )
    repair = verdict.repair()
    if verdict.outcome != "success" and repair is not None:
        parts.append(f"<p>Smallest repair: {escape(str(repair))}.</p>")
    rows = []
    for number, (rung, mark) in enumerate(verdict.steps, 1):
        cells = [str(number), escape(_MARKS[mark]), escape(rung.name), escape(ending(rung))]
        if mark == "stopped here":
            cells = [f"<b>{cell}</b>" for cell in cells]
        rows.append(cells)
    title = f"{verdict.ladder.instruction}, {verdict.ladder.source}: the checks, from the top"
    parts.append(html_table(title, ("", "", "asks for", "otherwise"), rows))
    return "".join(parts)


def _headline(verdict: Verdict) -> str:
    meaning = BY_OUTCOME[verdict.outcome].meaning
    if verdict.rung is None:
        return escape(f"{meaning}: no check stands in the way.")
    return f"{escape(meaning)}.<br>Stopped by <b>{escape(verdict.rung.name)}</b>: {escape(verdict.rung.reason)}."
