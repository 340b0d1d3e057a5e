"""A problem: what is asked, the blanks to fill in, and the marks for what was typed into them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..model.html import Markup, join, tag
from .typed import Unreadable

RIGHT, WRONG, UNREADABLE, MISSING = "right", "wrong", "not readable", "missing"
_EMPTY = ("", "?", "...", "_")


@dataclass(frozen=True)
class Blank:
    """One answer that is asked for.

    `answer` is the right one as text, and `why` the reason.  `read` turns what was typed into a value or raises
    Unreadable; `objection` returns what is wrong with that value, or "".
    """

    label: str
    answer: str
    why: str
    read: Callable[[str], Any]
    objection: Callable[[Any], str]


@dataclass(frozen=True)
class Mark:
    """What was typed into a blank, whether it is "right", "wrong", "not readable" or "missing", and a sentence."""

    tag: str
    given: str
    status: str
    sentence: str

    @property
    def passed(self) -> bool:
        """Whether it is right."""
        return self.status == RIGHT

    def __str__(self) -> str:
        given = f" {self.given}" if self.given else ""
        return f"{self.tag:4}{given}: {self.status}. {self.sentence}".rstrip()


@dataclass(frozen=True, repr=False)
class Problem:
    """A problem: its `lines`, and the `blanks` to fill in; `key` is what makes it differ from others.

    `options` are the words of its permanent name behind the level, and `facts` what it was made from, for tests.

    >>> from nvmx.practice import problem
    >>> found = problem("state", seed=17)
    >>> found.name
    'nvmx practice state -s 17 --level 1'
    >>> found.grade("success")[0].status
    'wrong'
    """

    kind: str
    seed: int
    level: int
    lines: Sequence[str]
    blanks: Sequence[Blank]
    key: Hashable
    options: str = ""
    facts: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The command that shows this problem."""
        return f"nvmx practice {self.kind} -s {self.seed} --level {self.level}{self.options}"

    @property
    def question(self) -> str:
        """The problem's text, without its blanks."""
        return "\n".join(self.lines)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The letters of the blanks."""
        return tuple("abcdefghijklmnop"[: len(self.blanks)])

    @property
    def answer(self) -> str:
        """The right answers, one line per blank."""
        return "\n".join(f"{letter}  {blank.answer}" for letter, blank in zip(self.tags, self.blanks, strict=True))

    @property
    def solution(self) -> str:
        """The right answers with their reasons, one line per blank."""
        return "\n".join(self.fields("", answers=True))

    def fields(self, number: object, *, answers: bool) -> list[str]:
        """Return the lines of the blanks, with a question mark or with the answer and its reason."""
        width = max(len(blank.label) for blank in self.blanks)
        return [
            f"{number}{letter}  {blank.label:{width}}  --> "
            + (f"{blank.answer}{f'  [{blank.why}]' if blank.why else ''}" if answers else "?")
            for letter, blank in zip(self.tags, self.blanks, strict=True)
        ]

    def grade(self, text: str | Sequence[str], number: object = "") -> tuple[Mark, ...]:
        """Compare what was typed, one answer per blank (in a text: one line per blank), and say which row decided.

        >>> from nvmx.practice import problem
        >>> [mark.status for mark in problem("state").grade("what?")]
        ['not readable', 'missing']
        """
        given = text.splitlines() if isinstance(text, str) else list(text)
        given += [""] * (len(self.blanks) - len(given))
        return tuple(
            _mark(f"{number}{letter}", blank, typed)
            for letter, blank, typed in zip(self.tags, self.blanks, given, strict=False)
        )

    def __repr__(self) -> str:
        return f"<Problem: {self.name}>"

    def __str__(self) -> str:
        return "\n".join([self.name, "", *self.lines, "", *self.fields("", answers=False)])

    def _repr_html_(self) -> str:
        answer = tag("details", tag("summary", "Answer"), tag("pre", self.solution))
        return join(tag("pre", str(self)), answer)

    def html(self, number: object = "", *, answers: bool = False) -> Markup:
        """Return the problem for a page, with its blanks empty or filled."""
        text = "\n".join([*self.lines, "", *self.fields(number, answers=answers)])
        return tag("pre", text if answers else text.replace("--> ?", "--> ______________________"))


def _mark(name: str, blank: Blank, typed: str) -> Mark:
    given = " ".join(typed.split())
    if given in _EMPTY:
        return Mark(name, "", MISSING, f"{blank.label}: no answer yet.")
    try:
        objection = blank.objection(blank.read(given))
    except Unreadable as error:
        return Mark(name, given, UNREADABLE, f"{error}.")
    if objection:
        return Mark(name, given, WRONG, f"{objection}.")
    return Mark(name, given, RIGHT, f"{blank.why}." if blank.why else "")
