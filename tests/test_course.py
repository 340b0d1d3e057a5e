"""The lessons as a course: what is asked, what frames each lesson, and where the links lead.  Nothing is executed."""

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nvmx.model.axis import named_values
from nvmx.model.instruction import READY

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
LESSONS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))["cells"] for path in sorted(NOTEBOOKS.glob("*.ipynb"))
}
FIRST, LAST = min(LESSONS), max(LESSONS)
EVERYDAY_QUESTIONS = 15

_ASKS = re.compile(r"\blab\.(?:predict|predict_cause|guess)\(")
_QUIZ = re.compile(r"data-nvmx-quiz='([^']*)'")
_STATE = re.compile(r"(VMXON|VMXOFF) by (\S.*), ready except for (.+): how does it end\?")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# A link's target may hold parentheses if they are balanced, as in #Who-executes-it?-(check-8).
_LINK = re.compile(r"\]\(((?:[^()\s]|\([^()\s]*\))+)\)")


def source(cell: Any) -> str:
    return "".join(cell["source"])


def prose(cells: list[Any]) -> str:
    """The text of a lesson, without its code."""
    return _FENCED.sub("", "\n\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown"))


def headings(cells: list[Any]) -> list[str]:
    return _HEADING.findall(prose(cells))


def anchors(name: str) -> list[str]:
    """What a link into this lesson can name: JupyterLab and nbconvert make it from the heading."""
    return [heading.replace("`", "").replace(" ", "-") for heading in headings(LESSONS[name])]


def links(name: str) -> list[str]:
    return _LINK.findall(prose(LESSONS[name]))


def flaw(name: str, link: str) -> str:
    """Why this link of a lesson leads nowhere; "" if it leads somewhere, or out of the course."""
    if re.match(r"https?://", link):
        return ""
    file, _, section = link.partition("#")
    target = file or name
    if target not in LESSONS:
        return "" if (NOTEBOOKS / target).exists() else f"no file {target}"
    return "" if not section or section in anchors(target) else f"no section {section} in {target}"


def quizzes(cells: list[Any]) -> list[dict[str, Any]]:
    """What each question of a lesson offers, as the stored page has it."""
    pages = [
        "".join(output.get("data", {}).get("text/html", ""))
        for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]
    ]  # fmt: skip
    return [json.loads(html.unescape(found)) for page in pages for found in _QUIZ.findall(page)]


def asked_state(question: str) -> tuple[str, str, tuple[tuple[str, object], ...]] | None:
    """The instruction, the source and the whole state of a question about a state; None for other questions."""
    found = _STATE.fullmatch(question)
    if found is None:
        return None
    instruction, by, given = found.groups()
    pairs = dict(pair.split(" = ") for pair in given.split(", "))
    values = named_values({name: int(value) if value.isdigit() else value for name, value in pairs.items()})
    return instruction, by, tuple(sorted({**READY[instruction], **values}.items()))


@pytest.fixture(params=LESSONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_question_is_stored_with_what_it_offers(name: str) -> None:
    cells = LESSONS[name]
    asked = sum(len(_ASKS.findall(source(cell))) for cell in cells if cell["cell_type"] == "code")
    found = quizzes(cells)
    assert len(found) == asked
    for quiz in found:
        if quiz["choices"]:
            names = [choice[0] for choice in quiz["choices"]]
            assert len(names) == len(set(names)) >= 2
            assert quiz["right"] in names
        else:
            assert quiz["bounds"], quiz["question"]


def test_no_state_is_asked_twice_of_the_same_source() -> None:
    asked = Counter(
        state for cells in LESSONS.values() for quiz in quizzes(cells) if (state := asked_state(quiz["question"]))
    )
    assert asked
    assert [state for state, count in asked.items() if count > 1] == []


def test_a_state_is_the_same_whatever_is_named() -> None:
    vmxoff = "VMXOFF by intel, ready except for {}: how does it end?"
    assert asked_state(vmxoff.format("VMX = root, CPL = 3")) == asked_state(vmxoff.format("CPL = 3"))
    assert asked_state(vmxoff.format("VMX = off")) != asked_state(vmxoff.format("CPL = 3"))
    assert asked_state("How many states succeed?") is None


def test_each_lesson_begins_with_its_aim_what_it_needs_and_how_long_it_takes(name: str) -> None:
    first = source(LESSONS[name][0])
    assert first.startswith(f"# {int(name[:2])}. ")
    assert "\n**Aim:** " in first
    assert re.search(r"^Needs: .*\babout [1-9]\d* minutes\b", first, re.MULTILINE)


def test_each_lesson_ends_with_its_words_katas_and_what_one_can_answer(name: str) -> None:
    found = headings(LESSONS[name])
    assert ("Words" if name == FIRST else "New words") in found
    katas = [cell["metadata"]["nvmx"]["kata"] for cell in LESSONS[name] if cell["metadata"].get("nvmx", {}).get("kata")]
    assert katas == [f"{int(name[:2])}.{number}" for number in range(1, len(katas) + 1)]
    assert [heading.partition(":")[0] for heading in found if heading.startswith("Kata ")] == [
        f"Kata {k}" for k in katas
    ]
    assert bool(katas) == (name != FIRST)
    end = prose(LESSONS[name]).partition("\n## What you can now answer\n")[2]
    assert "<summary>Answers</summary>" in end


def test_no_paragraph_becomes_a_list_by_its_first_number(name: str) -> None:
    """For Markdown, "22. That is ..." is item 22 of a list."""
    assert re.findall(r"\n\n(?!1\.)\d+\. .*", prose(LESSONS[name])) == []


def test_each_lesson_leads_to_the_next_and_back(name: str) -> None:
    names = list(LESSONS)
    place = names.index(name)
    last = source(LESSONS[name][-1])
    if name != LAST:
        assert f"]({names[place + 1]})" in last.partition("Next: ")[2]
    if name != FIRST:
        assert f"]({names[place - 1]})" in last.partition("Before: ")[2]


def test_every_link_into_the_course_leads_somewhere(name: str) -> None:
    assert [found for link in links(name) if (found := flaw(name, link))] == []


def test_a_heading_that_is_linked_is_the_only_one_of_its_text() -> None:
    linked = {
        (link.partition("#")[0] or name, link.partition("#")[2])
        for name in LESSONS for link in links(name) if "#" in link and not link.startswith("http")
    }  # fmt: skip
    assert [(name, section) for name, section in linked if anchors(name).count(section) > 1] == []


def test_the_index_answers_every_everyday_question() -> None:
    text = prose(LESSONS["09-case-files.ipynb"]).partition("## Index: ")[2]
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", text, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == [*range(1, EVERYDAY_QUESTIONS + 1)]
    for _, question, answer, where in rows:
        assert question
        assert answer
        assert [link for link in _LINK.findall(where) if "#" in link], question


def test_the_last_lesson_names_every_kata() -> None:
    katas = [cell["metadata"]["nvmx"]["kata"] for cells in LESSONS.values() for cell in cells
             if "kata" in cell["metadata"].get("nvmx", {})]  # fmt: skip
    table = _LINK.sub("]", prose(LESSONS[LAST]).partition("## All katas")[2].partition("\n## ")[0])
    assert sorted(re.findall(r"\b\d+\.\d\b", table)) == sorted(katas)
