"""A deck: sections of slides as one HTML file, with reveal.js and everything else in it."""

import copy
import html
import re
from pathlib import Path

from bs4 import Tag
from packages import installed
from tree import element

from nvmx.web import enhance

from .code import STYLE, highlighted
from .fonts import faces
from .slide import Section, Slide, labelled

_HERE = Path(__file__).parent
_REVEAL = "6.0.2"
_SECONDS = 60


def deck(title: str, sections: list[Section]) -> str:
    """Return the HTML of a deck."""
    slides = "\n".join(str(_section(slide, section, number)) for section in sections
                       for number, slide in enumerate(section.slides))  # fmt: skip
    reveal = installed("reveal.js", _REVEAL) / "dist"
    scripts = [reveal / "reveal.js", reveal / "plugin" / "notes.js"]
    code = [*(path.read_text(encoding="utf-8") for path in scripts), enhance(), _own("deck.js")]
    style = "\n".join([(reveal / "reveal.css").read_text(encoding="utf-8"), STYLE, _own("deck.css")])
    letters = "".join(sorted(set(html.unescape(slides) + code[-2])))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{faces(letters)}\n{style}\n</style>\n</head>\n<body>\n"
        f'<div class="reveal"><div class="slides">\n{slides}\n</div></div>\n'
        + "".join(f"<script>\n{_inside(script)}\n</script>\n" for script in code)
        + "</body>\n</html>\n"
    )


def _section(slide: Slide, section: Section, number: int) -> Tag:
    seconds = round(section.minutes * _SECONDS / len(section.slides))
    made = element("section", **{"class": slide.kind, "data-timing": max(seconds, 1)})
    made.append(element("h1" if slide.kind == "title" else "h2", slide.title))
    made.append(element("div", *map(copy.copy, slide.body), **{"class": "body"}))
    time = (
        f"{section.heading}: about {max(round(section.minutes), 1)} min, slide {number + 1} of {len(section.slides)}."
    )
    notes = element("aside", element("p", element("b", time)), *map(copy.copy, slide.ask), **{"class": "notes"})
    if slide.say:
        notes.append(labelled("Say"))
        notes.extend(map(copy.copy, slide.say))
    if slide.code.strip():
        notes.append(labelled("In the notebook"))
        notes.append(highlighted(slide.code))
    made.append(notes)
    return made


def _own(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _inside(script: str) -> str:
    """Return a script that can stand in a page."""
    return re.sub("</(?=script)", r"<\\/", script, flags=re.IGNORECASE)
