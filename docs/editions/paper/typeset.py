"""Run typst: the same PDF on every machine, tagged for screen readers, with fonts that come from packages."""

import json
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import matplotlib
import pypdfium2
import typst

_HERE = Path(__file__).parent
# DejaVu Sans, which comes with matplotlib, has the signs that the other one lacks.
_FONTS = (str(files("font_source_sans_pro") / "files"), str(Path(matplotlib.get_data_path()) / "fonts" / "ttf"))

_SIZES = (10.5, 10.4, 10.3, 10.2, 10.1, 10, 9.8, 9.6, 9.5, 10.8, 11)  # points
_FULL = 0.33  # of the last page
_FOOTER = 60  # points


def typeset(template: str, about: Mapping[str, object], more: Mapping[str, bytes] | None = None) -> bytes:
    """Return the PDF that a template makes from `about` (its about.json) and more files.

    typst refuses what PDF/UA-1 does not allow, such as a picture without its sentence.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in _HERE.glob("*.typ"):
            (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        for file, content in (more or {}).items():
            (folder / file).write_bytes(content)
        pdf: bytes = typst.compile(
            str(folder / template), format="pdf", font_paths=_FONTS, ignore_system_fonts=True, pdf_standards="ua-1"
        )
    return pdf


def typeset_full(template: str, about: Mapping[str, object], more: Mapping[str, bytes]) -> bytes:
    """Return the PDF, in type that is a little smaller or larger if its last page would be nearly empty."""
    for size in _SIZES:
        pdf = typeset(template, {**about, "size": size}, more)
        document = pypdfium2.PdfDocument(pdf)
        page = document[len(document) - 1]
        lowest = min(each.get_bounds()[1] for each in page.get_objects() if each.get_bounds()[1] > _FOOTER)
        if lowest < (1 - _FULL) * page.get_height():
            break
    return pdf
