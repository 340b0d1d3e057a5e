"""The small map beside a verdict, as SVG: every cell's outcome, and a mark on the state where you are."""

from collections.abc import Iterator
from functools import lru_cache

from ..model.axis import Value
from ..model.html import Markup, join, tag
from ..model.karnaugh import Map, Side, cells, lay_out
from ..model.ladder import Ladder
from ..model.outcome import TABLE, Outcome
from ..model.verdict import Verdict

_CELL, _BAND, _NAMES = 14, 12, 68  # pixels
_INK = "var(--jp-ui-font-color1, #333)"


def small_map(verdict: Verdict) -> Markup:
    """Return the map of the verdict's ladder; axes that are not spread have the verdict's values."""
    ladder, state = verdict.ladder, verdict.state.columns
    layout = lay_out([ladder])
    rows, columns = layout.rows, layout.columns
    left, top = _margins(layout)
    width, height = left + _CELL * len(columns.values), top + _CELL * len(rows.values) + _NAMES
    held = tuple((name, state[name]) for name in ladder.reads if name not in layout.axes)
    x, y = left + _CELL * columns.find(state) - 1, top + _CELL * rows.find(state) - 1
    mark = _rect(x, y, _CELL + 2, _CELL + 2, fill="none", stroke=_INK, stroke_width="3")
    here = ", ".join(f"{name} {state[name]}" for name in layout.axes)
    label = f"Small map of {ladder.instruction}, {ladder.source}; the mark is at {here}: {verdict.outcome}"
    return tag(
        "svg", _drawing(ladder, layout, held), mark, role="img", aria_label=label, width=width, height=height,
        viewBox=f"0 0 {width} {height}", font_family="sans-serif",
    )  # fmt: skip


@lru_cache(maxsize=64)
def _drawing(ladder: Ladder, layout: Map, held: tuple[tuple[str, Value], ...]) -> Markup:
    """Draw all but the mark, which alone moves at most clicks."""
    left, top = _margins(layout)
    drawn = [
        _cell(left + _CELL * column, top + _CELL * row, TABLE[code])
        for row, line in enumerate(cells(ladder, layout, held))
        for column, (code, possible) in enumerate(line)
        if possible
    ]
    bands = [*_column_bands(layout.columns, left), *_row_bands(layout.rows, left, top)]
    return join(*bands, _grid(layout, left, top), *drawn)


def _margins(layout: Map) -> tuple[int, int]:
    """Return how much is left of the cells and above them, in pixels."""
    return max(_BAND * len(layout.rows.axes), _NAMES), _BAND * len(layout.columns.axes)


def _column_bands(columns: Side, left: int) -> Iterator[Markup]:
    """Draw the bands above the cells: the name of each axis, and its value over each run of cells that share it."""
    for n, (name, band) in enumerate(zip(columns.axes, columns.bands, strict=True)):
        y = _BAND * n
        yield _text(name, left - 4, y + 9, size=10, anchor="end")
        for run in band:
            yield _band(left + run.start * _CELL, y, run.length * _CELL, _BAND, str(run.value))


def _row_bands(rows: Side, left: int, top: int) -> Iterator[Markup]:
    """Draw the bands beside the cells."""
    for n, (name, band) in enumerate(zip(rows.axes, rows.bands, strict=True)):
        x = left - _BAND * (len(rows.axes) - n)
        yield _text(name, x + 9, top + _CELL * len(rows.values) + 4, size=10, anchor="end", turned=True)
        for run in band:
            yield _band(x, top + run.start * _CELL, _BAND, run.length * _CELL, str(run.value))


def _grid(layout: Map, left: int, top: int) -> Markup:
    """Draw the lines between the cells, which alone show where no processor can be."""
    right, bottom = left + _CELL * layout.shape[1], top + _CELL * layout.shape[0]
    lines = [f"M{left} {y}H{right}" for y in range(top, bottom + 1, _CELL)]
    lines += [f"M{x} {top}V{bottom}" for x in range(left, right + 1, _CELL)]
    return tag("path", d="".join(lines), stroke="#8884", stroke_width=".5")


def _cell(x: int, y: int, look: Outcome) -> Markup:
    box = _rect(x, y, _CELL, _CELL, fill=look.colour, stroke="#000", stroke_width=".5")
    return join(box, _text(look.letter, x + _CELL / 2, y + 11, size=10, ink=look.ink))


def _band(x: int, y: int, width: int, height: int, value: str) -> Markup:
    box = _rect(x, y, width, height, fill="#8882", stroke="#888", stroke_width=".5")
    if len(value) > 1:
        return join(box, _text(value, x + 9, y + height / 2, size=9, turned=True))
    return join(box, _text(value, x + width / 2, y + height / 2 + 3, size=9))


def _rect(x: int, y: int, width: int, height: int, **style: str) -> Markup:
    return tag("rect", x=x, y=y, width=width, height=height, **style)


def _text(
    text: str, x: float, y: float, *, size: int, anchor: str = "middle", ink: str = _INK, turned: bool = False
) -> Markup:
    turn = {"transform": f"rotate(-90 {x} {y})"} if turned else {}
    return tag("text", text, x=x, y=y, font_size=size, text_anchor=anchor, fill=ink, **turn)
