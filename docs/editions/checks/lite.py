"""The lessons that run in the browser: each from its button on the site to its last cell, with nothing else reachable.

What a visit loads and how long it takes is measured here, and written into about.json, where the button reads it.
"""

import json
import os
import re
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lessons import LESSONS, read
from playwright.sync_api import TimeoutError as Late

from .pages import PHONE, WIDE, Watched, served

_FIRST = "01-what-does-vmxon-ask-for"
_PATIENCE = 240  # seconds
_MISSING = "which this page does not have"
_DRAWN = "This page cannot draw"
_FOCUS_IN = "name => document.activeElement === document.body || !!document.activeElement.closest(name)"
_VIEW = "application/vnd.jupyter.widget-view+json"
# What each code cell of a notebook is now: whether it ran, its errors, and the kinds of its outputs with their texts.
_CELLS = r"""() => [...jupyterapp.shell.currentWidget.content.model.cells].flatMap(each => {
  if (each.type !== "code") return [];
  const outputs = Array.from({ length: each.outputs.length }, (_, at) => each.outputs.get(at).toJSON());
  return {
    ran: each.executionState === "idle" && each.executionCount !== null,
    errors: outputs.filter(one => one.output_type === "error").map(one => one.evalue),
    kinds: outputs.flatMap(one => Object.keys(one.data ?? {})),
    text: JSON.stringify(outputs),
  };
})"""
# Click in whatever is live; return how many there are, and how many answered.
_CLICK = r"""async () => {
  const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const live = [...document.querySelectorAll(".jp-OutputArea-output *")].filter(each => each.shadowRoot);
  let answered = 0;
  for (const { shadowRoot: root } of live) {
    const seen = () => root.innerHTML + [...root.querySelectorAll("input")].map(box => box.checked).join();
    for (const control of root.querySelectorAll("button:not(:disabled), input:not(:disabled)")) {
      const before = seen();
      control.click();
      await painted();
      if (before === seen()) continue;
      answered++;
      break;
    }
  }
  return [live.length, answered];
}"""
# Put code into a new first cell, run it, and return its outputs.
_RUN = r"""async code => {
  const { commands, shell } = jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = 0;
  await commands.execute("notebook:insert-cell-above");
  const cell = notebook.activeCell.model;
  if (cell.type !== "code") await commands.execute("notebook:change-cell-to-code");
  notebook.activeCell.model.sharedModel.setSource(code);
  await commands.execute("notebook:run-cell");
  const { outputs } = notebook.widgets[0].model;
  return JSON.stringify(Array.from({ length: outputs.length }, (_, at) => outputs.get(at).toJSON()));
}"""


