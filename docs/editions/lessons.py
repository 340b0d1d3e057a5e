"""The lessons, as they are committed in notebooks/: what every edition is made from."""

import json
import re
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = tuple(path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb")))
CASES = "09-case-files"
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def read(lesson: str) -> Any:
    """Return the notebook of a lesson."""
    return json.loads((NOTEBOOKS / f"{lesson}.ipynb").read_text(encoding="utf-8"))


def headings(lesson: str) -> list[str]:
    """Return the headings of a lesson."""
    cells = [cell for cell in read(lesson)["cells"] if cell["cell_type"] == "markdown"]
    return [heading for cell in cells for heading in _HEADING.findall("".join(cell["source"]))]
