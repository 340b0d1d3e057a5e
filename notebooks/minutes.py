"""How many minutes each lesson takes, computed from what is in it: its words, code cells, questions and katas.

`uv run python notebooks/minutes.py` writes the number into the first cell of each lesson, and into the table of
00-start-here.ipynb; regenerate.py does it, too.  The rates are chosen, not measured on people.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
START = HERE / "00-start-here.ipynb"

WORDS_PER_MINUTE = (
    120  # of text that explains new things, folded text included
)
MINUTES_PER_CODE_CELL = 1.0  # to read it, run it and look at what comes out
MINUTES_PER_QUESTION = 1.5  # to think, choose and read the reply
MINUTES_PER_KATA = 7.0  # to write something and correct it, with a hint
STEP = 5  # the sum is rounded up to a multiple of this

ABOUT = re.compile(r"about \d+ minutes")
TOTAL = "All lessons"
_QUESTION = re.compile(r"\blab\.(predict|predict_cause|guess)\(")
# A kata's hints and solution (its minutes hold them), fenced code, tags, and where a link leads.
_NOT_PROSE = re.compile(
    r"<details><summary>(?:Hint|Solution).*?</details>|```.*?```|<[^>]*>|\]\([^)]*\)",
    re.DOTALL,
)
_WORD = re.compile(r"\w[\w'’.:/-]*")


def words(markdown: str) -> int:
    """Return how many words a reader reads.

    >>> words("Read [the list](01.ipynb), **then** <b>run</b> it.")
    6
    """
    return len(_WORD.findall(_NOT_PROSE.sub(" ", markdown)))


def minutes(cells: list[Any]) -> int:
    """Return the minutes that these cells of a notebook take, rounded up."""
    return -int(-exact_minutes(cells) // STEP) * STEP


def exact_minutes(cells: list[Any]) -> float:
    """Return the minutes that these cells take, for a part of a lesson."""
    total = 0.0
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            total += words(text) / WORDS_PER_MINUTE
        elif "kata" in cell["metadata"].get("nvmx", {}):
            total += MINUTES_PER_KATA
        elif _QUESTION.search(text):
            total += MINUTES_PER_QUESTION
        else:
            total += MINUTES_PER_CODE_CELL
    return total


def lessons() -> dict[str, int]:
    """Return the minutes of each lesson, by the name of its file, in order."""
    return {
        path.name: minutes(_read(path)["cells"])
        for path in sorted(HERE.glob("*.ipynb"))
    }


def with_minutes(
    name: str, cells: list[Any], table: dict[str, int]
) -> list[Any]:
    """Return the cells of a lesson with today's numbers in the first cell and, in 00, in the table of lessons."""
    texts = ["".join(cell["source"]) for cell in cells]
    texts[0] = ABOUT.sub(f"about {table[name]} minutes", texts[0])
    if name == START.name:
        texts = [text if cell["cell_type"] != "markdown" else _with_rows(text, table)
                 for text, cell in zip(texts, cells, strict=True)]  # fmt: skip
    return [
        {**cell, "source": text.splitlines(keepends=True)}
        for cell, text in zip(cells, texts, strict=True)
    ]


def _with_rows(text: str, table: dict[str, int]) -> str:
    """Put the numbers into the last column of the rows that name a lesson, or all of them."""
    for name, number in table.items():
        text = re.sub(
            rf"^(\| .*\]\({re.escape(name)}\).*\| )\d+ \|$",
            rf"\g<1>{number} |",
            text,
            flags=re.MULTILINE,
        )
    return re.sub(
        rf"^(\| {TOTAL} .*\| )\d+ \|$",
        rf"\g<1>{sum(table.values())} |",
        text,
        flags=re.MULTILINE,
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write() -> dict[str, int]:
    """Write the numbers into the lessons; return them."""
    table = lessons()
    for name in table:
        notebook = _read(HERE / name)
        notebook["cells"] = with_minutes(name, notebook["cells"], table)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        (HERE / name).write_text(text, encoding="utf-8")
    return table


def main() -> int:
    """Write the numbers; print them."""
    table = write()
    for name, number in table.items():
        print(f"{number:4}  {name}")
    print(f"{sum(table.values()):4}  all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
