"""Check the editions that are built in Chromium, which gets nothing from any other host.

`uv run --group editions python docs/editions/check.py [EDITION ...]` prints what it counted, writes a screenshot of
each page into build/editions/screenshots, and ends with status 1 if something is wrong.  An edition is checked by the
module in `checks` with its name, which has a function `check(folder, browser, screenshots)` that returns what is wrong.
"""

import shutil
import sys
from importlib import import_module
from pkgutil import iter_modules

import checks
from playwright.sync_api import sync_playwright
from steps import OUT

CHECKS = tuple(module.name for module in iter_modules(checks.__path__) if module.name != "pages")


def main(names: list[str]) -> int:
    """Check the editions with these names, or all that are built."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names or [each for each in CHECKS if (OUT / each).is_dir()]:
            screenshots = OUT / "screenshots" / name
            shutil.rmtree(screenshots, ignore_errors=True)
            screenshots.mkdir(parents=True)
            wrong += import_module(f"checks.{name}").check(OUT / name, browser, screenshots)
        browser.close()
    print("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
