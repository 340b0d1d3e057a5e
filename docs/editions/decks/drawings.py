"""Pictures for slides.  Notebooks hold them as wide as a page, so the calls that drew them run again, and no others."""

import ast
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from bs4 import Tag
from tree import element, parsed

_SHOWS = "shows"  # the argument of a question that holds what is seen with the answer
_PNG = "data:image/png"


class Drawings:
    """The pictures of a notebook, drawn for a slide."""

    def __init__(self, notebook: Any) -> None:
        self._before: dict[int, list[ast.stmt]] = {}
        self._cells = notebook["cells"]
        statements: list[ast.stmt] = []
        for number, cell in enumerate(self._cells):
            if cell["cell_type"] == "code":
                self._before[number] = list(statements)
                statements += ast.parse("".join(cell["source"])).body

    def of(self, number: int) -> Tag | None:
        """Return the picture that this cell shows, or that its question shows with the answer; None if there is none.

        Raises RuntimeError if it says something else than the one in the notebook.
        """
        wanted = self._call(number)
        if wanted is None:
            return None
        body = ast.parse("".join(self._cells[number]["source"])).body
        names: dict[str, object] = {}
        needed = list(_needed(self._before[number] + body[:-1], wanted))
        exec(compile(ast.Module(needed, []), "<notebook>", "exec"), names)  # noqa: S102 - the lesson's own code
        picture: Any = eval(compile(ast.Expression(wanted), "<notebook>", "eval"), names)  # noqa: S307
        if picture.sentence != (stored := self._sentence(number)):
            raise RuntimeError(f"cell {number} draws {picture.sentence!r}, but the notebook has {stored!r}")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "picture.svg"
            picture.save(path, size="slide")
            svg = path.read_text(encoding="utf-8")
        return _image(svg, picture.sentence)

    def _call(self, number: int) -> ast.expr | None:
        last = ast.parse("".join(self._cells[number]["source"])).body[-1]
        if not isinstance(last, ast.Expr):
            return None
        for output in self._cells[number]["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                return last.value
            if _PNG in "".join(data.get("text/html", "")) and isinstance(last.value, ast.Call):
                return next(each.value for each in last.value.keywords if each.arg == _SHOWS)
        return None

    def _sentence(self, number: int) -> str:
        output = self._cells[number]["outputs"][0]
        if "image/png" in output["data"]:
            return str(output["metadata"]["image/png"]["alt"])
        return str(parsed("".join(output["data"]["text/html"])).find_all("img")[0]["alt"])


def _needed(statements: list[ast.stmt], wanted: ast.expr) -> Iterator[ast.stmt]:
    """Yield the statements that this expression needs: those that set a name that is read later."""
    names, found = _read(wanted), []
    for statement in reversed(statements):
        if _written(statement) & names:
            found.append(statement)
            names |= _read(statement)
    yield from reversed(found)


def _read(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _written(node: ast.AST) -> set[str]:
    names = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.add(each.id)
        elif isinstance(each, ast.FunctionDef):
            names.add(each.name)
        elif isinstance(each, ast.alias):
            names.add((each.asname or each.name).partition(".")[0])
    return names


def _image(svg: str, sentence: str) -> Tag:
    """Return an SVG as an image; its attributes say how wide and how high it is."""
    root = parsed(svg[svg.index("<svg ") :]).find_all("svg")[0]
    width, height = (str(root[name]).removesuffix("pt") for name in ("width", "height"))
    source = "data:image/svg+xml," + quote(svg[svg.index("<svg ") :], safe=" ='/:;,()[]{}!?*+@$&|~`^-_.")
    return element("img", src=source, alt=sentence, width=round(float(width)), height=round(float(height)))
