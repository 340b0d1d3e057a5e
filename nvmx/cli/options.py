"""Options and arguments that several commands have."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from .output import say
from .question import Question, read_question

Function = TypeVar("Function", bound=Callable[..., Any])


def format_option(*choices: str) -> Callable[[Function], Function]:
    """Add --format to a command; the first choice is the default."""
    return click.option(
        "--format", "form", type=click.Choice(choices), default=choices[0], show_default=True,
        help="How to print the answer.",
    )  # fmt: skip


def ask(words: Iterable[str]) -> Question:
    """Read NAME=VALUE and text forms, and say what may have been meant otherwise."""
    asked = read_question(words)
    for doubt in asked.doubts:
        say(doubt)
    return asked
