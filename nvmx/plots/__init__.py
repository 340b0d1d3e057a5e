"""Pictures of ladders, made with matplotlib; each carries a sentence, computed from the data, about what it shows."""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .bars import history, ladder
    from .conformance import agreement
    from .maps import diff, map  # noqa: A004 - its public name
    from .picture import Picture
    from .transitions import graph

__all__ = ["Picture", "agreement", "diff", "graph", "history", "ladder", "map"]

__getattr__, __dir__ = attach(__name__, __all__, {
    "bars": "history ladder",
    "conformance": "agreement",
    "maps": "diff map",
    "picture": "Picture",
    "transitions": "graph",
})  # fmt: skip
