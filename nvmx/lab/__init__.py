"""What people touch: controls for notebooks, made with ipywidgets."""

from .panel import Explorer, explorer

__all__ = ["Explorer", "explorer"]
