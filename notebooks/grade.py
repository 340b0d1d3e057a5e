"""Grade the katas of students' notebooks, with the checker that the students have: `python grade.py ANSWER.ipynb ...`.

Each answer is put into the lesson as nvmx brings it, and that lesson is executed; so it counts what is in the kata's
cell, and nothing else that was changed.  The exit status is 1 if a kata is not passed.  It needs nvmx[lab] alone, and
may be copied to where the answers are.  It runs what students wrote: do it where they can do no harm.
"""

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, reads

from nvmx.cli.lessons import shipped

PASSED = "passed"
SECONDS = 60  # for each cell


def kata_cells(notebook: Any) -> dict[str, Any]:
    """Return the cells of the katas, by their ids."""
    cells = {
        cell["metadata"].get("nvmx", {}).get("kata"): cell
        for cell in notebook["cells"]
    }
    cells.pop(None, None)
    return cells


def graded(answers: Any, lesson: Any) -> dict[str, str]:
    """Return the mark of each kata of the lesson: "passed", or what is not right."""
    lesson = json.loads(json.dumps(lesson))
    given, asked = kata_cells(answers), kata_cells(lesson)
    marks = {}
    for name, cell in asked.items():
        if name not in given:
            marks[name] = "the cell is missing"
        elif _call(given[name]) != _call(cell):
            marks[name] = "the last line, which checks, was changed"
        else:
            cell["source"] = given[name]["source"]
    for cell in lesson["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    executed = _execute(reads(json.dumps(lesson), as_version=4))  # type: ignore[no-untyped-call]
    for name, cell in kata_cells(executed).items():
        marks.setdefault(name, _mark(cell))
    return {name: marks[name] for name in asked}


def _call(cell: Any) -> str:
    """Return the last statement of a cell; "" if it is no Python."""
    try:
        body = ast.parse("".join(cell["source"])).body
    except SyntaxError:
        return ""
    return ast.unparse(body[-1]) if body else ""


def _execute(notebook: NotebookNode) -> NotebookNode:
    """Execute a notebook, in place; a cell that ends Python leaves the rest as it is."""
    client = NotebookClient(
        notebook, timeout=SECONDS, interrupt_on_timeout=True, allow_errors=True, kernel_name="python3",
        store_widget_state=False,
    )  # fmt: skip
    with suppress(DeadKernelError):
        client.execute()
    return notebook


def _mark(cell: Any) -> str:
    for output in cell["outputs"]:
        if output["output_type"] == "execute_result":
            text = "".join(output["data"]["text/plain"])
            return PASSED if text.startswith("Passed") else text
        if output["output_type"] == "error":
            return f"{output['ename']}: {output['evalue']}"
    return "nothing was checked: this cell, or one before it, ended Python"


def _marks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the katas of a file with their marks."""
    answers = json.loads(path.read_text(encoding="utf-8"))
    for lesson in shipped():
        notebook = json.loads(lesson.read_text(encoding="utf-8"))
        if kata_cells(notebook).keys() & kata_cells(answers).keys():
            yield from graded(answers, notebook).items()


def main() -> int:
    """Print a line for each kata of each file that the command line names: file, kata, mark."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    all_passed = True
    for name in sys.argv[1:]:
        for kata, mark in _marks(Path(name)):
            first = mark.splitlines()[0] if mark else mark
            print(name, kata, first, sep="\t", flush=True)
            all_passed &= mark == PASSED
    return 0 if all_passed else 1


if __name__ == "__main__":
    sys.exit(main())
