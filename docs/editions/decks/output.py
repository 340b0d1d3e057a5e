"""What a cell shows, as elements for slides: tables and text in the deck's own style, in parts that fit."""

import re
from typing import Any

from bs4 import Tag
from cells import wrapped
from tree import element, parsed

from .prose import without_links
from .room import CODE_WIDTH

_NARROW, _FEW_LINES = 60, 10  # letters, lines
_WIDGET = "application/vnd.jupyter.widget-view+json"
_COMMAND = re.compile(r"^VMX(ON|OFF)/")  # to copy into a command
_LONG_NAME = re.compile(r"(?<=[_.])(?=[A-Za-z])")  # where FEATURE_CONTROL.vmx may be divided
_STYLED = ("table", "thead", "tbody", "tr", "td", "th", "p", "pre", "caption", "ul", "li", "div")


def html_of(cell: Any) -> Tag | None:
    """Return the first output of a cell that is HTML, as a tree."""
    for output in cell["outputs"]:
        if "text/html" in output.get("data", {}):
            return cleaned(parsed("".join(output["data"]["text/html"])))
    return None


def text_of(cell: Any) -> str:
    """Return what a cell prints, or its value as text."""
    shown = [output for output in cell["outputs"] if _WIDGET not in output.get("data", {})]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in shown]
    return "\n".join("".join(text).strip("\n") for text in texts)


def has_picture(cell: Any) -> bool:
    """Return whether a cell shows a picture."""
    return any("image/png" in output.get("data", {}) for output in cell["outputs"])


def printed(text: str) -> Tag:
    """Return text of a fixed width."""
    return element("pre", wrapped(text.strip("\n"), CODE_WIDTH), **{"class": "output"})


def _fitted(text: str) -> str:
    """Return text in lines that are short, for large type, if they are few."""
    texts = [wrapped(text.strip("\n"), width) for width in range(_NARROW, CODE_WIDTH + 1, 5)]
    return next((each for each in texts if each.count("\n") < _FEW_LINES), texts[-1])


def pieces(tree: Tag) -> list[Tag]:
    """Return the paragraphs, lists, tables and texts of a fixed width in a tree, in order."""
    kinds = ["p", "pre", "ul", "ol", "table"]
    found = [each for each in tree.find_all(kinds) if each.find_parent([*kinds, "details"]) is None]
    return [each.extract() for each in found if each.get_text(strip=True)]


def cleaned(page: Tag) -> Tag:
    """Return a tree without the style of a notebook, and without what belongs to a notebook only."""
    for unwanted in page.find_all("style"):
        unwanted.decompose()
    for code in page.find_all("code", string=_COMMAND):
        code.decompose()
    for each in page.find_all(_STYLED):
        right = "right" in str(each.get("style", ""))
        for name in ("style", "border"):
            each.attrs.pop(name, None)
        if each.name == "td" and right:
            each["class"] = "number"
    for text in page.find_all("pre"):
        text.string = _fitted(text.get_text())
    for table in page.find_all("table"):
        _tidy(table)
    return without_links(page)


def _tidy(table: Tag) -> None:
    """Let long names be divided; drop columns that are empty."""
    for cell in table.find_all(["td", "th"]):
        for piece in list(cell.find_all(string=True)):
            piece.replace_with(_LONG_NAME.sub("\u200b", "" if str(piece) == "NaN" else str(piece)))
    rows = [row.find_all(["td", "th"], recursive=False) for row in table.find_all("tr")]
    if len({len(row) for row in rows}) != 1:
        return
    for column in range(len(rows[0])):
        if not any(row[column].get_text(strip=True) for row in rows[1:]):
            for row in rows:
                row[column].decompose()
