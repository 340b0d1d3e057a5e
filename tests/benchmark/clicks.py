"""How long from a click in the explorer to the changed page?

`uv run python tests/benchmark/clicks.py` prints it; Chromium is needed.

It runs a notebook in JupyterLab in a headless Chromium, clicks a check box of the full explorer (or moves the slider of
the history) 30 times, and measures in the browser from the click to the frame after the page changed.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from browser import CHROMIUM, FIRST, FLAGS, jupyterlab, open_and_run

CLICKS = 30
MEASURE = """async ([name, clicks]) => {
  const boxes = [...document.querySelectorAll('.widget-checkbox')].filter(each => each.innerText.includes(name));
  const last = boxes[boxes.length - 1], input = last.querySelector('input');
  const page = [...last.closest('.jp-OutputArea-output').querySelectorAll('.widget-html')].pop();
  input.scrollIntoView({block: 'center'});
  const times = [];
  for (let n = 0; n < clicks; n++) {
    const start = performance.now();
    await new Promise(done => {
      const observer = new MutationObserver(() => { observer.disconnect(); requestAnimationFrame(() => done()); });
      observer.observe(page, {childList: true, subtree: true, characterData: true});
      input.click();
    });
    times.push(performance.now() - start);
    await new Promise(done => setTimeout(done, 150));
  }
  return times;
}"""

HISTORY = "05-eleven-years-of-one-handler.ipynb"
# The slider listens to real key presses, so these come from outside; the page takes the time itself.
WATCH = """() => {
  const slider = document.querySelector('.widget-slider .noUi-handle');
  const page = [...slider.closest('.jp-OutputArea-output').querySelectorAll('.widget-html')].pop();
  window.times = [];
  slider.addEventListener('keydown', () => { window.start = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    if (window.start) { window.times.push(performance.now() - window.start); window.start = 0; }
  })).observe(page, {childList: true, subtree: true, characterData: true});
  slider.scrollIntoView({block: 'center'});
  slider.focus();
}"""


def report(name: str, times: list[float]) -> None:
    print(f"{name}: median {median(times):.0f} ms, 95th percentile {quantiles(times, n=20)[-1]:.0f} ms, "
          f"most {max(times):.0f} ms of {len(times)}")  # fmt: skip


def main() -> int:
    if CHROMIUM is None:
        print("no Chromium found (Debian: apt install chromium)")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        open_and_run(page, address, FIRST)
        page.wait_for_timeout(3000)
        for name in ("CR4.VMXE", "CR0.NE", "A20M", "revision.match"):
            report(name, page.evaluate(MEASURE, [name, CLICKS]))
        open_and_run(page, address, HISTORY)
        page.wait_for_timeout(3000)
        page.evaluate(WATCH)
        for n in range(CLICKS):
            page.keyboard.press("ArrowRight" if n // 7 % 2 == 0 else "ArrowLeft")
            page.wait_for_timeout(250)
        report("the history's slider", page.evaluate("window.times"))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
