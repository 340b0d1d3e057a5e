"""What a test must try: witnesses of differences, single faults of a ladder, and few states that show them all.

Everything is decided by enumeration: over all possible states of the axes that the ladders read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..ladders import ladder
from ..model.axis import BY_NAME, READY
from ..model.box import Box, matches
from ..model.ladder import Ladder
from ..model.outcome import BY_OUTCOME, OUTCOMES, flags_text
from ..tables import axis_columns, labels
from .space import Domains, away_from_ready, deciding_rungs, domains, inside, known, outcome_codes, possible, read_axes

_ROUNDS = 25
Row = tuple[Box, str, int | None]


@dataclass(frozen=True)
class _States:
    """Possible states: the places of their values, and how many axes are away from ready."""

    instruction: str
    spans: Domains
    places: tuple[NDArray[np.intp], ...]

    def __len__(self) -> int:
        return len(self.places[0])

    @property
    def away(self) -> NDArray[np.intp]:
        return away_from_ready(self.instruction, self.spans, self.places)

    def inside(self, box: Box) -> NDArray[np.bool_]:
        return inside(box, self.instruction, self.spans, self.places)

    def table(self, chosen: Sequence[int]) -> pd.DataFrame:
        places = [place[list(chosen)] for place in self.places]
        return pd.DataFrame(axis_columns(self.spans, places, (len(chosen),)))


def _states(ladders: Sequence[Ladder]) -> _States:
    spans = {name: BY_NAME[name].values for name in read_axes(ladders)}
    if len(ladders) == 1:
        spans = domains(ladders, list(spans))
    return _States(ladders[0].instruction, spans, np.nonzero(possible(ladders, spans)))


def _ends(each: Ladder, states: _States) -> NDArray[np.str_]:
    """The outcome in every state; '' where the ladder knows nothing of it."""
    ends: NDArray[np.str_] = np.array(OUTCOMES)[outcome_codes(each)[deciding_rungs(each, states.spans)[states.places]]]
    return np.where(known(each, states.spans, states.places), ends, "")


def witnesses(instruction: str, a: str | Ladder, b: str | Ladder) -> pd.DataFrame:
    """Return, for each kind of difference (a pair of outcomes), the state nearest to ready that shows it.

    A column an axis, then both outcomes and how many possible states there are of this kind.
    Raises TypeError or ValueError.
    """
    both = [ladder(instruction, a), ladder(instruction, b)]
    states = _states(both)
    ends = [_ends(each, states) for each in both]
    known = (ends[0] != "") & (ends[1] != "") & (ends[0] != ends[1])
    kinds = sorted(set(zip(ends[0][known].tolist(), ends[1][known].tolist(), strict=True)))
    rows, counts = [], []
    for first, second in kinds:
        hit = (ends[0] == first) & (ends[1] == second)
        rows.append(int(np.argmin(np.where(hit, states.away, len(BY_NAME)))))
        counts.append(int(hit.sum()))
    table = states.table(rows)
    for label, words in zip(labels(both), zip(*kinds, strict=True) if kinds else ((), ()), strict=True):
        table[label] = list(words)
    table["states"] = counts
    return table


def distinguish(instruction: str, sources: Iterable[str | Ladder]) -> pd.DataFrame:
    """Return few states in which the outcomes tell all the sources apart: a column an axis, then one a source.

    A cell is empty where a source knows nothing of the state.  `attrs["same"]` lists the pairs that end alike in
    every possible state that both know.  Raises TypeError or ValueError.
    """
    ladders = [ladder(instruction, source) for source in sources]
    if len(ladders) < 2:
        raise ValueError("distinguish: at least two sources are needed")
    states = _states(ladders)
    ends = [_ends(each, states) for each in ladders]
    pairs = list(combinations(range(len(ladders)), 2))
    apart = np.array([(ends[a] != "") & (ends[b] != "") & (ends[a] != ends[b]) for a, b in pairs])
    chosen = _few(apart, states.away)
    table = states.table(chosen)
    for each, column in zip(ladders, ends, strict=True):
        table[each.source] = [str(word) for word in column[chosen]]
    same = [(ladders[a].source, ladders[b].source) for (a, b), row in zip(pairs, apart, strict=True) if not row.any()]
    table.attrs["same"] = same
    return table


def mutants(instruction: str, source: str | Ladder) -> pd.DataFrame:
    """Return every single fault of a ladder: the fault, the rung, whether any state shows it, and in how many.

    Faults: a rung removed, swapped with the next, ending otherwise, one of its conditions or values ignored, its error
    number changed, and flags not written on success.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    faults, shown, _ = _kills(chosen)
    rows = [(fault, rung, bool(row.any()), int(row.sum())) for (fault, rung), row in zip(faults, shown, strict=True)]
    return pd.DataFrame(rows, columns=["fault", "rung", "observable", "states"])


