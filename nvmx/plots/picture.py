"""A figure and the sentence that says what it shows."""

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

from ..model.outcome import TABLE
from .saving import file_content


@dataclass(frozen=True)
class Picture:
    """A matplotlib `figure` and the `sentence`, computed from the data, that says what it shows.

    A notebook shows both.

    >>> import nvmx
    >>> nvmx.plots.map("VMXON", "intel", down=["CPL"], across=["CR4.VMXE"])
    VMXON by intel: 8 states, of which a processor can be in 8; of those, success in 1, #UD in 4, #GP(0) in 3.
    """

    figure: Figure = field(repr=False)
    sentence: str

    def __post_init__(self) -> None:
        # A ladder's names are plain text: "$" must not start a formula.
        for text in self.figure.findobj(Text):
            text.set_parse_math(False)

    def png(self) -> bytes:
        """Return the figure as PNG; the sentence is its "Description".

        >>> import nvmx
        >>> nvmx.plots.graph("intel").png()[1:4]
        b'PNG'
        """
        return file_content(self.figure, self.sentence, ".png")

    def save(self, path: str | os.PathLike[str], size: str | None = None, dpi: float | None = None) -> None:
        """Write the picture to a file whose name ends in .png, .svg or .pdf.

        `size` makes it as large as what it is for: "slide" (1920 x 1080 pixels, no text smaller than 18 of them) or
        "page" (A4 without margins, no text smaller than 7 points).  None: as in a notebook.
        `dpi` are the dots per inch of a PNG: 144 for a slide, 300 for a page, else 100.
        Raises UnknownName for another ending or size, and InvalidValue if `dpi` is not a positive number, or the
        picture is so large that its text cannot be read in that size.

        >>> import nvmx, tempfile
        >>> picture = nvmx.plots.checks("VMXOFF", "intel", stopped={"cpl": 3})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     picture.save(f"{folder}/vmxoff.png", size="slide")
        ...     picture.save(f"{folder}/vmxoff.pdf", size="page")
        >>> picture.save("vmxoff.webp")
        Traceback (most recent call last):
        nvmx.model.errors.UnknownName: file ending: '.webp' is not allowed (allowed: '.png', '.svg', '.pdf')
        """
        Path(path).write_bytes(file_content(self.figure, self.sentence, Path(path).suffix, size, dpi))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        image = base64.b64encode(self.png()).decode()
        return {"text/plain": self.sentence, "image/png": image}, {"image/png": {"alt": self.sentence}}

    def __repr__(self) -> str:
        return self.sentence


def add_panel(
    figure: Figure, box: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]
) -> Axes:
    """Add a panel without a frame at `box` (left, bottom, width, height; in inches) with these limits of x and y."""
    width, height = figure.get_size_inches()
    panel = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    panel.set_xlim(*x)
    panel.set_ylim(*y)
    panel.set_axis_off()
    return panel


def outcome_keys(codes: Iterable[int]) -> list[Patch]:
    """Return the legend's entries for these codes into OUTCOMES."""
    return [
        Patch(facecolor=TABLE[n].colour, edgecolor="black", label=f"{TABLE[n].letter}  {TABLE[n].name}") for n in codes
    ]
