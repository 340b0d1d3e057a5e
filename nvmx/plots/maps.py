"""Maps: states as cells, of which neighbours differ on one axis."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon, Rectangle
from numpy.typing import NDArray

from ..bochs import Log, recording
from ..bochs import agreement as compare_log
from ..bochs.conformance import STATUSES
from ..ladders import ladder
from ..model import karnaugh
from ..model.axis import BY_NAME, Value, named_values
from ..model.ladder import Ladder
from ..model.outcome import OUTCOMES, TABLE, Outcome
from ..states.listing import common_domains
from ..states.space import deciding_rungs, outcome_codes, possible
from .picture import Picture, outcome_keys

# Agreement is no outcome, so it has colours of its own.
_STATUS_COLOURS = (("#e8f1f8", "#000"), ("#f5c242", "#000"), ("#b3261e", "#fff"))
_CELL, _BAND, _KEY, _LETTER = 0.36, 0.27, 1.4, 0.09  # inches


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
    chosen = ladder(instruction, source)
    held = named_values(at)
    layout = _Layout([chosen], down, across, held)
    codes, can_be = layout.codes(chosen), layout.possible()
    shown = [place for place in range(len(OUTCOMES)) if (codes == place).any()]
    others = "".join(f", {name}={value}" for name, value in held.items())
    figure, axes = layout.canvas(f"{instruction}, {chosen.source}{others}", [*outcome_keys(shown), _not_possible()])
    for place, code in np.ndenumerate(codes):
        _cell(axes, place, TABLE[code], possible=bool(can_be[place]))
    counts = ", ".join(
        f"{TABLE[n].name} in {int(((codes == n) & can_be).sum())}" for n in shown if (can_be & (codes == n)).any()
    )
    sentence = (
        f"{instruction} by {chosen.source}{others}: {codes.size} state{'s' * (codes.size != 1)}, of which a processor "
        f"can be in {int(can_be.sum())}; of those, {counts}."
    )
    return Picture(figure, sentence)


def diff(
    instruction: str,
    a: str | Ladder,
    b: str | Ladder,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
    **at: object,
) -> Picture:
    """Draw where two ladders part: as `map`, with both letters (a's above, b's below) where they end differently.

    Axes are chosen as for `map`.  Raises TypeError or ValueError.
    """
    both = [ladder(instruction, a), ladder(instruction, b)]
    held = named_values(at)
    layout = _Layout(both, down, across, held)
    first, second = (layout.codes(each) for each in both)
    can_be = layout.possible()
    part = (first != second) & can_be
    shown = [place for place in range(len(OUTCOMES)) if (part & ((first == place) | (second == place))).any()]
    others = "".join(f", {name}={value}" for name, value in held.items())
    title = f"{instruction}: {both[0].source} (above) and {both[1].source} (below){others}"
    same = Patch(facecolor="#f2f2f2", edgecolor="#bbb", label="the same")
    figure, axes = layout.canvas(title, [*outcome_keys(shown), same, _not_possible()])
    for place, code in np.ndenumerate(first):
        if part[place]:
            _split_cell(axes, place, TABLE[code], TABLE[second[place]])
        else:
            _cell(axes, place, TABLE[code], possible=bool(can_be[place]), quiet=True)
    sentence = (
        f"{instruction} by {both[0].source} and by {both[1].source}{others}: of {int(can_be.sum())} possible states "
        f"{int(part.sum())} end differently{_pairs(first[part], second[part])}."
    )
    return Picture(figure, sentence)


def agreement(
    instruction: str,
    source: str | Ladder = "intel",
    log: Log | None = None,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
) -> Picture:
    """Draw where a processor agrees with a ladder: a cell for all its executed states that share the axes shown.

    The number is how many these are.  `log` is a processor's; None: the recording.  Axes are chosen as for `map`.
    Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    found = compare_log(recording() if log is None else log, chosen)
    (part,) = found.parts
    layout = _Layout([chosen], down, across, {})
    counts = np.stack([layout.count(part.observed.places, part.status == status) for status in range(len(STATUSES))])
    on = found.log.name
    present = [status for status in range(len(STATUSES)) if counts[status].any()]
    keys = [Patch(facecolor=_STATUS_COLOURS[n][0], edgecolor="black", label=STATUSES[n]) for n in present]
    nothing = Patch(facecolor="white", edgecolor="#bbb", hatch="////", label="none executed")
    figure, axes = layout.canvas(f"{instruction}: {on} against {chosen.source}", [*keys, nothing])
    for place in np.ndindex(*layout.shape):
        _count_cell(axes, place, counts[(slice(None), *place)].tolist())
    words = ", ".join(f"{int(counts[n].sum())} {status}" for n, status in enumerate(STATUSES))
    cells = int((counts.sum(axis=0) > 0).sum())
    sentence = (
        f"{instruction} on {on} against {chosen.source}: {words}, of {int(counts.sum())} states in {cells} cells."
    )
    return Picture(figure, sentence)


def _count_cell(axes: Axes, place: tuple[int, ...], counts: Sequence[int]) -> None:
    """A cell in the colour of its worst status, with how many states have that, of how many."""
    row, column = place
    if not any(counts):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="#ccc", hatch="////", linewidth=0.5))
        return
    worst = max(status for status, count in enumerate(counts) if count)
    few = counts[worst] < sum(counts)
    words = f"{counts[worst]} of\n{sum(counts)}" if few else f"{sum(counts)}"
    face, ink = _STATUS_COLOURS[worst]
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor=face, edgecolor="black", linewidth=0.8))
    axes.text(column + 0.5, row + 0.5, words, ha="center", va="center", fontsize=6 if few else 8, color=ink)


