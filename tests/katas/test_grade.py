"""`notebooks/grade.py`: what counts is the answer in a kata's cell, checked as it was handed out."""

import runpy
from typing import Any

from .cells import ROOT

graded = runpy.run_path(str(ROOT / "notebooks" / "grade.py"))["graded"]
CHECK = "nvmx.check(repair, state={'cr4_vmxe': 0})"


def cell(text: str, kata: str = "") -> dict[str, Any]:
    metadata = {"nvmx": {"kata": kata}} if kata else {}
    return {"cell_type": "code", "id": f"cell-{kata}", "metadata": metadata, "source": [text], "outputs": [],
            "execution_count": None}  # fmt: skip


def notebook(*answers: str, first: str = "import nvmx") -> dict[str, Any]:
    cells = [cell(answer, kata=f"1.{number}") for number, answer in enumerate(answers, 1)]
    return {"cells": [cell(first), *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_marks() -> None:
    lesson = notebook(*[f"repair = {{}}\n{CHECK}"] * 7)
    right = f"repair = {{'cr4_vmxe': 1}}\n{CHECK}"
    answers = notebook(
        right,
        f"repair = {{'cpl': 0}}\n{CHECK}",
        right.replace("'cr4_vmxe': 0", "'cpl': 3"),  # an easier task
        "repair = {",
        f"repair = 1 / 0\n{CHECK}",
        f"import os; os._exit(0)\n{CHECK}",
        first="raise SystemExit",  # what else was changed does not count
    )
    marks = list(graded(answers, lesson).values())
    assert marks[0] == "passed"
    assert marks[1].startswith("Not yet: ")
    assert marks[2:4] == ["the last line, which checks, was changed"] * 2
    assert marks[4] == "ZeroDivisionError: division by zero"
    assert marks[5] == "nothing was checked: this cell, or one before it, ended Python"
    assert marks[6] == "the cell is missing"