def check(folder: Path, browser: Any, screenshots: Path) -> list[str]:
    """Return what is wrong, and print what was counted."""
    site = folder.parent / "site"
    if not (site / "lite").is_dir():
        return ["lite: the site is built without it; build lite, then site"]
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    wrong: list[str] = []
    with served(site) as home:
        for lesson in about["lessons"]:
            found, measured = _lesson(lesson, browser, home, site, screenshots)
            wrong += [f"{lesson}: {each}" for each in found]
            if lesson == _FIRST and not found:
                about |= measured
        wrong += _others(about["lessons"], browser, home)
        wrong += _pip(browser, home)
        wrong += _does_not_come(browser, home, screenshots)
    wrong += _from_a_file(site, browser, screenshots)
    for place in (folder, site / "lite"):
        (place / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return wrong


class _Visit:
    """A page in a browser that has seen nothing before, and the files that it loads."""

    def __init__(self, context: Any, home: str) -> None:
        self.files: set[str] = set()
        self._home = home
        context.on("request", self._request)  # those of workers, too
        context.route(lambda url: not url.startswith((home, "data:", "blob:")), lambda route: route.abort())
        watched = Watched(context, home)
        self.page = watched.page
        self.wrong = watched.wrong

    def _request(self, request: Any) -> None:
        if request.url.startswith(self._home):
            self.files.add(urllib.parse.unquote(urllib.parse.urlsplit(request.url).path))
        elif not request.url.startswith(("data:", "blob:")):
            self.wrong.append(f"request: {request.url}")


@contextmanager
def _visit(browser: Any, home: str, size: dict[str, int] = WIDE) -> Iterator[_Visit]:
    context = browser.new_context(viewport=size)
    try:
        yield _Visit(context, home)
    finally:
        context.close()


def _lesson(lesson: str, browser: Any, home: str, site: Path, screenshots: Path) -> tuple[list[str], dict[str, float]]:
    """Press the button of a lesson with the keyboard; return what is wrong, and the bytes and seconds it took."""
    with _visit(browser, home) as visit:
        page = visit.page
        page.goto(home + f"{lesson}.html", wait_until="load")
        page.locator(".run button").wait_for()
        page.screenshot(path=screenshots / f"{lesson}-before.png")
        before = set(visit.files)
        page.locator(".run button").press("Enter")
        page.mouse.wheel(0, 800)
        page.wait_for_timeout(2000)
        page.screenshot(path=screenshots / f"{lesson}-waiting.png")
        if not page.evaluate("document.activeElement.closest('.run')"):
            visit.wrong.append("the button loses the focus while the notebook loads")
        if not _in_sight(page) or page.locator(".notebook").is_visible():
            visit.wrong.append("the page and its line are not there while the notebook loads")
        try:
            page.wait_for_selector(".run[data-state=runs]", state="attached", timeout=_PATIENCE * 1000)
        except Late:
            return [*visit.wrong, "the notebook does not come"], {}
        seconds = float(re.findall(r"(\d+) s", page.locator(".run [role=status]").text_content())[0])
        frame = next(each for each in page.frames if "/lite/" in each.url)
        visit.wrong += _until_it_ends(lesson, frame)
        loaded = [site / file.lstrip("/") for file in visit.files - before]
        size = sum(path.stat().st_size for path in loaded if path.is_file())
        measured = {"bytes": size, "seconds": seconds, "cores": os.cpu_count() or 1}
        page.screenshot(path=screenshots / f"{lesson}-runs.png")
        live, answered = frame.evaluate(_CLICK)
        if live != answered:
            visit.wrong.append(f"{live - answered} of {live} do not answer a click")
        asked, silent = _ask_python(frame)
        visit.wrong += silent
        page.locator(".notebook button").press("Shift+Tab")
        if not page.evaluate(_FOCUS_IN, ".notebook"):
            visit.wrong.append("the focus goes behind the notebook")
        page.locator(".notebook button").press("Enter")
        if page.locator(".notebook").is_visible() or not page.evaluate("document.activeElement.closest('.run')"):
            visit.wrong.append("there is no way back")
        page.keyboard.press("Enter")
        if not page.locator(".notebook").is_visible():
            visit.wrong.append("the notebook does not come again")
        cells = frame.evaluate(_CELLS)
        recorded = sum(_MISSING in each["text"] for each in cells)
        drawn = sum(_DRAWN in each["text"] for each in cells)
        print(
            f"lite: {lesson}: {len(cells)} cells, {recorded} as recorded, {drawn} with a recorded picture;"
            f" {live} live; {asked} answered by Python;"
            f" {seconds:.0f} s, {size / 1e6:.1f} MB",
            flush=True,
        )
        return visit.wrong, measured


def _ask_python(frame: Any) -> tuple[int, list[str]]:
    """Press "Check" at each problem; return how many there are, and those of which Python says nothing."""
    problems = frame.locator(".jp-OutputArea-output:has(.jupyter-button)").all()
    silent = []
    for problem in problems:
        before = problem.inner_text()
        problem.get_by_role("button", name="Check").click()
        for _ in range(50):
            if problem.inner_text() != before:
                break
            frame.page.wait_for_timeout(100)
        else:
            silent.append(f"no answer to {before[:60]!r}")
    return len(problems), silent


def _in_sight(page: Any) -> bool:
    """Whether the line that says how it goes is on the screen, after scrolling."""
    top = page.locator(".run [role=status]").bounding_box()["y"]
    return bool(0 <= top < page.viewport_size["height"] / 2 and page.evaluate("scrollY") > 0)


def _until_it_ends(lesson: str, frame: Any) -> list[str]:
    """Wait until all cells have run; return the errors, and the cells that show less than the lesson does."""
    end = time.monotonic() + _PATIENCE
    cells: list[Any] = []
    while time.monotonic() < end:
        cells = frame.evaluate(_CELLS)
        if all(each["ran"] for each in cells) or any(each["errors"] for each in cells):
            break
        frame.page.wait_for_timeout(200)
    wrong = [error for each in cells for error in each["errors"]]
    wrong += [f"cell {number} did not run" for number, each in enumerate(cells) if not each["ran"]]
    committed = [each for each in read(lesson)["cells"] if each["cell_type"] == "code"]
    for number, (now, then) in enumerate(zip(cells[1:], committed, strict=True), 1):
        wanted = {kind for output in then["outputs"] for kind in output.get("data", {})}
        if _MISSING in now["text"]:
            wanted.discard(_VIEW)
        if lost := wanted - set(now["kinds"]):
            wrong.append(f"cell {number} shows no {' and no '.join(sorted(lost))}")
    return wrong


def _others(runs: list[str], browser: Any, home: str) -> list[str]:
    """Return the pages with a button of which nothing was said."""
    wrong = []
    for lesson in LESSONS:
        if lesson not in runs:
            with _visit(browser, home) as visit:
                visit.page.goto(home + f"{lesson}.html", wait_until="networkidle")
                if visit.page.locator(".run").count():
                    wrong.append(f"{lesson}: has a button")
    return wrong


def _pip(browser: Any, home: str) -> list[str]:
    """Install nvmx in a fresh kernel, without numpy, and ask it something; then for what needs numpy."""
    with _visit(browser, home) as visit:
        visit.page.goto(f"{home}lite/notebooks/index.html?path=03-every-state.ipynb")
        visit.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        visit.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")
        wrong = visit.wrong
        for code, wanted in (
            ("from importlib.util import find_spec\nprint('here:', find_spec('nvmx'))", "here: None"),
            ("%pip install nvmx", "[]"),
            # Before anything imports it, at which Pyodide would load it without %pip.
            ("from importlib.util import find_spec\nprint('now:', find_spec('nvmx') is not None)", "now: True"),
            ("import nvmx\nprint('ends in', nvmx.verdict('VMXON', 'intel', cpl=3).outcome)", "ends in #GP(0)"),
            ("nvmx.table('VMXON', 'intel')", f"nvmx.table needs numpy, {_MISSING}. It works in JupyterLab on your own"),
        ):
            outputs = visit.page.evaluate(_RUN, code)
            if wanted not in outputs:
                wrong.append(f"{code!r}: {outputs[:300]}")
    return [f"%pip: {each}" for each in wrong]


def _does_not_come(browser: Any, home: str, screenshots: Path) -> list[str]:
    """Return what is wrong if Pyodide cannot be had: the page must say so, on a phone in sight as well."""
    with _visit(browser, home, PHONE) as visit:
        page = visit.page
        page.clock.install()
        page.route("**/pyodide.asm.wasm", lambda route: route.abort())
        page.goto(home + f"{_FIRST}.html", wait_until="load")
        page.locator(".run button").click()
        page.mouse.wheel(0, 800)
        page.clock.fast_forward(61_000)
        page.wait_for_selector(".run[data-state=late]")
        page.screenshot(path=screenshots / "does-not-come.png")
        text = page.locator(".run [role=status]").text_content()
        return [] if "nvmx lab" in text and _in_sight(page) else [f"if it does not come: {text}"]


def _from_a_file(site: Path, browser: Any, screenshots: Path) -> list[str]:
    page = browser.new_page(viewport=WIDE)
    page.goto((site / f"{_FIRST}.html").as_uri())
    page.locator(".run button").click()
    page.screenshot(path=screenshots / "from-a-file.png")
    text = page.locator(".run [role=status]").text_content()
    page.close()
    return [] if "web server" in text else [f"from a file: {text}"]
