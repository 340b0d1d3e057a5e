"""Katas: what a reader writes is checked against a source; what is wrong is shown in its simplest counterexample."""

from .result import Check
from .task import check

__all__ = ["Check", "check"]
