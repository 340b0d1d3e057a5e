"""The explorer: one control for each axis, and beside them what the state that they set leads to."""

from typing import Any

import ipywidgets as widgets

from ..answer import Verdict, verdict
from ..axis import BY_NAME, READY, Axis
from ..ladders import ladder
from ..page import render
from ..rung import Ladder


class Explorer(widgets.HBox):  # type: ignore[misc]
    """Controls (by keyword in `controls`) that only set values, and a page that only shows the `verdict` on them."""

    def __init__(self, chosen: Ladder) -> None:
        self.ladder = chosen
        self.controls: dict[str, widgets.Widget] = {}
        groups: dict[str, list[widgets.Widget]] = {}
        for name in chosen.axes:
            axis = BY_NAME[name]
            self.controls[axis.keyword] = control = _control(axis, chosen)
            control.observe(self._show, "value")
            groups.setdefault(name.split(".")[0], []).append(control)
        self.page = widgets.HTML(layout=widgets.Layout(flex="1 1 24em", margin="0 0 0 1.5em"))
        left = widgets.VBox(
            [widgets.HBox(group, layout=widgets.Layout(flex_flow="row wrap")) for group in groups.values()],
            layout=widgets.Layout(flex="0 1 auto"),
        )
        super().__init__([left, self.page], layout=widgets.Layout(flex_flow="row wrap"))
        self._show()

    @property
    def verdict(self) -> Verdict:
        """The verdict on the state that the controls hold."""
        state = {keyword: control.value for keyword, control in self.controls.items()}
        return verdict(self.ladder.instruction, self.ladder, **state)

    def _show(self, _change: object = None) -> None:
        self.page.value = render(self.verdict)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        # Where no kernel runs (a notebook read on a web page), the page stands in for the controls.
        shown = dict(super()._repr_mimebundle_(**kwargs) or {})
        return {**shown, "text/plain": repr(self.verdict), "text/html": self.page.value}


def _control(axis: Axis, chosen: Ladder) -> widgets.Widget:
    ready, values = READY[chosen.instruction][axis.name], chosen.domain(axis.name)
    if values == (0, 1):
        return widgets.Checkbox(
            value=bool(ready),
            description=axis.name,
            tooltip=f"{axis.where}: {axis.meaning}",
            indent=False,
            layout=widgets.Layout(width="auto", min_width="9em"),
        )
    return widgets.Dropdown(
        options=values,
        value=ready,
        description=axis.name,
        tooltip=f"{axis.where}: {axis.meaning}",
        layout=widgets.Layout(width="13em"),
        style={"description_width": "5em"},
    )


def explorer(instruction: str = "VMXON", source: str | Ladder = "kvm-2011") -> Explorer:
    """Return controls for the axes that the ladder reads, in the ready state, with the verdict and the ladder beside.

    Raises TypeError or ValueError for an instruction or a source that does not exist.
    """
    return Explorer(ladder(instruction, source))
