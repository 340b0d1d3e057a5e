"""The history: a slider over the versions of a source, and what each one changed."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from ..states.history import Version, versions
from .page import render_version


class History(widgets.VBox):  # type: ignore[misc]
    """A `slider` over the ids of the versions, and a `page` about the one chosen."""

    def __init__(self, found: list[Version]) -> None:
        # All pages are made at once, so that the slider only has to show one.
        self.pages = {each.source.id: render_version(each, n, len(found)) for n, each in enumerate(found)}
        self.slider = widgets.SelectionSlider(
            options=list(self.pages), description="version", layout=widgets.Layout(width="min(40em, 100%)"),
        )  # fmt: skip
        self.page = widgets.HTML()
        self.slider.observe(self._show, "value")
        super().__init__([self.slider, self.page])
        self._show()

    def _show(self, _change: object = None) -> None:
        self.page.value = self.pages[self.slider.value]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        shown = dict(super()._repr_mimebundle_(**kwargs) or {})
        return {**shown, "text/plain": f"History at {self.slider.value}", "text/html": self.page.value}


def history(instruction: str = "VMXON", ids: Sequence[str] | None = None) -> History:
    """Return a slider over the versions: the ladder, what changed in it, and the states made right or wrong.

    `ids` names the sources in order; None: KVM's.  Raises TypeError or ValueError.
    """
    return History(versions(instruction, ids))
