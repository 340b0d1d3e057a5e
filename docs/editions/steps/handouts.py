"""Handouts: of each lesson one PDF for students and one with the answers; typst sets them."""

from pathlib import Path

import nvmx
from lessons import LESSONS, headings, read
from paper.lesson import sheet
from paper.typeset import typeset_full

_EDITIONS = {"student": "for students", "answers": "with answers"}


def build(out: Path) -> None:
    """Write both PDFs of each lesson."""
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
