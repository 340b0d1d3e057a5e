"""What the explorer, a prediction and a history share: widgets that can be read without a kernel, and closed."""

from typing import Any

import ipywidgets as widgets


class Column(widgets.VBox):  # type: ignore[misc]
    """A column of widgets.  `close` also closes everything in it."""

    def static(self) -> tuple[str, str]:
        """Return what stands in for the controls, as text and as HTML, where no kernel runs (as on a web page)."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the column and everything in it."""
        if self.comm is not None:
            for widget in (*self.children, *vars(self).values()):
                if isinstance(widget, widgets.Widget):
                    close_all(widget)
            self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        text, html = self.static()
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/plain": text, "text/html": html}


def close_all(widget: widgets.Widget) -> None:
    """Close a widget, its layout, its style and everything in it: a widget by itself closes none of these."""
    for part in (*getattr(widget, "children", ()), getattr(widget, "layout", None), getattr(widget, "style", None)):
        if isinstance(part, widgets.Widget):
            close_all(part)
    widget.close()
