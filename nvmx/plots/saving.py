"""A figure as a file: PNG, SVG or PDF, as large as a notebook, a slide or a page wants it."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.backends import backend_mixed, backend_pdf
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..model.errors import InvalidValue, unknown

# What makes a file the same each time it is written, and where the sentence goes.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Creator": None, "Date": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
_SENTENCE_KEY = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}


class _Size(NamedTuple):
    """What a picture has to fit into (in inches), its smallest text (in points), and the dots per inch of a PNG."""

    width: float
    height: float
    smallest: float
    dpi: float


# A page is A4 without its margins.  A slide has 1920 x 1080 pixels at 144 dpi, and 9 points are 18 of them.
_SIZES = {"page": _Size(6.3, 9.7, 7, 300), "slide": _Size(40 / 3, 7.5, 9, 144)}
_DPI = 100  # without a size: as in a notebook
_EDGE = 0.05  # inches from larger text to the edge
_MOST = 1.5  # small text may grow so much; then it would leave its place


def file_content(
    figure: Figure, sentence: str, ending: str, size: str | None = None, dpi: float | None = None
) -> bytes:
    """Return the content of a file with this name ending; `sentence` says in it what the figure shows.

    Raises what `Picture.save` raises.
    """
    suffix = ending.lower()
    if suffix not in _METADATA:
        raise unknown("file ending", suffix, _METADATA)
    if size is not None and size not in _SIZES:
        raise unknown("size", size, _SIZES)
    if dpi is not None and not (isinstance(dpi, (int, float)) and isfinite(dpi) and dpi > 0):
        raise InvalidValue(f"dpi: {dpi!r} is not a positive number")
    metadata = {**_METADATA[suffix], _SENTENCE_KEY[suffix]: sentence}
    if size is None:
        return _written(figure, suffix, metadata, dpi or _DPI, 1, _sheet(figure))
    wanted = _SIZES[size]
    with _fitted(figure, size) as (factor, sheet):
        return _written(figure, suffix, metadata, dpi or wanted.dpi, factor, sheet)


def _written(
    figure: Figure, suffix: str, metadata: dict[str, str | None], dpi: float, factor: float, sheet: Bbox
) -> bytes:
    """Return a file with this part of the figure (in inches), in which all lengths are multiplied by `factor`."""
    # The salt makes the names inside an SVG the same each time.
    with rc_context({"svg.hashsalt": "nvmx"}), io.BytesIO() as file:
        if suffix == ".pdf" and factor != 1:
            _write_pdf(figure, file, metadata, dpi, factor, sheet)
        else:
            more: dict[str, Any] = {} if sheet.bounds == _sheet(figure).bounds else {"bbox_inches": sheet}
            resolution = dpi * factor if suffix == ".png" else dpi
            figure.savefig(file, format=suffix[1:], dpi=resolution, metadata=metadata, **more)
        content = file.getvalue()
    if suffix == ".png":
        return _with_palette(content, metadata, dpi)
    return _scaled_svg(content, factor) if suffix == ".svg" and factor != 1 else content


def _with_palette(png: bytes, metadata: dict[str, str | None], dpi: float) -> bytes:
    """Return the PNG in 256 colours, a third of its size: notebooks hold many.  Only the edges of letters change."""
    described = PngInfo()
    described.add_text(_SENTENCE_KEY[".png"], metadata[_SENTENCE_KEY[".png"]] or "")
    with Image.open(io.BytesIO(png)) as image, io.BytesIO() as file:
        few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(file, "png", pnginfo=described, dpi=(dpi, dpi))
        return file.getvalue()


def _sheet(figure: Figure) -> Bbox:
    width, height = figure.get_size_inches()
    return Bbox.from_bounds(0, 0, width, height)


@contextmanager
def _fitted(figure: Figure, size: str) -> Iterator[tuple[float, Bbox]]:
    """Inside, no text is too small for this size; yield by how much to enlarge the figure, and which part to show.

    Larger text may reach over the edge; then the part to show is larger than the figure.  Raises InvalidValue if some
    text would have to grow so much that it would leave its place.
    """
    wanted, sheet = _SIZES[size], _sheet(figure)
    before = {
        text: float(text.get_fontsize())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_text().strip()
    }
    try:
        for _ in range(3):  # a larger part needs larger text, but less and less so
            factor = min(wanted.width / sheet.width, wanted.height / sheet.height)
            points = wanted.smallest / factor
            if points > _MOST * min(before.values(), default=points):
                raise InvalidValue(
                    f"size: this picture ({sheet.width:.0f} x {sheet.height:.0f} inches) is too large to be read"
                    f" in size {size!r}; show less of it, or save it without a size"
                )
            for text, own in before.items():
                text.set_fontsize(max(points, own))
            sheet = Bbox.union([_sheet(figure), figure.get_tightbbox().padded(_EDGE)])
        yield min(wanted.width / sheet.width, wanted.height / sheet.height), sheet
    finally:
        for text, own in before.items():
            text.set_fontsize(own)


def _scaled_svg(content: bytes, factor: float) -> bytes:
    """Multiply the width and the height that an SVG states; what is drawn keeps to its viewBox."""

    def scaled(found: re.Match[bytes]) -> bytes:
        return b'%s="%gpt"' % (found[1], float(found[2]) * factor)

    head, tag, rest = content.partition(b"<svg ")
    attributes, end, drawn = rest.partition(b">")
    return head + tag + re.sub(rb'\b(width|height)="([\d.]+)pt"', scaled, attributes) + end + drawn


def _write_pdf(
    figure: Figure, file: io.BytesIO, metadata: dict[str, str | None], dpi: float, factor: float, sheet: Bbox
) -> None:
    """Write a page that is larger by `factor`, with a matrix that enlarges what is drawn, which savefig cannot."""
    backend: Any = backend_pdf  # it has no types
    mixed: Any = backend_mixed
    before = figure.dpi
    pdf = backend.PdfFile(file, metadata=metadata)
    unit = 72 * factor
    try:
        figure.dpi = 72  # a PDF's unit
        pdf.newPage(sheet.width * factor, sheet.height * factor)
        pdf.output(factor, 0, 0, factor, -sheet.x0 * unit, -sheet.y0 * unit, backend.Op.concat_matrix)
        width, height = figure.get_size_inches()
        renderer = mixed.MixedModeRenderer(figure, width, height, dpi, backend.RendererPdf(pdf, dpi, height, width))
        figure.draw(renderer)
        renderer.finalize()
        pdf.finalize()
    finally:
        pdf.close()
        figure.dpi = before
