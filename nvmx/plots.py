"""Pictures of ladders, made with matplotlib; each carries a sentence, computed from the data, about what it shows."""

import base64
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from . import karnaugh
from .axis import Value, named_values
from .ladders import ladder as find_ladder
from .outcome import BY_OUTCOME, OUTCOMES, TABLE
from .rung import Ladder
from .space import deciding_rungs, domains, possible

_DPI = 100
_CELL, _BAND, _KEY, _LETTER = 0.36, 0.27, 1.4, 0.09  # inches


@dataclass(frozen=True)
class Picture:
    """A figure and the `sentence` that says what it shows: a notebook prints both, a test compares the sentence."""

    figure: Figure = field(repr=False)
    sentence: str

    def png(self) -> bytes:
        """Return the figure as PNG, with the sentence as its description."""
        with io.BytesIO() as file:
            self.figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None, "Description": self.sentence})
            return file.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the PNG to `path`."""
        with open(path, "wb") as file:
            file.write(self.png())

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        image = base64.b64encode(self.png()).decode()
        return {"text/plain": self.sentence, "image/png": image}, {"image/png": {"alt": self.sentence}}

    def __repr__(self) -> str:
        return self.sentence


def map(  # noqa: A001 - its name in the public face
    instruction: str,
    source: str | Ladder,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
    **at: object,
) -> Picture:
    """Draw every state as a cell with the letter and the colour of its outcome; neighbours differ on one axis.

    `down` and `across` name the axes to spread; None: the mode across, CR4.VMXE, VMX and CPL down, as far as the
    ladder reads them.  `at` holds other axes at a value; what the ladder reads and nobody names is ready.  Hatched
    cells are states that no processor can be in.  Raises TypeError or ValueError.
    """
    chosen = find_ladder(instruction, source)
    held = named_values(at)
    chosen.check_domain(held)
    sides = karnaugh.sides(chosen, down, across, held)
    spans: dict[str, tuple[Value, ...]] = domains([chosen], [*sides[0], *sides[1]])
    orders = [karnaugh.gray(spans[name] for name in side) for side in sides]
    shape = [len(order) for order in orders]
    spans |= {name: (value,) for name, value in held.items()}
    codes = np.array([*(OUTCOMES.index(rung.outcome) for rung in chosen.rungs), 0])[deciding_rungs(chosen, spans)]
    places = [
        np.array([_place(spans, side, values) for values in order]) for side, order in zip(sides, orders, strict=True)
    ]
    codes = codes.reshape(shape)[np.ix_(*places)]
    can_be = possible([chosen], spans).reshape(shape)[np.ix_(*places)]

    shown = [place for place in range(len(OUTCOMES)) if (codes == place).any()]
    keys: list[Any] = [
        Patch(facecolor=TABLE[n].colour, edgecolor="black", label=f"{TABLE[n].letter}  {TABLE[n].name}") for n in shown
    ]
    keys.append(Patch(facecolor="white", edgecolor="#bbb", hatch="////", label="not possible"))

    # In inches: the bands beside the cells, the names at the bands' ends, title and legend.
    longest = [_LETTER * max((len(name) for name in side), default=0) for side in sides]
    left, top, bottom = (
        max(sum(_band_widths(sides[0], orders[0])), longest[1]) + 0.4,
        _BAND * len(sides[1]) + 0.6,
        longest[0] + 0.4,
    )
    width = max(left + _CELL * shape[1] + 0.2, 6.5)
    columns = int(width // _KEY)
    bottom += 0.2 * -(-len(keys) // columns)
    height = top + _CELL * shape[0] + bottom
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, bottom / height, _CELL * shape[1] / width, _CELL * shape[0] / height))
    _cells(axes, codes, can_be)
    for side, order, vertical in zip(sides, orders, (True, False), strict=True):
        _bands(axes, side, order, vertical=vertical)
    figure.legend(handles=keys, loc="lower center", ncols=columns, frameon=False, fontsize=9)
    others = "".join(f", {name}={value}" for name, value in held.items())
    figure.text(0.15 / width, 1 - 0.35 / height, f"{instruction}, {chosen.source}{others}", fontsize=13, weight="bold")
    counts = ", ".join(
        f"{TABLE[n].name} in {int(((codes == n) & can_be).sum())}" for n in shown if (can_be & (codes == n)).any()
    )
    sentence = (
        f"{instruction} by {chosen.source}{others}: {codes.size} state{'s' * (codes.size != 1)}, of which a processor "
        f"can be in {int(can_be.sum())}; of those, {counts}."
    )
    return Picture(figure, sentence)


def ladder(instruction: str, source: str | Ladder) -> Picture:
    """Draw, for each rung in order, how many possible states reach it and which share of these it stops.

    The states are those of the axes that the ladder spans by itself.  Raises TypeError or ValueError.
    """
    chosen = find_ladder(instruction, source)
    spans = domains([chosen], chosen.axes)
    rungs = deciding_rungs(chosen, spans)[possible([chosen], spans)]
    stopped = [int(count) for count in np.bincount(rungs, minlength=len(chosen.rungs) + 1)]
    reached = [sum(stopped[place:]) for place in range(len(stopped))]
    names = [*(rung.name for rung in chosen.rungs), "(no check is left)"]
    looks = [BY_OUTCOME[rung.outcome] for rung in chosen.rungs] + [TABLE[0]]

    rows = [place for place in range(len(names)) if reached[place]]
    height = 0.3 * len(rows) + 1.3
    figure = Figure(figsize=(9, height))
    axes = figure.add_axes((0.36, 0.5 / height, 0.34, 0.3 * len(rows) / height))
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_axis_off()
    for y, place in enumerate(rows):
        look, share = looks[place], stopped[place] / reached[place]
        axes.barh(y, 1, height=0.72, color="#eee", edgecolor="#999", linewidth=0.6)
        axes.barh(y, share, height=0.72, color=look.colour, edgecolor="black", linewidth=0.6)
        number = "" if place == len(names) - 1 else f"{place + 1}  "
        axes.text(-0.03, y, f"{number}{names[place]}", ha="right", va="center", fontsize=9)
        words = f"{look.letter}  {look.name}: {stopped[place]:,} of {reached[place]:,}"
        axes.text(1.03, y, words, ha="left", va="center", fontsize=9)
    title = f"{instruction}, {chosen.source}: of the states that reach a check, which share ends there"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=11, weight="bold")
    figure.text(0.36, 0.2 / height, "full bar: all states that reach this check", fontsize=8, color="#555")
    stops = ", ".join(f"{names[place]} ends {stopped[place]:,}" for place in rows[:-1] if stopped[place])
    sentence = f"{instruction} by {chosen.source}: of {reached[0]:,} possible states, {stops}; {stopped[-1]:,} succeed."
    return Picture(figure, sentence)


def _place(spans: dict[str, tuple[Value, ...]], side: Sequence[str], values: Sequence[Value]) -> int:
    """Where a combination stands in the order of an array that spans `side`."""
    place = 0
    for name, value in zip(side, values, strict=True):
        place = place * len(spans[name]) + spans[name].index(value)
    return place


def _cells(axes: Axes, codes: np.ndarray[Any, Any], can_be: np.ndarray[Any, Any]) -> None:
    rows, columns = codes.shape
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()
    for (row, column), code in np.ndenumerate(codes):
        look = TABLE[code]
        if can_be[row, column]:
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=look.colour, edgecolor="black", linewidth=0.8))
        else:
            axes.add_patch(
                Rectangle((column, row), 1, 1, facecolor="white", edgecolor="#ccc", hatch="////", linewidth=0.5)
            )
        letter = axes.text(column + 0.5, row + 0.5, look.letter, ha="center", va="center", fontsize=11)
        if can_be[row, column]:
            letter.set(color=look.ink, weight="bold")
        else:
            letter.set(color="#767676", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def _band_widths(side: Sequence[str], order: Sequence[karnaugh.Combination]) -> list[float]:
    """How wide, in inches, the band of each axis beside the rows is: wider where a value is longer than its run."""
    widths = []
    for n in range(len(side)):
        runs = karnaugh.runs(order, n)
        fits = all(_LETTER * len(str(value)) < _CELL * length for value, _, length in runs)
        widths.append(_BAND if fits else _LETTER * max(len(str(value)) for value, _, _ in runs) + 0.2)
    return widths


def _bands(axes: Axes, side: Sequence[str], order: Sequence[karnaugh.Combination], *, vertical: bool) -> None:
    """Beside the cells, one band an axis: its name, and its value over each run of cells that share it."""
    widths = [width / _CELL for width in (_band_widths(side, order) if vertical else [_BAND] * len(side))]
    for n, name in enumerate(side):
        offset, thick = 0.05 - sum(widths[n:]), widths[n] - 0.15
        for value, start, length in karnaugh.runs(order, n):
            where = (offset, start + 0.06) if vertical else (start + 0.06, offset)
            size = (thick, length - 0.12) if vertical else (length - 0.12, thick)
            tint = "#ddd" if value in (0, "off", "mapped") else "#fff"
            turned = vertical and len(str(value)) > 1 and widths[n] == _BAND / _CELL
            axes.add_patch(Rectangle(where, *size, facecolor=tint, edgecolor="#777", linewidth=0.6, clip_on=False))
            axes.text(where[0] + size[0] / 2, where[1] + size[1] / 2, str(value), ha="center", va="center", fontsize=8,
                      rotation=90 if turned else 0)  # fmt: skip
        if vertical:
            axes.text(offset + thick / 2, len(order) + 0.15, name, ha="center", va="top", fontsize=8, rotation=90)
        else:
            axes.text(-0.2, offset + thick / 2, name, ha="right", va="center", fontsize=8)
