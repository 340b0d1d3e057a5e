"""The small map beside a verdict, as SVG: every cell's outcome, and a mark on the state where you are."""

from html import escape

from ..model.karnaugh import Run, cells, lay_out
from ..model.outcome import TABLE, Outcome
from ..model.verdict import Verdict

_CELL, _BAND, _NAMES = 14, 12, 68  # pixels
_INK = "var(--jp-ui-font-color1, #333)"


def small_map(verdict: Verdict) -> str:
    """Return the map of the verdict's ladder, the axes that are not spread held at the verdict's state."""
    ladder, state = verdict.ladder, verdict.state.columns
    layout = lay_out([ladder])
    rows, columns = layout.rows, layout.columns
    held = tuple((name, state[name]) for name in ladder.reads if name not in layout.axes)
    left, top = max(_BAND * len(rows.axes), _NAMES), _BAND * len(columns.axes)
    right, bottom = left + _CELL * len(columns.values), top + _CELL * len(rows.values)
    parts = []
    for n, (name, band) in enumerate(zip(columns.axes, columns.bands, strict=True)):
        parts.append(_text(left - 4, n * _BAND + 9, name))
        parts += [_column_run(left, n * _BAND, run) for run in band]
    for n, (name, band) in enumerate(zip(rows.axes, rows.bands, strict=True)):
        x = left - _BAND * (len(rows.axes) - n)
        parts.append(_text(x + 9, bottom + 4, name, turned=True))
        parts += [_row_run(x, top, run) for run in band]
    lines = [f"M{left} {y}H{right}" for y in range(top, bottom + 1, _CELL)]
    lines += [f"M{x} {top}V{bottom}" for x in range(left, right + 1, _CELL)]
    parts.append(f"<path d='{''.join(lines)}' stroke='#8884' stroke-width='.5'/>")
    parts += [
        _cell(left + _CELL * column, top + _CELL * row, TABLE[code])
        for row, line in enumerate(cells(ladder, layout, held))
        for column, (code, possible) in enumerate(line)
        if possible
    ]
    x, y = left + _CELL * columns.find(state) - 1, top + _CELL * rows.find(state) - 1
    parts.append(
        f"<rect x='{x}' y='{y}' width='{_CELL + 2}' height='{_CELL + 2}' fill='none' stroke='{_INK}' stroke-width='3'/>"
    )
    here = ", ".join(f"{name} {state[name]}" for name in layout.axes)
    label = f"Small map of {ladder.instruction}, {ladder.source}; the mark stands at {here}: {verdict.outcome}"
    width, height = right, bottom + _NAMES
    return (
        f"<svg role='img' aria-label='{escape(label)}' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' font-family='sans-serif'>{''.join(parts)}</svg>"
    )


def _column_run(left: int, y: int, run: Run) -> str:
    """A run in a band above the cells."""
    return _band(left + run.start * _CELL, y, run.length * _CELL, _BAND, str(run.value))


def _row_run(x: int, top: int, run: Run) -> str:
    """A run in a band beside the cells."""
    return _band(x, top + run.start * _CELL, _BAND, run.length * _CELL, str(run.value))


def _cell(x: int, y: int, look: Outcome) -> str:
    return (
        f"<rect x='{x}' y='{y}' width='{_CELL}' height='{_CELL}' fill='{look.colour}' stroke='#000' "
        f"stroke-width='.5'/><text x='{x + _CELL / 2}' y='{y + 11}' text-anchor='middle' font-size='10' "
        f"fill='{look.ink}'>{look.letter}</text>"
    )


def _text(x: float, y: float, text: str, *, turned: bool = False) -> str:
    turn = f" transform='rotate(-90 {x} {y})'" if turned else ""
    return f"<text x='{x}' y='{y}' font-size='10' text-anchor='end' fill='{_INK}'{turn}>{escape(text)}</text>"


def _band(x: float, y: float, width: float, height: float, value: str) -> str:
    box = f"<rect x='{x}' y='{y}' width='{width}' height='{height}' fill='#8882' stroke='#888' stroke-width='.5'/>"
    turn = f" transform='rotate(-90 {x + 9} {y + height / 2})'" if len(value) > 1 else ""
    where = f"x='{x + 9}' y='{y + height / 2}'" if turn else f"x='{x + width / 2}' y='{y + height / 2 + 3}'"
    return f"{box}<text {where} font-size='9' text-anchor='middle' fill='{_INK}'{turn}>{escape(value)}</text>"
