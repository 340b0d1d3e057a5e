"""The lessons: the committed notebooks as they are, with the sentence of each picture where MyST looks for it."""

import json
import re
from pathlib import Path
from typing import Any

from lessons import CASES, LESSONS, headings, read

_INDEX = "## Index: "


def write(source: Path) -> None:
    """Write the notebooks, and the fifteen questions as a page of their own."""
    for lesson in LESSONS:
        notebook = read(lesson)
        for cell in notebook["cells"]:
            if sentences := _sentences(cell):
                cell["metadata"]["mystnb"] = {"image": {"alt": " ".join(sentences)}}
        (source / f"{lesson}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (source / "questions.md").write_text(_questions(), encoding="utf-8")


def link(lesson: str, beginning: str, words: str = "") -> str:
    """Return a link to the section whose heading begins so; raise StopIteration if there is none."""
    heading = next(each for each in headings(lesson) if each.startswith(beginning))
    return f"[{words or heading}](<{lesson}.ipynb#{anchor(heading)}>)"


def anchor(heading: str) -> str:
    """Return the name of a heading in a link, as JupyterLab makes it.

    >>> anchor("What is on the list?")
    'What-is-on-the-list?'
    """
    return heading.replace("`", "").replace(" ", "-")


def _sentences(cell: Any) -> list[str]:
    found = [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in cell.get("outputs", [])]
    return [sentence for sentence in found if sentence]


def _questions() -> str:
    """Return the table of lesson 9 as a page: its links into the same lesson need the lesson's name."""
    text = next(text for cell in read(CASES)["cells"] if (text := "".join(cell["source"])).startswith(_INDEX))
    text = text.removeprefix(_INDEX).partition("\nNext: ")[0]
    text = re.sub(r" \(In JupyterLab [^)]*\)", "", text)
    text = text.replace("](#", f"]({CASES}.ipynb#")
    return "# " + text[0].upper() + text[1:]
