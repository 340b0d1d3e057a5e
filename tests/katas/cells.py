"""Run one cell of a notebook with only those earlier statements that it needs."""

import ast
import json
import runpy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nvmx

ROOT = Path(__file__).parent.parent.parent
_TEACHER = runpy.run_path(str(ROOT / "notebooks" / "teacher.py"))
Kata, katas, teachers, students = (_TEACHER[name] for name in ("Kata", "katas", "teachers", "students"))


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def names(tree: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """The names that a piece of code reads (Load) or binds (Store)."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
    if context is ast.Store:
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
    return found


def needed(earlier: Iterable[str], text: str) -> list[ast.stmt]:
    """The earlier statements that bind what `text` reads, and what these read in turn, in their order."""
    statements = [statement for cell in earlier for statement in ast.parse(cell).body]
    wanted, before = names(ast.parse(text), ast.Load), -1
    chosen: list[ast.stmt] = []
    while len(chosen) != before:
        before = len(chosen)
        chosen = [statement for statement in statements if names(statement, ast.Store) & wanted]
        wanted = wanted.union(*(names(statement, ast.Load) for statement in chosen))
    return chosen


def result(earlier: Iterable[str], text: str, file: str = "cell") -> object:
    """The value of the last expression of a cell."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(ast.Module(needed(earlier, text), []), "earlier cells", "exec"), space)  # noqa: S102 - our notebook
    tree = ast.parse(text)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "a kata's cell ends in nvmx.check(...)"
    exec(compile(tree, file, "exec"), space)  # noqa: S102
    return eval(compile(ast.Expression(last.value), file, "eval"), space)  # noqa: S307


def earlier_than(kata: Any, notebook: Any) -> list[str]:
    """The texts of the code cells before a kata's, with the solutions of earlier katas in them."""
    solved = {each.cell["id"]: each.solution for each in katas(notebook)}
    cells = notebook["cells"][: [cell["id"] for cell in notebook["cells"]].index(kata.cell["id"])]
    return [solved.get(cell["id"], "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]


def checked(kata: Any, notebook: Any, text: str) -> nvmx.Check:
    """The result of a kata whose cell holds `text`."""
    found = result(earlier_than(kata, notebook), text, f"kata {kata.id}")
    assert isinstance(found, nvmx.Check), f"kata {kata.id} does not end in nvmx.check(...)"
    return found
