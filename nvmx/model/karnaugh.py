"""The layout of a Karnaugh map: states as cells, in an order in which neighbours differ on one axis."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from .axis import Value, named_axes
from .instruction import READY
from .ladder import Ladder
from .outcome import OUTCOMES
from .rules import broken_rule, complete

# The mode of the processor across, and what is left of the prerequisites down: neighbours then belong together.
ACROSS = ("CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L")
DOWN = ("CR4.VMXE", "VMX", "CPL")
Combination = tuple[Value, ...]


def sides(
    read: Iterable[str], down: Iterable[str] | None, across: Iterable[str] | None, held: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the axes to spread down and across: those asked for, or the usual ones among those `read`.

    Raises TypeError or ValueError where an axis does not exist, or is named twice (also among those `held`).
    """
    kept, known = set(held), set(read)
    names = [
        tuple(name for name in usual if name in known and name not in kept) if asked is None else named_axes(asked)
        for asked, usual in ((down, DOWN), (across, ACROSS))
    ]
    named_axes([*names[0], *names[1], *kept])
    return names[0], names[1]


def gray(domains: Iterable[Sequence[Value]]) -> list[Combination]:
    """Return every combination, each differing from the one before on one axis, by one step."""
    order: list[Combination] = [()]
    for values in domains:
        order = [
            (*head, value) for n, head in enumerate(order) for value in (values if n % 2 == 0 else reversed(values))
        ]
    return order


def runs(order: Sequence[Combination], place: int) -> list[tuple[Value, int, int]]:
    """Return the value, the start and the length of each run of neighbours that share the value at `place`."""
    found, start = [], 0
    for value, run in groupby(combination[place] for combination in order):
        length = len(list(run))
        found.append((value, start, length))
        start += length
    return found


@lru_cache(maxsize=64)
def cells(
    chosen: Ladder, down: tuple[str, ...], across: tuple[str, ...], held: tuple[tuple[str, Value], ...]
) -> list[list[tuple[int, bool]]]:
    """Return, row by row, each cell's code into OUTCOMES and whether a processor can be in it; other axes ready."""
    rows = gray(chosen.domain(name) for name in down)
    columns = gray(chosen.domain(name) for name in across)
    ready = {**READY[chosen.instruction], **dict(held)}
    fixed = {*chosen.reads, *down, *across, *dict(held)}
    found = []
    for row in rows:
        line = []
        for column in columns:
            state = {**ready, **dict(zip(down, row, strict=True)), **dict(zip(across, column, strict=True))}
            rung = chosen.deciding(state)
            can_be = broken_rule(complete(state, fixed)) is None
            line.append((OUTCOMES.index(rung.outcome if rung else "success"), can_be))
        found.append(line)
    return found


def place_of(state: Mapping[str, Value], names: Sequence[str], order: Sequence[Combination]) -> int:
    """Return where the state's values of the axes `names` stand in the order."""
    return order.index(tuple(state[name] for name in names))