def suite(instruction: str, source: str | Ladder) -> pd.DataFrame:
    """Return the smallest set of states found that shows every observable single fault of a ladder: one row a state.

    A column an axis, then the expected outcome, flags and error (missing: none), and how many faults the state shows.
    `.to_csv()` and `.to_json(orient="records")` write it for another test suite.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    _, shown, states = _kills(chosen)
    places = _few(shown, states.away)
    table = states.table(places)
    rungs = [
        next((rung for rung in chosen.rungs if matches(rung.when, {**READY[instruction], **row})), None)
        for row in table.to_dict("records")
    ]
    table["outcome"] = [rung.outcome if rung else "success" for rung in rungs]
    table["flags"] = [flags_text(rung.flags if rung else chosen.effect.flags) for rung in rungs]
    table["error"] = pd.array([rung.error if rung else None for rung in rungs], dtype="Int64")
    table["faults"] = [int(shown[:, place].sum()) for place in places]
    return table


def _kills(chosen: Ladder) -> tuple[list[tuple[str, str]], NDArray[np.bool_], _States]:
    """Every fault, and in which states it shows (one row a fault, one column a state)."""
    states = _states([chosen])
    rows: list[Row] = [(rung.when, rung.outcome, rung.error) for rung in chosen.rungs]
    success = flags_text(chosen.effect.flags)
    truth = _run(rows, success, states)
    faults, shown = [], []
    for fault, rung, altered in _faults(chosen, rows):
        faults.append((fault, rung))
        shown.append(_run(altered, success, states) != truth)
    if chosen.effect.flags:
        faults.append(("RFLAGS is not written", "(success)"))
        shown.append(_run(rows, flags_text({}), states) != truth)
    return faults, np.array(shown), states


def _faults(chosen: Ladder, rows: list[Row]) -> Iterator[tuple[str, str, list[Row]]]:
    for n, (rung, (when, outcome, error)) in enumerate(zip(chosen.rungs, rows, strict=True)):
        before, after = rows[:n], rows[n + 1 :]
        yield "removed", rung.name, [*before, *after]
        if after:
            yield f"swapped with {chosen.rungs[n + 1].name}", rung.name, [*before, after[0], rows[n], *after[1:]]
        for other in OUTCOMES:
            if other != outcome:
                yield f"ends in {other}", rung.name, [*before, (when, other, error), *after]
        if error is not None:
            yield f"error {error + 1} instead of {error}", rung.name, [*before, (when, outcome, error + 1), *after]
        for name, values in when.items():
            if len(when) > 1:
                wider = {other: kept for other, kept in when.items() if other != name}
                yield f"ignores {name}", rung.name, [*before, (wider, outcome, error), *after]
            for value in values if len(values) > 1 else ():
                fewer = {**when, name: tuple(kept for kept in values if kept != value)}
                yield f"lets {name}={value} pass", rung.name, [*before, (fewer, outcome, error), *after]


def _run(rows: Sequence[Row], success: str, states: _States) -> NDArray[np.str_]:
    """How each state ends: outcome, error and flags in one word."""
    words = [f"{outcome} {error} {flags_text(BY_OUTCOME[outcome].flags)}" for _, outcome, error in rows]
    words = [f"success None {success}" if word.startswith("success") else word for word in words]
    fires = np.array([*(states.inside(when) for when, _, _ in rows), np.ones(len(states), dtype=bool)])
    ends: NDArray[np.str_] = np.array([*words, f"success None {success}"])[np.argmax(fires, axis=0)]
    return ends


def _few(shown: NDArray[np.bool_], away: NDArray[np.intp]) -> list[int]:
    """The smallest set of columns found in which every row that can be shown is shown: greedy, several rounds.

    Among columns that show as much, those nearer to ready go first; later rounds break such ties at random.
    """
    rows = shown[shown.any(axis=1)]
    _, first = np.unique(rows[:, np.argsort(away, kind="stable")], axis=1, return_index=True)
    columns = np.sort(np.argsort(away, kind="stable")[first])
    columns = columns[np.argsort(away[columns], kind="stable")]
    best: list[int] | None = None
    chooser = np.random.default_rng(0)
    for round_ in range(_ROUNDS):
        order = columns if round_ == 0 else chooser.permutation(columns)
        matrix, left, picked = rows[:, order].astype(np.int32), np.ones(len(rows), dtype=bool), list[int]()
        while left.any():
            pick = int(np.argmax(left @ matrix))
            picked.append(int(order[pick]))
            left &= ~rows[:, order[pick]]
        for place in list(picked):
            rest = [other for other in picked if other != place]
            if rows[:, rest].any(axis=1).all():
                picked = rest
        if best is None or len(picked) < len(best):
            best = picked
    return sorted(best or [], key=lambda place: (int(away[place]), place))
