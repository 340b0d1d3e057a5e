"""Where ladders come from: an id, a title, a date, a reference, a sentence, and the ladders found there."""

from dataclasses import dataclass

from ..model.box import Box
from ..model.ladder import Ladder


@dataclass(frozen=True)
class Source:
    """A text that decides how VMXON and VMXOFF end; `date` as far as it is known (YYYY, YYYY-MM or YYYY-MM-DD).

    `note` says in a sentence what is particular about it, or what it changed and why that matters.  `allowed_writes`
    holds the states that no processor can be in and that a write to CR0 or CR4 reaches here; None: nothing is known.
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
                raise ValueError(f"source {self.id!r} holds a ladder of {ladder.source!r}")
