"""A lesson as sections of slides: what is shown of each cell, and what goes into the notes."""

import copy
import re
import sys
from importlib import import_module
from typing import Any

from bs4 import Tag
from cells import shown_code
from lessons import NOTEBOOKS, headings, read
from markdown_it import MarkdownIt
from tree import element, parsed

from .code import highlighted
from .drawings import Drawings
from .output import has_picture, html_of, pieces, printed, text_of
from .prose import key_sentences, short_list, without_links
from .question import question_slides
from .room import LINES, divided, is_too_wide, lines
from .slide import Section, Slide, labelled

sys.path.append(str(NOTEBOOKS))
minutes = import_module("minutes")
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ANSWERABLE = "What you can now answer"
_WORDS = "New words"
_NEXT = re.compile(r"^(Next|Before): ")
_DUMP = re.compile(r'"""\n(.*?)"""', re.DOTALL)
_PARTS = 4  # a table, a list or a text is divided into so many slides; what is longer stays in the lesson
_BESIDE = 880  # a picture that is so wide, if it is as high as the slide, leaves room for text at its left
_BESIDE_LETTERS = 190
_SCREEN = (1280, 720)


class Lesson:
    """The slides of a lesson: `title`, `about` (the paragraphs of its first cell) and `sections`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = headings(name)[0]
        self.minutes: int = minutes.lessons()[f"{name}.ipynb"]
        self.about: list[Tag] = []
        self.sections: list[Section] = []
        self._notebook = read(name)
        self._drawings = Drawings(self._notebook)
        self._before: list[Tag] = []  # the paragraphs since the last output
        self._fresh = False  # whether the last slide is text that the next output may join
        for number, cell in enumerate(self._notebook["cells"]):
            if cell["cell_type"] == "markdown":
                self._text(number, cell)
            else:
                self._code(number, cell)
            if self.sections:
                self.sections[-1].minutes += minutes.exact_minutes([cell])
        self.sections = [each for each in self.sections if each.slides]

    @property
    def answerable(self) -> Section | None:
        """The section with the questions that one can answer now."""
        return next((each for each in self.sections if each.heading == _ANSWERABLE), None)

    def section(self, heading: str) -> Section:
        """Return the section whose heading begins so, if one does not look at capitals; ValueError if there is none."""
        found = [each for each in self.sections if each.heading.lower().startswith(heading.lower())]
        if len(found) != 1:
            raise ValueError(f"{self.name}: {len(found)} sections begin with {heading!r}")
        return found[0]

    def _text(self, number: int, cell: Any) -> None:
        tree = without_links(parsed(_MARKDOWN.render("".join(cell["source"]))), addresses=True)
        paragraphs: list[Tag] = []
        shown: list[Tag] = []
        said: list[Tag] = []
        for piece in tree.find_all(True, recursive=False):
            if piece.name == "h1":
                continue
            if piece.name in ("h2", "h3"):
                self.sections.append(Section(piece.get_text(), 0))
                self._fresh = False
            elif piece.name == "details":
                self._folded(piece)
            elif piece.name == "p" and _NEXT.match(piece.get_text()):
                continue
            else:
                said.append(piece)
                (paragraphs if piece.name == "p" else shown).append(piece)
        if number == 0:
            self.about = paragraphs
            paragraphs = paragraphs[2:]  # the aim, and what it needs
            said = said[2:]
            self.sections.append(Section(self.title.partition(" ")[2], 0))
        if not said:
            return
        self._before = paragraphs
        if self._heading.startswith("Kata "):
            self._add(Slide("kata", self._heading, [copy.copy(each) for each in paragraphs], say=said))
            self._fresh = True
            return
        body: list[Tag] = [without_links(each) for each in key_sentences(paragraphs)]
        body += [without_links(short_list(each) if each.name in ("ul", "ol") else copy.copy(each)) for each in shown]
        self._pack(body, say=said)
        self._fresh = True

    def _folded(self, folded: Tag) -> None:
        """Take what is folded: it belongs to the question, to the kata or to the list above it."""
        title = folded.find_all("summary")[0].extract().get_text().strip()
        content = [each for each in folded.find_all(True, recursive=False)]
        notes = [element("p", element("b", f"{title}:")), *content]
        slides = self.sections[-1].slides if self.sections else []
        answers = [each for each in slides if each.kind == "answer"]
        if title.startswith("What happened") and answers:
            answer = answers[-1] if answers[-1].title == "Answer" else answers[-2]
            answer.say += content
            keys = [without_links(each) for each in key_sentences([each for each in content if each.name == "p"])]
            if sum(map(lines, [*answer.body, *keys])) <= LINES:
                answer.body[2:2] = keys
            else:
                place = slides.index(answer) + 1
                slides.insert(place, Slide("text", "What happened, and why", keys, say=list(answer.say)))
        elif slides:
            slides[-1].say += notes

    def _code(self, number: int, cell: Any) -> None:
        source = "".join(cell["source"])
        code = shown_code(source)
        page = html_of(cell)
        quiz = page.select_one("[data-nvmx-quiz]") if page else None
        if quiz is not None:
            self._dump(source)
            slides = question_slides(self._heading, quiz, self._before)
            slides[0].code = code
            for slide in slides:
                self._add(slide)
            self._shown_with(number, quiz)
        elif page is not None and (stand_in := page.select_one("[data-nvmx]")) is not None:
            explorer = element("div", **{"data-nvmx": stand_in["data-nvmx"]})
            full = '"axes"' not in str(stand_in["data-nvmx"])
            self._add(Slide("explorer full" if full else "explorer", self._heading, [explorer], code=source,
                            say=[element("p", "Ask what happens next, and let the class choose what to set.")]))  # fmt: skip
        elif has_picture(cell):
            self._picture(number, source)
        elif "kata" in cell["metadata"].get("nvmx", {}):
            self._kata(source)
        elif page is not None and page.find("details") is not None and page.find("ol") is not None:
            self._problem(page, source)
        elif page is not None:
            self._result(pieces(page), source, code)
        elif text := text_of(cell):
            self._result([printed(text)], source, source)
        elif _DUMP.search(source):
            self._dump(source)
        elif self.sections and self.sections[-1].slides and "import" not in source:
            self.sections[-1].slides[-1].code += source
        self._fresh = False

    @property
    def _heading(self) -> str:
        return self.sections[-1].heading

    def _add(self, slide: Slide) -> None:
        self.sections[-1].slides.append(slide)

    def _pack(self, body: list[Tag], *, title: str = "", kind: str = "text", say: list[Tag] | None = None,
              code: str = "") -> None:  # fmt: skip
        """Add slides with these elements, as many on one as fit."""
        parts = [part for piece in body for part in _parts(piece)]
        slide = Slide(kind, title or self._heading, say=say or [], code=code)
        used = 0.0
        for part in parts:
            if slide.body and used + lines(part) > LINES:
                self._add(slide)
                slide, used = Slide(kind, slide.title), 0.0
            slide.body.append(part)
            used += lines(part)
        if slide.body or slide.say:
            self._add(slide)

    def _result(self, found: list[Tag], source: str, code: str) -> None:
        """Add what a cell shows, behind its code and the text before it if there is room for all."""
        listing = (
            [highlighted(code)]
            if (code and "\n" not in code.strip()) or (len(found) == 1 and found[0].name == "pre")
            else []
        )
        listing = listing if code else []
        last = self.sections[-1].slides[-1] if self._fresh else None
        for together in ([*listing, *found], found):
            if sum(map(lines, together)) > LINES or any(is_too_wide(each) for each in found if each.name == "table"):
                continue
            if last is not None and sum(map(lines, [*last.body, *together])) <= LINES:
                last.body += together
                last.code = source
                return
            self._add(Slide("text", self._heading, together, code=source))
            return
        self._pack(found, code=source)

    def _picture(self, number: int, source: str) -> None:
        picture = self._drawings.of(number)
        assert picture is not None  # noqa: S101 - its cell has one
        last = self.sections[-1].slides[-1] if self._fresh else None
        text = sum(len(each.get_text()) for each in last.body) if last is not None else 0
        beside = _is_narrow(picture)
        if (
            last is not None
            and beside
            and last.kind == "text"
            and 0 < text <= _BESIDE_LETTERS
            and _only_text(last.body)
        ):
            last.kind, last.code = "picture beside", source
            last.body.append(picture)
        else:
            self._add(Slide("picture beside" if beside else "picture", self._heading, [picture], code=source,
                            say=[labelled("The picture", str(picture["alt"]))]))  # fmt: skip

    def _shown_with(self, number: int, quiz: Tag) -> None:
        """Add what a question shows with its answer."""
        shows = quiz.select_one(".shows")
        if shows is None:
            return
        if (picture := self._drawings.of(number)) is not None:
            self._add(Slide("picture beside" if _is_narrow(picture) else "picture", "Answer", [picture],
                            say=[labelled("The picture", str(picture["alt"]))]))  # fmt: skip
            return
        found = pieces(shows)
        answer = next(
            each for each in reversed(self.sections[-1].slides) if each.kind == "answer" and each.title == "Answer"
        )
        if any(is_too_wide(each) for each in found if each.name == "table") or not found:
            return
        if sum(map(lines, [*answer.body, *found])) <= LINES:
            answer.body[2:2] = found
        else:
            self._pack(found, title="Answer", kind="answer more")

    def _dump(self, source: str) -> None:
        """Add the report that a cell holds as text."""
        for text in _DUMP.findall(source):
            self._pack([printed(text)])

    def _kata(self, source: str) -> None:
        kata = next(each for each in reversed(self.sections[-1].slides) if each.kind == "kata")
        start = highlighted(source)
        if sum(map(lines, [*kata.body, start])) <= LINES:
            kata.body.append(start)
        kata.code = source

    def _problem(self, page: Tag, source: str) -> None:
        """Add a problem to practise on, and its answer on the next slide."""
        folded = page.find_all("details")[0].extract()
        folded.find_all("summary")[0].decompose()
        for name in page.select("code:has(+ pre)"):
            name.decompose()
        self._pack(pieces(page), kind="question", code=source)
        self._pack(pieces(parsed(folded.decode_contents())), title="Answer", kind="answer")


def _parts(piece: Tag) -> list[Tag]:
    """Return an element in parts that fit; if they are too many, or too wide, a line that says where it is."""
    if piece.name == "table" and is_too_wide(piece):
        return [element("p", "The table is too wide for a slide; it is in the lesson.", **{"class": "key"})]
    parts = list(divided(piece))
    if len(parts) <= _PARTS:
        return parts
    rows = len(piece.find_all("tr"))
    return [element("p", f"A table of {rows - 1} rows, in the lesson.", **{"class": "key"})]


def _is_narrow(picture: Tag) -> bool:
    return float(str(picture["width"])) / float(str(picture["height"])) * _SCREEN[1] <= _BESIDE


def _only_text(body: list[Tag]) -> bool:
    return all(each.name == "p" for each in body)
