"""The reference card: both ladders of the manual, all axes, how to look at them, and what an ending means."""

from collections.abc import Iterator
from itertools import groupby

import nvmx
from nvmx.ladders import all_sources
from nvmx.model.axis import AXES
from nvmx.model.box import condition_text
from nvmx.model.instruction import INSTRUCTIONS
from nvmx.model.look import LOOK, TOOLS
from nvmx.model.outcome import BY_OUTCOME, TABLE, flags_text

from .typeset import typeset

_SOURCE = "intel"


def card() -> bytes:
    """Return the PDF of the card."""
    return typeset("card.typ", about())


def about() -> dict[str, object]:
    """Return what stands on the card."""
    return {
        "title": "VMXON and VMXOFF: the reference card",
        "source": all_sources()[_SOURCE].title,
        "licence": f"nvmx {nvmx.__version__} contributors, GPL-2.0-only",
        "ladders": [{"instruction": each, "rows": list(_ladder(each))} for each in INSTRUCTIONS],
        "outcomes": [
            {"name": each.name, "meaning": each.meaning, "flags": flags_text(each.flags), **_colours(each.name)}
            for each in TABLE
        ],
        "tools": TOOLS,
        "axes": list(_axes()),
    }


def _ladder(instruction: str) -> Iterator[dict[str, str]]:
    for rung in nvmx.ladder(instruction, _SOURCE).rungs:
        yield {
            "asks": rung.name, "fails": condition_text(rung.when), "ending": rung.ending, "by": rung.by,
            **_colours(rung.outcome),
        }  # fmt: skip


def _axes() -> Iterator[dict[str, object]]:
    """Yield the axes; `alike` says for how many rows the ways to look stand, and is 0 where they stand above."""
    for _, group in groupby(AXES, lambda axis: LOOK[axis.name]):
        alike = list(group)
        for place, axis in enumerate(alike):
            yield {
                "name": axis.name,
                "values": ", ".join(map(str, axis.values)),
                "ready": str(axis.ready),
                "where": axis.where,
                "set_by": axis.set_by,
                "look": [LOOK[axis.name].get(tool, "") for tool in TOOLS],
                "alike": 0 if place else len(alike),
            }


def _colours(outcome: str) -> dict[str, str]:
    row = BY_OUTCOME[outcome]
    return {"letter": row.letter, "colour": row.colour, "ink": row.ink}
