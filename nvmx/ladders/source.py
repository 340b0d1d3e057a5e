"""Where ladders come from: an id, a title, a date, a reference, a note, and the ladders that were read there."""

from dataclasses import dataclass

from ..model.box import Box
from ..model.errors import InvalidValue
from ..model.ladder import Ladder


@dataclass(frozen=True)
class Source:
    """A text that decides how instructions end.

    `date` is YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known, or "undated".  `note` says what is special about the
    source, and what of it was not read or is not modelled.  `allowed_writes` is about writes to CR0 and CR4: each box
    holds impossible states that a write of an axis in the box can reach here; None if that is unknown, or more than
    boxes can say.
    """

    id: str
    title: str
    date: str
    reference: str
    note: str
    ladders: tuple[Ladder, ...]
    allowed_writes: tuple[Box, ...] | None = None

    def __post_init__(self) -> None:
        for ladder in self.ladders:
            if ladder.source != self.id:
                raise InvalidValue(f"source {self.id!r} holds a ladder of {ladder.source!r}")
