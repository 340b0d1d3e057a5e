"""What runs `model.js` for the tests: node, and the Chromium that the other tests use."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from browser import CHROMIUM, FLAGS

import nvmx.web

MODEL = Path(nvmx.web.__file__).parent / "model.js"
ANSWERS = Path(__file__).parent / "answers.js"
NODE = shutil.which("node")
_IN_NODE = """
import {{ readFileSync }} from "node:fs";
const [model, {{ answers }}] = await Promise.all([import("{model}"), import("{answers}")]);
const {{ rows, questions }} = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(await answers(model, rows, questions));
"""
_IN_CHROMIUM = """async (given) => {
  const { rows, questions } = JSON.parse(given);
  const [model, { answers }] = await Promise.all([import("/model.js"), import("/answers.js")]);
  return answers(model, rows, questions);
}"""
_PAGE = "http://nvmx.localhost/"  # a name of this machine, which is asked for nothing: the test answers

Question: TypeAlias = tuple[str, Sequence[Any]]  # a kind of answers.js, and what it takes


@dataclass(frozen=True)
class Engine:
    """What answers questions about rows, with one line for each."""

    name: str
    ask: Callable[[dict[str, Any], Sequence[Question]], list[str]]

    def __call__(self, rows: dict[str, Any], questions: Sequence[Question]) -> list[str]:
        return self.ask(rows, questions)


@contextmanager
def node(folder: Path) -> Iterator[Engine]:
    """Node, to which the modules are copied, since it takes a file for a module by its name."""
    if NODE is None:
        pytest.skip("no node on the PATH")
    files = {path.stem: folder / f"{path.stem}.mjs" for path in (MODEL, ANSWERS)}
    for path in (MODEL, ANSWERS):
        shutil.copy(path, files[path.stem])
    program = _IN_NODE.format(**{name: path.as_uri() for name, path in files.items()})

    def ask(rows: dict[str, Any], questions: Sequence[Question]) -> list[str]:
        given = json.dumps({"rows": rows, "questions": questions})
        done = subprocess.run(
            [NODE, "--input-type=module", "-e", program],
            input=given,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")

    yield Engine("node", ask)


@contextmanager
def chromium(_folder: Path) -> Iterator[Engine]:
    """Chromium, which loads the modules from the files as they are; nothing leaves it."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH")

    def serve(route: Any) -> None:
        files = {_PAGE + path.name: path for path in (MODEL, ANSWERS)}
        if route.request.url in files:
            route.fulfill(path=files[route.request.url], content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto(_PAGE)

        def ask(rows: dict[str, Any], questions: Sequence[Question]) -> list[str]:
            text: str = page.evaluate(_IN_CHROMIUM, json.dumps({"rows": rows, "questions": questions}))
            return text.split("\n")

        yield Engine("chromium", ask)
        browser.close()
