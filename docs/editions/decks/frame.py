"""What stands around the sections of a deck: the title slide, and the last one."""

import copy
import os
from collections.abc import Mapping

from bs4 import Tag
from tree import element, parsed

from .lesson import Lesson
from .plans import Plan
from .prose import sentences, without_links
from .room import divided
from .slide import Section, Slide

_FIRST, _LAST = "Before you begin", "What you can now answer"
_KEYS = (
    "Keys: space and arrows turn the slides, S opens these notes in a window of their own, F fills the screen, Esc"
    " shows all slides, ? all keys. A control that has the focus keeps its keys: click beside it first."
)


def lesson_sections(lesson: Lesson) -> list[Section]:
    """Return the sections of a lesson between its title and its last slide."""
    aim, needs = map(_plain, lesson.about[:2])
    aim["class"] = "key"
    title = Slide("title", lesson.title, [aim, needs], say=[element("p", _KEYS)])
    last = lesson.answerable
    sections = [each for each in lesson.sections if each is not last]
    slides = last.slides if last else []
    minutes = last.minutes if last else 0
    return [Section(_FIRST, 0, [title]), *sections, _last(slides, minutes, f"notebooks/{lesson.name}.ipynb")]


def plan_sections(plan: Plan, lessons: Mapping[str, Lesson]) -> list[Section]:
    """Return the sections of a plan between its title and its last slide; ValueError if one of them is not found."""
    sections = []
    for part in plan.parts:
        section = lessons[part.lesson].section(part.heading)
        sections.append(Section(section.heading, part.minutes, section.slides))
    rows = [element("tr", element("td", section.heading), element("td", f"{part.minutes}", **{"class": "number"}))
            for section, part in zip(sections, plan.parts, strict=True)]  # fmt: skip
    head = element("thead", element("tr", element("th", "section"), element("th", "minutes")))
    agenda = element("table", head, element("tbody", *rows))
    longest = max(lessons, key=lambda name: sum(part.minutes for part in plan.parts if part.lesson == name))
    aim = _plain(lessons[longest].about[0])
    aim["class"] = "key"
    needs = element("p", *list(parsed(sentences(_plain(lessons[plan.parts[0].lesson].about[1]))[0]).contents),
                    f" It takes {plan.minutes} minutes.")  # fmt: skip
    first = Slide("title", plan.title, [aim, needs], say=[element("p", _KEYS)])
    plans = [Slide("text", f"{plan.minutes} minutes", [part]) for part in divided(agenda)]
    answers = element("ul", *(element("li", section.heading) for section in sections))
    last = [Slide("text", _LAST, [part]) for part in divided(answers, 13)]
    return [Section(_FIRST, 0, [first, *plans]), *sections, _last(last, 0, "notebooks/, docs/class.md")]


def _last(slides: list[Slide], minutes: float, source: str) -> Section:
    slides = slides or [Slide("text", _LAST)]
    last = slides[-1]
    shown = Slide(f"{last.kind} last", last.title, [*last.body, _licence(source)], last.ask, last.say, last.code)
    return Section(_LAST, minutes, [*slides[:-1], shown])


def _plain(paragraph: Tag) -> Tag:
    return without_links(copy.copy(paragraph))


def _licence(source: str) -> Tag:
    repository = os.environ.get("GITHUB_REPOSITORY")
    where = f"https://github.com/{repository}, {source}" if repository else source
    return element("p", f"GPL-2.0-only, nvmx contributors, source: {where}", **{"class": "licence"})
