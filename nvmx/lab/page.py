"""What stands in for the explorer where no kernel runs, and what the history shows: pure functions that return HTML."""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import TYPE_CHECKING

from ..model.axis import BY_NAME, Value
from ..model.html import Markup, badge, html_table, join, tag
from ..model.verdict import Verdict, cause_text, decide

if TYPE_CHECKING:  # needs numpy, and this module must work without it
    from ..states.history import Change, Version

_HEADLINE = "font-size:1.2em;line-height:1.4"


def live(page: Markup, data: Mapping[str, object]) -> Markup:
    """Return the page in an element that says, for a script, which explorer it stands for.

    >>> live(Markup("<p>success</p>"), {"source": "xen"})
    "<div data-nvmx='{&quot;source&quot;:&quot;xen&quot;}'><p>success</p></div>"
    """
    told = {name: value for name, value in data.items() if value is not None}
    return tag("div", page, data_nvmx=dumps(told, separators=(",", ":")))


def full_page(verdict: Verdict, other: Verdict | None = None) -> Markup:
    """Return the verdict, its checks, and the verdict of a second source on the same state."""
    page = Markup(verdict._repr_html_())
    return page if other is None else join(page, _line(f"Compared with {other.headline}."))


def brief_page(verdict: Verdict, axes: Sequence[str]) -> Markup:
    """Return the verdict, and how each value of each axis (by column name) ends if the others stay as they are."""
    reason = f", because {verdict.short_reason}" if verdict.rung else ""
    return join(
        tag("p", badge(verdict.outcome), verdict.ending.removeprefix(verdict.outcome), f"{reason}.", style=_HEADLINE),
        "" if verdict.possible else _line(f"{verdict.objection[0].upper()}{verdict.objection[1:]}."),
        tag("ul", *(_axis(verdict, name) for name in axes), style="line-height:1.4"),
    )


def _axis(verdict: Verdict, name: str) -> Markup:
    """Write where the axis is, what it means and who sets it; then one line for each of its values."""
    axis = BY_NAME[name]
    about = f" ({axis.where}): {axis.meaning}. Set by {axis.set_by}."
    values = [tag("li", *_ending(verdict, name, value)) for value in verdict.ladder.domain(name)]
    return tag("li", tag("b", name), about, tag("ul", *values))


def _ending(verdict: Verdict, name: str, value: Value) -> Iterator[object]:
    """Write how it ends with this value; if no processor can have it here, in the closest state with that value."""
    now = verdict.state.columns
    found = decide(verdict.ladder, {**now, name: value}, kept=[name])
    yield tag("b", f"{name} = {value}")
    if not found.possible:
        there = found.nearest.columns
        if there[name] != value:
            yield ": no processor can be in such a state"
            return
        found = decide(verdict.ladder, there)
        also = [f"{each} = {there[each]}" for each in there if there[each] != now[each] and each != name]
        yield f", with {', '.join(also)}"
    yield ": "
    yield from (badge(found.outcome), found.ending.removeprefix(found.outcome))
    if found.rung:
        yield f", because {cause_text(found.rung, found.state)}"
    yield " (as it is now)" if value == now[name] else ""


def _line(*children: object) -> Markup:
    return tag("p", *children, style="line-height:1.4")


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
        html_table(f"{version.ladder.instruction}, {source.id}", ("check", "asks for", "otherwise", "change"), rows),
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
