"""Ladders side by side, on the states that a processor can be in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder
from ..model.axis import Value
from ..model.ladder import Ladder
from ..model.modes import MODE_AXES, MODES, mode_of
from ..model.outcome import OUTCOMES, flags_text
from .cover import cover, inside
from .space import Domains, deciding_rungs, domains, outcome_codes, possible, read_axes, spanned_axes


@dataclass(frozen=True)
class Endings:
    """How one ladder ends in each of many states: the place of its deciding rung (the number of rungs: success)."""

    ladder: Ladder
    rungs: NDArray[np.uint8]

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Codes into OUTCOMES."""
        return outcome_codes(self.ladder)[self.rungs]

    @property
    def flags(self) -> NDArray[np.str_]:
        """What is written to RFLAGS, in words."""
        texts = [flags_text(rung.flags) for rung in self.ladder.rungs] + [flags_text(self.ladder.effect.flags)]
        return np.array(texts)[self.rungs]


@dataclass(frozen=True)
class Comparison:
    """Two ladders on the same possible states: `spans`, the `places` of each state's values, and both `endings`."""

    spans: Domains
    places: tuple[NDArray[np.intp], ...]
    endings: tuple[Endings, Endings]

    def differing(self, *, flags: bool) -> NDArray[np.bool_]:
        """Tell of each state whether the two end differently, or (`flags`) leave other flags."""
        a, b = self.endings
        different: NDArray[np.bool_] = a.codes != b.codes
        return np.logical_or(different, a.flags != b.flags) if flags else different


def compare(instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None) -> Comparison:
    """Put two ladders side by side; None: on all axes that either reads.  Raises TypeError or ValueError.

    Where one of them knows fewer values of an axis, only those are compared.
    """
    both = [ladder(instruction, a), ladder(instruction, b)]
    if axes is None:
        axes = read_axes(both)
    spans = domains(both, spanned_axes(both, axes))
    places = np.nonzero(possible(both, spans))
    first, second = (Endings(each, deciding_rungs(each, spans)[places]) for each in both)
    return Comparison(spans, places, (first, second))


@dataclass(frozen=True)
class Difference:
    """One line of a summary: in the possible states of `when`, `a` ends in one of these ways and `b` in those."""

    when: Mapping[str, Sequence[Value]]
    a: tuple[str, ...]
    b: tuple[str, ...]
    states: int


def differences(found: Comparison, *, flags: bool) -> list[Difference]:
    """Describe the states where the two differ by a short irredundant list of conditions, the widest first.

    The bits that make up a mode are spoken of as the mode.
    """
    names, columns, values = _columns(found)
    matrix = np.stack(columns, axis=1) if columns else np.zeros((len(found.places[0]), 0), np.int8)
    different = found.differing(flags=flags)
    words = [_words(each, flags=flags) for each in found.endings]
    lines = []
    for box in cover(matrix[different], matrix[~different], [len(each) for each in values]):
        held = inside(matrix, box) & different
        when = {
            # Values that occur in none of these states are left unsaid.
            name: tuple(each[place] for place in sorted(places & set(matrix[held, n].tolist())))
            for n, (name, each, places) in enumerate(zip(names, values, box, strict=True))
            if len(places) < len(each)
        }
        a, b = (tuple(str(word) for word in np.unique(each[held])) for each in words)
        lines.append(Difference(when, a, b, int(held.sum())))
    return sorted(lines, key=lambda line: -line.states)


def _columns(found: Comparison) -> tuple[list[str], list[NDArray[np.int8]], list[Sequence[Value]]]:
    """The places of the states' values, axis by axis; the axes that tell the mode become one column."""
    names, columns, values = (
        list(found.spans),
        [place.astype(np.int8) for place in found.places],
        list(found.spans.values()),
    )
    if set(MODE_AXES) <= set(names):
        by_name = dict(zip(names, columns, strict=True))
        bits = [np.array(found.spans[name])[by_name[name]] for name in MODE_AXES]
        modes = list(MODES)
        mode = [modes.index(mode_of(dict(zip(MODE_AXES, each, strict=True))) or "") for each in zip(*bits, strict=True)]
        kept = [n for n, name in enumerate(names) if name not in MODE_AXES]
        names = ["mode", *(names[n] for n in kept)]
        columns = [np.array(mode, dtype=np.int8), *(columns[n] for n in kept)]
        values = [modes, *(values[n] for n in kept)]
    return names, columns, values


def _words(ending: Endings, *, flags: bool) -> NDArray[np.str_]:
    names = np.array(OUTCOMES)[ending.codes]
    return np.char.add(np.char.add(names, ", flags "), ending.flags) if flags else names
