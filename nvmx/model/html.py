"""The few pieces of HTML that notebooks show: a table, and an outcome as a coloured word."""

from collections.abc import Iterable, Sequence
from html import escape

from .outcome import BY_OUTCOME


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells of `rows` are HTML already, `caption` and `head` are text."""
    left = "style='text-align:left;padding:.15em .7em .15em 0;line-height:1.3'"
    return (
        f"<table><caption {left}>{escape(caption)}</caption><thead><tr>"
        + "".join(f"<th scope='col' {left}>{escape(cell)}</th>" for cell in head)
        + "</tr></thead><tbody>"
        + "".join("<tr>" + "".join(f"<td {left}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        + "</tbody></table>"
    )


def badge(outcome: str) -> str:
    """Return the outcome's name on its colour; what is no outcome of the model (a processor's) has none."""
    if outcome not in BY_OUTCOME:
        return f"<b>{escape(outcome)}</b>"
    look = BY_OUTCOME[outcome]
    return (
        f"<b style='background:{look.colour};color:{look.ink};padding:.1em .5em;border-radius:.2em;"
        f"white-space:nowrap'>{escape(outcome)}</b>"
    )
