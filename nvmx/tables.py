"""The data, the states and the answers as pandas tables.

Columns are named by one scheme: an axis by its name; an answer by what it is (`outcome`, `rung`, `flags`), followed by
the source if there are several: `outcome (intel)`; the value of an axis afterwards: `VMX after`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .ask import execute
from .bochs import Log, agreement, recording
from .bochs.conformance import STATUSES
from .ladders import all_sources
from .ladders import ladder as find_ladder
from .ladders.permissions import PERMISSIONS
from .model.axis import AXES, BY_NAME
from .model.box import condition_text
from .model.errors import InvalidValue
from .model.instruction import READY, instruction_name, not_ready
from .model.ladder import Ladder, common_domains
from .model.outcome import OUTCOMES
from .model.rules import RULES
from .states.compare import Answers, compare, differences
from .states.listing import Domains, States, read_axes
from .states.mutants import few, kills
from .states.space import deciding_rungs, spanned_axes
from .states.space import possible as is_possible


def sources() -> pd.DataFrame:
    """Return one row per source, in the order of their dates: id, title, date, reference, note.

    >>> sources()["id"].tolist()[:2]
    ['intel-2006', 'kvm-2011']
    """
    names = ["id", "title", "date", "reference", "note"]
    return pd.DataFrame([[getattr(source, name) for name in names] for source in all_sources().values()], columns=names)


def axes() -> pd.DataFrame:
    """Return one row per axis: axis, keyword, values, ready, where, meaning, set_by, source.

    >>> axes().loc[0, ["axis", "keyword", "ready"]].tolist()
    ['operand', 'operand', 'mapped']
    """
    names = ["name", "keyword", "values", "ready", "where", "meaning", "set_by", "source"]
    rows = [[getattr(axis, name) for name in names] for axis in AXES]
    return pd.DataFrame(rows, columns=["axis", *names[1:]])


def impossible() -> pd.DataFrame:
    """Return one row per rule about impossible states and meaningless values: when, reason, source.

    >>> impossible().loc[1, "when"]
    'CR0.PE=0 and CR0.PG=1'
    """
    return pd.DataFrame(
        [(condition_text(rule.when), rule.reason, rule.source) for rule in RULES], columns=["when", "reason", "source"]
    )


def permissions() -> pd.DataFrame:
    """Return which checks of mode and privilege the other VMX instructions make, by Intel's manual, side by side.

    One row per instruction, one column per check; a cell holds the check's position and its outcome ("": not checked).

    >>> permissions().loc["VMREAD", "CPL 0"]
    '6 #GP(0)'
    """
    names = list(dict.fromkeys(rung.name for rungs in PERMISSIONS.values() for rung in rungs))
    rows = [
        [next((f"{n} {rung.outcome}" for n, rung in enumerate(rungs, 1) if rung.name == name), "") for name in names]
        for rungs in PERMISSIONS.values()
    ]
    return pd.DataFrame(rows, columns=names, index=pd.Index(PERMISSIONS, name="instruction"))


def table(
    instruction: str, source: str | Ladder, axes: Iterable[str] | None = None, possible: bool | None = None
) -> pd.DataFrame:
    """Return one row per state: a column per axis, then outcome, rung (missing: success) and possible.

    `axes` as for `nvmx.outcomes`.  `possible` keeps only the states that are possible (True) or impossible (False); the
    possible ones are listed without building the others first.

    >>> table("VMXON", "intel", ["CPL"])["outcome"].tolist()
    ['success', '#GP(0)', '#GP(0)', '#GP(0)']
    >>> len(table("VMXON", "intel", possible=True))
    34436
    """
    ladder = find_ladder(instruction, source)
    domains = common_domains([ladder], spanned_axes([ladder], axes))
    if possible:
        states = States.possible([ladder], domains)
        answers = Answers(ladder, states.deciding(ladder))
        return _state_rows(_axis_columns(domains, states.codes, (len(states),)), answers, np.ones(len(states), bool))
    rungs = deciding_rungs(ladder, domains)
    codes = np.indices(rungs.shape, dtype=np.int8, sparse=True)
    can_be = is_possible([ladder], domains).ravel()
    every = _state_rows(_axis_columns(domains, codes, rungs.shape), Answers(ladder, rungs.ravel()), can_be)
    return every if possible is None else every[~can_be].reset_index(drop=True)


def _state_rows(axes: dict[str, Any], answers: Answers, possible: NDArray[np.bool_]) -> pd.DataFrame:
    columns = {"outcome": _outcomes(answers), "rung": _rungs(answers), "possible": possible}
    return pd.DataFrame(axes | columns, copy=False)


def diff(
    instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None, *, flags: bool = False
) -> pd.DataFrame:
    """Return the possible states in which `a` and `b` end differently, with both outcomes and both rungs.

    With `flags`, what is written to RFLAGS counts, too.  `axes` as for `nvmx.outcomes`; None: all that either source
    reads.  If one of them knows fewer values of an axis, only those are compared.

    >>> diff("VMXON", "kvm-2018-06", "intel", ["CPL"])["outcome (kvm-2018-06)"].tolist()
    ['#UD', '#UD', '#UD']
    """
    found = compare(instruction, a, b, axes)
    different = found.differing(flags=flags)
    states = found.states[different]
    columns = _axis_columns(states.domains, states.codes, (int(different.sum()),))
    both = [found.a[different], found.b[different]]
    for label, answers in zip(_labels([each.ladder for each in both]), both, strict=True):
        columns |= {f"outcome ({label})": _outcomes(answers), f"rung ({label})": _rungs(answers)}
        if flags:
            columns[f"flags ({label})"] = pd.Categorical(answers.flags)
    return pd.DataFrame(columns, copy=False)


def summary(
    instruction: str, a: str | Ladder, b: str | Ladder, axes: Iterable[str] | None = None, *, flags: bool = False
) -> pd.DataFrame:
    """Return the difference of `a` and `b` as a short list: when, how each ends, and in how many possible states.

    The conditions together hold in exactly the possible states that differ, and none can be left out.  A state in which
    two of them hold is counted in both.  Arguments as for `diff`.

    >>> summary("VMXON", "kvm-2018-06", "intel", ["CPL"])["when"].tolist()
    ['CPL=1|2|3']
    """
    found = compare(instruction, a, b, axes)
    labels = _labels([found.a.ladder, found.b.ladder])
    rows = [
        (condition_text({name: tuple(values) for name, values in line.when.items()}), " | ".join(line.a),
         " | ".join(line.b), line.states)
        for line in differences(found, flags=flags)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["when", *(f"outcome ({label})" for label in labels), "states"])


def witnesses(instruction: str, a: str | Ladder, b: str | Ladder) -> pd.DataFrame:
    """Return one state for each kind of difference (a pair of outcomes): the closest to ready that shows it.

    A column per axis, then both outcomes and the number of possible states of this kind.

    >>> witnesses("VMXON", "kvm-2018-06", "kvm-2018-07")[["CPL", "outcome (kvm-2018-06)"]].values.tolist()
    [[1, '#UD']]
    """
    both = [find_ladder(instruction, a), find_ladder(instruction, b)]
    states = _states_of(both)
    ends = [_known_outcomes(ladder, states) for ladder in both]
    differ = (ends[0] != "") & (ends[1] != "") & (ends[0] != ends[1])
    kinds = sorted(set(zip(ends[0][differ].tolist(), ends[1][differ].tolist(), strict=True)))
    hits = [(ends[0] == first) & (ends[1] == second) for first, second in kinds]
    distance = states.distance()
    found = _state_table(states, [int(np.argmin(np.where(hit, distance, len(AXES) + 1))) for hit in hits])
    for n, label in enumerate(_labels(both)):
        found[f"outcome ({label})"] = [kind[n] for kind in kinds]
    found["states"] = [int(hit.sum()) for hit in hits]
    return found


def distinguish(instruction: str, sources: Iterable[str | Ladder]) -> pd.DataFrame:
    """Return few states whose outcomes tell all the sources apart: a column per axis, then one outcome per source.

    A cell is empty if a source says nothing about the state.  `attrs["same"]` lists the pairs of sources that end alike
    in every possible state that both know.

    >>> distinguish("VMXON", ["kvm-2017", "kvm-2018-06", "intel"]).filter(like="outcome").iloc[0].tolist()
    ['success', '#UD', '#GP(0)']
    """
    ladders = [find_ladder(instruction, source) for source in sources]
    if len(ladders) < 2:
        raise InvalidValue("distinguish: at least two sources are needed")
    states = _states_of(ladders)
    ends = [_known_outcomes(ladder, states) for ladder in ladders]
    pairs = list(combinations(range(len(ladders)), 2))
    apart = np.array([(ends[a] != "") & (ends[b] != "") & (ends[a] != ends[b]) for a, b in pairs])
    rows = few(apart, states.distance())
    found = _state_table(states, rows)
    labels = _labels(ladders)
    for label, column in zip(labels, ends, strict=True):
        found[f"outcome ({label})"] = [str(word) for word in column[rows]]
    found.attrs["same"] = [(labels[a], labels[b]) for (a, b), row in zip(pairs, apart, strict=True) if not row.any()]
    return found


def in_words(states: pd.DataFrame, instruction: str = "VMXON") -> pd.Series:
    """Return, for each row of a table of states, what differs from the instruction's ready state.

    Columns that are no axes are passed over, and a missing value is no difference.

    >>> in_words(table("VMXON", "intel", ["CPL", "CR0.NE"])).tolist()[-2:]
    ['CR0.NE = 0, CPL = 3', 'CPL = 3']
    """
    axes = [name for name in READY[instruction_name(instruction)] if name in states]
    rows = [{name: value for name, value in row.items() if pd.notna(value)} for row in states[axes].to_dict("records")]
    return pd.Series([not_ready(instruction, row) for row in rows], index=states.index, name="state", dtype=object)


def mutants(instruction: str, source: str | Ladder) -> pd.DataFrame:
    """Return every single fault of a ladder: the fault, the rung, whether any state shows it, and in how many.

    A rung is removed, swapped with the next, has another outcome or error number, or ignores one of its conditions or
    values; or success does not write the flags.

    >>> mutants("VMXOFF", "intel").loc[0, ["fault", "rung"]].tolist()
    ['removed', 'no LOCK prefix']
    """
    found = kills(find_ladder(instruction, source))
    rows = [
        (mutant.fault, mutant.rung, bool(row.any()), int(row.sum()))
        for mutant, row in zip(found.mutants, found.shown, strict=True)
    ]
    return pd.DataFrame(rows, columns=["fault", "rung", "observable", "states"])


def suite(instruction: str, source: str | Ladder) -> pd.DataFrame:
    """Return few states that show every observable single fault of a ladder, one row per state: a test suite.

    A column per axis, then the expected outcome, flags and error (missing: none), and how many faults the state shows.
    `.to_csv()` and `.to_json(orient="records")` write it for another test suite.

    >>> suite("VMXOFF", "kvm-2011")["outcome"].tolist()
    ['#UD', '#GP(0)', '#GP(0)', '#UD', '#UD', '#GP(0)', '#UD', '#UD']
    """
    ladder = find_ladder(instruction, source)
    found = kills(ladder)
    rows = few(found.shown, found.states.distance())
    answers = Answers(ladder, found.states[rows].deciding(ladder))
    expected = _state_table(found.states, rows)
    expected["outcome"] = [OUTCOMES[code] for code in answers.codes]
    expected["flags"] = answers.flags.astype(object)
    errors = [*(rung.error for rung in ladder.rungs), None]
    expected["error"] = pd.array([errors[rung] for rung in answers.rungs], dtype="Int64")
    expected["faults"] = [int(found.shown[:, row].sum()) for row in rows]
    return expected


def run(program: Iterable[object], source: str | Ladder, state: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Return what a program does, one row per step: step, outcome, because, flags, VMX and CR4.VMXE after it, possible.

    A step is an instruction's name, or a write such as ("CR4.VMXE", 0) or ("CR0.NE", 0); see `nvmx.ask.execute`.  It
    starts ready outside VMX operation, or in `state`.

    >>> run(["VMXON", ("CR4.VMXE", 0), "VMXOFF"], "intel")["outcome"].tolist()
    ['success', '#GP(0)', 'success']
    """
    rows = [
        (event.step, event.outcome, event.because, event.flags, event.state["VMX"], event.state["CR4.VMXE"],
         event.state.possible)
        for event in execute(program, source, state)
    ]  # fmt: skip
    columns = ["step", "outcome", "because", "flags", "VMX after", "CR4.VMXE after", "possible"]
    return pd.DataFrame(rows, columns=columns)


