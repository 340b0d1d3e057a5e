"""How much room things need on a slide, in lines of the smallest type; what needs more is divided.

It is an estimate: the page itself chooses the size of the type (deck.js), and the check measures what came out.
"""

import copy
import math
from collections.abc import Iterator

from bs4 import Tag
from bs4.element import NavigableString
from tree import element

LINES = 15.5  # on a slide, below its heading
CODE_WIDTH = 80  # letters of a fixed width in a line
_TEXT_WIDTH = 96
_GAP = 0.5  # lines between two elements
_CELL = 0.35  # lines that a row of a table needs beside its text
_PADDING = 2.2  # letters between two columns


def lines(piece: Tag) -> float:
    """Return the lines that an element needs."""
    if piece.name == "pre":
        return 0.95 * len(piece.get_text().strip("\n").splitlines()) + 2 * _GAP
    if piece.name == "table":
        return sum(_row_lines(row, widths) for widths in [_widths(piece)] for row in piece.find_all("tr")) + _GAP
    if piece.name in ("ul", "ol"):
        return sum(_text_lines(item.get_text(), _TEXT_WIDTH - 5) + _GAP / 2 for item in piece.find_all("li")) + _GAP
    return _text_lines(piece.get_text(), _TEXT_WIDTH) + _GAP


def is_too_wide(table: Tag) -> bool:
    """Return whether the columns of a table do not fit beside each other, even if their texts are broken."""
    return sum(_longest_word(column) + _PADDING for column in _columns(table)) > 1.1 * _TEXT_WIDTH


def divided(piece: Tag, room: float = LINES) -> Iterator[Tag]:
    """Yield an element in parts that fit: a table or a list between its rows, what is printed between its lines."""
    if lines(piece) <= room:
        yield piece
    elif piece.name == "pre":
        yield from _divided_text(piece, room)
    elif piece.name == "table":
        yield from _divided_table(piece, room)
    elif piece.name in ("ul", "ol"):
        yield from _divided_list(piece, room)
    else:
        yield piece


def _divided_text(piece: Tag, room: float) -> Iterator[Tag]:
    """Divide at an empty line, if there is one in the last third."""
    most = int((room - 2 * _GAP) / 0.95)
    rest = piece.get_text().strip("\n").splitlines()
    count = math.ceil(len(rest) / most)
    while rest:
        most_now = max(math.ceil(len(rest) / count), 1) if count > 1 else most
        end = next(
            (n for n in range(min(most, len(rest)), max(most_now - 3, 0), -1) if n == len(rest) or not rest[n]),
            most_now,
        )
        part = element("pre", "\n".join(rest[:end]).strip("\n"), **piece.attrs)
        rest, count = rest[end:], max(count - 1, 1)
        yield part


def _divided_table(table: Tag, room: float) -> Iterator[Tag]:
    widths = _widths(table)
    head = [row for part in table.find_all("thead") for row in part.find_all("tr")]
    rows = [row for row in table.find_all("tr") if row not in head]
    left = room - sum(_row_lines(row, widths) for row in head) - _GAP
    for part in _groups(rows, [_row_lines(row, widths) for row in rows], left):
        made = element("table", **table.attrs)
        for top in table.find_all(["caption", "thead"]):
            made.append(copy.copy(top))
        made.append(element("tbody", *(copy.copy(row) for row in part)))
        yield made


def _divided_list(items: Tag, room: float) -> Iterator[Tag]:
    each = items.find_all("li", recursive=False)
    start = 1
    for part in _groups(each, [_text_lines(item.get_text(), _TEXT_WIDTH - 5) + _GAP / 2 for item in each], room - _GAP):
        made = element(items.name, *(copy.copy(item) for item in part), **items.attrs)
        if items.name == "ol" and start > 1:
            made["start"] = str(start)
        start += len(part)
        yield made


def _groups(items: list[Tag], needs: list[float], room: float) -> Iterator[list[Tag]]:
    """Yield groups of neighbours of about the same size, none larger than the room (if none of the items is)."""
    count = max(1, math.ceil(sum(needs) / room))
    while True:
        groups = _filled(items, needs, sum(needs) / count)
        if all(sum(need for _, need in group) <= room or len(group) == 1 for group in groups):
            break
        count += 1
    yield from ([item for item, _ in group] for group in groups)


def _filled(items: list[Tag], needs: list[float], target: float) -> list[list[tuple[Tag, float]]]:
    groups: list[list[tuple[Tag, float]]] = [[]]
    used = 0.0
    for item, need in zip(items, needs, strict=True):
        if groups[-1] and used + need / 2 > target * len(groups):
            groups.append([])
        groups[-1].append((item, need))
        used += need
    return groups


def _text_lines(text: str, width: float) -> float:
    return float(sum(max(1, math.ceil(len(line) / width)) for line in text.strip().split("\n")))


def _columns(table: Tag) -> list[list[str]]:
    cells = [row.find_all(["td", "th"], recursive=False) for row in table.find_all("tr")]
    count = max(map(len, cells))
    return [[row[column].get_text(" ", strip=True) for row in cells if len(row) == count] for column in range(count)]


def _widths(table: Tag) -> list[float]:
    """Return the letters in a line of each column, as a browser would share the room."""
    columns = _columns(table)
    longest = [max(map(len, column)) + _PADDING for column in columns]
    if sum(longest) <= _TEXT_WIDTH:
        return [float(each) for each in longest]
    least = [_longest_word(column) + _PADDING for column in columns]
    spare = max(_TEXT_WIDTH - sum(least), 0)
    wish = [most - few for most, few in zip(longest, least, strict=True)]
    return [few + spare * more / max(sum(wish), 1) for few, more in zip(least, wish, strict=True)]


def _row_lines(row: Tag, widths: list[float]) -> float:
    cells = row.find_all(["td", "th"], recursive=False)
    if len(cells) != len(widths):
        return 1 + _CELL
    return max(_cell_lines(cell, width) for cell, width in zip(cells, widths, strict=True)) + _CELL


def _cell_lines(cell: Tag, width: float) -> float:
    text = "".join("\n" if getattr(each, "name", "") == "br" else str(each) for each in cell.descendants
                   if isinstance(each, NavigableString) or getattr(each, "name", "") == "br")  # fmt: skip
    return _text_lines(text, max(width - _PADDING, 1)) if text.strip() else 1.0


def _longest_word(column: list[str]) -> int:
    return max((len(word) for text in column for word in text.replace("\u200b", " ").split()), default=0)
