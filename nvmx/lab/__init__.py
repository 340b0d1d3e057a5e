"""What people touch: controls for notebooks, made with ipywidgets."""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .exercise import Practice, practice
    from .frame import Table
    from .question import Prediction, guess, predict, predict_cause
    from .timeline import History, history
    from .widget import Explorer, explorer

__all__ = [
    "Explorer", "History", "Practice", "Prediction", "Table", "explorer", "guess", "history", "practice", "predict",
    "predict_cause",
]  # fmt: skip

# Loaded when first asked for: `page` needs no ipywidgets, and the explorer and a prediction need no numpy.
__getattr__, __dir__ = attach(__name__, __all__, {
    "widget": "Explorer explorer",
    "exercise": "Practice practice",
    "frame": "Table",
    "question": "Prediction guess predict predict_cause",
    "timeline": "History history",
})  # fmt: skip
