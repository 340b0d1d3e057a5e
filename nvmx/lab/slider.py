"""A slider over names that has a name itself: that of ipywidgets tells a screen reader neither."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import List, Unicode, validate

from ..model.errors import unknown


class Slider(AnyWidget):
    """A slider with a `description`; its `value` is one of `options`, at first the first of them."""

    _esm = Path(__file__).with_name("slider.js").read_text(encoding="utf-8")
    description = Unicode().tag(sync=True)
    options = List(Unicode(), read_only=True).tag(sync=True)
    value = Unicode().tag(sync=True)

    def __init__(self, description: str, options: Iterable[str]) -> None:
        names = list(options)
        self.set_trait("options", names)
        super().__init__(description=description, value=names[0])

    @validate("value")
    def _check(self, proposal: Any) -> str:
        if proposal.value not in self.options:
            raise unknown(self.description, proposal.value, self.options)
        return str(proposal.value)

    def __repr__(self) -> str:
        return f"{self.description}: {self.value}"
