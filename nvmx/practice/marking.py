"""Compare a file of answers with problems, blank by blank."""

import re
from collections.abc import Sequence

from ..model.errors import InvalidValue
from .making import problem
from .task import Mark, Problem

# The name of a problem, and the lines of a page that hold answers, with or without what stands before the arrow.
_NAME = re.compile(r"nvmx practice (\w+) -s (-?\d+) --level (\d)( --final)?")
_ARROW = re.compile(r"^\s*(\d+\s*[a-z])\b.*?-->(.*)$", re.IGNORECASE)
_TAGGED = re.compile(r"^\s*(\d+\s*[a-z])\s*[:.)=]\s*(.*)$", re.IGNORECASE)
_REASON = re.compile(r"\s{2,}\[.*\]\s*$")
_LINE = "_"


def named_problems(text: str) -> list[Problem]:
    """Return the problems whose names stand in a text, in order.

    >>> named_problems("1. nvmx practice state -s 17 --level 2")
    [<Problem: nvmx practice state -s 17 --level 2>]
    """
    found = [match.groups() for match in _NAME.finditer(text)]
    return [
        problem(kind, int(seed), int(level), final=bool(final)) for kind, seed, level, final in dict.fromkeys(found)
    ]


def marks(problems: Sequence[Problem], text: str) -> list[Mark]:
    """Return a mark for each blank of the problems.

    `text` is a page with the answers behind its arrows, or lines such as `1a: #GP(0)`, or the bare answers in order,
    one per line.  Raises InvalidValue if it is empty.

    >>> from nvmx.practice import problem
    >>> [str(mark)[:14] for mark in marks([problem("state", seed=17)], "1a: gp")]
    ['1a   gp: right', '1b  : missing.']
    """
    tags = [f"{number}{letter}" for number, each in enumerate(problems, 1) for letter in each.tags]
    given = _answers(text, tags)
    found: list[Mark] = []
    for number, each in enumerate(problems, 1):
        found += each.grade([given.pop(f"{number}{letter}", "") for letter in each.tags], number)
    found += [
        Mark(tag, typed, "not readable", f"there is no blank {tag}; the last one is {tags[-1]}.")
        for tag, typed in given.items()
    ]
    return found


def _answers(text: str, tags: Sequence[str]) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InvalidValue("the file of answers is empty; write one answer per line, such as 1a: #GP(0)")
    for pattern in (_ARROW, _TAGGED):
        found = [match for match in map(pattern.match, lines) if match]
        if found:
            return {
                re.sub(r"\s", "", match[1]).lower(): _REASON.sub("", match[2]).strip().strip(_LINE) for match in found
            }
    more = [f"{int(tags[-1][:-1]) + 1}{letter}" for letter in "abcdefghij"]
    return dict(zip([*tags, *more], lines, strict=False))