def executed(instruction: str, source: str | Ladder = "intel", log: Log | None = None) -> pd.DataFrame:
    """Return what a processor did, one row per executed state: a column per axis, then what was observed.

    That is outcome, flags, error (missing: none), VMX after and current_VMCS after; then the outcome by `source`, and
    the status: agree, as documented, or disagree (in any of these).  `log` is a processor's; None: the recording.

    >>> executed("VMXON")["status"].unique().tolist()
    ['agree', 'as documented']
    """
    ladder = find_ladder(instruction, source)
    (compared,) = agreement(recording() if log is None else log, ladder).comparisons
    states, ends = compared.observed.states, compared.observed.endings
    columns = _axis_columns(states.domains, states.codes, (len(states),))
    columns |= {
        "outcome": pd.Categorical(ends.column("outcome")),
        "flags": pd.Categorical(ends.column("flags")),
        "error": pd.array(ends.column("error"), dtype="Int64"),
        "VMX after": pd.Categorical(ends.column("vmx"), categories=list(BY_NAME["VMX"].values)),
        "current_VMCS after": np.array(ends.column("current_vmcs"), dtype=np.int8),
        f"outcome ({ladder.source})": pd.Categorical(compared.expected.column("outcome")),
        "status": pd.Categorical.from_codes(compared.status.copy(), categories=list(STATUSES)),
    }
    return pd.DataFrame(columns, copy=False)


