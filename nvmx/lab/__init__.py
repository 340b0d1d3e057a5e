"""What people touch: controls for notebooks, made with ipywidgets."""

from .panel import Explorer, explorer
from .question import Prediction, predict

__all__ = ["Explorer", "Prediction", "explorer", "predict"]
