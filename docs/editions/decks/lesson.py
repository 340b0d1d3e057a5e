"""A lesson as sections of slides: what is shown of each cell, and what goes into the notes."""

import copy
import re
import sys
from importlib import import_module
from typing import Any

from bs4 import Tag
from cells import shown_code
from lessons import NOTEBOOKS, headings, read
from tree import element, parsed, rendered

from .code import highlighted
from .drawings import Drawings
from .output import has_picture, html_of, pieces, printed, text_of
from .packing import is_narrow, letters, only_text, pack, parts
from .prose import key_sentences, sentences, short_list, without_links
from .question import question_slides
from .room import LINES, is_too_wide, lines
from .slide import Section, Slide, labelled

sys.path.append(str(NOTEBOOKS))
minutes = import_module("minutes")
_ANSWERABLE = "What you can now answer"
_SLIDER = "nvmx.lab.history("
_NEXT = re.compile(r"^(Next|Before): ")
_DUMP = re.compile(r'"""\n(.*?)"""', re.DOTALL)
_MAP = re.compile(r"\bmap\b")  # a slide has no room for that of an explorer
_TABLE = re.compile(r"\btable\b")
_BESIDE_LETTERS = 230
_LEAD_LETTERS, _SHORT_LEAD, _FEW_CHOICES = 260, 150, 5
_ANSWER, _WHY = "Answer", "What happened, and why"


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
        tree = without_links(rendered("".join(cell["source"])), addresses=True)
        said: list[Tag] = []
        for piece in [*tree.find_all(True, recursive=False)]:
            if piece.name in ("h2", "h3"):
                self._said(said)
                said = []
                self.sections.append(Section(piece.get_text(), 0))
                self._fresh, self._before = False, []
            elif piece.name == "h1":
                self.sections.append(Section(piece.get_text().partition(" ")[2], 0))
            elif piece.name == "details":
                self._said(said)
                said = []
                self._folded(piece)
            elif not (piece.name == "p" and _NEXT.match(piece.get_text())):
                said.append(piece)
        if number == 0:
            self.about, said = said[:2], said[2:]  # the aim, and what it needs
        self._said(said)

    def _said(self, said: list[Tag]) -> None:
        """Add what is shown of this text."""
        if not said:
            return
        paragraphs = [each for each in said if each.name == "p"]
        self._before = paragraphs
        if self._heading.startswith("Kata "):
            self._add(Slide("kata", self._heading, [copy.copy(each) for each in said], say=said))
        else:
            self._pack([*key_sentences(paragraphs), *_shown(said)], say=said)
        self._fresh = True

    def _folded(self, folded: Tag) -> None:
        """Take what is folded: it belongs to the question, to the kata or to the list above it."""
        title = folded.find_all("summary")[0].extract().get_text().strip()
        content = list(folded.find_all(True, recursive=False))
        slides = self.sections[-1].slides if self.sections else []
        answer = self._answer()
        self._fresh = False
        if not title.startswith(_WHY) or answer is None:
            if slides:
                slides[-1].say += [element("p", element("b", f"{title}:")), *content]
            return
        answer.say += content
        leave_out = _TABLE if answer.incomplete else None
        keys = key_sentences([each for each in content if each.name == "p"], answer.right, leave_out)
        body = [*keys, *_shown(content)]
        if sum(map(lines, [*answer.body, *body])) <= LINES:
            answer.body[2:2] = body
            return
        picture = next((each for each in slides[slides.index(answer) :] if each.kind == "picture beside"), None)
        if picture is not None and 0 < letters(body) <= _LEAD_LETTERS and only_text([*picture.body[:-1], *body]):
            picture.title = _WHY
            picture.body[:0] = body
            picture.say = [*content, *picture.say]
        elif body:
            slides.insert(slides.index(answer) + 1, Slide("text", _WHY, body, say=list(content)))

    def _code(self, number: int, cell: Any) -> None:
        source = "".join(cell["source"])
        if len(self.sections) == 1:  # before the first section stands what the lesson imports and loads
            return
        code = shown_code(source)
        page = html_of(cell)
        quiz = page.select_one("[data-nvmx-quiz]") if page else None
        if quiz is not None:
            self._dump(source)
            slides = question_slides(self._heading, quiz, self._before)
            slides[0].code = code
            self._lead(slides[0])
            for slide in slides:
                self._add(slide)
            self._shown_with(number, quiz)
        elif page is not None and (stand_in := page.select_one("[data-nvmx]")) is not None:
            self._explorer(stand_in, source)
        elif has_picture(cell):
            self._picture(number, source)
        elif "kata" in cell["metadata"].get("nvmx", {}):
            self._kata(source)
        elif page is not None and page.find("details") is not None and page.find("ol") is not None:
            self._problem(page, source)
        elif source.startswith(_SLIDER):
            self._not_shown(source)
        elif page is not None and source.startswith("nvmx.glossary("):
            self._words(page, source)
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
        """Add slides with these elements; if nothing can be shown, keep what is said."""
        slides = self.sections[-1].slides
        first = Slide(kind, title or self._heading, say=say or [], code=code)
        if packed := pack(body, first):
            slides += packed
        elif slides:
            slides[-1].say += first.say

    def _result(self, found: list[Tag], source: str, code: str) -> None:
        """Add what a cell shows, behind its code and the text before it if there is room for all."""
        is_short = "\n" not in code.strip() or (len(found) == 1 and found[0].name == "pre")
        listing = [highlighted(code)] if code and is_short else []
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
        lead = []
        if last is not None and only_text(last.body) and letters(last.body) <= _BESIDE_LETTERS:
            self.sections[-1].slides.remove(last)
            lead = last.body
        self._pack([*lead, *found], code=source, say=last.say if lead and last else None)

    def _explorer(self, stand_in: Tag, source: str) -> None:
        whole = '"axes"' not in str(stand_in["data-nvmx"])
        alone = element("div", **{"data-nvmx": stand_in["data-nvmx"]})
        explorer = Slide("explorer full" if whole else "explorer", self._heading, [alone], code=source)
        explorer.say = [element("p", "Ask what happens next, and let the class choose what to set.")]
        last = self.sections[-1].slides[-1] if self._fresh else None
        if whole and last is not None:
            explorer.say += [*last.say, element("p", "The map and the registers are left out here, for larger type.")]
            last.body = key_sentences(self._before, leave_out=_MAP)
            if not last.body:
                self.sections[-1].slides.remove(last)
        self._add(explorer)

    def _picture(self, number: int, source: str) -> None:
        picture = self._drawings.of(number)
        assert picture is not None  # noqa: S101 - its cell has one
        last = self.sections[-1].slides[-1] if self._fresh else None
        text = letters(last.body) if last is not None else 0
        beside = is_narrow(picture)
        if last is not None and beside and 0 < text <= _BESIDE_LETTERS and only_text(last.body):
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
            self._add(Slide("picture beside" if is_narrow(picture) else "picture", _ANSWER, [picture],
                            say=[labelled("The picture", str(picture["alt"]))]))  # fmt: skip
            return
        answer = self._answer()
        assert answer is not None  # noqa: S101 - its question has just been added
        found = pieces(shows.extract())
        tables = [each for each in found if each.name == "table"]
        answer.incomplete = any(not parts(each) for each in tables)
        answer.say += tables[1:] if not answer.incomplete else []
        found = [each for each in found if each not in tables[1:] and not (each.name == "table" and answer.incomplete)]
        if sum(map(lines, [*answer.body, *found])) <= LINES:
            answer.body[2:2] = found
        else:
            self._pack(found, title=_ANSWER, kind="answer more")

    def _answer(self) -> Slide | None:
        """Return the answer to the last question of the section."""
        slides = self.sections[-1].slides if self.sections else []
        return next((each for each in reversed(slides) if each.kind == "answer" and each.title == _ANSWER), None)

    def _lead(self, question: Slide) -> None:
        """Move a short text that leads to a question onto its slide."""
        last = self.sections[-1].slides[-1] if self._fresh and self.sections[-1].slides else None
        if last is None or last.kind != "text" or not only_text(last.body):
            return
        most = _LEAD_LETTERS if question.choices <= _FEW_CHOICES else _SHORT_LEAD
        if letters(last.body) <= most:
            question.say = last.say
            question.body[:-1] = [element("p", *list(each.contents), **{"class": "lead"}) for each in last.body]
            self.sections[-1].slides.remove(last)

    def _dump(self, source: str) -> None:
        """Add the report that a cell holds as text."""
        for text in _DUMP.findall(source):
            self._pack([printed(text)])

    def _not_shown(self, source: str) -> None:
        """Take away the text that leads to what only a notebook can show."""
        if self._fresh:
            last = self.sections[-1].slides.pop()
            if self.sections[-1].slides:
                self.sections[-1].slides[-1].say += last.say
                self.sections[-1].slides[-1].code += source

    def _words(self, page: Tag, source: str) -> None:
        """Add the words that are new, each with the first sentence about it."""
        items = []
        for row in page.find_all("tr")[1:]:
            word, meaning = row.find_all(["td", "th"])[:2]
            word.find_all("b")[0].name = "strong"
            items.append(element("li", word.find_all("strong")[0], ": ", *list(parsed(sentences(meaning)[0]).contents)))
        self._pack([element("ul", *items)], code=source)

    def _kata(self, source: str) -> None:
        kata = next(each for each in reversed(self.sections[-1].slides) if each.kind == "kata")
        start = highlighted(source)
        kata.code = source
        if sum(map(lines, [*kata.body, start])) <= LINES:
            kata.body.append(start)
        elif lines(start) <= LINES:
            self._add(Slide("kata", self._heading, [start]))

    def _problem(self, page: Tag, source: str) -> None:
        """Add a problem to practise on, and its answer on the next slide."""
        folded = page.find_all("details")[0].extract()
        folded.find_all("summary")[0].decompose()
        for name in page.select("code:has(+ pre)"):
            name.decompose()
        self._pack(pieces(page), kind="question", code=source)
        self._pack(pieces(parsed(folded.decode_contents())), title=_ANSWER, kind="answer")


def _shown(said: list[Tag]) -> list[Tag]:
    """Return what is shown of a text beside its key sentences: its lists, in short, its tables and its code."""
    return [without_links(short_list(each) if each.name in ("ul", "ol") else copy.copy(each))
            for each in said if each.name != "p"]  # fmt: skip
