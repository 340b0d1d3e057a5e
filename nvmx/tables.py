"""The ladders, axes and states as pandas tables."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .axis import AXES, BY_NAME
from .ladders import all_sources, ladder
from .outcome import OUTCOMES
from .possible import RULES
from .rung import Ladder, condition
from .space import Codes, Domains, deciding_rungs, domains, possible, spanned_axes


def sources() -> pd.DataFrame:
    """Return one row a source, in the order of their dates: id, title, date, reference, note."""
    return pd.DataFrame(
        [(each.id, each.title, each.date, each.reference, each.note) for each in all_sources().values()],
        columns=["id", "title", "date", "reference", "note"],
    )


def axes() -> pd.DataFrame:
    """Return one row an axis: axis, keyword, values, ready, where, meaning, set_by, source."""
    return pd.DataFrame(
        [
            (each.name, each.keyword, each.values, each.ready, each.where, each.meaning, each.set_by, each.source)
            for each in AXES
        ],
        columns=["axis", "keyword", "values", "ready", "where", "meaning", "set_by", "source"],
    )


def impossible() -> pd.DataFrame:
    """Return one row a rule about states that no processor can be in, or that mean nothing: when, reason, source."""
    return pd.DataFrame(
        [(condition(rule.when), rule.reason, rule.source) for rule in RULES], columns=["when", "reason", "source"]
    )


def table(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row a state: a column an axis, then outcome, rung (missing for success) and possible.

    `axes` as for `outcomes`.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    spans = domains([chosen], spanned_axes([chosen], axes))
    rungs = deciding_rungs(chosen, spans)
    columns = _axis_columns(spans, np.indices(rungs.shape, dtype=np.int8, sparse=True), rungs.shape)
    columns["outcome"] = _outcome_column(chosen, rungs.ravel())
    columns["rung"] = _rung_column(chosen, rungs.ravel())
    columns["possible"] = possible([chosen], spans).ravel()
    return pd.DataFrame(columns, copy=False)


def diff(instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the possible states where `a` and `b` end differently, with both outcomes and both rungs.

    `axes` as for `outcomes`; None: all that either reads.  Where one source knows fewer values of an axis, only those
    are compared.  Raises TypeError or ValueError.
    """
    both = [ladder(instruction, a), ladder(instruction, b)]
    if axes is None:
        read = {name for each in both for name in each.reads}
        axes = [name for name in BY_NAME if name in read]
    spans = domains(both, spanned_axes(both, axes))
    rungs = [deciding_rungs(each, spans) for each in both]
    codes = [_outcome_codes(each)[found] for each, found in zip(both, rungs, strict=True)]
    where = np.nonzero((codes[0] != codes[1]) & possible(both, spans))
    columns = _axis_columns(spans, where, where[0].shape)
    labels = [each.source for each in both]
    if labels[0] == labels[1]:
        labels[1] += " (b)"
    for label, each, found in zip(labels, both, rungs, strict=True):
        columns[f"{label} outcome"] = _outcome_column(each, found[where])
        columns[f"{label} rung"] = _rung_column(each, found[where])
    return pd.DataFrame(columns, copy=False)


def _axis_columns(spans: Domains, places: Sequence[NDArray[np.integer]], shape: tuple[int, ...]) -> dict[str, Any]:
    """The value of each axis in each state, given its place among the axis' values; the places broadcast to `shape`."""
    columns: dict[str, Any] = {}
    for (name, values), place in zip(spans.items(), places, strict=True):
        codes = np.broadcast_to(place.astype(np.int8), shape).ravel()
        if isinstance(values[0], str):
            columns[name] = pd.Categorical.from_codes(codes, categories=list(values))
        else:
            columns[name] = np.array(values, dtype=np.int8)[codes]
    return columns


def _outcome_codes(chosen: Ladder) -> Codes:
    """The outcome's code for each place of a rung, and last for success."""
    names = [rung.outcome for rung in chosen.rungs] + ["success"]
    return np.array([OUTCOMES.index(name) for name in names], dtype=np.uint8)


def _outcome_column(chosen: Ladder, rungs: Codes) -> pd.Categorical:
    codes = _outcome_codes(chosen).astype(np.int8)[rungs]
    return pd.Categorical.from_codes(codes, categories=list(OUTCOMES), ordered=True)


def _rung_column(chosen: Ladder, rungs: Codes) -> pd.Categorical:
    codes = np.array([*range(len(chosen.rungs)), -1], dtype=np.int8)[rungs]
    return pd.Categorical.from_codes(codes, categories=[rung.name for rung in chosen.rungs])
