"""Trees of HTML, from HTML and from Markdown, and elements for them."""

from collections.abc import Iterable

from bs4 import BeautifulSoup, Tag
from bs4.element import PageElement
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark").enable("table")


def parsed(html: str) -> BeautifulSoup:
    """Return HTML as a tree."""
    return BeautifulSoup(html, "html.parser")


def rendered(markdown: str) -> BeautifulSoup:
    """Return the text of a cell as a tree.

    >>> str(rendered("*CPL* is 0")).strip()
    '<p><em>CPL</em> is 0</p>'
    """
    return parsed(_MARKDOWN.render(markdown))


def element(name: str, *children: str | PageElement, **attributes: object) -> Tag:
    """Return a new element; children are moved into it.

    >>> str(element("td", "CPL ", element("b", "0"), rowspan=2))
    '<td rowspan="2">CPL <b>0</b></td>'
    """
    made = parsed("").new_tag(name, attrs={key: str(value) for key, value in attributes.items()})
    for child in children:
        made.append(child)
    return made


def moved(parent: Tag, children: Iterable[PageElement]) -> None:
    """Move elements to the end of a parent."""
    for child in list(children):
        parent.append(child)
