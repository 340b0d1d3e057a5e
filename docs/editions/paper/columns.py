"""How wide the columns of a table are: short ones as wide as their texts, long ones share what is left."""

import re

from bs4 import Tag

_LINE = 100  # letters in a line of a table, about
_PADDING = 3
_LONG_NAME = re.compile(r"(?<=[_.])(?=\w)")  # where FEATURE_CONTROL.vmx may be divided
_BLANK = re.compile(r"[\s\u200b]+")


def give_widths(table: Tag) -> None:
    """Write the widths into a table, as shares, unless it has some or fits into a line."""
    if table.has_attr("widths"):
        return
    if sum(_longest_words(_columns(table))) > _LINE:
        for piece in list(table.find_all(string=True)):
            piece.replace_with(_LONG_NAME.sub("\u200b", piece))
    columns = _columns(table)
    count, words = len(columns), _longest_words(columns)
    longest = [max(map(len, column)) + _PADDING for column in columns]
    if sum(longest) <= _LINE:
        return
    # Texts twice as long get a column that is 1.4 times as wide, so that rows stay low.
    wish = [(sum(map(len, column)) / len(column)) ** 0.5 for column in columns]
    width: dict[int, float] = {}
    while len(width) < count:
        left, sharing = _LINE - sum(width.values()), [column for column in range(count) if column not in width]
        share = {column: left * wish[column] / sum(wish[each] for each in sharing) for column in sharing}
        fixed = {column: words[column] for column in sharing if share[column] < words[column]}
        fixed = fixed or {column: longest[column] for column in sharing if share[column] > longest[column]}
        width |= fixed or share
    table["widths"] = " ".join(f"{width[column]:.1f}" for column in range(count))


def _columns(table: Tag) -> list[list[str]]:
    """Return the texts of the cells of each column; rows whose cells span several columns do not count."""
    cells = [row.find_all(["td", "th"], recursive=False) for row in table.find_all("tr")]
    count = max(map(len, cells))
    return [[row[column].get_text(" ", strip=True) for row in cells if len(row) == count] for column in range(count)]


def _longest_words(columns: list[list[str]]) -> list[float]:
    """Return how wide each column must be, in letters; those of headings are bold."""
    return [
        max((len(word) for text in column for word in _BLANK.split(text)), default=0) * 1.15 + _PADDING
        for column in columns
    ]
