"""An explorer on paper: a table of what each control does, or of the checks; for students without the endings."""

from itertools import pairwise

from bs4 import Tag
from bs4.element import NavigableString, PageElement
from tree import element

_BRIEF = ("value", "how it ends")
_WIDTHS = "1 1"
_ENDINGS = "otherwise"
_LADDER = {"check": "0.3", "asks for": "1.3"}
_MARKS = "mark"


def explorer(stand_in: Tag, *, answers: bool) -> None:
    """Rewrite the stand-in of an explorer in its place."""
    if controls := stand_in.find("ul", recursive=False):
        controls.replace_with(*_tables(controls, answers=answers))
    for table in stand_in.find_all("table"):
        _without_marks(table)
        if not answers:
            table["roomy"] = "1"  # to write into
            _blank(table, _ENDINGS)
    if not answers:
        for verdict in stand_in.find_all(["p", "code"], recursive=False):
            verdict.decompose()
    stand_in.unwrap()


def _tables(controls: Tag, *, answers: bool) -> list[Tag]:
    """Return the list as tables, one below the other: a row about each control, and one for each of its values."""
    tables = []
    for control in controls.find_all("li", recursive=False):
        values = control.find_all("ul", recursive=False)[0].extract().find_all("li", recursive=False)
        body = element("tbody", element("tr", element("td", *list(control.contents), colspan=len(_BRIEF), about="1")))
        for value in values:
            parts, ending = _split(value)
            body.append(element("tr", element("td", *parts), element("td", *(ending if answers else ()))))
        tables.append(element("table", body, widths=_WIDTHS))
    tables[0].insert(0, element("thead", element("tr", *(element("th", name) for name in _BRIEF))))
    for above, below in pairwise(tables):  # a page ends between two controls
        above["goes-on"] = below["follows"] = "1"
    return tables


def _split(item: Tag) -> tuple[list[PageElement | str], list[PageElement | str]]:
    """Divide "CPL = 3, with A = 0: #GP(0), because ..." at the colon."""
    parts: list[PageElement | str] = list(item.contents)
    for number, part in enumerate(parts):
        if isinstance(part, NavigableString) and ": " in part:
            before, _, after = part.partition(": ")
            return [*parts[:number], before], [after, *parts[number + 1 :]]
    return parts, []


def _without_marks(table: Tag) -> None:
    """Drop the column of marks if it says the same in each row."""
    names = [cell.get_text() for cell in table.find_all("th")]
    if _MARKS in names:
        rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
        column = names.index(_MARKS)
        if len({row[column].get_text() for row in rows[1:]}) == 1:
            for row in rows:
                row[column].decompose()


def _blank(table: Tag, column: str) -> None:
    names = [cell.get_text() for cell in table.find_all("th")]
    if column in names:
        for row in table.find_all("tr")[1:]:
            row.find_all(["td", "th"])[names.index(column)].clear()
        table["widths"] = " ".join(_LADDER.get(name, "1") for name in names)
