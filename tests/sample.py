"""Parameters of slow tests: all with --exhaustive, some otherwise."""

from collections.abc import Iterable
from typing import Any

import pytest


def some(step: int, cases: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Every case; all but each `step`-th run with --exhaustive only."""
    return [
        pytest.param(*case, marks=pytest.mark.exhaustive if number % step else ()) for number, case in enumerate(cases)
    ]
