"""What people touch: controls for notebooks, made with ipywidgets."""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .panel import Explorer, explorer
    from .question import Prediction, predict
    from .timeline import History, history

__all__ = ["Explorer", "History", "Prediction", "explorer", "history", "predict"]

# Loaded when first asked for: `page` needs no ipywidgets, and `panel` and `question` need no numpy.
__getattr__, __dir__ = attach(__name__, __all__, {
    "panel": "Explorer explorer",
    "question": "Prediction predict",
    "timeline": "History history",
})  # fmt: skip
