"""A prediction: a state in words, the outcomes to choose from, and the answer only after a choice."""

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..ask import verdict
from ..model.axis import named_values
from ..model.html import badge
from ..model.ladder import Ladder
from ..model.outcome import TABLE
from ..model.verdict import Verdict

if TYPE_CHECKING:
    from ..bochs import Execution, Log


class Prediction(widgets.VBox):  # type: ignore[misc]
    """Radio buttons with the outcomes (`choice`), and the right one, with its `reason`, after the choice (`answer`)."""

    def __init__(self, question: str, outcome: str, reason: str) -> None:
        self.question, self.outcome, self.reason = question, outcome, reason
        self.choice = widgets.RadioButtons(
            options=[(f"{look.name} – {look.meaning}", look.name) for look in TABLE], value=None,
            layout=widgets.Layout(width="max-content"), description="I predict",
        )  # fmt: skip
        self.answer = widgets.HTML()
        self.choice.observe(self._show, "value")
        super().__init__([widgets.HTML(f"<b>{escape(self.question)}</b>"), self.choice, self.answer])

    def _show(self, _change: object) -> None:
        right = self.choice.value == self.outcome
        self.answer.value = f"<p role='status'>{'Right' if right else 'Not so'}: {self._solution()}</p>"

    def _solution(self) -> str:
        return f"{badge(self.outcome)} {escape(self.reason)}."

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        shown = dict(super()._repr_mimebundle_(**kwargs) or {})
        static = f"<p>{escape(self.question)}</p><details><summary>Answer</summary>{self._solution()}</details>"
        return {**shown, "text/plain": self.question, "text/html": static}


def predict(instruction: str, source: "str | Ladder | Log", /, **axes: object) -> Prediction:
    """Ask how the instruction ends in a state (axes as for `verdict`); the answer follows the choice.

    `source` may be a processor's log: then the answer is what it did.  Raises TypeError or ValueError as `verdict`
    does, for a log as `nvmx.bochs.ask` does, and TypeError where no axis is named.
    """
    if not axes:
        raise TypeError("predict: name at least one axis, such as cpl=3")
    found: Verdict | Execution
    if isinstance(source, (str, Ladder)):
        found = verdict(instruction, source, **axes)
        by, reason = found.ladder.source, found.reason
    else:
        from ..bochs import Log, ask  # numpy is loaded with it, and this file runs without

        if not isinstance(source, Log):
            raise TypeError(f"source: {source!r} is neither a source's id nor a Ladder nor a processor's Log")
        found = ask(instruction, source, **axes)
        by, reason = source.name, found.told
    given = ", ".join(f"{name} = {value}" for name, value in named_values(axes).items())
    return Prediction(f"{instruction} by {by}, ready but for {given}: how does it end?", found.outcome, reason)
