"""How long from a click in the explorer's page to the painted answer, and from opening the file to the first answer?

`uv run python tests/benchmark/page_clicks.py` prints it; Chromium is needed.

A click is measured in the browser: to the end of the script ("script"), and to the first task after the next frame was
painted ("paint", which includes the wait for that frame: up to 16 ms at 60 Hz).
"""

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, sync_playwright

from nvmx.web import page as whole_page

sys.path.insert(0, str(Path(__file__).parent.parent))
from browser import CHROMIUM, FLAGS

CLICKS = 100
OPENINGS = 10
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
OPENED = """new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [{ domContentLoadedEventEnd }] = performance.getEntriesByType("navigation");
  done([domContentLoadedEventEnd, paint ? paint.startTime : performance.now()]);
}, 50)))"""


def open_often(browser: Browser, file: Path, again: bool) -> list[list[float]]:
    """Open a file in a new tab each time, which starts a process, or load it again; when it is live, and painted."""
    times = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    for _ in range(OPENINGS):
        if not again:
            page.close()
            page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(file.as_uri()) if page.url == "about:blank" else page.reload()
        times.append(page.evaluate(OPENED))
    page.close()
    return times[1:] if again else times


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
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        empty = Path(folder) / "empty.html"
        empty.write_text("<!doctype html><p>nothing</p>", encoding="utf-8")
        for name, opened in (("an empty page", empty), ("the explorer", file)):
            for tab in ("a new tab", "the same tab"):
                times = open_often(browser, opened, tab == "the same tab")
                report(f"{name} in {tab}: live", [each[0] for each in times])
                report(f"{name} in {tab}: paint", [each[1] for each in times])
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
