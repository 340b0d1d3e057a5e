"""The handouts: their pages; every text of the lesson, in order; and in the students' sheets no answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bs4 import BeautifulSoup
from bs4.element import NavigableString
from lessons import LESSONS, read
from paper.worksheet import chosen
from tree import rendered

from .sheets import Layout, check_sheet, text

LAYOUT = Layout(side=20, top=23, bottom=21)
_AHEAD = 3000  # letters, without blanks, that may stand between two texts of a lesson: code, replies
_LONG, _LONG_CODE = 25, 12  # a shorter text can stand somewhere else as well
# Not on paper: styles, hints about how a kata's cell began, and what one copies into a command.
_LEFT_OUT = "style, [role=status] ~ details"
_MARKS, _COMMAND = ("mark", "✓ passed"), re.compile(r"^VMX(ON|OFF)/")


class _Text(NamedTuple):
    words: str  # without blanks
    secret: bool  # for teachers only
    hint: bool = False  # at the end of a student's sheet


def check(folder: Path, _browser: Any, screenshots: Path) -> list[str]:
    """Return what is wrong with the handouts, and print what was counted."""
    wrong: list[str] = []
    pages = in_order = kept_back = 0
    for lesson in LESSONS:
        notebook = read(lesson)
        texts = list(_texts(notebook))
        secrets = _secrets(texts, notebook)
        for edition in ("student", "answers"):
            path = folder / f"{lesson}-{edition}.pdf"
            found, count = check_sheet(path, LAYOUT, range(3, 30), screenshots)
            words = text(path, LAYOUT)
            wanted = [each for each in texts if edition == "answers" or not (each.secret or each.hint)]
            wrong += found + [f"{path.name}: not there, or not in its place: {each}" for each in _lost(wanted, words)]
            if edition == "student":
                wrong += [f"{path.name}: an answer: {each}" for each in secrets if each in words]
            pages += count
            in_order += len(wanted)
        kept_back += len(secrets)
    for name in ("worksheet", "worksheet-answers"):
        found, count = check_sheet(folder / f"{name}.pdf", LAYOUT, range(1, 5), screenshots)
        wrong += found
        pages += count
    words = text(folder / "worksheet.pdf", LAYOUT)
    reasons = [each for problem in chosen() for blank in problem.blanks if len(each := _bare(blank.why)) >= _LONG]
    wrong += [f"worksheet.pdf: an answer: {each}" for each in reasons if each in words]
    print(f"handouts: {pages} pages; {in_order} texts in order; {kept_back} texts kept back from students")
    return wrong


def _texts(notebook: Any) -> Iterator[_Text]:
    """Yield the texts of a lesson, as a reader of the notebook sees them, without its code."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            yield from _of_page(rendered("".join(cell["source"])))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                yield from _of_page(BeautifulSoup("".join(data["text/html"]), "html.parser"))
            elif "image/png" not in data and "application/vnd.jupyter.widget-view+json" not in data:
                lines = "".join(data.get("text/plain") or output["text"]).splitlines()
                yield from (_Text(words, secret=False) for line in lines if (words := _bare(line)))


def _of_page(page: BeautifulSoup) -> Iterator[_Text]:
    for unwanted in page.select(_LEFT_OUT):
        unwanted.decompose()
    for piece in page.find_all(string=True):
        if piece in _MARKS or _COMMAND.match(piece):
            continue
        folded, explorer = piece.find_parent("details"), piece.find_parent(attrs={"data-nvmx": True})
        hint = folded is not None and folded.get_text().strip().startswith("Hint")
        for words, ending in [(piece, False)] if explorer is None else _divided(piece):
            if bare := _bare(words):
                secret = ending or (folded is not None and not hint)
                yield _Text(bare, secret, hint)


def _divided(piece: NavigableString) -> Iterator[tuple[str, bool]]:
    """Yield the texts in an explorer, and whether they say how it ends, which students find out."""
    items = piece.find_parents("li")
    if len(items) < 2:  # what is around the values
        cell = piece.find_parent("td")
        yield piece, cell.find_next_sibling("td") is None if cell else piece.find_parent("p") is not None
        return
    strings = list(items[0].find_all(string=True))
    before = strings[: next(number for number, each in enumerate(strings) if each is piece)]
    value, colon, ending = piece.partition(": ")
    yield value, any(": " in each for each in before)
    if colon:
        yield ending, True


def _bare(words: str) -> str:
    return re.sub(r"\s", "", words).strip(",.:;()")


def _lost(texts: list[_Text], words: str) -> Iterator[str]:
    """Yield the texts that are not in `words`, or do not follow one another there."""
    place = 0
    for each, _, _ in texts:
        found = words.find(each, place, place + _AHEAD + len(each))
        if found < 0:
            yield each
        else:
            place = found + len(each)


def _secrets(texts: list[_Text], notebook: Any) -> list[str]:
    """Return what only teachers get and what stands nowhere else in the lesson."""
    code = "".join(_bare("".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code")
    public = "\n".join(each.words for each in texts if not each.secret) + code
    hidden = {each.words for each in texts if each.secret and len(each.words) >= _LONG}
    hidden |= {words for reply in _replies(notebook) if len(words := _bare(reply)) >= _LONG}
    hidden |= {words for line in _solutions(notebook) if len(words := _bare(line)) >= _LONG_CODE}
    return sorted(each for each in hidden if each not in public)


def _replies(notebook: Any) -> Iterator[str]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            page = BeautifulSoup("".join(output.get("data", {}).get("text/html", [])), "html.parser")
            for asked in page.select("[data-nvmx-quiz]"):
                data = json.loads(str(asked["data-nvmx-quiz"]))
                replies = [data["praise"], *(reply for choice in data["choices"] or () for reply in choice[1:3])]
                yield from (
                    piece for reply in replies for piece in BeautifulSoup(reply, "html.parser").find_all(string=True)
                )


def _solutions(notebook: Any) -> Iterator[str]:
    """Yield the lines of the solutions of katas."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for folded in re.findall(r"<summary>Solution</summary>(.*?)</details>", "".join(cell["source"]), re.DOTALL):
                for block in re.findall(r"```python\n(.*?)```", folded, re.DOTALL):
                    yield from block.splitlines()
