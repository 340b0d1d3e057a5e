"""Handouts: each lesson and a worksheet, as one PDF for students and one with the answers; typst sets them."""

from pathlib import Path

from lessons import LESSONS, headings, read
from paper.lesson import sheet
from paper.typeset import typeset_full
from paper.worksheet import worksheet

import nvmx

_EDITIONS = {"student": "for students", "answers": "with answers"}


def build(out: Path) -> None:
    """Write both PDFs of each lesson and of the worksheet."""
    (out / "worksheet.pdf").write_bytes(worksheet(answers=False))
    (out / "worksheet-answers.pdf").write_bytes(worksheet(answers=True))
    for lesson in LESSONS:
        notebook = read(lesson)
        title = headings(lesson)[0]
        for edition, words in _EDITIONS.items():
            made = sheet(notebook, answers=edition == "answers")
            about = {
                "title": f"{title} ({words})",
                "short": title,
                "edition": words,
                "licence": f"nvmx {nvmx.__version__} contributors, GPL-2.0-only; source: notebooks/{lesson}.ipynb",
                "name-line": edition == "student",
            }
            pdf = typeset_full("lesson.typ", about, made.files | {"lesson.xml": made.xml()})
            (out / f"{lesson}-{edition}.pdf").write_bytes(pdf)
