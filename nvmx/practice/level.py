"""The levels: how hard a problem is, one row per level."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..ladders import sources_of
from ..model.errors import InvalidType, unknown

_KVM = ("kvm-2011", "kvm-2014", "kvm-2017", "kvm-2022-06", "kvm-2022-10")


@dataclass(frozen=True, slots=True)
class Level:
    """How hard a problem is.

    number        from 1 to 5
    masked        how many checks behind the deciding one fail as well: at least, at most
    noise         how many axes that change nothing are off their ready values, at most
    decoder       whether the bytes can be wrong (a LOCK prefix, a register operand)
    instructions  the instructions that are asked about
    sources       whose checks decide: "manual", "kvm" (the manual and a few versions of KVM) or "all"
    dumps         whether registers can be shown as a program prints them, instead of in words
    unknown       how many axes of the state are not known
    candidates    of how many hypervisors one must be named
    steps         the length of a program
    changes       the size of a smallest repair: at least, at most
    """

    number: int
    masked: tuple[int, int]
    noise: int
    decoder: bool
    instructions: tuple[str, ...]
    sources: str
    dumps: bool
    unknown: int
    candidates: int
    steps: int
    changes: tuple[int, int]

    def sources_for(self, instruction: str) -> Sequence[str]:
        """Return the ids of the sources that are asked about."""
        if self.sources == "manual":
            return ("intel",)
        if self.sources == "kvm":
            return ("intel", *_KVM)
        return sources_of(instruction)


_BOTH = ("VMXON", "VMXOFF")
LEVELS = (
    Level(1, (0, 1), 2, False, ("VMXON",), "manual", False, 0, 2, 3, (1, 2)),
    Level(2, (1, 1), 2, True, _BOTH, "manual", False, 0, 2, 4, (2, 2)),
    Level(3, (1, 2), 3, True, _BOTH, "kvm", True, 0, 3, 5, (2, 3)),
    Level(4, (1, 3), 3, True, _BOTH, "all", True, 0, 4, 6, (2, 4)),
    Level(5, (2, 3), 3, True, _BOTH, "all", True, 2, 5, 6, (3, 4)),
)


def find_level(given: object) -> Level:
    """Return the level with this number, or raise InvalidType or UnknownName.

    >>> find_level(2).masked
    (1, 1)
    """
    if not isinstance(given, int) or isinstance(given, bool):
        raise InvalidType(f"level: {given!r} is not an integer from 1 to {len(LEVELS)}")
    if not 1 <= given <= len(LEVELS):
        raise unknown("level", given, range(1, len(LEVELS) + 1))
    return LEVELS[given - 1]