def _labels(ladders: Sequence[Ladder]) -> list[str]:
    """Return a label for each ladder: its source, with a letter if an earlier one has the same."""
    labels: list[str] = []
    for ladder in ladders:
        same = [label for label in labels if label == ladder.source or label.startswith(f"{ladder.source}, ")]
        labels.append(f"{ladder.source}, {chr(ord('a') + len(same))}" if same else ladder.source)
    return labels


def _states_of(ladders: Sequence[Ladder]) -> States:
    """Return the possible states of the axes that any of the ladders reads, also those that some know nothing about."""
    if len(ladders) == 1:
        return States.possible(ladders)
    return States.possible(ladders, {name: BY_NAME[name].values for name in read_axes(ladders)})


def _known_outcomes(ladder: Ladder, states: States) -> NDArray[np.str_]:
    """Return the outcome of each state, "" if the source says nothing about it."""
    outcomes: NDArray[np.str_] = np.array(OUTCOMES)[Answers(ladder, states.deciding(ladder)).codes]
    return np.where(states.in_domain(ladder), outcomes, "")


def _state_table(states: States, rows: Sequence[int]) -> pd.DataFrame:
    chosen = states[list(rows)]
    return pd.DataFrame(_axis_columns(chosen.domains, chosen.codes, (len(rows),)))


def _axis_columns(domains: Domains, codes: Iterable[NDArray[np.integer]], shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the values of each axis, given their codes, which broadcast to `shape`; the columns can be written to."""
    columns: dict[str, Any] = {}
    for (name, values), each in zip(domains.items(), codes, strict=True):
        flat = np.broadcast_to(each.astype(np.int8), shape).flatten()  # a copy, unlike ravel()
        if isinstance(values[0], str):
            columns[name] = pd.Categorical.from_codes(flat, categories=list(values))
        else:
            columns[name] = flat if tuple(values) == (0, 1) else np.array(values, dtype=np.int8)[flat]
    return columns


def _outcomes(answers: Answers) -> pd.Categorical:
    return pd.Categorical.from_codes(answers.codes.astype(np.int8), categories=list(OUTCOMES), ordered=True)


def _rungs(answers: Answers) -> pd.Categorical:
    count = len(answers.ladder.rungs)
    codes = np.array([*range(count), -1], dtype=np.min_scalar_type(-count - 1))[answers.rungs]
    return pd.Categorical.from_codes(codes, categories=[rung.name for rung in answers.ladder.rungs])
