"""The versions of a source, in order: what each one made right or wrong, with Intel's manual as the reference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from ..ladders import all_sources
from ..ladders import ladder as find_ladder
from ..ladders.source import Source
from ..model.axis import Value
from ..model.errors import InvalidType, InvalidValue
from ..model.instruction import READY
from ..model.ladder import Ladder, common_domains
from ..model.outcome import OUTCOMES
from .compare import Answers
from .listing import States, read_axes


@dataclass(frozen=True)
class Change:
    """States that a version made right, or wrong: how many, and the one closest to ready with its outcomes."""

    states: int
    example: dict[str, Value]  # the axes that are not ready, by column name
    before: str
    now: str
    manual: str


@dataclass(frozen=True)
class Version:
    """One version: its `wrong` states (how many, by its outcome and the manual's), and what it changed."""

    source: Source
    ladder: Ladder
    manual: Ladder
    wrong: dict[tuple[str, str], int]
    made_right: Change | None
    made_wrong: Change | None
    marks: dict[str, str]  # rung name: what is new about it
    dropped: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many possible states end differently from the manual."""
        return sum(self.wrong.values())


def versions(instruction: str, ids: Iterable[str] | None = None) -> list[Version]:
    """Return these versions, in the order given; None: those of KVM, by date.

    Raises InvalidType or InvalidValue if `ids` is no list of sources, is empty, or names a source twice.

    >>> [version.source.id for version in versions("VMXON") if version.made_wrong]
    ['kvm-2013', 'kvm-2014', 'kvm-2017', 'kvm-2018-06', 'kvm-2022-06']
    """
    names = [name for name in all_sources() if name.startswith("kvm-")] if ids is None else _source_ids(ids)
    manual = find_ladder(instruction, "intel")
    ladders = [find_ladder(instruction, name) for name in names]
    every = [manual, *ladders]
    states = States.possible(every, common_domains([manual], read_axes(every)))
    truth, *codes = (Answers(ladder, states.deciding(ladder)).codes for ladder in every)
    known = [states.in_domain(ladder) for ladder in ladders]
    found = []
    for n, (name, ladder) in enumerate(zip(names, ladders, strict=True)):
        pairs, counts = np.unique(
            np.stack([codes[n], truth])[:, known[n] & (codes[n] != truth)], axis=1, return_counts=True
        )
        wrong = {
            (OUTCOMES[ours], OUTCOMES[manuals]): int(count) for ours, manuals, count in zip(*pairs, counts, strict=True)
        }
        made_right = made_wrong = None
        marks, dropped = dict[str, str](), tuple[str, ...]()
        if n:
            both = known[n] & known[n - 1]
            was_right, is_right = codes[n - 1] == truth, codes[n] == truth
            outcomes = (codes[n - 1], codes[n], truth)
            made_right = _change(states, both & ~was_right & is_right, outcomes)
            made_wrong = _change(states, both & was_right & ~is_right, outcomes)
            marks, dropped = _rung_changes(ladders[n - 1], ladder)
        found.append(Version(all_sources()[name], ladder, manual, wrong, made_right, made_wrong, marks, dropped))
    return found


def _source_ids(given: Iterable[str]) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidType(f"ids: {given!r} is not a list of sources; write ids=[...]")
    names = list(given)
    if not names:
        raise InvalidValue("ids: name at least one source")
    for name in names:
        if not isinstance(name, str):
            raise InvalidType(f"ids: {name!r} is not the id of a source")
        if names.count(name) > 1:
            raise InvalidValue(f"ids: {name} is named twice")
    return names


def _change(states: States, hit: NDArray[np.bool_], codes: tuple[NDArray[np.uint8], ...]) -> Change | None:
    """Return how many states are hit, and the one closest to ready with its outcome in each of `codes`."""
    if not hit.any():
        return None
    row = int(np.argmin(np.where(hit, states.distance(), len(states.domains) + 1)))
    ready = READY[states.instruction]
    example = {name: value for name, value in states.state(row).items() if value != ready[name]}
    return Change(int(hit.sum()), example, *(OUTCOMES[each[row]] for each in codes))


def _rung_changes(old: Ladder, new: Ladder) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what is new about the rungs of `new`, and which rungs of `old` are gone."""
    was, now = ({rung.name: rung.outcome for rung in ladder.rungs} for ladder in (old, new))
    in_order = _in_order([name for name in was if name in now], [name for name in now if name in was])
    marks = {}
    for name, outcome in now.items():
        if name not in was:
            marks[name] = "new"
        elif outcome != was[name]:
            marks[name] = f"was {was[name]}"
        elif name not in in_order:
            marks[name] = "moved"
    return marks, tuple(name for name in was if name not in now)


def _in_order(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the names that have kept their order."""
    blocks = SequenceMatcher(a=old, b=new, autojunk=False).get_matching_blocks()
    return {name for block in blocks for name in new[block.b : block.b + block.size]}
