"""Where ladders come from: an id, a title, a date, a reference, a note, and the ladders that were read there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model.box import make_box
from ..model.errors import InvalidType, InvalidValue
from ..model.ladder import Ladder

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?|undated")


@dataclass(frozen=True)
class Source:
    """A text that decides how instructions end.

    `id` is a short name in lower case, with hyphens.  `date` is YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known, or
    "undated".  `note`, which ends with a period, says what is special about the source, and what of it was not read or
    is not modelled.  `allowed_writes` is about writes to CR0 and CR4: each box holds impossible states that a write of
    an axis in the box can reach here; None if that is unknown, or more than boxes can say.
    """

    id: str
    title: str
    date: str
    reference: str
    note: str
    ladders: tuple[Ladder, ...]
    allowed_writes: Sequence[Mapping[str, Any]] | None = None  # kept as boxes

    def __post_init__(self) -> None:
        for name in ("id", "title", "date", "reference", "note"):
            if not isinstance(getattr(self, name), str):
                raise InvalidType(f"source {self.id!r}: {name}: {getattr(self, name)!r} is not a string")
            if not getattr(self, name).strip():
                raise InvalidValue(f"source {self.id!r}: {name} is empty")
        if not _ID.fullmatch(self.id):
            raise InvalidValue(f"source {self.id!r}: id: use lower-case letters and digits, with hyphens between words")
        if not _DATE.fullmatch(self.date):
            raise InvalidValue(f"source {self.id!r}: date: {self.date!r} is not YYYY, YYYY-MM, YYYY-MM-DD or 'undated'")
        if not self.note.endswith("."):
            raise InvalidValue(f"source {self.id!r}: note: it must end with a period: {self.note!r}")
        if not isinstance(self.ladders, tuple):
            raise InvalidType(f"source {self.id!r}: ladders: {self.ladders!r} is not a tuple (of one: `(VMXON,)`)")
        self._check_ladders()
        if self.allowed_writes is not None:
            object.__setattr__(self, "allowed_writes", tuple(make_box(box) for box in self.allowed_writes))

    def _check_ladders(self) -> None:
        instructions: set[str] = set()
        for ladder in self.ladders:
            if not isinstance(ladder, Ladder):
                raise InvalidType(f"source {self.id!r}: ladders: {ladder!r} is not a Ladder")
            if ladder.source != self.id:
                raise InvalidValue(f"source {self.id!r} holds a ladder of {ladder.source!r}")
            if ladder.instruction in instructions:
                raise InvalidValue(f"source {self.id!r} holds two ladders for {ladder.instruction}")
            instructions.add(ladder.instruction)
