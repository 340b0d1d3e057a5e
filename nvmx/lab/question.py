"""A prediction: a state in words, the outcomes to choose from, and the answer only after a choice."""

from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..ask import verdict
from ..model.axis import named_values
from ..model.errors import InvalidType
from ..model.html import Markup, badge, join, tag
from ..model.ladder import Ladder
from ..model.outcome import TABLE
from .choice import Choice
from .column import Column

if TYPE_CHECKING:
    from ..bochs import Log


class Prediction(Column):
    """Radio buttons with the outcomes (`choice`), and the right one, with its `reason`, after the choice (`answer`)."""

    def __init__(self, question: str, outcome: str, reason: str) -> None:
        self.question, self.outcome, self.reason = question, outcome, reason
        self.choice = Choice("I predict", {look.name: look.meaning for look in TABLE})
        self.answer = widgets.HTML()
        self.choice.observe(self._show, "value")
        super().__init__([widgets.HTML(tag("b", self.question)), self.choice, self.answer])

    def _show(self, _change: object) -> None:
        grade = "Right" if self.choice.value == self.outcome else "Not so"
        self.answer.value = tag("p", f"{grade}: ", self._solution(), role="status")

    def _solution(self) -> Markup:
        return join(badge(self.outcome), f", {self.reason}.")

    def static(self) -> tuple[str, str]:
        """Return the question, and the question with its answer folded away."""
        answer = tag("details", tag("summary", "Answer"), self._solution())
        return self.question, join(tag("p", self.question), answer)


def predict(instruction: str, source: "str | Ladder | Log", /, **axes: object) -> Prediction:
    """Ask how the instruction ends in a state (axes as for `verdict`); the answer follows the choice.

    `source` may be a processor's log; then the answer is what it did.  Raises InvalidType if no axis is named, and
    otherwise what `verdict` raises, or `nvmx.bochs.ask` for a log.

    >>> question = predict("VMXON", "intel", cpl=3)
    >>> question.question
    'VMXON by intel, ready except for CPL = 3: how does it end?'
    >>> question.choice.value = "#UD"
    >>> "Not so" in question.answer.value
    True
    """
    if not axes:
        raise InvalidType("predict: name at least one axis, such as cpl=3")
    if isinstance(source, (str, Ladder)):
        found = verdict(instruction, source, **axes)
        by, outcome = found.ladder.source, found.outcome
        reason = f"because {found.reason}" if found.rung else found.reason
    else:
        from ..bochs import Log, ask  # needs numpy, and this module must work without it

        if not isinstance(source, Log):
            raise InvalidType(f"source: {source!r} is neither a source's id nor a Ladder nor a processor's Log")
        execution = ask(instruction, source, **axes)
        by, outcome, reason = source.name, execution.outcome, execution.description
    given = ", ".join(f"{name} = {value}" for name, value in named_values(axes).items())
    return Prediction(f"{instruction} by {by}, ready except for {given}: how does it end?", outcome, reason)
