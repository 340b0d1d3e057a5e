"""What people touch: controls for notebooks, made with ipywidgets."""

from typing import TYPE_CHECKING, Any

from .panel import Explorer, explorer
from .question import Prediction, predict

if TYPE_CHECKING:
    from .timeline import History, history

__all__ = ["Explorer", "History", "Prediction", "explorer", "history", "predict"]


def __getattr__(name: str) -> Any:
    if name in ("History", "history"):  # counted with numpy; the other controls run where there is none
        from . import timeline

        return getattr(timeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
