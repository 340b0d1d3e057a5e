"""A slide, and a section of a lesson as slides."""

from dataclasses import dataclass, field

from bs4 import Tag
from tree import element


@dataclass
class Slide:
    """What is shown, and what the lecturer says to it.

    `kind` is the layout: title, text, picture, explorer, question, answer, kata or last.
    """

    kind: str
    title: str
    body: list[Tag] = field(default_factory=list)
    ask: list[Tag] = field(default_factory=list)  # in the notes: the question, its answer, the usual wrong ones
    say: list[Tag] = field(default_factory=list)  # in the notes: the prose
    code: str = ""  # in the notes, too
    right: str = ""  # of an answer: the right choice
    incomplete: bool = False  # of an answer: its table is not shown
    choices: int = 0  # of a question


@dataclass
class Section:
    """A section of a lesson: its heading, its minutes, its slides."""

    heading: str
    minutes: float
    slides: list[Slide] = field(default_factory=list)


def labelled(label: str, *children: Tag | str) -> Tag:
    """Return a paragraph that begins with a word in bold."""
    return element("p", element("b", f"{label}:"), " ", *children)