def _pairs(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> str:
    """The pairs of endings and how often each comes, in words."""
    pairs, counts = np.unique(np.stack([a, b]), axis=1, return_counts=True)
    words = [f"{OUTCOMES[x]} for {OUTCOMES[y]} in {n}" for x, y, n in zip(*pairs, counts, strict=True)]
    return f": {', '.join(words)}" if words else ""


class _Layout:
    """Where the states of some ladders stand on a map: the axes down and across, and their values in Gray order."""

    def __init__(
        self,
        ladders: Sequence[Ladder],
        down: Iterable[str] | None,
        across: Iterable[str] | None,
        held: Mapping[str, Value],
    ) -> None:
        self.ladders = ladders
        for each in ladders:
            each.check_domain(held)
        self.sides = karnaugh.sides([name for each in ladders for name in each.axes], down, across, held)
        self.spans: dict[str, tuple[Value, ...]] = common_domains(ladders, [*self.sides[0], *self.sides[1]])
        self.orders = [karnaugh.gray(self.spans[name] for name in side) for side in self.sides]
        self.shape = [len(order) for order in self.orders]
        self.spans |= {name: (value,) for name, value in held.items()}
        self._places = np.ix_(
            *[
                [_place(self.spans, side, values) for values in order]
                for side, order in zip(self.sides, self.orders, strict=True)
            ]
        )

    def codes(self, chosen: Ladder) -> NDArray[np.uint8]:
        """The outcome of every cell, row by row: codes into OUTCOMES."""
        codes: NDArray[np.uint8] = outcome_codes(chosen)[
            deciding_rungs(chosen, self.spans).reshape(self.shape)[self._places]
        ]
        return codes

    def count(self, places: Mapping[str, NDArray[np.integer]], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of the `chosen` states fall into each cell; `places` are those of all the axes' values."""
        names = [*self.sides[0], *self.sides[1]]
        sizes = [len(self.spans[name]) for name in names]
        counts = np.zeros(sizes, dtype=np.int64)
        # A ladder may know fewer values of an axis than the axis has.
        known = [
            np.array(
                [self.spans[name].index(value) if value in self.spans[name] else -1 for value in BY_NAME[name].values]
            )
            for name in names
        ]
        np.add.at(counts, tuple(each[places[name][chosen]] for name, each in zip(names, known, strict=True)), 1)
        found: NDArray[np.int64] = counts.reshape(self.shape)[self._places]
        return found

    def possible(self) -> NDArray[np.bool_]:
        """Whether a processor can be in the state of each cell."""
        found: NDArray[np.bool_] = possible(self.ladders, self.spans).reshape(self.shape)[self._places]
        return found

    def canvas(self, title: str, keys: Sequence[Patch]) -> tuple[Figure, Axes]:
        """A figure with title, legend and the bands beside the cells, and axes in which a cell is one by one."""
        # In inches: the bands beside the cells, the names at the bands' ends, title and legend.
        longest = [_LETTER * max((len(name) for name in side), default=0) for side in self.sides]
        left = max(sum(_band_widths(self.sides[0], self.orders[0])), longest[1]) + 0.4
        top, bottom = _BAND * len(self.sides[1]) + 0.6, longest[0] + 0.4
        width = max(left + _CELL * self.shape[1] + 0.2, 6.5)
        columns = int(width // _KEY)
        bottom += 0.2 * -(-len(keys) // columns)
        height = top + _CELL * self.shape[0] + bottom
        figure = Figure(figsize=(width, height))
        where = (left / width, bottom / height, _CELL * self.shape[1] / width, _CELL * self.shape[0] / height)
        axes = figure.add_axes(where)
        axes.set_xlim(0, self.shape[1])
        axes.set_ylim(self.shape[0], 0)
        axes.set_axis_off()
        for side, order, vertical in zip(self.sides, self.orders, (True, False), strict=True):
            _bands(axes, side, order, vertical=vertical)
        figure.legend(handles=list(keys), loc="lower center", ncols=columns, frameon=False, fontsize=9)
        figure.text(0.15 / width, 1 - 0.35 / height, title, fontsize=13, weight="bold")
        return figure, axes


def _not_possible() -> Patch:
    return Patch(facecolor="white", edgecolor="#bbb", hatch="////", label="not possible")


def _place(spans: dict[str, tuple[Value, ...]], side: Sequence[str], values: Sequence[Value]) -> int:
    """Where a combination stands in the order of an array that spans `side`."""
    place = 0
    for name, value in zip(side, values, strict=True):
        place = place * len(spans[name]) + spans[name].index(value)
    return place


def _cell(axes: Axes, place: tuple[int, ...], look: Outcome, *, possible: bool, quiet: bool = False) -> None:
    row, column = place
    if possible:
        face = "#f2f2f2" if quiet else look.colour
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=face, edgecolor="black", linewidth=0.8))
    else:
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="#ccc", hatch="////", linewidth=0.5))
    letter = axes.text(column + 0.5, row + 0.5, look.letter, ha="center", va="center", fontsize=11)
    if possible and not quiet:
        letter.set(color=look.ink, weight="bold")
    elif possible:
        letter.set(color="#555")
    else:
        letter.set(color="#767676", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def _split_cell(axes: Axes, place: tuple[int, ...], above: Outcome, below: Outcome) -> None:
    row, column = place
    for look, corner, x, y in ((above, (0, 0), 0.3, 0.28), (below, (1, 1), 0.7, 0.74)):
        corners = [(column + corner[0], row + corner[1]), (column, row + 1), (column + 1, row)]
        axes.add_patch(Polygon(corners, facecolor=look.colour, edgecolor="black", linewidth=0.8))
        axes.text(column + x, row + y, look.letter, ha="center", va="center", fontsize=8, color=look.ink, weight="bold")


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
