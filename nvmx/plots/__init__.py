"""Pictures of ladders, made with matplotlib; each carries a sentence, computed from the data, about what it shows."""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .bars import history, ladder
    from .conformance import agreement
    from .maps import diff, map  # noqa: A004 - its public name
    from .picture import Picture
    from .rungs import checks
    from .sketches import sketch
    from .transitions import graph

__all__ = ["Picture", "agreement", "checks", "diff", "graph", "history", "ladder", "map", "sketch"]

__getattr__, __dir__ = attach(__name__, __all__, {
    "bars": "history ladder",
    "conformance": "agreement",
    "maps": "diff map",
    "picture": "Picture",
    "rungs": "checks",
    "sketches": "sketch",
    "transitions": "graph",
})  # fmt: skip
