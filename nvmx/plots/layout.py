"""What all maps share: where a state's cell is, the bands beside the cells, the legend."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, prod
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from ..model.axis import BY_NAME, Value, named_values
from ..model.karnaugh import Run, Side, gray, lay_out
from ..model.ladder import Ladder, common_domains
from ..states.space import deciding_rungs, outcome_codes, possible
from .picture import add_panel

Place = tuple[int, ...]  # row and column
S = TypeVar("S", bound=np.generic)
_CELL, _BAND, _KEY, _LETTER = 0.36, 0.27, 1.4, 0.09  # inches: a cell, a band, a legend's entry, a letter


class Layout:
    """A map of the states of some ladders: arrays in the order of its cells, and the figure to draw them in."""

    def __init__(
        self,
        ladders: Sequence[Ladder],
        down: Iterable[str] | None,
        across: Iterable[str] | None,
        at: Mapping[str, object],
    ) -> None:
        self._ladders = ladders
        held = named_values(at)
        for ladder in ladders:
            ladder.check_domain(held)
        self.map = lay_out(ladders, down, across, held)
        self.held_text = "".join(f", {name}={value}" for name, value in held.items())
        self._spread = common_domains(ladders, self.map.axes)
        self._domains: dict[str, tuple[Value, ...]] = self._spread | {name: (value,) for name, value in held.items()}
        self._order = np.ix_(
            *(
                _gray_indices([len(self._spread[name]) for name in side.axes])
                for side in (self.map.rows, self.map.columns)
            )
        )

    def codes(self, ladder: Ladder) -> NDArray[np.uint8]:
        """Return the outcome of every cell, row by row: codes into OUTCOMES."""
        codes: NDArray[np.uint8] = outcome_codes(ladder)[self._cells(deciding_rungs(ladder, self._domains))]
        return codes

    def possible(self) -> NDArray[np.bool_]:
        """Return, for every cell, whether a processor can be in its state."""
        return self._cells(possible(self._ladders, self._domains))

    def count(self, codes: Mapping[str, NDArray[np.integer]], mask: NDArray[np.bool_]) -> NDArray[np.integer]:
        """Return how many states of the mask are in each cell; `codes` index all the values of each axis."""
        counts = np.zeros([len(values) for values in self._spread.values()], dtype=np.int64)
        spread = [
            # From an index into all values to one into the values that the map shows; the others do not occur.
            np.array([values.index(value) if value in values else -1 for value in BY_NAME[name].values])[codes[name]]
            for name, values in self._spread.items()
        ]
        np.add.at(counts, tuple(column[mask] for column in spread), 1)
        return self._cells(counts)

    def _cells(self, array: NDArray[S]) -> NDArray[S]:
        """Return an array with one dimension per axis as rows and columns of cells."""
        cells: NDArray[S] = array.reshape(self.map.shape)[self._order]
        return cells

    def canvas(self, title: str, keys: Sequence[Patch]) -> tuple[Figure, Axes]:
        """Return a figure with title, legend and bands, and its panel, in which a cell is one by one."""
        rows, columns = self.map.rows, self.map.columns
        row_bands = _row_band_widths(rows)
        inner_height, inner_width = (_CELL * count for count in self.map.shape)
        left = max(sum(row_bands), _names_width(columns)) + 0.4
        width = max(left + inner_width + 0.2, 6.5)
        keys_per_line = int(width // _KEY)
        bottom = _names_width(rows) + 0.4 + 0.2 * ceil(len(keys) / keys_per_line)
        height = bottom + inner_height + _BAND * len(columns.axes) + 0.6
        figure = Figure(figsize=(width, height))
        box = (left, bottom, inner_width, inner_height)
        panel = add_panel(figure, box, (0, self.map.shape[1]), (self.map.shape[0], 0))
        _draw_bands(panel, rows, row_bands, vertical=True)
        _draw_bands(panel, columns, [_BAND] * len(columns.axes), vertical=False)
        figure.legend(handles=list(keys), loc="lower center", ncols=keys_per_line, frameon=False, fontsize=9)
        figure.text(0.15 / width, 1 - 0.35 / height, title, fontsize=13, weight="bold")
        return figure, panel


def _gray_indices(sizes: Sequence[int]) -> list[int]:
    """The index of each combination, in Gray order, in a flat array of all combinations in table order."""
    numbers = np.arange(prod(sizes)).reshape(sizes)
    return [int(numbers[codes]) for codes in gray(map(range, sizes))]


def _names_width(side: Side) -> float:
    """How long the longest name of the side's axes is, in inches."""
    return _LETTER * max((len(name) for name in side.axes), default=0)


def _row_band_widths(side: Side) -> list[float]:
    """How wide the band of each axis beside the rows is, in inches: wider if a value is longer than its run."""
    widths = []
    for band in side.bands:
        fits = all(_LETTER * len(str(run.value)) < _CELL * run.length for run in band)
        widths.append(_BAND if fits else _LETTER * max(len(str(run.value)) for run in band) + 0.2)
    return widths


def _draw_bands(panel: Axes, side: Side, widths: Sequence[float], *, vertical: bool) -> None:
    """Draw, beside the cells, one band per axis: its name, and its value over each run of cells that share it."""
    for n, (name, band) in enumerate(zip(side.axes, side.bands, strict=True)):
        offset, thickness = 0.05 - sum(widths[n:]) / _CELL, widths[n] / _CELL - 0.15
        for run in band:
            tint = "#ddd" if run.value == BY_NAME[name].values[0] else "#fff"
            _draw_run(panel, run, offset, thickness, tint, vertical=vertical)
        if vertical:
            middle = offset + thickness / 2
            panel.text(middle, len(side.values) + 0.15, name, ha="center", va="top", fontsize=8, rotation=90)
        else:
            panel.text(-0.2, offset + thickness / 2, name, ha="right", va="center", fontsize=8)


def _draw_run(panel: Axes, run: Run, offset: float, thickness: float, tint: str, *, vertical: bool) -> None:
    start, length = run.start + 0.06, run.length - 0.12
    x, y, width, height = (offset, start, thickness, length) if vertical else (start, offset, length, thickness)
    words = str(run.value)
    panel.add_patch(Rectangle((x, y), width, height, facecolor=tint, edgecolor="#777", linewidth=0.6, clip_on=False))
    rotation = 90 if vertical and len(words) > 1 and thickness < 1 else 0
    panel.text(x + width / 2, y + height / 2, words, ha="center", va="center", fontsize=8, rotation=rotation)


def draw_cell(panel: Axes, place: Place, colour: str) -> None:
    """Draw an empty cell of this colour."""
    row, column = place
    panel.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="black", linewidth=0.8))


def draw_hatched_cell(panel: Axes, place: Place) -> None:
    """Draw an empty cell that is hatched; `hatched_key` is its entry in the legend."""
    row, column = place
    look = Rectangle((column, row), 1, 1, facecolor="white", edgecolor="#ccc", hatch="////", linewidth=0.5)
    panel.add_patch(look)


def hatched_key(label: str) -> Patch:
    """Return the legend's entry for hatched cells."""
    return Patch(facecolor="white", edgecolor="#bbb", hatch="////", label=label)
