"""How long from a click in the explorer to the changed page?

`uv run python tests/benchmark/click.py` prints it; Chromium is needed.

It runs the first notebook in JupyterLab in a headless Chromium, clicks a check box of the full explorer 30 times, and
measures in the browser from the click to the frame after the page changed.
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
            times = page.evaluate(MEASURE, [name, CLICKS])
            print(f"{name}: median {median(times):.0f} ms, 95th percentile {quantiles(times, n=20)[-1]:.0f} ms, "
                  f"most {max(times):.0f} ms of {CLICKS} clicks")  # fmt: skip
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
