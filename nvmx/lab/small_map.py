"""The small map beside a verdict, as SVG: every cell's outcome, and a mark on the state where you stand."""

from html import escape

from ..model import karnaugh
from ..model.outcome import TABLE
from ..model.verdict import Verdict

_CELL, _BAND, _NAMES = 14, 12, 68  # pixels
_INK = "var(--jp-ui-font-color1, #333)"


def small_map(verdict: Verdict) -> str:
    """Return the map of the verdict's ladder, the axes that are not spread held at the verdict's state."""
    chosen, state = verdict.ladder, verdict.state.columns
    down, across = karnaugh.sides(chosen.axes, None, None, ())
    held = tuple((name, state[name]) for name in chosen.reads if name not in (*down, *across))
    cells = karnaugh.cells(chosen, down, across, held)
    rows = karnaugh.gray(chosen.domain(name) for name in down)
    columns = karnaugh.gray(chosen.domain(name) for name in across)
    left, top = max(_BAND * len(down), _NAMES), _BAND * len(across)
    width, height = left + _CELL * len(columns), top + _CELL * len(rows) + _NAMES
    parts = []
    for n, name in enumerate(across):
        y = n * _BAND
        parts.append(_text(left - 4, y + 9, name, "end"))
        for value, start, length in karnaugh.runs(columns, n):
            parts.append(_band(left + start * _CELL, y, length * _CELL, _BAND, str(value)))
    for n, name in enumerate(down):
        x = left - _BAND * (len(down) - n)
        parts.append(_text(x + 9, top + _CELL * len(rows) + 4, name, "end", turned=True))
        for value, start, length in karnaugh.runs(rows, n):
            parts.append(_band(x, top + start * _CELL, _BAND, length * _CELL, str(value)))
    right, bottom = left + _CELL * len(columns), top + _CELL * len(rows)
    lines = [f"M{left} {top + r * _CELL}H{right}" for r in range(len(rows) + 1)]
    lines += [f"M{left + c * _CELL} {top}V{bottom}" for c in range(len(columns) + 1)]
    parts.append(f"<path d='{''.join(lines)}' stroke='#8884' stroke-width='.5'/>")
    for r, line in enumerate(cells):
        for c, (code, can_be) in enumerate(line):
            if can_be:
                look, x, y = TABLE[code], left + c * _CELL, top + r * _CELL
                parts.append(
                    f"<rect x='{x}' y='{y}' width='{_CELL}' height='{_CELL}' fill='{look.colour}' stroke='#000' "
                    f"stroke-width='.5'/><text x='{x + _CELL / 2}' y='{y + 11}' text-anchor='middle' font-size='10' "
                    f"fill='{look.ink}'>{look.letter}</text>"
                )
    r, c = karnaugh.place_of(state, down, rows), karnaugh.place_of(state, across, columns)
    parts.append(
        f"<rect x='{left + c * _CELL - 1}' y='{top + r * _CELL - 1}' width='{_CELL + 2}' height='{_CELL + 2}' "
        f"fill='none' stroke='{_INK}' stroke-width='3'/>"
    )
    here = ", ".join(f"{name} {state[name]}" for name in (*down, *across))
    label = f"Small map of {chosen.instruction}, {chosen.source}; the mark stands at {here}: {verdict.outcome}"
    return (
        f"<svg role='img' aria-label='{escape(label)}' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' font-family='sans-serif'>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str, *, turned: bool = False) -> str:
    turn = f" transform='rotate(-90 {x} {y})'" if turned else ""
    return f"<text x='{x}' y='{y}' font-size='10' text-anchor='{anchor}' fill='{_INK}'{turn}>{escape(text)}</text>"


def _band(x: float, y: float, width: float, height: float, value: str) -> str:
    box = f"<rect x='{x}' y='{y}' width='{width}' height='{height}' fill='#8882' stroke='#888' stroke-width='.5'/>"
    turn = f" transform='rotate(-90 {x + 9} {y + height / 2})'" if len(value) > 1 else ""
    where = f"x='{x + 9}' y='{y + height / 2}'" if turn else f"x='{x + width / 2}' y='{y + height / 2 + 3}'"
    return f"{box}<text {where} font-size='9' text-anchor='middle' fill='{_INK}'{turn}>{escape(value)}</text>"
