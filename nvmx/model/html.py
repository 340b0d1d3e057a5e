"""HTML for notebooks.  Every text is escaped unless it is `Markup`, so a forgotten escape cannot do harm."""

from collections.abc import Collection, Iterable, Sequence

from .outcome import BY_OUTCOME

_WITHOUT_CHILDREN = ("br", "path", "rect")


class Markup(str):
    """Text that is HTML already: made by `tag` and `join`, which escape every other text."""

    __slots__ = ()


def escape(text: str) -> str:
    """Return text that means itself in HTML.

    >>> escape("<a href='b'>")
    '&lt;a href=&#x27;b&#x27;&gt;'
    """
    from html import escape as escaped  # slow to load, and so only if there is something to show

    return escaped(text)


def join(*children: object) -> Markup:
    """Return the children one after another, as HTML.

    >>> join("1 < 2", Markup("<br/>"), 3)
    '1 &lt; 2<br/>3'
    """
    return Markup("".join(child if isinstance(child, Markup) else escape(str(child)) for child in children))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return an element.  In attribute names, an underscore stands for a hyphen.

    >>> tag("p", "a & b, ", tag("b", "c"), aria_label="it's")
    "<p aria-label='it&#x27;s'>a &amp; b, <b>c</b></p>"
    """
    head = name + "".join(f" {key.replace('_', '-')}='{escape(str(value))}'" for key, value in attributes.items())
    return Markup(f"<{head}/>" if name in _WITHOUT_CHILDREN else f"<{head}>{join(*children)}</{name}>")


def html_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Collection[int] = ()
) -> Markup:
    """Return a table; cells are text, or Markup.  `numbers` are the columns to align at the right, counted from 0.

    It stands at the left: JupyterLab would centre it beside some outputs and not beside others.
    """
    style = "text-align:{};padding:.15em .7em .15em 0;line-height:1.3"
    styles = [style.format("right" if n in numbers else "left") for n in range(len(head))]
    return tag(
        "table",
        tag("caption", caption, style=style.format("left")) if caption else "",
        tag("thead", tag("tr", *(tag("th", cell, scope="col", style=s) for cell, s in zip(head, styles, strict=True)))),
        tag(
            "tbody",
            *(tag("tr", *(tag("td", cell, style=s) for cell, s in zip(row, styles, strict=True))) for row in rows),
        ),
        style="margin-left:0",
    )


def code_line(text: str) -> Markup:
    """Return code that goes on in the next line if it is wider than the page.

    >>> code_line("VMXON/intel")
    "<code style='overflow-wrap:anywhere'>VMXON/intel</code>"
    """
    return tag("code", text, style="overflow-wrap:anywhere")


def badge(outcome: str) -> Markup:
    """Return the name of an outcome on its colour.

    An outcome that the model lacks (a processor may show one) gets no colour.

    >>> badge("triple fault")
    '<b>triple fault</b>'
    """
    if outcome not in BY_OUTCOME:
        return tag("b", outcome)
    look = BY_OUTCOME[outcome]
    style = f"background:{look.colour};color:{look.ink};padding:.1em .5em;border-radius:.2em;white-space:nowrap"
    return tag("b", outcome, style=style)
