"""The plans of docs/class.md for 45 and 90 minutes: which sections of which lessons, and for how long."""

import re
from dataclasses import dataclass
from pathlib import Path

_CLASS = Path(__file__).parents[2] / "class.md"
_PLAN = re.compile(r"^### (\d+) minutes: (.*?)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (.+?) \| (\d+) \|$", re.MULTILINE)
_LESSON = re.compile(r"^(?:\[lesson \d+\]\([^)]*?(?P<name>\d\d-[\w-]+)\.ipynb\)|lesson (?P<number>\d+)): ")
_ADVICE = re.compile(r" \([^)]*\)$")
_ALL = "all of the above"


@dataclass(frozen=True)
class Part:
    """A row of a plan: a section of a lesson, and its minutes."""

    lesson: str
    heading: str
    minutes: int


@dataclass(frozen=True)
class Plan:
    """A plan: its minutes in all, its title, its parts."""

    minutes: int
    title: str
    parts: tuple[Part, ...]


def plans(lessons: tuple[str, ...], wanted: tuple[int, ...] = (45, 90)) -> list[Plan]:
    """Return the plans of so many minutes; ValueError if the minutes of the parts have another sum."""
    made: list[Plan] = []
    for found in _PLAN.finditer(_CLASS.read_text(encoding="utf-8")):
        if int(found[1]) not in wanted:
            continue
        parts: list[Part] = []
        lesson = ""
        for words, minutes in _ROW.findall(found[3]):
            if words == _ALL:
                parts += made[-1].parts
                continue
            if named := _LESSON.match(words):
                lesson = named["name"] or next(each for each in lessons if int(each[:2]) == int(named["number"]))
                words = words[named.end() :]
            parts.append(Part(lesson, _ADVICE.sub("", words), int(minutes)))
        if sum(part.minutes for part in parts) != int(found[1]):
            raise ValueError(f"the parts of the plan for {found[1]} minutes take another time")
        made.append(Plan(int(found[1]), found[2][0].upper() + found[2][1:], tuple(parts)))
    return made
