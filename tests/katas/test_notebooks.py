"""The katas of the notebooks: each solution passes in the learner's cell; the start and wrong solutions do not."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sample import some

import nvmx

from .cells import ROOT, checked, katas, load, students, teachers
from .wrong import WRONG, Wrong

NOTEBOOKS = {path.name: load(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
KATAS = {kata.id: (kata, notebook) for notebook in NOTEBOOKS.values() for kata in katas(notebook)}
_WRONG = [(name, wrong) for name in KATAS for wrong in WRONG.get(name, [])]
_FEWEST = 5


@pytest.mark.parametrize("name", KATAS)
def test_the_solution_passes_in_the_learners_cell_and_the_start_does_not(name: str) -> None:
    kata, notebook = KATAS[name]
    found = checked(kata, notebook, kata.solution)
    assert found.passed, found
    start = checked(kata, notebook, "".join(kata.cell["source"]))
    assert not start.passed, f"kata {name} is solved before it begins"
    (output,) = kata.cell["outputs"]
    assert "".join(output["data"]["text/plain"]) == repr(start)


@pytest.mark.parametrize(("name", "wrong"), some(2, _WRONG), ids=[f"{name}: {wrong.mistake}" for name, wrong in _WRONG])
def test_a_wrong_solution_is_caught(name: str, wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    is_caught(*KATAS[name], wrong, monkeypatch)


def is_caught(kata: Any, notebook: Any, wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mistake is found, the message says so, and the counterexample is true."""
    tasks: list[tuple[str, Any]] = []
    check = nvmx.check

    def recorded(answer: object, instruction: str = "VMXON", source: Any = "intel", **more: Any) -> nvmx.Check:
        tasks.append((instruction, source))
        return check(answer, instruction, source, **more)

    monkeypatch.setattr(nvmx, "check", recorded, raising=False)
    found = checked(kata, notebook, wrong.text(kata.solution))
    assert not found.passed, f"kata {kata.id}: {wrong.mistake} is not caught"
    assert wrong.says in found.message, found
    if found.state is not None:
        verdict = nvmx.verdict(*tasks[-1], **found.state)
        assert found.state.possible
        assert found.rung == verdict.rung


def test_each_kata_has_an_id_of_its_own_and_wrong_solutions() -> None:
    ids = Counter(kata.id for notebook in NOTEBOOKS.values() for kata in katas(notebook))
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for name in KATAS if len(WRONG.get(name, [])) < _FEWEST] == []
    assert set(WRONG) <= set(KATAS)


# --- the same with a kata of our own, so that it holds however many the notebooks have ---


def cell(kind: str, text: str, number: int, **metadata: object) -> dict[str, Any]:
    more = {} if kind == "markdown" else {"outputs": [{"old": 1}], "execution_count": 1}
    lines = text.splitlines(keepends=True)
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": metadata, "source": lines, **more}


SOLUTION = """def my_vmxoff(state):
    if state["vmx"] == "off":
        return UD
    return "#GP(0)" if state["cpl"] else helper()

nvmx.check(my_vmxoff, "VMXOFF", axes=["cpl"], vmx="root")"""
START = SOLUTION.replace('"#GP(0)" if state["cpl"] else helper()', "...")
ANSWER = f"""<details><summary>Hint</summary>

Look at CPL.

</details>

<details><summary>Solution</summary>

```python
{SOLUTION}
```

Only the kernel may.

</details>"""


@pytest.fixture
def notebook() -> dict[str, Any]:
    return {
        "cells": [
            cell("code", "import nvmx\n\nUD = '#UD'", 0),
            cell("code", "1 / 0", 1),
            cell("code", "def helper():\n    return word\n\nword = 'success'\nword", 2),
            cell("code", START, 3, nvmx={"kata": "9.1"}),
            cell("markdown", ANSWER, 4),
        ]
    }


def test_a_kata_is_run_with_what_it_needs_of_the_earlier_cells(
    notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (kata,) = katas(notebook)
    assert (kata.id, kata.solution) == ("9.1", SOLUTION)
    assert checked(kata, notebook, kata.solution).passed
    assert not checked(kata, notebook, START).passed
    is_caught(kata, notebook, Wrong("no check", "CPL = 1", {'"#GP(0)" if state["cpl"] else ': ""}), monkeypatch)
    with pytest.raises(AssertionError, match="is not in the solution"):
        Wrong("gone", "", {"gone": ""}).text(kata.solution)


def test_the_editions(notebook: dict[str, Any]) -> None:
    teacher, student = teachers(notebook), students(notebook)
    assert "".join(teacher["cells"][3]["source"]) == SOLUTION
    assert teacher["cells"][3]["outputs"] == []
    assert teacher["cells"][4] == notebook["cells"][4]
    text = "".join(student["cells"][4]["source"])
    assert "Look at CPL." in text
    assert "Solution" not in text
    assert "helper" not in text
    assert student["cells"][3] == notebook["cells"][3]


@pytest.mark.parametrize("text", ["", ANSWER.replace("```", "~~~"), ANSWER.replace("Solution", "Answer")])
def test_a_kata_without_a_solution_is_refused(notebook: dict[str, Any], text: str) -> None:
    notebook["cells"][4] = cell("markdown", text, 4)
    with pytest.raises(ValueError, match=r"kata 9\.1: no markdown cell with one solution follows"):
        list(katas(notebook))


def test_both_editions_are_written(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "notebooks" / "teacher.py")]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(tmp_path / "teacher"), str(tmp_path / "student")]
    for name, notebook in NOTEBOOKS.items():
        assert load(tmp_path / "teacher" / name) == teachers(notebook)
        assert load(tmp_path / "student" / name) == students(notebook)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
