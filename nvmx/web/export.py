"""All rows as one dictionary for `json.dumps`: what `model.js` reads."""

from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

from ..ladders import all_sources
from ..model.axis import AXES, Axis
from ..model.errors import InvalidType
from ..model.instruction import BY_INSTRUCTION
from ..model.ladder import Ladder, Rung
from ..model.modes import MODE_AXES, MODES
from ..model.outcome import TABLE
from ..model.registers import CR0, CR4, EFER, FEATURE_CONTROL, RFLAGS
from ..model.rules import RULES
from ..model.verdict import MARKS

_REGISTERS = {"CR0": CR0, "CR4": CR4, "EFER": EFER, "RFLAGS": RFLAGS, "FEATURE_CONTROL": FEATURE_CONTROL}

T = TypeVar("T", bound=Hashable)


def rows(*own: Ladder, others: bool = True) -> dict[str, Any]:
    """Return every row as a dictionary for `json.dumps`: axes, rules, modes, outcomes, sources, and all ladders.

    Ladders of your own come after the others, and are found first.  Many ladders share a check, or the text that it was
    read in, so each of both is written once: a rung is [number of the check, who checks, number of the reference], and
    a fourth value says why the rung is shadowed.  Without `others`, only the ladders given and their sources are in it.
    Raises InvalidType for what is no Ladder.

    >>> [axis["keyword"] for axis in rows()["axes"] if axis.get("register") == "EFER"]
    ['efer_lma']
    >>> import nvmx
    >>> from dataclasses import replace
    >>> rows(replace(nvmx.ladder("VMXON", "xen"), source="mine"))["ladders"][-1]["source"]
    'mine'
    """
    for each in own:
        if not isinstance(each, Ladder):
            raise InvalidType(f"rows: {each!r} is not a Ladder")
    sources = [each for each in all_sources().values() if others or any(each.id == ladder.source for ladder in own)]
    ladders = [*(ladder for source in sources for ladder in source.ladders if others), *own]
    checks = _numbered(_check(rung) for ladder in ladders for rung in ladder.rungs)
    references = _numbered(rung.source for ladder in ladders for rung in ladder.rungs)
    return {
        "axes": [_axis(axis) for axis in AXES],
        "instructions": [
            {"name": each.name, "axes": list(each.axes), "ready": dict(each.ready), "outcomes": list(each.outcomes)}
            for each in BY_INSTRUCTION.values()
        ],
        "rules": [{"when": _box(rule.when), "reason": rule.reason, "canonical": rule.canonical_axis} for rule in RULES],
        "modes": {name: dict(bits) for name, bits in MODES.items()},
        "mode_axes": list(MODE_AXES),
        "marks": list(MARKS),
        "outcomes": [
            {
                "name": each.name,
                "letter": each.letter,
                "colour": each.colour,
                "ink": each.ink,
                "flags": dict(each.flags),
                "meaning": each.meaning,
            }
            for each in TABLE
        ],
        "sources": [
            {"id": each.id, "title": each.title, "date": each.date, "reference": each.reference, "note": each.note}
            for each in sources
        ],
        "checks": [
            {"name": name, "when": _box(dict(when)), "outcome": outcome, "error": error, "reason": reason}
            for name, when, outcome, error, reason in checks
        ],
        "references": list(references),
        "ladders": [
            {
                "instruction": ladder.instruction,
                "source": ladder.source,
                "rungs": [
                    [
                        checks[_check(rung)],
                        rung.by,
                        references[rung.source],
                        *([rung.shadowed] if rung.shadowed else []),
                    ]
                    for rung in ladder.rungs
                ],
                "effect": {"after": dict(ladder.effect.after), "flags": dict(ladder.effect.flags)},
                "narrow": _box(ladder.narrow),
            }
            for ladder in ladders
        ],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {
        "column": axis.name,
        "keyword": axis.keyword,
        "values": list(axis.values),
        "ready": axis.ready,
        "where": axis.where,
        "meaning": axis.meaning,
        "set_by": axis.set_by,
        **{
            key: value
            for register, bits in _REGISTERS.items()
            if axis.name in bits
            for key, value in (("register", register), ("bit", bits[axis.name]))
        },
    }


def _box(box: Any) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in box.items()}


def _check(rung: Rung) -> tuple[Any, ...]:
    return rung.name, tuple(rung.when.items()), rung.outcome, rung.error, rung.reason


def _numbered(given: Iterable[T]) -> dict[T, int]:
    """Return each of these once, with its number."""
    return {each: number for number, each in enumerate(dict.fromkeys(given))}
