"""Make problems: one by its permanent name, or as many different ones as are wanted."""

from collections.abc import Callable, Hashable, Iterator
from itertools import count as numbers

from ..model.errors import InvalidType, InvalidValue, unknown
from .chooser import Chooser
from .kinds import diagnose, distinguish, repair, report, reverse, sequence, state
from .level import Level, find_level
from .task import Problem

_MAKERS: dict[str, Callable[..., Problem]] = {
    "state": state.make, "repair": repair.make, "reverse": reverse.make, "sequence": sequence.make,
    "diagnose": diagnose.make, "distinguish": distinguish.make, "read": report.make,
}  # fmt: skip
KINDS = tuple(_MAKERS)
_PATIENCE = 200  # seeds in a row that bring nothing new


def problem(kind: str | None, seed: int = 1, level: int = 1, *, final: bool = False) -> Problem:
    """Return one problem: the same arguments give the same problem, everywhere.

    `kind` is one of KINDS; None takes them in turn, one per seed.  `final` asks only for the end of a sequence.
    Raises InvalidType or InvalidValue if an argument makes no sense.

    >>> problem("state", seed=17).answer.splitlines()[0]
    'a  #GP(0)'
    """
    where = find_level(level)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise InvalidType(f"seed: {seed!r} is not an integer")
    chosen = KINDS[(seed - 1) % len(KINDS)] if kind is None else kind
    if chosen not in _MAKERS:
        raise unknown("kind", kind, KINDS)
    if final and kind not in ("sequence", None):
        raise InvalidValue(f"final: only a sequence has steps (kind: {kind})")
    return _made(chosen, seed, where, final=final and chosen == "sequence")


def _made(kind: str, seed: int, level: Level, *, final: bool) -> Problem:
    chooser = Chooser("nvmx practice", kind, seed, level.number)
    options = {"final": True} if final else {}
    return _MAKERS[kind](chooser, level, seed, **options)


def problems(
    kind: str | None, seed: int = 1, level: int = 1, count: int = 1, *, final: bool = False
) -> Iterator[Problem]:
    """Yield `count` problems that differ, from `seed` on; a seed whose problem came before is left out.

    Raises InvalidValue if there are not so many.

    >>> [each.seed for each in problems("state", seed=4, count=3)]
    [4, 5, 6]
    """
    seen: set[Hashable] = set()
    last = seed
    for each in numbers(seed):
        if len(seen) == count:
            return
        found = problem(kind, each, level, final=final)
        key = (found.kind, found.key)
        if key not in seen:
            seen.add(key)
            last = each
            yield found
        elif each - last > _PATIENCE:
            raise InvalidValue(f"there are only {len(seen)} different problems of this kind near seed {seed}")
