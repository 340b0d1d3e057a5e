"""A sheet for diagrams: boxes, arrows and words at places given in inches, from the upper left corner."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Text

from ..model.outcome import BY_OUTCOME
from .picture import Picture, add_panel

WIDTH = 7.5  # of every diagram, in inches: 750 pixels, which fit into a notebook
_HALF_CAPITAL = 0.365  # of the size of text: half the height of a capital letter
SMALL, NORMAL = 9.5, 10.5  # sizes of text, in points
INK, GREY, RULE = "#111", "#595959", "#999"  # words, words that matter less, lines that matter less
PAPER, SHADE, MARK = "#fff", "#f0f0f0", "#fff3c4"  # what boxes are filled with; the last one is for what counts
REAL, VIRTUAL = "#dcebf7", "#fbe6d8"  # the real processor, and what a hypervisor pretends

Point = tuple[float, float]


class Canvas:
    """A figure that is WIDTH wide and `height` high, with a title."""

    def __init__(self, height: float, title: str) -> None:
        self.figure = Figure(figsize=(WIDTH, height))
        self._panel = add_panel(self.figure, (0, 0, WIDTH, height), (0, WIDTH), (height, 0))
        self.text(0.15, 0.28, title, ha="left", size=12.5, weight="bold")

    def text(self, x: float, y: float, words: str, **look: Any) -> Text:
        """Write words around a point; `look` as in matplotlib, and `size`."""
        size = look.pop("size", NORMAL)
        if "\n" not in words and "va" not in look:  # so that the words of one row share a baseline, whichever they are
            y, look["va"] = y + _HALF_CAPITAL * size / 72, "baseline"
        look = {"ha": "center", "va": "center", "color": INK, "linespacing": 1.25, **look}
        return self._panel.text(x, y, words, fontsize=size, **look)

    def box(
        self, left: float, top: float, width: float, height: float, words: str = "", *, fill: str = PAPER,
        edge: str = INK, line: float = 1, dashed: bool = False, **look: Any
    ) -> None:  # fmt: skip
        """Draw a box with words in its middle."""
        shape = FancyBboxPatch(
            (left + 0.05, top + 0.05), width - 0.1, height - 0.1, boxstyle="round,pad=0.05", facecolor=fill,
            edgecolor=edge, linewidth=line, linestyle="--" if dashed else "-",
        )  # fmt: skip
        self._panel.add_patch(shape)
        if words:
            self.text(left + width / 2, top + height / 2, words, **look)

    def cell(
        self, left: float, top: float, width: float, height: float, words: str = "", *, fill: str = PAPER,
        edge: str = INK, **look: Any
    ) -> None:  # fmt: skip
        """Draw a box with sharp corners, for bits and tables."""
        self._panel.add_patch(Rectangle((left, top), width, height, facecolor=fill, edgecolor=edge, linewidth=0.8))
        if words:
            self.text(left + width / 2, top + height / 2, words, **look)

    def line(self, start: Point, end: Point, *, colour: str = RULE, width: float = 1, dashed: bool = False) -> None:
        """Draw a line."""
        (x0, y0), (x1, y1) = start, end
        self._panel.plot([x0, x1], [y0, y1], color=colour, linewidth=width, linestyle="--" if dashed else "-")

    def arrow(self, start: Point, end: Point, *, bend: float = 0, colour: str = INK) -> None:
        """Draw an arrow, bent by this part of its length."""
        self._panel.add_patch(
            FancyArrowPatch(
                start, end, arrowstyle="-|>", mutation_scale=13, color=colour, linewidth=1.3, shrinkA=0, shrinkB=0,
                connectionstyle=f"arc3,rad={bend}",
            )
        )  # fmt: skip

    def ending(self, left: float, middle: float, outcome: str, *, grey: bool = False, size: float = SMALL) -> None:
        """Draw an outcome's letter on its colour; `grey`: without the colour."""
        look = BY_OUTCOME[outcome]
        fill, ink = (PAPER, GREY) if grey else (look.colour, look.ink)
        self.cell(left, middle - 0.1, 0.24, 0.2, look.letter, fill=fill, edge=RULE if grey else INK, color=ink,
                  size=size, weight="bold")  # fmt: skip

    def picture(self, sentence: str) -> Picture:
        """Return what was drawn, with the sentence that says it."""
        return Picture(self.figure, sentence)
