"""How long from a click in the explorer's page to the painted answer, and from opening the file to the first answer?

`uv run python tests/benchmark/page_clicks.py` prints it; Chromium is needed.

A click is measured in the browser: to the end of the script ("script"), and to the first task after the next frame was
painted ("paint", which includes the wait for that frame: up to 16 ms at 60 Hz).  First use is measured beside an empty
page in the same run: when all scripts have run ("live"), when that is painted, and when the map is, too ("complete").
"""

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, BrowserType, sync_playwright

from nvmx.web import page as whole_page

sys.path.insert(0, str(Path(__file__).parent.parent))
from browser import CHROMIUM, FLAGS

CLICKS = 100
OPENINGS = 15
PLACES = {
    "a bit": ".checks [data-axis='CR4.VMXE'] input",
    "the last bit": ".checks [data-axis='revision.bit31'] input",
    "CPL": ".checks [data-axis=CPL] input:not(:checked)",
    "a mode": ".presets input:not(:checked)",
    "a cell of the map": ".map button:not([hidden]):not([aria-current])",
}
MEASURE = """async ([selector, clicks]) => {
  const root = document.getElementById("explorer").shadowRoot, scripts = [], paints = [];
  for (let n = 0; n < clicks; n++) {
    await new Promise((done) => setTimeout(done, 20 + 16 * Math.random()));
    const node = root.querySelector(selector), start = performance.now();
    node.click();
    scripts.push(performance.now() - start);
    await new Promise((done) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      port2.postMessage(0);
    }));
    paints.push(performance.now() - start);
  }
  return [scripts, paints];
}"""
# The first task after the frame that follows the end of all scripts; and after the frame with the map, if there is one.
FOLLOW = """{
  const next = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = then;
    port2.postMessage(0);
  });
  const map = () => document.getElementById("explorer")?.shadowRoot.querySelector(".map");
  const wait = () => !document.getElementById("explorer") || map() ? next(() => { times.complete = performance.now(); })
    : setTimeout(wait);
  window.times = {};
  addEventListener("DOMContentLoaded", () => {
    times.live = performance.now();
    next(() => { times.painted = performance.now(); wait(); });
  });
}"""
# What the browser's own trace calls the parts of opening a page.
PARTS = {
    "ParseHTML": "reading the HTML",
    "v8.compileModule": "reading the JavaScript",
    "v8.evaluateModule": "JavaScript: rows, model, nodes",
    "UpdateLayoutTree": "style",
    "Layout": "layout (and style by width)",
    "PrePaint": "before paint",
    "Paint": "paint",
}


def open_once(browser: Browser, file: Path) -> dict[str, float]:
    """Open a file in a new tab; return when it was live, painted and complete, in ms since the navigation started."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(FOLLOW)
    page.goto(file.as_uri())
    page.wait_for_function("times.complete")
    times: dict[str, float] = page.evaluate("times")
    page.close()
    return times


def first_use(browser_type: BrowserType, files: dict[str, Path]) -> None:
    """Open each file in turn, in a browser just started and in a running one, and print the medians."""
    with closing(launch(browser_type)) as running:
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for n in range(OPENINGS + 1):
            for name, file in files.items():
                with closing(launch(browser_type)) as fresh:
                    found.setdefault(("a browser just started", name), []).append(open_once(fresh, file))
                if n:  # the first is not counted: this browser is the running one
                    found.setdefault(("a running browser", name), []).append(open_once(running, file))
                else:
                    open_once(running, file)
    for (where, name), openings in found.items():
        times = ", ".join(f"{key} {median(each[key] for each in openings):5.1f}" for key in openings[0])
        print(f"{name} in {where}: {times} ms")


def parts(browser: Browser, file: Path) -> None:
    """Print what the page's own thread does while it opens the file: processor time, so waiting does not count."""
    found: dict[str, list[float]] = {}
    for _ in range(OPENINGS):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(FOLLOW)
        browser.start_tracing(page=page, categories=["devtools.timeline", "v8"])
        page.goto(file.as_uri())
        page.wait_for_function("times.complete")
        events = json.loads(browser.stop_tracing())["traceEvents"]
        page.close()
        for part in PARTS:
            spent = sum(each.get("tdur", 0) for each in events if each["name"] == part and each["ph"] == "X")
            found.setdefault(part, []).append(spent / 1000)
    for part, times in found.items():
        print(f"  {PARTS[part]:32} {median(times):5.1f} ms")


def launch(browser_type: BrowserType) -> Browser:
    return browser_type.launch(executable_path=CHROMIUM, args=FLAGS)


def report(name: str, times: list[float]) -> None:
    print(f"{name:38} median {median(times):5.1f} ms, 95th percentile {quantiles(times, n=20)[-1]:5.1f} ms")


def main() -> int:
    if CHROMIUM is None:
        print("no Chromium found (Debian: apt install chromium)")
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "explorer.html"
        file.write_text(whole_page(), encoding="utf-8")
        print(f"{file.stat().st_size:,} bytes")
        empty = Path(folder) / "empty.html"
        empty.write_text("<!doctype html><p>nothing</p>", encoding="utf-8")
        files = {"an empty page": empty, "the explorer": file}
        first_use(driver.chromium, files)
        browser = launch(driver.chromium)
        for name, opened in files.items():
            print(f"{name}, processor time:")
            parts(browser, opened)
        for compare in ("", ";compare=kvm-2022-10"):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{file.as_uri()}#VMXON/intel{compare}")
            for name, selector in PLACES.items():
                scripts, paints = page.evaluate(MEASURE, [selector, CLICKS])
                report(f"{name}{', compared' if compare else ''}: script", scripts)
                report(f"{name}{', compared' if compare else ''}: paint", paints)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
