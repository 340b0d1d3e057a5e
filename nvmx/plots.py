"""Pictures of ladders, made with matplotlib; each carries a sentence, computed from the data, about what it shows."""

import base64
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Patch, Polygon, Rectangle
from numpy.typing import NDArray

from . import karnaugh
from .axis import READY, Value, named_values
from .ladders import ladder as find_ladder
from .outcome import BY_OUTCOME, OUTCOMES, TABLE, Outcome
from .possible import State
from .rung import Ladder
from .sequence import execute
from .space import deciding_rungs, domains, outcome_codes, possible
from .versions import versions

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
    layout = _Layout([chosen], down, across, held)
    codes, can_be = layout.codes(chosen), layout.possible()
    shown = [place for place in range(len(OUTCOMES)) if (codes == place).any()]
    others = "".join(f", {name}={value}" for name, value in held.items())
    figure, axes = layout.canvas(f"{instruction}, {chosen.source}{others}", [*_keys(shown), _not_possible()])
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
    both = [find_ladder(instruction, a), find_ladder(instruction, b)]
    held = named_values(at)
    layout = _Layout(both, down, across, held)
    first, second = (layout.codes(each) for each in both)
    can_be = layout.possible()
    part = (first != second) & can_be
    shown = [place for place in range(len(OUTCOMES)) if (part & ((first == place) | (second == place))).any()]
    others = "".join(f", {name}={value}" for name, value in held.items())
    title = f"{instruction}: {both[0].source} (above) and {both[1].source} (below){others}"
    same = Patch(facecolor="#f2f2f2", edgecolor="#bbb", label="the same")
    figure, axes = layout.canvas(title, [*_keys(shown), same, _not_possible()])
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
        self.spans: dict[str, tuple[Value, ...]] = domains(ladders, [*self.sides[0], *self.sides[1]])
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
        return outcome_codes(chosen)[deciding_rungs(chosen, self.spans).reshape(self.shape)[self._places]]

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


def _keys(shown: Iterable[int]) -> list[Patch]:
    return [
        Patch(facecolor=TABLE[n].colour, edgecolor="black", label=f"{TABLE[n].letter}  {TABLE[n].name}") for n in shown
    ]


def _not_possible() -> Patch:
    return Patch(facecolor="white", edgecolor="#bbb", hatch="////", label="not possible")


def history(instruction: str = "VMXON", ids: Sequence[str] | None = None) -> Picture:
    """Draw, for each version, how many possible states end otherwise than in the manual, and in which way.

    `ids` names the sources in order; None: KVM's.  Raises TypeError or ValueError.
    """
    found = versions(instruction, ids)
    height = 0.5 * len(found) + 1.6
    figure = Figure(figsize=(9, height))
    axes = figure.add_axes((0.16, 0.9 / height, 0.7, 0.5 * len(found) / height))
    most = max((each.total for each in found), default=0) or 1
    axes.set_xlim(0, most * 1.005)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_axis_off()
    shown: set[int] = set()
    for y, each in enumerate(found):
        axes.text(-0.01 * most, y, each.source.id, ha="right", va="center", fontsize=10)
        start = 0
        for (ours, theirs), count in sorted(
            each.wrong.items(), key=lambda item: (OUTCOMES.index(item[0][0]), -item[1])
        ):
            look = BY_OUTCOME[ours]
            shown.add(OUTCOMES.index(ours))
            axes.barh(y, count, left=start, height=0.7, color=look.colour, edgecolor="black", linewidth=0.6)
            if count > most * 0.07:
                letters = f"{look.letter} for {BY_OUTCOME[theirs].letter}"
                axes.text(start + count / 2, y, letters, ha="center", va="center", fontsize=9, color=look.ink)
            start += count
        axes.text(start + most * 0.01, y, f"{each.total:,}", ha="left", va="center", fontsize=10, weight="bold")
    figure.legend(handles=_keys(sorted(shown)), loc="lower center", ncols=7, frameon=False, fontsize=9)
    title = f"{instruction}: possible states that end otherwise than in the manual"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=12, weight="bold")
    figure.text(0.16, 0.55 / height, "colour: what this version says; 'U for G': it says #UD, the manual #GP(0)",
                fontsize=8, color="#555")  # fmt: skip
    words = ", ".join(f"{each.source.id} {each.total:,}" for each in found)
    return Picture(figure, f"{instruction}, possible states that end otherwise than in the manual: {words}.")


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


