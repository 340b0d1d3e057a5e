"""The lessons as they are committed, with the name of this edition's kernel.

The cell below the title is new: after it, what was recorded is shown where a package is missing; or, if that would be
most of the lesson, it says where the lesson works.
"""

import json
from pathlib import Path

from lessons import LESSONS, read

from nvmx.lazy import where_it_works

# These run from their first cell to their last with what was recorded; checks/lite.py runs them and counts its cells.
RUNS = (
    "00-start-here",
    "01-what-does-vmxon-ask-for",
    "02-two-processors",
    "04-the-map",
    "05-eleven-years-of-one-handler",
    "06-the-museum-of-wrong-answers",
    "09-case-files",
    "10-check-yourself",
)
_AS_RECORDED = """\
# This page has no numpy, pandas or matplotlib. What needs them shows what it showed when the lesson was made.
import as_recorded

as_recorded.show("{lesson}")"""


def write(folder: Path) -> None:
    """Write all lessons."""
    folder.mkdir()
    for lesson in LESSONS:
        notebook = read(lesson)
        notebook["metadata"]["kernelspec"] = {
            "display_name": "Python (Pyodide)",
            "language": "python",
            "name": "python",
        }
        cell: dict[str, object] = {"id": "where-it-works", "metadata": {}}
        if lesson in RUNS:
            cell |= {
                "cell_type": "code",
                "source": _AS_RECORDED.format(lesson=lesson),
                "execution_count": None,
                "outputs": [],
            }
        else:
            note = f"> **Most of this lesson does not run here.** {where_it_works('It', 'numpy')}"
            cell |= {"cell_type": "markdown", "source": note}
        notebook["cells"].insert(1, cell)  # below the title
        (folder / f"{lesson}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
