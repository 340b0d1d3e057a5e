"""How long from a click to the changed page, in JupyterLab: the explorer beside an empty HTML widget.

    python tests/benchmark/clicks.py [OTHER_CHECKOUT]

The empty widget shows what a round trip to the kernel takes, and so is the measure for everything else.  In a headless
Chromium, both are clicked in turns, and the explorer of the other checkout, too, in a notebook of its own.  The time
ends when the frame after the change has been painted.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from browser import CHROMIUM, FLAGS, jupyterlab, open_and_run

HERE = Path(__file__).parent.parent.parent
ROUNDS, CLICKS = 6, 10
CELLS = [
    """import sys

sys.path.insert(0, {checkout!r})
import ipywidgets

import nvmx""",
    """box, page = ipywidgets.Checkbox(description="empty"), ipywidgets.HTML()
box.observe(lambda change: setattr(page, "value", str(change["new"])), "value")
ipywidgets.VBox([box, page])""",
    'nvmx.lab.explorer("VMXON", "intel")',
]
# The control to click, and what changes: in the explorer's shadow root, or in the last HTML widget of the output.
FIND = """([cell, name]) => {
  const output = document.querySelectorAll(".jp-CodeCell")[cell];
  const shadow = output.querySelector("[data-lm-suppress-shortcuts]")?.shadowRoot;
  if (shadow) return [shadow.querySelector(`input[aria-label="${name}"]`), shadow.querySelector(".headline")];
  const box = [...output.querySelectorAll(".widget-checkbox")].find(each => each.innerText.includes(name));
  return [box.querySelector("input"), [...output.querySelectorAll(".widget-html")].pop()];
}"""
MEASURE = f"""async ([cell, name, clicks]) => {{
  const [input, page] = ({FIND})([cell, name]);
  input.scrollIntoView({{block: "center"}});
  const times = [];
  for (let n = 0; n < clicks; n++) {{
    await new Promise(done => setTimeout(done, 150));
    const start = performance.now();
    await new Promise(done => {{
      const observer = new MutationObserver(() => {{
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(done));
      }});
      observer.observe(page, {{childList: true, subtree: true, characterData: true}});
      input.click();
    }});
    times.push(performance.now() - start);
  }}
  return times;
}}"""
WHAT = [("empty HTML widget", 1, "empty"), *((f"explorer, {name}", 2, name) for name in ("CR4.VMXE", "CR0.NE", "A20M"))]


def notebook(checkout: Path) -> str:
    cells: list[Any] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [],
         "source": cell.format(checkout=str(checkout)) if not n else cell}
        for n, cell in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells})


def main() -> int:
    if CHROMIUM is None:
        print("no Chromium found (Debian: apt install chromium)")
        return 1
    checkouts = dict(zip(("here", "other"), [HERE, *(Path(path).resolve() for path in sys.argv[1:])], strict=False))
    times: dict[str, list[float]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = {}
        for name, checkout in checkouts.items():
            (Path(folder) / "work" / f"{name}.ipynb").write_text(notebook(checkout), encoding="utf-8")
            pages[name] = browser.new_page(viewport={"width": 1280, "height": 900})
            open_and_run(pages[name], address, f"{name}.ipynb")
            pages[name].wait_for_timeout(3000)
        for _ in range(ROUNDS):
            for name, page in pages.items():
                page.bring_to_front()
                for what, cell, control in WHAT:
                    times[f"{what}, {name}"] += page.evaluate(MEASURE, [cell, control, CLICKS])
        browser.close()
    for what, found in times.items():
        print(f"{what}: median {median(found):.0f} ms, 95th percentile {quantiles(found, n=20)[-1]:.0f} ms, "
              f"most {max(found):.0f} ms of {len(found)}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
