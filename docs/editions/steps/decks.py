"""Slide decks: each lesson, and the plans of docs/class.md, as one file each; reveal.js is in it."""

from pathlib import Path

from decks.frame import lesson_sections, plan_sections
from decks.lesson import Lesson
from decks.page import deck
from decks.plans import plans
from lessons import LESSONS


def build(out: Path) -> None:
    """Write NN-name.html for each lesson, and minutes-NN.html for each plan."""
    lessons = {name: Lesson(name) for name in LESSONS}
    for plan in plans(LESSONS):
        (out / f"minutes-{plan.minutes}.html").write_text(
            deck(plan.title, plan_sections(plan, lessons)), encoding="utf-8"
        )
    for name, lesson in lessons.items():
        (out / f"{name}.html").write_text(deck(lesson.title, lesson_sections(lesson)), encoding="utf-8")
