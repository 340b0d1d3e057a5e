"""The type of a deck, inside it: so every slide looks the same on every computer, and what fits here fits there."""

import base64
import io
from importlib.resources import files
from pathlib import Path

import matplotlib
from fontTools import subset
from fontTools.ttLib import TTFont

_SANS = Path(str(files("font_source_sans_pro") / "files"))
_DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# DejaVu Sans, which comes with matplotlib, has the signs that the first one lacks.
_FACES = (
    ("Deck", "normal", _SANS / "SourceSansPro-Regular.ttf"),
    ("Deck", "bold", _SANS / "SourceSansPro-Bold.ttf"),
    ("Deck signs", "normal", _DEJAVU / "DejaVuSans.ttf"),
    ("Deck code", "normal", _DEJAVU / "DejaVuSansMono.ttf"),
    ("Deck code", "bold", _DEJAVU / "DejaVuSansMono-Bold.ttf"),
)


def faces(letters: str) -> str:
    """Return the CSS that brings the fonts, as far as these letters need them."""
    return "\n".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight};"
        f" src: url(data:font/woff;base64,{_subset(path, letters)}) format('woff') }}"
        for family, weight, path in _FACES
    )


def _subset(path: Path, letters: str) -> str:
    options = subset.Options(
        flavor="woff", layout_features=["kern", "liga", "tnum"], notdef_outline=True, drop_tables=["FFTM"]
    )
    with TTFont(path, recalcTimestamp=False) as font, io.BytesIO() as file:
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=letters)
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(file)
        return base64.b64encode(file.getvalue()).decode()
