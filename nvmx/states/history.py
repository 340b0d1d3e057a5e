"""The versions of a source, in order: what each made right or wrong, with the manual as the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from ..ladders import all_sources, ladder
from ..ladders.source import Source
from ..model.axis import READY, Value
from ..model.ladder import Ladder
from ..model.outcome import OUTCOMES
from .space import Domains, away_from_ready, deciding_rungs, domains, known, outcome_codes, possible, read_axes


@dataclass(frozen=True)
class Change:
    """States that a version made right, or wrong: how many, and one of them with its endings."""

    states: int
    example: dict[str, Value]  # the axes that are not ready, by column name
    before: str
    now: str
    manual: str


@dataclass(frozen=True)
class Version:
    """One version: its `wrong` states (how many end otherwise than in the manual, by pair of endings) and changes."""

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
        """How many possible states end otherwise than in the manual."""
        return sum(self.wrong.values())


def versions(instruction: str, ids: Sequence[str] | None = None, reference: str | Ladder = "intel") -> list[Version]:
    """Return the versions in the order given; None: KVM's, by date.  Raises TypeError or ValueError."""
    if ids is None:
        ids = [name for name in all_sources() if name.startswith("kvm-")]
    manual = ladder(instruction, reference)
    ladders = [ladder(instruction, name) for name in ids]
    spans = domains([manual], read_axes([manual, *ladders]))
    places = np.nonzero(possible([manual, *ladders], spans))
    truth = _codes(manual, spans, places)
    found: list[Version] = []
    before: tuple[Ladder, NDArray[np.uint8], NDArray[np.bool_]] | None = None
    for name, each in zip(ids, ladders, strict=True):
        codes, knows = _codes(each, spans, places), known(each, spans, places)
        pairs, counts = np.unique(np.stack([codes, truth])[:, knows & (codes != truth)], axis=1, return_counts=True)
        wrong = {(OUTCOMES[a], OUTCOMES[b]): int(n) for a, b, n in zip(*pairs, counts, strict=True)}
        right = worse = None
        marks: dict[str, str] = {}
        dropped: tuple[str, ...] = ()
        if before is not None:
            old, old_codes, old_knows = before
            both = knows & old_knows
            ends = (old_codes, codes, truth)
            right = _change(instruction, both & (old_codes != truth) & (codes == truth), spans, places, ends)
            worse = _change(instruction, both & (old_codes == truth) & (codes != truth), spans, places, ends)
            marks, dropped = _rung_changes(old, each)
        found.append(Version(all_sources()[name], each, manual, wrong, right, worse, marks, dropped))
        before = (each, codes, knows)
    return found


def _codes(each: Ladder, spans: Domains, places: tuple[NDArray[np.intp], ...]) -> NDArray[np.uint8]:
    return outcome_codes(each)[deciding_rungs(each, spans)[places]]


def _change(
    instruction: str,
    hit: NDArray[np.bool_],
    spans: Domains,
    places: tuple[NDArray[np.intp], ...],
    codes: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]],
) -> Change | None:
    if not hit.any():
        return None
    ready = READY[instruction]
    away = away_from_ready(instruction, spans, places)
    at = int(np.argmin(np.where(hit, away, len(spans) + 1)))
    state = {name: values[place[at]] for (name, values), place in zip(spans.items(), places, strict=True)}
    example = {name: value for name, value in state.items() if value != ready[name]}
    before, now, manual = (OUTCOMES[each[at]] for each in codes)
    return Change(int(hit.sum()), example, before, now, manual)


def _rung_changes(old: Ladder, new: Ladder) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is new about each rung of `new`, and which rungs of `old` are gone."""
    was = {rung.name: rung for rung in old.rungs}
    names = [rung.name for rung in new.rungs]
    common_old, common_new = [name for name in was if name in names], [name for name in names if name in was]
    matcher = SequenceMatcher(a=common_old, b=common_new, autojunk=False)
    kept = {name for block in matcher.get_matching_blocks() for name in common_new[block.b : block.b + block.size]}
    marks = {}
    for rung in new.rungs:
        if rung.name not in was:
            marks[rung.name] = "new"
        elif rung.outcome != was[rung.name].outcome:
            marks[rung.name] = f"was {was[rung.name].outcome}"
        elif rung.name not in kept:
            marks[rung.name] = "moved"
    return marks, tuple(name for name in was if name not in names)
