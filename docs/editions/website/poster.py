"""The poster of all axes on one page, as PDF to print and as SVG to look at; typst sets it."""

import json
import tempfile
from pathlib import Path

import typst

import nvmx
from nvmx.ladders import all_sources
from nvmx.model.axis import AXES
from nvmx.model.instruction import INSTRUCTIONS

_TEMPLATE = Path(__file__).with_name("poster.typ")


def write(source: Path) -> None:
    """Write the poster beside the page that shows it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "poster.typ"
        page.write_text(_TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        (Path(folder) / "poster.json").write_text(json.dumps(rows(), ensure_ascii=False), encoding="utf-8")
        for suffix in ("pdf", "svg"):
            (source / "_static" / f"poster.{suffix}").write_bytes(typst.compile(str(page), format=suffix))


def rows() -> dict[str, object]:
    """Return the sources, and for each axis what the poster says about it."""
    ids = list(all_sources())
    return {
        "sources": ids,
        "axes": [
            {
                "name": axis.name,
                "values": ", ".join(map(str, axis.values)),
                "ready": str(axis.ready),
                "where": axis.where,
                "meaning": axis.meaning,
                "set_by": axis.set_by,
                "checks": [checks for each in INSTRUCTIONS if (checks := _checks(each, axis.name))],
                "read": [any(axis.name in ladder.reads for ladder in all_sources()[each].ladders) for each in ids],
            }
            for axis in AXES
        ],
    }


def _checks(instruction: str, axis: str) -> str:
    rungs = nvmx.ladder(instruction, "intel").rungs
    found = [f"{number} {rung.name}" for number, rung in enumerate(rungs, 1) if axis in rung.when]
    return f"{instruction}: {', '.join(found)}" if found else ""
