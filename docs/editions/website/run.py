"""The button "Run this lesson", on the pages of lessons that run in the browser, if that edition is built."""

import json
import shutil
from pathlib import Path

_END = "</body>"


def add(site: Path, lite: Path) -> None:
    """Put the edition `lite` into the site, and the script of the button into the pages; not if it is not built."""
    about = lite / "about.json"
    if not about.exists():
        return
    shutil.copytree(lite, site / "lite")
    for lesson in json.loads(about.read_text(encoding="utf-8"))["lessons"]:
        page = site / f"{lesson}.html"
        script = f'<script src="_static/run.js" data-lesson="{lesson}"></script>\n'
        page.write_text(page.read_text(encoding="utf-8").replace(_END, script + _END), encoding="utf-8")
