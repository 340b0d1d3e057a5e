"""What people touch: controls for notebooks, made with ipywidgets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .panel import Explorer, explorer
    from .question import Prediction, predict
    from .timeline import History, history

__all__ = ["Explorer", "History", "Prediction", "explorer", "history", "predict"]

# Loaded when first asked for: `page` needs no ipywidgets, and `panel` and `question` need no numpy.
_LAZY = {
    "Explorer": "panel", "explorer": "panel", "Prediction": "question", "predict": "question",
    "History": "timeline", "history": "timeline",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
