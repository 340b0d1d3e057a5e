r"""Questions for learning platforms, in GIFT: each ending to choose has its reply, as in the lessons.

GIFT is text: a question per paragraph, its answers in braces, "=" before the right one and "~" before the others, "#"
before the reply to an answer.  These signs, and the colon and the backslash, have a backslash before them in words.
"""

from collections.abc import Iterable
from html import escape

from ..model.errors import InvalidValue
from ..model.outcome import OUTCOMES
from ..model.verdict import decide
from .reply import outcome_reply
from .task import Problem

_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\~=#{}:"} | {"\n": "\\n"})


def gift(problems: Iterable[Problem]) -> str:
    r"""Return problems of the kind `state`, whose state is wholly known, as multiple-choice questions in GIFT.

    The choices are the endings that the ladder has.  Raises InvalidValue for a problem of another kind, or of level 5
    if it leaves axes open: its answer is a set of endings.

    >>> from nvmx.practice import problem
    >>> print(gift([problem("state", seed=17)]).splitlines()[3])
    =\#GP(0)#Right\: FEATURE_CONTROL.lock \= 0; check 15 asks for FEATURE_CONTROL locked.
    """
    return "\n\n".join(map(_question, problems)) + "\n"


def _question(problem: Problem) -> str:
    facts = problem.facts or {}
    if problem.kind != "state" or "unknown" in facts:
        raise InvalidValue(f"GIFT: {problem.name} asks for more than one choice; state at levels 1 to 4 does not")
    found = decide(facts["ladder"], facts["state"].columns)
    ends = {"success", *(rung.outcome for rung in found.ladder.rungs)}
    right = f"Right: {found.short_reason or 'no check stands in the way'}."
    answers = [
        f"={_text(end)}#{_text(right)}"
        if end == found.outcome
        else f"~{_text(end)}#{_text(f'Not so: {outcome_reply(found, end)}.')}"
        for end in OUTCOMES
        if end in ends
    ]
    words = f"<pre>{escape(problem.question, quote=False)}</pre><p>How does it end?</p>"
    return "\n".join([f"::{_text(problem.name)}::[html]{words.translate(_SIGNS)} {{", *answers, "}"])


def _text(words: str) -> str:
    """Write words where a platform expects HTML, too."""
    return escape(words, quote=False).translate(_SIGNS)
