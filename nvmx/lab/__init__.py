"""What people touch: controls for notebooks, made with ipywidgets."""

from .panel import Explorer, explorer
from .question import Prediction, predict
from .timeline import History, history

__all__ = ["Explorer", "History", "Prediction", "explorer", "history", "predict"]
