"""A figure and the sentence that says what it shows."""

import base64
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..model.outcome import TABLE

_DPI = 100


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
