"""What every sheet of paper is asked, by PDFium, the engine with which Chromium shows PDFs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

_TO_MM = 25.4 / 72
_SCREEN = 1.2  # pixels per point of the contact sheets
_COLUMNS = 4
_GAP, _EDGE = 12, 17  # points: between the body and its header or footer, and to the edge of the paper
_HYPHEN = "\x02"  # what PDFium makes of one at the end of a line


@dataclass(frozen=True)
class Layout:
    """The margins of a page (left and right, top, bottom) in mm, and its smallest type in points."""

    side: float
    top: float
    bottom: float
    type: float = 7


@dataclass(frozen=True)
class _Letter:
    sign: str
    box: tuple[float, float, float, float]  # left, bottom, right, top
    size: float


def check_sheet(path: Path, layout: Layout, pages: range, screenshots: Path) -> tuple[list[str], int]:
    """Return what is wrong with a PDF and how many pages it has; write a picture of all its pages."""
    document = pypdfium2.PdfDocument(path)
    wrong = list(_document(document, pages))
    for number, page in enumerate(document, 1):
        wrong += [f"page {number}: {each}" for each in _page(page, layout)]
    _contact_sheet(document, screenshots / f"{path.stem}.png")
    return [f"{path.name}: {each}" for each in wrong], len(document)


def text(path: Path, layout: Layout) -> str:
    """Return the text of a PDF without blanks, and without headers and footers."""
    found = []
    for page in pypdfium2.PdfDocument(path):
        found += [each.sign for each in _letters(page) if _in_body(each, page, layout)]
    return "".join(found)


def _document(document: Any, pages: range) -> Iterator[str]:
    if len(document) not in pages:
        yield f"{len(document)} pages"
    if not document.get_metadata_value("Title"):
        yield "no title"
    length = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
    language = (pdfium.FPDF_WCHAR * (length // 2))()
    pdfium.FPDFCatalog_GetLanguage(document, language, length)
    if not bytes(language).decode("utf-16-le").startswith("en"):
        yield "no language"
    if not pdfium.FPDFCatalog_IsTagged(document):
        yield "not tagged"


def _page(page: Any, layout: Layout) -> Iterator[str]:
    width, height = page.get_size()
    letters = list(_letters(page))
    side, lowest, highest = layout.side / _TO_MM, layout.bottom / _TO_MM, height - layout.top / _TO_MM
    smallest = min(each.size for each in letters)
    if smallest < layout.type - 0.01:
        yield f"type of {smallest:.1f} points"
    outside = [each.sign for each in letters if each.box[0] < side - 2 or each.box[2] > width - side + 2]
    if outside:
        yield f"text in the margin: {''.join(outside)!r}"
    middles = [(each.sign, (each.box[1] + each.box[3]) / 2) for each in letters]
    over = [
        sign for sign, y in middles if lowest - _GAP < y < lowest - 2 or highest + 2 < y < highest + _GAP or y < _EDGE
    ]
    if over:
        yield f"text above or below the body: {''.join(over)!r}"
    for thing in page.get_objects(max_depth=1):
        left, bottom, right, top = thing.get_bounds()
        if thing.type in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH) and (
            left < side - 2 or right > width - side + 2 or bottom < 12 or top > height - 12
        ):
            yield f"something reaches to {right * _TO_MM:.0f} mm, {bottom * _TO_MM:.0f} mm"
        if thing.type == pdfium.FPDF_PAGEOBJ_TEXT:
            font = pdfium.FPDFTextObj_GetFont(thing)
            if not pdfium.FPDFFont_GetIsEmbedded(font):
                yield "a font is not embedded"
    if covered := _overlaps(letters):
        yield f"letters on top of each other: {covered!r}"
    body = [each.box[1] for each in letters if _in_body(each, page, layout)]
    body += [thing.get_bounds()[1] for thing in page.get_objects(max_depth=1)
             if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE]  # fmt: skip
    if highest - min(body, default=highest) < (highest - lowest) / 8:
        yield "nearly empty"


def _letters(page: Any) -> Iterator[_Letter]:
    text_page = page.get_textpage()
    for index in range(text_page.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(text_page, index)).replace(_HYPHEN, "-")
        if not sign.isspace() and sign.isprintable():
            yield _Letter(sign, text_page.get_charbox(index), pdfium.FPDFText_GetFontSize(text_page, index))


def _in_body(letter: _Letter, page: Any, layout: Layout) -> bool:
    middle = (letter.box[1] + letter.box[3]) / 2
    return bool(layout.bottom / _TO_MM < middle < page.get_height() - layout.top / _TO_MM)


def _overlaps(letters: list[_Letter]) -> str:
    """Return letters that cover each other, as where a cell's text runs into the next one."""
    lines: dict[int, list[_Letter]] = {}
    for each in letters:
        lines.setdefault(round((each.box[1] + each.box[3]) / 8), []).append(each)
    found = ""
    for line in lines.values():
        line.sort(key=lambda each: each.box[0])
        for left, right in pairwise(line):
            common = min(left.box[2], right.box[2]) - right.box[0]
            high = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1])
            if common > 0.6 * min(left.box[2] - left.box[0], right.box[2] - right.box[0]) and high > 1:
                found += left.sign + right.sign
    return found


def _contact_sheet(document: Any, path: Path) -> None:
    images = [page.render(scale=_SCREEN).to_pil() for page in document]
    width, height = max(each.width for each in images), max(each.height for each in images)
    columns = min(_COLUMNS, len(images))
    rows = -(-len(images) // columns)
    picture = Image.new("RGB", (columns * (width + 4), rows * (height + 4)), "gray")
    for number, image in enumerate(images):
        picture.paste(image, (number % columns * (width + 4), number // columns * (height + 4)))
    picture.save(path)
