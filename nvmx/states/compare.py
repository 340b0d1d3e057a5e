"""Two ladders side by side, on the possible states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ladders import ladder as find_ladder
from ..model.axis import Value
from ..model.ladder import Ladder, common_domains
from ..model.modes import MODE_AXES, MODES, mode_of
from ..model.outcome import OUTCOMES, flags_text
from .cover import cover, inside
from .listing import States, read_axes
from .space import outcome_codes, spanned_axes


@dataclass(frozen=True, eq=False)
class Answers:
    """What one ladder says about many states: the number of the deciding rung in each (see `States.deciding`)."""

    ladder: Ladder
    rungs: NDArray[np.integer]

    @property
    def codes(self) -> NDArray[np.uint8]:
        """The outcome of each state: codes into OUTCOMES."""
        codes: NDArray[np.uint8] = outcome_codes(self.ladder)[self.rungs]
        return codes

    @property
    def flags(self) -> NDArray[np.str_]:
        """What is written to RFLAGS in each state, in words."""
        texts = [*(flags_text(rung.flags) for rung in self.ladder.rungs), flags_text(self.ladder.effect.flags)]
        words: NDArray[np.str_] = np.array(texts)[self.rungs]
        return words

    def __getitem__(self, rows: NDArray[np.bool_]) -> "Answers":
        """Return the answers of a mask of states."""
        return Answers(self.ladder, self.rungs[rows])


@dataclass(frozen=True, eq=False)
class Comparison:
    """The answers of two ladders about the same states."""

    states: States
    a: Answers
    b: Answers

    def differing(self, *, flags: bool) -> NDArray[np.bool_]:
        """Return, for each state, whether the outcomes differ or, if `flags` is set, what is written to RFLAGS."""
        different: NDArray[np.bool_] = self.a.codes != self.b.codes
        return different | (self.a.flags != self.b.flags) if flags else different


def compare(instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None) -> Comparison:
    """Return the answers of two sources about the possible states of `axes`; None: of all axes that either reads.

    If one of them knows fewer values of an axis, only those are compared.

    >>> found = compare("VMXON", "kvm-2018-06", "intel", ["CPL"])
    >>> found.differing(flags=False).tolist()
    [False, True, True, True]
    """
    both = [find_ladder(instruction, a), find_ladder(instruction, b)]
    names = read_axes(both) if axes is None else spanned_axes(both, axes)
    states = States.possible(both, common_domains(both, names))
    return Comparison(states, *(Answers(ladder, states.deciding(ladder)) for ladder in both))


@dataclass(frozen=True)
class Difference:
    """One line of a summary: the possible states of `when` in which the two differ, and the endings of each in them."""

    when: Mapping[str, Sequence[Value]]
    a: tuple[str, ...]
    b: tuple[str, ...]
    states: int


def differences(comparison: Comparison, *, flags: bool) -> list[Difference]:
    """Describe the states that differ by a short list of conditions, the widest first; none can be left out.

    The bits that make up a mode are merged into one column, `mode`.
    """
    names, columns, values = _columns(comparison.states)
    matrix = np.stack(columns, axis=1) if columns else np.zeros((len(comparison.states), 0), np.int8)
    different = comparison.differing(flags=flags)
    endings = [_ending_texts(answers, flags=flags) for answers in (comparison.a, comparison.b)]
    lines = []
    for box in cover(matrix[different], matrix[~different], [len(each) for each in values]):
        hit = inside(matrix, box) & different
        when = {
            # Values that occur in none of these states are left out.
            name: tuple(each[code] for code in sorted(codes & set(matrix[hit, n].tolist())))
            for n, (name, each, codes) in enumerate(zip(names, values, box, strict=True))
            if len(codes) < len(each)
        }
        a, b = (tuple(str(text) for text in np.unique(texts[hit])) for texts in endings)
        lines.append(Difference(when, a, b, int(hit.sum())))
    return sorted(lines, key=lambda line: -line.states)


def _columns(states: States) -> tuple[list[str], list[NDArray[np.int8]], list[Sequence[Value]]]:
    """Return name, codes and values of each column; the axes that make up the mode become one column."""
    names, columns, values = list(states.domains), list(states.codes), list(states.domains.values())
    if not set(MODE_AXES) <= set(names):
        return names, columns, values
    domains = [states.domains[name] for name in MODE_AXES]
    sizes = [len(each) for each in domains]
    distinct, kind = np.unique(
        np.ravel_multi_index([columns[names.index(name)] for name in MODE_AXES], sizes), return_inverse=True
    )
    modes, code = list(MODES), list[int]()
    for places in zip(*np.unravel_index(distinct, sizes), strict=True):
        bits = {name: each[place] for name, each, place in zip(MODE_AXES, domains, places, strict=True)}
        code.append(modes.index(mode_of(bits) or ""))
    rest = [n for n, name in enumerate(names) if name not in MODE_AXES]
    return (
        ["mode", *(names[n] for n in rest)],
        [np.array(code, dtype=np.int8)[kind.ravel()], *(columns[n] for n in rest)],
        [modes, *(values[n] for n in rest)],
    )


def _ending_texts(answers: Answers, *, flags: bool) -> NDArray[np.str_]:
    names = np.array(OUTCOMES)[answers.codes]
    return np.char.add(np.char.add(names, ", flags "), answers.flags) if flags else names
