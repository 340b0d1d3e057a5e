"""What all maps share: where a state's cell is, the bands beside the cells, the legend."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, prod

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from ..model.axis import BY_NAME, Value, named_values
from ..model.box import nearest
from ..model.instruction import READY
from ..model.karnaugh import Map, Run, Side, gray, lay_out
from ..model.ladder import Ladder, common_domains
from ..model.outcome import OUTCOMES
from ..model.rules import BOXES
from .picture import add_panel

Place = tuple[int, ...]  # row and column
_CELL, _BAND, _KEY, _LETTER = 0.36, 0.27, 1.4, 0.09  # inches: a cell, a band, a legend's entry, a letter
_WIDE, _LOW, _NAMES = 1.05, 0.3, 0.45  # inches: a cell whose column has a name, its height, the names


class Layout:
    """A map of the states of some ladders: arrays in the order of its cells, and the figure to draw them in.

    An axis that is neither spread nor held is ready.  If the columns are modes, it is the closest value to that which
    makes the cell's state possible: real-address mode has no paging, and a guest has a current VMCS.  And of the usual
    rows, those in which no processor can be are left out.
    """

    def __init__(
        self,
        ladders: Sequence[Ladder],
        down: Iterable[str] | None,
        across: Iterable[str] | None,
        at: Mapping[str, object],
    ) -> None:
        held = named_values(at)
        for ladder in ladders:
            ladder.check_domain(held)
        full = lay_out(ladders, down, across, held)
        self.held_text = "".join(f", {name}={value}" for name, value in held.items())
        self._domains = common_domains(ladders, full.axes)
        self.has_modes = bool(full.columns.names)
        states = _States(ladders, held, full)
        found = {y: [states.closest((*y, *x)) for x in full.columns.values] for y in full.rows.values}
        rows = full.rows
        if down is None and self.has_modes:
            domains = common_domains(ladders, rows.axes).values()
            rows = Side(rows.axes, tuple(gray(domains, [row for row, cells in found.items() if any(cells)])))
        self._states = [found[row] for row in rows.values]
        self._ready = states.ready
        self.map = Map(rows, full.columns)
        self.left_out = _left_out(full, self.map, self._domains)

    def codes(self, ladder: Ladder) -> NDArray[np.uint8]:
        """Return the outcome of every cell, row by row: codes into OUTCOMES."""
        codes = np.empty(self.map.shape, dtype=np.uint8)
        for y, (row, down) in enumerate(zip(self._states, self.map.rows.values, strict=True)):
            for x, (state, across) in enumerate(zip(row, self.map.columns.values, strict=True)):
                shown = dict(zip(self.map.axes, (*down, *across), strict=True))
                rung = ladder.deciding(state or {**self._ready, **shown})
                codes[y, x] = OUTCOMES.index(rung.outcome if rung else "success")
        return codes

    def possible(self) -> NDArray[np.bool_]:
        """Return, for every cell, whether a processor can be in its state."""
        return np.array([[state is not None for state in row] for row in self._states]).reshape(self.map.shape)

    def count(self, codes: Mapping[str, NDArray[np.integer]], mask: NDArray[np.bool_]) -> NDArray[np.integer]:
        """Return how many states of the mask are in each cell; `codes` index all the values of each axis."""
        counts = np.zeros([len(values) for values in self._domains.values()], dtype=np.int64)
        spread = [
            # From an index into all values to one into the values that the map shows; the others do not occur.
            np.array([values.index(value) if value in values else -1 for value in BY_NAME[name].values])[codes[name]]
            for name, values in self._domains.items()
        ]
        np.add.at(counts, tuple(column[mask] for column in spread), 1)
        places = [
            [[values.index(value) for values, value in zip(self._domains.values(), (*down, *across), strict=True)]
             for across in self.map.columns.values]
            for down in self.map.rows.values
        ]  # fmt: skip
        found: NDArray[np.integer] = counts[tuple(np.moveaxis(np.array(places), -1, 0))]
        return found

    def canvas(self, title: str, keys: Sequence[Patch]) -> tuple[Figure, Axes]:
        """Return a figure with title, legend and bands, and its panel, in which a cell is one by one."""
        rows, columns = self.map.rows, self.map.columns
        cell = (_WIDE, _LOW) if columns.names else (_CELL, _CELL)
        row_bands = _row_band_widths(rows, cell[1])
        inner_width, inner_height = self.map.shape[1] * cell[0], self.map.shape[0] * cell[1]
        left = max(sum(row_bands), _names_width(columns)) + 0.4
        width = max(left + inner_width + 0.2, 6.5)
        keys_per_line = int(width // _KEY)
        bottom = _names_width(rows) + 0.4 + 0.2 * ceil(len(keys) / keys_per_line)
        top = _BAND * len(columns.axes) + _NAMES * bool(columns.names)
        height = bottom + inner_height + top + 0.6
        figure = Figure(figsize=(width, height))
        box = (left, bottom, inner_width, inner_height)
        panel = add_panel(figure, box, (0, self.map.shape[1]), (self.map.shape[0], 0))
        _draw_bands(panel, rows, row_bands, cell[0], vertical=True)
        _draw_bands(panel, columns, [_BAND] * len(columns.axes), cell[1], vertical=False)
        for x, name in enumerate(columns.names):
            y = -(_BAND * len(columns.axes) + 0.06) / cell[1]
            words = name.replace(", ", ",\n").replace("-8086", "-\n8086").replace("-address", "-\naddress")
            panel.text(x + 0.5, y, words, ha="center", va="bottom", fontsize=9, weight="bold")
        figure.legend(handles=list(keys), loc="lower center", ncols=keys_per_line, frameon=False, fontsize=9)
        figure.text(0.15 / width, 1 - 0.35 / height, title, fontsize=13, weight="bold")
        return figure, panel


class _States:
    """The states of a map's cells."""

    def __init__(self, ladders: Sequence[Ladder], held: Mapping[str, Value], full: Map) -> None:
        self._axes = full.axes
        self.ready = {**READY[ladders[0].instruction], **held}
        self._forbidden = [*BOXES, *(box for ladder in ladders for box in ladder.outside_domain)]
        read = () if full.columns.names else (name for ladder in ladders for name in ladder.reads)
        self._fixed = frozenset((*full.axes, *held, *read))

    def closest(self, values: tuple[Value, ...]) -> dict[str, Value] | None:
        """Return the possible state of the cell with these values that is closest to ready, or None."""
        state = {**self.ready, **dict(zip(self._axes, values, strict=True))}
        changes = nearest(state, self._forbidden, held=self._fixed)
        return None if changes is None else {**state, **changes}