def graph(source: str | Ladder) -> Picture:
    """Draw where VMXON, VMXOFF and writes to CR4.VMXE lead from the ready state: states as boxes, changes as arrows.

    What changes nothing stands in the box.  A dashed box is a state that no processor can be in.
    Raises TypeError or ValueError, also where the source's treatment of writes is unknown.
    """
    name = source.source if isinstance(source, Ladder) else source
    moves: list[object] = ["VMXON", "VMXOFF", ("CR4.VMXE", 0), ("CR4.VMXE", 1)]
    start = State(READY["VMXON"])
    nodes, edges, stays = [start], list[tuple[int, int, str]](), dict[int, list[str]]()
    for here, state in enumerate(nodes):
        for move in moves:
            if not isinstance(move, str) and state["CR4.VMXE"] == move[1]:  # type: ignore[index]
                continue
            (event,) = execute([move], source, state)
            flags = ", flags left alone" if event.outcome == "success" and event.flags == "left alone" else ""
            words = f"{event.step}: {event.outcome}{flags if isinstance(move, str) else ''}"
            if event.state == state:
                stays.setdefault(here, []).append(words)
                continue
            if event.state not in nodes:
                nodes.append(event.state)
            edges.append((here, nodes.index(event.state), words))
    figure = Figure(figsize=(9, 5))
    axes = figure.add_axes((0, 0, 1, 0.9))
    axes.set_xlim(0, 9.7)
    axes.set_ylim(0, 4.5)
    axes.set_axis_off()
    where = {(state["VMX"], state["CR4.VMXE"]): n for n, state in enumerate(nodes)}
    spots = {n: (1.75 if vmx == "off" else 7.25, 3.4 if vmxe else 1.0) for (vmx, vmxe), n in where.items()}
    for n, state in enumerate(nodes):
        x, y = spots[n]
        line = "solid" if state.possible else "dashed"
        axes.add_patch(
            Rectangle((x - 1.55, y - 0.75), 3.1, 1.5, facecolor="#f2f2f2", edgecolor="black", linestyle=line)
        )
        title = f"VMX {state['VMX']}, CR4.VMXE {state['CR4.VMXE']}"
        axes.text(x, y + 0.5, title, ha="center", va="center", weight="bold", fontsize=10)
        note = stays.get(n, []) + ([] if state.possible else ["(no processor can be here)"])
        axes.text(x, y - 0.15, "\n".join(note), ha="center", va="center", fontsize=8)
    for a, b, words in edges:
        _arrow(axes, spots[a], spots[b], words.replace(": ", ":\n").replace(", flags", "\nflags"))
    figure.text(0.02, 0.93, f"VMXON, VMXOFF and writes to CR4.VMXE under {name}", fontsize=12, weight="bold")
    odd = [state for state in nodes if not state.possible]
    sentence = (
        f"{name}: from ready, VMXON, VMXOFF and writes to CR4.VMXE reach {len(nodes)} states"
        f"{f', {len(odd)} of which no processor can be in' if odd else ''}; "
        + "; ".join(f"{words} leads from {_where(nodes[a])} to {_where(nodes[b])}" for a, b, words in edges)
        + "."
    )
    return Picture(figure, sentence)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], words: str) -> None:
    """An arrow between two boxes that stand beside or above each other; the way back runs beside it."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        way = 1 if x1 > x0 else -1
        ends = (x0 + 1.55 * way, y0 + 0.25 * way), (x1 - 1.55 * way, y1 + 0.25 * way)
        place, across, up = ((x0 + x1) / 2, y0 + 0.35 * way), "center", "bottom" if way > 0 else "top"
    else:
        way = 1 if y1 > y0 else -1
        ends = (x0 + way, y0 + 0.75 * way), (x1 + way, y1 - 0.75 * way)
        place, across, up = (x0 + way + 0.12, (y0 + y1) / 2), "left", "center"
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=14, color="black"))
    axes.text(*place, words, fontsize=8, ha=across, va=up)


def _where(state: State) -> str:
    return f"VMX {state['VMX']}, VMXE {state['CR4.VMXE']}"
