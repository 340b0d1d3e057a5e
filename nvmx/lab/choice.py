"""Radio buttons that keep their keys: with those of ipywidgets, a "b" reaches the notebook, which then adds a cell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import List, Unicode, validate

from ..model.errors import unknown


class Choice(AnyWidget):
    """Radio buttons with a `description`; the `value` is one of `options`, each with its meaning, or at first None."""

    _esm = Path(__file__).with_name("choice.js").read_text(encoding="utf-8")
    description = Unicode().tag(sync=True)
    options = List(Unicode(), read_only=True).tag(sync=True)
    meanings = List(Unicode(), read_only=True).tag(sync=True)
    value = Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, description: str, meanings: Mapping[str, str]) -> None:
        self.set_trait("options", list(meanings))
        self.set_trait("meanings", list(meanings.values()))
        super().__init__(description=description)

    @validate("value")
    def _check(self, proposal: Any) -> str | None:
        if proposal.value is not None and proposal.value not in self.options:
            raise unknown(self.description, proposal.value, self.options)
        return None if proposal.value is None else str(proposal.value)

    def __repr__(self) -> str:
        return f"{self.description}: {self.value}"
