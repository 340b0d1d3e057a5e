"""Write two editions of the notebooks, made from the same files: for teachers and for students.

`uv run python notebooks/teacher.py FOLDER` writes FOLDER/teacher, in which each kata's cell holds its solution, and
FOLDER/student, which has the hints but no solution.  Katas are the code cells with an id in `metadata.nvmx.kata`.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOLUTION = re.compile(
    r"\s*<details>\s*<summary>Solution</summary>(.*?)</details>", re.DOTALL
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass
class Kata:
    """A kata: its id, its cell, the markdown cell with its solution, and that solution."""

    id: str
    cell: Any
    answer: Any
    solution: str


def katas(notebook: Any) -> Iterator[Kata]:
    """Yield the katas of a notebook, in order; ValueError says which has no solution."""
    cells = notebook["cells"]
    for number, cell in enumerate(cells):
        name = cell["metadata"].get("nvmx", {}).get("kata")
        if name is None:
            continue
        answer = cells[number + 1] if number + 1 < len(cells) else {}
        folded = SOLUTION.findall("".join(answer.get("source", [])))
        blocks = [block for part in folded for block in BLOCK.findall(part)]
        if answer.get("cell_type") != "markdown" or len(blocks) != 1:
            raise ValueError(
                f"kata {name}: no markdown cell with one solution follows"
            )
        yield Kata(name, cell, answer, blocks[0].rstrip("\n"))


def teachers(notebook: Any) -> Any:
    """Return the notebook with each solution in the cell of its kata."""
    edition = json.loads(json.dumps(notebook))
    for kata in katas(edition):
        kata.cell["source"] = kata.solution.splitlines(keepends=True)
        kata.cell["outputs"] = []
        kata.cell["execution_count"] = None
    return edition


def students(notebook: Any) -> Any:
    """Return the notebook without solutions."""
    edition = json.loads(json.dumps(notebook))
    for kata in katas(edition):
        text = SOLUTION.sub("", "".join(kata.answer["source"]))
        kata.answer["source"] = text.splitlines(keepends=True)
    return edition


def main() -> int:
    """Write both editions into the folder that the command line names."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for name, edition in (("teacher", teachers), ("student", students)):
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(HERE.glob("*.ipynb")):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            text = json.dumps(
                edition(notebook), indent=1, ensure_ascii=False
            )
            (folder / path.name).write_text(text + "\n", encoding="utf-8")
        print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
