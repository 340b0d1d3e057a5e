"""Draw states at the boundary: a check is chosen, the state fails there, and at some of the later checks as well."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..ladders import ladder as find_ladder
from ..model.axis import BY_NAME, Value
from ..model.box import Box, nearest
from ..model.instruction import BY_INSTRUCTION, READY
from ..model.ladder import Ladder, Rung
from ..model.rules import BOXES
from ..model.state import State
from .chooser import Chooser
from .level import Level

_TRIES = 40
_SUCCEEDS = 12  # one state in so many ends in success


@dataclass(frozen=True)
class Drawn:
    """A possible state, the ladder that decides there, and the rungs that fire, of which the first decides."""

    ladder: Ladder
    state: State
    firing: tuple[Rung, ...]

    @property
    def rung(self) -> Rung | None:
        """The rung that decides; None: success."""
        return self.firing[0] if self.firing else None

    @property
    def ending(self) -> str:
        """The outcome, with the error number if there is one."""
        return self.rung.ending if self.rung else "success"


def draw_ladder(chooser: Chooser, level: Level) -> Ladder:
    """Return a ladder that a problem of this level can be about.

    >>> from .level import find_level
    >>> draw_ladder(Chooser(1), find_level(1))
    <Ladder VMXON intel: 24 rungs>
    """
    instruction = chooser.pick(level.instructions)
    return find_ladder(instruction, chooser.pick(level.sources_for(instruction)))


def draw_state(chooser: Chooser, ladder: Ladder, level: Level, *, fails: bool = False) -> Drawn:
    """Return a state at the boundary; with `fails`, never one that ends in success.

    Where a ladder is too short for as many masked checks as the level wants, there are as many as possible.

    >>> from .level import find_level
    >>> import nvmx
    >>> drawn = draw_state(Chooser(3), nvmx.ladder("VMXON", "intel"), find_level(3))
    >>> drawn.state.possible, 1 <= len(drawn.firing) - 1 <= 2
    (True, True)
    """
    if not fails and chooser.chance(_SUCCEEDS):
        found = _draw_success(chooser, ladder, level)
        if found:
            return found
    least, most = level.masked
    while True:
        for _ in range(_TRIES):
            drawn = _draw_failure(chooser, ladder, level, least + chooser.below(most - least + 1))
            if drawn and least <= len(drawn.firing) - 1 <= most:
                return drawn
        least, most = max(least - 1, 0), most + (least == 0)


def _draw_failure(chooser: Chooser, ladder: Ladder, level: Level, masked: int) -> Drawn | None:
    rungs = [rung for rung in ladder.rungs if not rung.shadowed and (level.decoder or rung.by != "decoder")]
    rung = chooser.pick(rungs)
    place = ladder.rungs.index(rung)
    wanted = _point(chooser, rung.when)
    state = _find(ladder, place, wanted)
    count = 0
    for other in chooser.shuffled(ladder.rungs[place + 1 :]):
        if state is None or count == masked:
            break
        further = _both(chooser, wanted, other.when)
        found = _find(ladder, place, further) if further else None
        if further and found:
            state, wanted, count = found, further, count + 1
    return None if state is None else _with_noise(chooser, ladder, level, wanted, state)


def _draw_success(chooser: Chooser, ladder: Ladder, level: Level) -> Drawn | None:
    """Return a state that ends in success although it is not the ready one."""
    for _ in range(_TRIES):
        drawn = _with_noise(chooser, ladder, level, {}, READY[ladder.instruction])
        if drawn.state.columns != READY[ladder.instruction]:
            return drawn
    return None


def _with_noise(
    chooser: Chooser, ladder: Ladder, level: Level, wanted: Mapping[str, tuple[Value, ...]], state: Mapping[str, Value]
) -> Drawn:
    """Move some more axes away from ready, but only those that change nothing about which checks fire."""
    firing = ladder.firing(state)
    place = ladder.rungs.index(firing[0]) if firing else len(ladder.rungs)
    for _ in range(chooser.below(level.noise + 1) if firing else level.noise + 1):
        name = chooser.pick(BY_INSTRUCTION[ladder.instruction].axes)
        others = [value for value in BY_NAME[name].values if value != state[name]]
        further = {**wanted, name: (chooser.pick(others),)}
        found = _find(ladder, place, further) if name not in wanted else None
        if found and ladder.firing(found) == firing:
            state, wanted = found, further
    return Drawn(ladder, State(state), firing)


def _point(chooser: Chooser, box: Box) -> dict[str, tuple[Value, ...]]:
    """Return the box with one value of each of its axes."""
    return {name: (chooser.pick(values),) for name, values in box.items()}


def _both(chooser: Chooser, first: Box, second: Box) -> dict[str, tuple[Value, ...]] | None:
    """Return a box inside both, with one value of each axis; None if they have no state in common."""
    shared = {
        name: tuple(value for value in values if value in first.get(name, values)) for name, values in second.items()
    }
    return {**first, **_point(chooser, shared)} if all(shared.values()) else None


def _find(ladder: Ladder, place: int, inside: Box) -> dict[str, Value] | None:
    """Return the possible state closest to ready that lies in the box and passes the first `place` checks, or None."""
    ready = READY[ladder.instruction]
    earlier = (rung.when for rung in ladder.rungs[:place])
    changes = nearest(ready, [*BOXES, *ladder.outside_domain, *earlier], inside=inside)
    return None if changes is None else {**ready, **changes}
