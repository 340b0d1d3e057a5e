"""Practice in a notebook: a problem, a field for each answer, and what was right."""

import ipywidgets as widgets

from ..model.html import Markup, join, tag
from ..practice import Mark, Problem, problems
from .column import Column, close_all

_ENDLESS = 10**9


class Practice(Column):
    """A `problem` with a field per blank (`fields`); the buttons `check`, `show` and `more` do what they say.

    `marks` are those of the last check.
    """

    def __init__(self, kind: str | None, seed: int, level: int) -> None:
        self._problems = problems(kind, seed, level, _ENDLESS)
        self.problem: Problem = next(self._problems)
        self.marks: tuple[Mark, ...] = ()
        self.text, self.reply = widgets.HTML(), widgets.HTML()
        self.fields: tuple[widgets.Text, ...] = ()
        self.blanks = widgets.VBox()
        self.check = widgets.Button(description="Check", button_style="primary")
        self.show = widgets.Button(description="Show answer")
        self.more = widgets.Button(description="Next")
        self.check.on_click(self._check)
        self.show.on_click(self._show)
        self.more.on_click(self._next)
        self._turn_to(self.problem)
        buttons = widgets.HBox([self.check, self.show, self.more])
        super().__init__([self.text, self.blanks, buttons, self.reply])

    def _turn_to(self, problem: Problem) -> None:
        self.problem, self.marks = problem, ()
        self.text.value = _question(problem)
        self.reply.value = ""
        old, self.fields = self.fields, tuple(
            widgets.Text(
                description=blank.label, placeholder="your answer", style={"description_width": "20em"},
                layout=widgets.Layout(width="100%", max_width="48em"), continuous_update=False,
            )
            for blank in problem.blanks
        )  # fmt: skip
        self.blanks.children = self.fields
        for each in old:
            close_all(each)

    def _check(self, _button: object) -> None:
        self.marks = self.problem.grade([each.value for each in self.fields])
        items = [
            tag("li", f"{blank.label}: ", tag("b", mark.status), f". {mark.sentence}")
            for blank, mark in zip(self.problem.blanks, self.marks, strict=True)
        ]
        self.reply.value = tag("ul", *items, role="status")

    def _show(self, _button: object) -> None:
        self.reply.value = tag("div", _lines(self.problem.solution), role="status")

    def _next(self, _button: object) -> None:
        self._turn_to(next(self._problems))

    def static(self) -> tuple[str, str]:
        """Return the problem, and the problem with its answer folded away."""
        answer = tag("details", tag("summary", "Answer"), _lines(self.problem.solution))
        blanks = tag("ol", *(tag("li", blank.label) for blank in self.problem.blanks), type="a")
        return str(self.problem), join(_question(self.problem), blanks, answer)


def _question(problem: Problem) -> str:
    return tag("div", tag("code", problem.name), _lines(problem.question))


def _lines(text: str) -> Markup:
    """Return lines of text; a long one is broken between words, where JupyterLab would break it anywhere."""
    return tag("pre", text, style="white-space:pre-wrap;word-break:normal;overflow-wrap:break-word")


def practice(kind: str | None = None, seed: int = 1, level: int = 1) -> Practice:
    """Return problems to practise on, one after the other: those of the command `nvmx practice`.

    `kind` is one of `nvmx.practice.KINDS`; None takes them in turn.  `level` is from 1 (easy) to 5.  Raises InvalidType
    or InvalidValue if one of them makes no sense.

    >>> exercise = practice("state", seed=17)
    >>> exercise.fields[0].value = "gp"
    >>> exercise.check.click()
    >>> exercise.marks[0].status
    'right'
    """
    return Practice(kind, seed, level)
