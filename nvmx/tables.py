"""The ladders, axes and states as pandas tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .ask import execute
from .bochs import Log, agreement, recording
from .bochs.cases import spans
from .bochs.conformance import STATUSES
from .ladders import all_sources, ladder
from .ladders.permissions import PERMISSIONS
from .model.axis import AXES, BY_NAME
from .model.ladder import Ladder, condition
from .model.outcome import OUTCOMES
from .model.rules import RULES
from .states.compare import Endings, compare, differences
from .states.space import Codes, Domains, deciding_rungs, domains, possible, spanned_axes


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


def executed(instruction: str, source: str | Ladder = "intel", log: Log | None = None) -> pd.DataFrame:
    """Return what a processor did, one row a state that was executed: a column an axis, then how it ended.

    That is outcome, flags, error (missing: none), VMX after, current_VMCS after; then the outcome by `source` and the
    status: agree, as documented, or disagree (in any of these).  `log` is a processor's; None: the recording.
    Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    (part,) = agreement(recording() if log is None else log, chosen).parts
    names = spans(instruction)
    count = len(part.status)
    columns = axis_columns(names, part.observed.cells, (count,))
    ends = part.observed.endings
    columns |= {
        "outcome": pd.Categorical(ends.outcome),
        "flags": pd.Categorical(ends.flags),
        "error": pd.array([error or None for error in ends.error.tolist()], dtype="Int64"),
        "VMX after": pd.Categorical(ends.vmx, categories=list(BY_NAME["VMX"].values)),
        "current_VMCS after": ends.current_vmcs.astype(np.int8),
        f"{chosen.source} outcome": pd.Categorical(part.expected.outcome),
        "status": pd.Categorical.from_codes(part.status.astype(np.int8), categories=list(STATUSES)),
    }
    return pd.DataFrame(columns, copy=False)


def run(program: Iterable[object], source: str | Ladder, state: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Return what a program does, one row a step: outcome, what stopped it, flags, VMX, CR4.VMXE, possible.

    A step is "VMXON", "VMXOFF", or a write such as ("CR4.VMXE", 0) or ("CR0.NE", 0).  It starts ready outside VMX
    operation, or in `state`.  Raises TypeError or ValueError, also where a source's treatment of writes is unknown.
    """
    rows = [
        (each.step, each.outcome, each.stopped_by, each.flags, each.state["VMX"], each.state["CR4.VMXE"],
         each.state.possible)
        for each in execute(program, source, state)
    ]  # fmt: skip
    columns = ["step", "outcome", "stopped by", "flags", "VMX after", "CR4.VMXE after", "possible"]
    return pd.DataFrame(rows, columns=columns)


def permissions() -> pd.DataFrame:
    """Return the permission prefix of the other VMX instructions by Intel's manual, side by side.

    One row an instruction, one column a check; a cell holds the place of the check and how it ends ('' : not asked).
    Only privilege and mode are covered: what passes is looked at further.
    """
    names = list(dict.fromkeys(rung.name for rungs in PERMISSIONS.values() for rung in rungs))
    rows = [
        [next((f"{n} {rung.outcome}" for n, rung in enumerate(rungs, 1) if rung.name == name), "") for name in names]
        for rungs in PERMISSIONS.values()
    ]
    return pd.DataFrame(rows, columns=names, index=pd.Index(PERMISSIONS, name="instruction"))


def table(instruction: str, source: str | Ladder, axes: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row a state: a column an axis, then outcome, rung (missing for success) and possible.

    `axes` as for `outcomes`.  Raises TypeError or ValueError.
    """
    chosen = ladder(instruction, source)
    spans = domains([chosen], spanned_axes([chosen], axes))
    rungs = deciding_rungs(chosen, spans)
    columns = axis_columns(spans, np.indices(rungs.shape, dtype=np.int8, sparse=True), rungs.shape)
    columns["outcome"] = _outcome_column(chosen, rungs.ravel())
    columns["rung"] = _rung_column(chosen, rungs.ravel())
    columns["possible"] = possible([chosen], spans).ravel()
    return pd.DataFrame(columns, copy=False)


def diff(
    instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None, *, flags: bool = False
) -> pd.DataFrame:
    """Return the possible states where `a` and `b` end differently, with both outcomes and both rungs.

    `flags` takes what is written to RFLAGS as part of an ending.  `axes` as for `outcomes`; None: all that either
    reads.  Where one source knows fewer values of an axis, only those are compared.  Raises TypeError or ValueError.
    """
    found = compare(instruction, a, b, axes)
    different = found.differing(flags=flags)
    places = [place[different] for place in found.places]
    columns = axis_columns(found.spans, places, (int(different.sum()),))
    for label, each in zip(labels([each.ladder for each in found.endings]), found.endings, strict=True):
        rungs = each.rungs[different]
        columns[f"{label} outcome"] = _outcome_column(each.ladder, rungs)
        columns[f"{label} rung"] = _rung_column(each.ladder, rungs)
        if flags:
            columns[f"{label} flags"] = pd.Categorical(each.flags[different])
    return pd.DataFrame(columns, copy=False)


def summary(
    instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None, *, flags: bool = False
) -> pd.DataFrame:
    """Return the difference of `a` and `b` in few lines: when, how either ends, and in how many possible states.

    The conditions together hold in every possible state where the two differ and in no other; none can be left out.
    Where two overlap, a state is counted in both.  Arguments and errors as for `diff`.
    """
    found = compare(instruction, a, b, axes)
    names = labels([each.ladder for each in found.endings])
    rows = [
        (condition(each.when), " | ".join(each.a), " | ".join(each.b), each.states)
        for each in differences(found, flags=flags)
    ]
    return pd.DataFrame(rows, columns=["when", *names, "states"])


def labels(both: Sequence[Ladder]) -> list[str]:
    """What the columns of two ladders are called: their sources, told apart where these are the same."""
    a, b = (each.source for each in both)
    return [a, b if b != a else f"{b} (b)"]


def axis_columns(spans: Domains, places: Sequence[NDArray[np.integer]], shape: tuple[int, ...]) -> dict[str, Any]:
    """The value of each axis in each state, given its place among the axis' values; the places broadcast to `shape`."""
    columns: dict[str, Any] = {}
    for (name, values), place in zip(spans.items(), places, strict=True):
        codes = np.broadcast_to(place.astype(np.int8), shape).ravel()
        if isinstance(values[0], str):
            columns[name] = pd.Categorical.from_codes(codes, categories=list(values))
        else:
            columns[name] = np.array(values, dtype=np.int8)[codes]
    return columns


def _outcome_column(chosen: Ladder, rungs: Codes) -> pd.Categorical:
    codes = Endings(chosen, rungs).codes.astype(np.int8)
    return pd.Categorical.from_codes(codes, categories=list(OUTCOMES), ordered=True)


def _rung_column(chosen: Ladder, rungs: Codes) -> pd.Categorical:
    codes = np.array([*range(len(chosen.rungs)), -1], dtype=np.int8)[rungs]
    return pd.Categorical.from_codes(codes, categories=[rung.name for rung in chosen.rungs])
