"""The minutes that a lesson states are those that its content gives."""

import json
import re
from typing import Any

import minutes
import pytest

NAMES = sorted(path.name for path in minutes.HERE.glob("*.ipynb"))
TABLE = minutes.lessons()


def cells(name: str) -> list[Any]:
    return list(json.loads((minutes.HERE / name).read_text(encoding="utf-8"))["cells"])


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_states_its_minutes_in_its_first_cell(name: str) -> None:
    assert minutes.ABOUT.findall("".join(cells(name)[0]["source"])) == [f"about {TABLE[name]} minutes"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_fill_in(name: str) -> None:
    before = cells(name)
    after = minutes.with_minutes(name, before, TABLE)
    assert ["".join(cell["source"]) for cell in after] == ["".join(cell["source"]) for cell in before]


def test_the_table_of_the_first_page_has_a_row_with_the_minutes_of_each_lesson() -> None:
    text = "\n".join("".join(cell["source"]) for cell in cells(minutes.START.name))
    rows = {name: int(number) for name, number in re.findall(r"^\| .*\]\((\S+\.ipynb)\).*\| (\d+) \|$", text, re.M)}
    assert rows == TABLE
    assert f"| {minutes.TOTAL} | | {sum(TABLE.values())} |" in text


def test_every_link_from_a_lesson_to_a_file_leads_to_one() -> None:
    for name in NAMES:
        for cell in cells(name):
            if cell["cell_type"] == "markdown":
                for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", "".join(cell["source"])):
                    assert (minutes.HERE / target).exists(), f"{name}: {target}"


def cell(kind: str, text: str, **metadata: object) -> dict[str, object]:
    return {"cell_type": kind, "source": [text], "metadata": metadata}


@pytest.mark.parametrize(("content", "expected"), [
    ([cell("markdown", "word " * 600)], 5),
    ([cell("markdown", "word " * 601)], 10),
    ([cell("markdown", "```python\n" + "word " * 600 + "```")], 0),
    ([cell("markdown", "<details><summary>Hint</summary>" + "word " * 600 + "</details>")], 0),
    ([cell("markdown", "<details><summary>Answers</summary>" + "word " * 599 + "</details>")], 5),
    ([cell("code", "1")] * 5, 5),
    ([cell("code", 'nvmx.lab.guess("?", 1)')] * 4, 10),
    ([cell("code", "nvmx.check({})", nvmx={"kata": "1.1"})] * 5, 35),
])  # fmt: skip
def test_words_cells_questions_and_katas_count(content: list[Any], expected: int) -> None:
    assert minutes.minutes(content) == expected


def test_the_rates_that_the_first_page_states_are_those_that_are_used() -> None:
    text = "\n".join("".join(cell["source"]) for cell in cells(minutes.START.name))
    for rate in (
        f"{minutes.WORDS_PER_MINUTE} words per minute",
        f"{minutes.MINUTES_PER_CODE_CELL:g} minute per code cell",
        f"{minutes.MINUTES_PER_QUESTION:g} minutes per question",
        f"{minutes.MINUTES_PER_KATA:g} minutes per kata",
        f"multiple of {minutes.STEP}",
    ):
        assert rate in text
