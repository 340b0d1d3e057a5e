"""A lesson for paper: the notebook as one tree of XML, for students or with the answers, and its pictures."""

import base64
import re
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from typing import Any

from bs4 import Tag
from cells import shown_code, wrapped
from lessons import NOTEBOOKS
from tree import element, moved, parsed, rendered

from .columns import give_widths
from .explorer import explorer
from .links import Links
from .question import Questions

sys.path.append(str(NOTEBOOKS))
teacher = import_module("teacher")
_FEWEST_LINES, _MOST_LINES = 5, 20  # to write a kata on
_WIDE = 109  # letters in a line of output
_TICKED = re.compile(r"the first (\d+) are ticked")
_QUESTION = re.compile(r"^VMX(ON|OFF)/")  # to copy into a command
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\x1b\[[0-9;]*m")


@dataclass
class Sheet:
    """What typst gets: a tree of elements, and files with the pictures in it."""

    tree: Tag
    files: dict[str, bytes] = field(default_factory=dict)

    def xml(self) -> bytes:
        """Return the tree as XML."""
        return _CONTROL.sub("", str(self.tree)).encode()


def sheet(notebook: Any, *, answers: bool) -> Sheet:
    """Return the sheet of a notebook."""
    solutions = {each.id: each.solution for each in teacher.katas(notebook)}
    tree, hints, questions = element("lesson"), element("hints"), Questions(answers=answers)
    made = Sheet(tree)
    kata = ""
    for cell in (notebook if answers else teacher.students(notebook))["cells"]:
        source = "".join(cell["source"])
        kata = cell["metadata"].get("nvmx", {}).get("kata", kata)
        part = element("part")
        if cell["cell_type"] == "markdown":
            moved(part, rendered(source).contents)
        else:
            if code := shown_code(source):
                part.append(element("pre", code, kind="code"))
            for output in cell["outputs"]:
                _output(part, output, source, questions, answers=answers)
            if "kata" in cell["metadata"].get("nvmx", {}) and not answers:
                more = set(solutions[kata].splitlines()) - set(source.splitlines())
                part.append(element("room", lines=min(_MOST_LINES, max(_FEWEST_LINES, len(more) + 3))))
        _unfold(part, hints, kata, answers=answers)
        moved(tree, part.contents)
    if hints.contents:
        tree.append(element("h2", "Hints for the katas"))
        tree.append(hints)
    _save_pictures(made)
    for below in tree.find_all(["question", "table", "img", "pre", "todo"]):
        above = below.find_previous_sibling()
        if above is not None and (above.name == "p" or (above.name == "pre" and not _is_code(below))):
            above["keep"] = "1"  # on the same page
    for table in tree.find_all("table"):
        give_widths(table)
    Links(tree).write()
    return made


def _output(part: Tag, output: Any, source: str, questions: Questions, *, answers: bool) -> None:
    data = {kind: "".join(text) for kind, text in output.get("data", {}).items() if isinstance(text, list | str)}
    if "image/png" in data:
        alt = output["metadata"]["image/png"]["alt"]
        ticked = _TICKED.search(alt)
        if ticked or (not answers and re.search(r"passed=[1-9]", source)):
            # On paper the ladder is ticked by hand.
            part.clear()
            part.append(element("todo", _tick(source)))
        else:
            part.append(element("img", src=f"data:image/png;base64,{data['image/png']}", alt=alt))
    elif "text/html" in data:
        page = parsed(data["text/html"])
        for unwanted in page.select("style, [role=status] ~ details"):  # a kata's: hints about how the cell began
            unwanted.decompose()
        for code in page.find_all("code", string=_QUESTION):
            code.decompose()
        for code in page.select("code:has(+ pre)"):
            code.wrap(element("p"))
        for printed in page.find_all("pre"):
            printed.string = wrapped(printed.get_text(), _WIDE)
        for asked in page.select("[data-nvmx-quiz]"):
            asked.replace_with(*questions.written(asked))
        for stand_in in page.select("[data-nvmx]"):
            explorer(stand_in, answers=answers)
        moved(part, page.contents)
    elif "application/vnd.jupyter.widget-view+json" not in output.get("data", {}):
        text = data.get("text/plain") or "".join(output["text"])
        part.append(element("pre", wrapped(text.strip("\n"), _WIDE), kind="output"))


def _is_code(piece: Tag) -> bool:
    return piece.get("kind") == "code"


def _tick(source: str) -> str:
    count = re.search(r"passed=(\d+)", source)
    checks = f"tick checks 1 to {count[1] if count else ''}"
    return f"On the ladder in the first section, {checks}, and write beside each how VMXON ends if it fails."


def _unfold(part: Tag, hints: Tag, kata: str, *, answers: bool) -> None:
    """Open what is folded: with the answers in its place; for students the hints at the end, and nothing else."""
    for folded in part.find_all("details"):
        title = folded.find_all("summary")[0].extract().get_text().strip()
        folded.name, folded["title"] = "aside", title
        if answers:
            continue
        if title.startswith("Hint"):
            _hint(hints, f"Kata {kata}", folded)
            continue
        asked = folded.find_previous("ol")
        if asked is not None and (title == "Answers" or asked.get("type") == "a"):
            for item in asked.find_all("li"):
                item.append(element("lines", count=2 if title == "Answers" else 1))
        folded.decompose()


def _hint(hints: Tag, title: str, folded: Tag) -> None:
    if hints.find("aside", title=title) is None:
        hints.append(element("aside", element("ol"), title=title))
    item = element("li")
    moved(item, folded.contents)
    folded.decompose()
    hints.find_all("ol")[-1].append(item)


def _save_pictures(made: Sheet) -> None:
    for picture in made.tree.find_all("img"):
        content = base64.b64decode(str(picture["src"]).partition(",")[2])
        name = f"{sha256(content).hexdigest()[:16]}.png"
        made.files[name] = content
        picture["src"] = name
        picture["width"] = str(int.from_bytes(content[16:20]))  # of a PNG, in pixels
