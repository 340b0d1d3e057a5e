"""A figure and the sentence that says what it shows."""

import base64
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..model.errors import unknown
from ..model.outcome import TABLE

# What makes a file the same each time it is written, and where the sentence goes.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Creator": None, "Date": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
_DPI = 100
_SENTENCE_KEY = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}


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
        return self._write(".png")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file whose name ends in .png, .svg or .pdf; raise UnknownName for another ending.

        >>> import nvmx
        >>> nvmx.plots.map("VMXON", "intel").save("map.webp")
        Traceback (most recent call last):
        nvmx.model.errors.UnknownName: file ending: '.webp' is not allowed (allowed: '.png', '.svg', '.pdf')
        """
        suffix = Path(path).suffix.lower()
        if suffix not in _METADATA:
            raise unknown("file ending", suffix, _METADATA)
        Path(path).write_bytes(self._write(suffix))

    def _write(self, suffix: str) -> bytes:
        metadata = {**_METADATA[suffix], _SENTENCE_KEY[suffix]: self.sentence}
        # The salt makes the names inside an SVG the same each time.
        with rc_context({"svg.hashsalt": "nvmx"}), io.BytesIO() as file:
            self.figure.savefig(file, format=suffix[1:], dpi=_DPI, metadata=metadata)
            return _with_palette(file, self.sentence) if suffix == ".png" else file.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        image = base64.b64encode(self.png()).decode()
        return {"text/plain": self.sentence, "image/png": image}, {"image/png": {"alt": self.sentence}}

    def __repr__(self) -> str:
        return self.sentence


def _with_palette(png: io.BytesIO, sentence: str) -> bytes:
    """Return the PNG in 256 colours, a third of its size: notebooks hold many.  Only the edges of letters change."""
    described = PngInfo()
    described.add_text(_SENTENCE_KEY[".png"], sentence)
    with Image.open(png) as image, io.BytesIO() as file:
        few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(file, "png", pnginfo=described, dpi=(_DPI, _DPI))
        return file.getvalue()


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
