"""The decks, handouts and cards that were built before the site: copied beside it, and listed on a page."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from lessons import LESSONS, headings

from nvmx.model.html import Markup, tag

from .markdown import table, write_page

_FOLDERS = ("card", "decks", "handouts")
_ALONE = {
    "decks/minutes-45.html": "slides for 45 minutes, from several lessons",
    "decks/minutes-90.html": "slides for 90 minutes",
    "handouts/worksheet.pdf": "worksheet: ten problems for a room without computers",
    "handouts/worksheet-answers.pdf": "worksheet: its answers",
    "card/card.pdf": "reference card: both ladders, all axes, and how to look, on one page",
}
_LESSON = {
    "slides": "decks/{}.html",
    "handout": "handouts/{}-student.pdf",
    "with answers": "handouts/{}-answers.pdf",
}


def write(source: Path, built: Path) -> None:
    """Write the page, with links to what there is in `built`, the folder of all editions."""
    whole = [tag("li", link) for path, words in _ALONE.items() if (link := _link(built, path, words))]
    rows = list(_rows(built))
    write_page(
        source,
        "downloads",
        "# Slides, handouts, and a card",
        "All of them are made from the lessons and from the rows. A deck is one HTML file, which needs no network: its"
        " explorers and questions work; key S shows the speaker's notes, key F fills the screen. The handouts are PDF,"
        " A4. [How to use them](class.md), and [what the licence allows](<class.md#What-the-licence-allows>).",
        str(tag("ul", *whole)) if whole else "None is here: `just editions` builds them before the site.",
        str(table(("lesson", *_LESSON), rows, "downloads")) if rows else "",
    )


def copy(built: Path, out: Path) -> None:
    """Copy what there is into the site."""
    for name in _FOLDERS:
        if (built / name).is_dir():
            shutil.copytree(built / name, out / name)


def _rows(built: Path) -> Iterator[list[Markup]]:
    for lesson in LESSONS:
        links = [_link(built, path.format(lesson), words) for words, path in _LESSON.items()]
        if any(links):
            yield [Markup(tag("a", headings(lesson)[0], href=f"{lesson}.html")), *links]


def _link(built: Path, path: str, words: str) -> Markup:
    return Markup(tag("a", words, href=path)) if (built / path).is_file() else Markup("")