def _left_out(full: Map, shown: Map, domains: Mapping[str, Sequence[Value]]) -> str:
    """Say which rows and columns are not drawn, if any."""
    names = full.columns.axes
    columns = prod(len(domains[name]) for name in names) - len(full.columns.values)
    rows = len(full.rows.values) - len(shown.rows.values)
    parts = []
    if full.columns.names:
        parts.append(f"the columns are modes, and the other {columns} combinations of {', '.join(names)} are no mode")
    if rows:
        parts.append(f"{rows} rows in which no processor can be are left out")
    return f"; {'; '.join(parts)}" if parts else ""


def _names_width(side: Side) -> float:
    """How long the longest name of the side's axes is, in inches."""
    return _LETTER * max((len(name) for name in side.axes), default=0)


def _row_band_widths(side: Side, cell: float) -> list[float]:
    """How wide the band of each axis beside the rows is, in inches: wider if a value is longer than its run."""
    widths = []
    for band in side.bands:
        fits = all(_LETTER * len(str(run.value)) < cell * run.length for run in band)
        widths.append(_BAND if fits else _LETTER * max(len(str(run.value)) for run in band) + 0.2)
    return widths


def _draw_bands(panel: Axes, side: Side, widths: Sequence[float], cell: float, *, vertical: bool) -> None:
    """Draw, beside the cells, one band per axis: its name, and its value over each run of cells that share it.

    `widths` are in inches, and so is `cell`: how long a cell is in that direction.
    """
    for n, (name, band) in enumerate(zip(side.axes, side.bands, strict=True)):
        offset, thickness = (0.02 - sum(widths[n:])) / cell, (widths[n] - 0.05) / cell
        rotate = vertical and widths[n] <= _BAND
        for run in [Run(values[n], place, 1) for place, values in enumerate(side.values)] if side.names else band:
            tint = "#ddd" if run.value == BY_NAME[name].values[0] else "#fff"
            _draw_run(panel, run, offset, thickness, tint, vertical=vertical, rotate=rotate)
        if vertical:
            middle = offset + thickness / 2
            panel.text(middle, len(side.values) + 0.15, name, ha="center", va="top", fontsize=8, rotation=90)
        else:
            panel.text(-0.07 / _LOW, offset + thickness / 2, name, ha="right", va="center", fontsize=8)


def _draw_run(
    panel: Axes, run: Run, offset: float, thickness: float, tint: str, *, vertical: bool, rotate: bool
) -> None:
    start, length = run.start + 0.06, run.length - 0.12
    x, y, width, height = (offset, start, thickness, length) if vertical else (start, offset, length, thickness)
    words = str(run.value)
    panel.add_patch(Rectangle((x, y), width, height, facecolor=tint, edgecolor="#777", linewidth=0.6, clip_on=False))
    rotation = 90 if rotate and len(words) > 1 else 0
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
