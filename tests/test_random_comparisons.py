"""Random pairs of ladders: differences, summaries, mutants and suites, each against a loop over the possible states."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from brute_force import deciding, endings, lies_in, possible_rows, read_axes
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from strategies import examples, instructions, ladders, pairs_of_ladders, pools

import nvmx
from nvmx.model.axis import Value
from nvmx.model.box import Box
from nvmx.model.instruction import BY_INSTRUCTION, READY
from nvmx.model.outcome import flags_text
from nvmx.states.mutants import few

State: TypeAlias = dict[str, Value]


def possible_states(*both: nvmx.Ladder) -> list[State]:
    """The possible states of the axes that the ladders read, complete; the axes that nobody reads are ready."""
    return [{**READY[both[0].instruction], **row} for row in possible_rows(both, read_axes(both))]


# --- two ladders side by side --------------------------------------------------------------------------------------


def answer(ladder: nvmx.Ladder, state: State, *, flags: bool) -> tuple[str, ...]:
    outcome, _, written = endings(ladder)[deciding(ladder, state)]
    return (outcome, flags_text(written)) if flags else (outcome,)


def rung_name(ladder: nvmx.Ladder, state: State) -> str | None:
    number = deciding(ladder, state)
    return ladder.rungs[number].name if number < len(ladder.rungs) else None


@examples(20)
@given(pairs_of_ladders(), st.booleans())
def test_a_difference_is_the_list_of_the_states_that_differ(both: tuple[nvmx.Ladder, nvmx.Ladder], flags: bool) -> None:
    names = read_axes(both)
    differ = [state for state in possible_states(*both) if len({answer(each, state, flags=flags) for each in both}) > 1]
    found = nvmx.diff(both[0].instruction, *both, flags=flags)
    assert found[names].to_dict("records") == [{name: state[name] for name in names} for state in differ]
    for n, (ladder, label) in enumerate(zip(both, labels(both), strict=True)):
        assert list(found.columns[len(names) :])[n * (2 + flags)] == f"outcome ({label})"
        assert found[f"outcome ({label})"].tolist() == [answer(ladder, state, flags=False)[0] for state in differ]
        rungs = [None if pd.isna(rung) else rung for rung in found[f"rung ({label})"]]
        assert rungs == [rung_name(ladder, state) for state in differ]
        if flags:
            assert found[f"flags ({label})"].tolist() == [answer(ladder, state, flags=True)[1] for state in differ]


def labels(given_ladders: Sequence[nvmx.Ladder]) -> list[str]:
    sources = [ladder.source for ladder in given_ladders]
    letters = [chr(ord("a") + sources[:n].count(source)) for n, source in enumerate(sources)]
    return [f"{source}, {letter}" if letter > "a" else source for source, letter in zip(sources, letters, strict=True)]


def mode(state: State) -> str:
    if not state["CR0.PE"]:
        return "real-address"
    if state["RFLAGS.VM"]:
        return "virtual-8086"
    if not state["EFER.LMA"]:
        return "protected, 16- or 32-bit"
    return "64-bit" if state["CS.L"] else "compatibility"


def holds(condition: str, state: State) -> bool:
    """Whether the condition of a line, read back from its words, holds in the state."""
    parts = [part.split("=") for part in condition.split(" and ")] if condition else []
    return all(str({**state, "mode": mode(state)}[name]) in values.split("|") for name, values in parts)


@examples(20)
@given(pairs_of_ladders(), st.booleans())
def test_a_summary_holds_in_the_states_that_differ_and_no_line_can_go(
    both: tuple[nvmx.Ladder, nvmx.Ladder], flags: bool
) -> None:
    every = possible_states(*both)
    found = nvmx.summary(both[0].instruction, *both, flags=flags)
    lines = [[n for n, state in enumerate(every) if holds(condition, state)] for condition in found["when"]]
    differ = {n for n, state in enumerate(every) if len({answer(each, state, flags=flags) for each in both}) > 1}
    assert set().union(*lines) == differ
    assert found["states"].tolist() == sorted(map(len, lines), reverse=True) == [len(line) for line in lines]
    for n, line in enumerate(lines):
        assert set().union(*lines[:n], *lines[n + 1 :]) != differ
        for ladder, label in zip(both, labels(both), strict=True):
            ends = {", flags ".join(answer(ladder, every[place], flags=flags)) for place in line}
            assert found[f"outcome ({label})"][n] == " | ".join(sorted(ends))


def away(state: State, instruction: str) -> int:
    return sum(value != READY[instruction][name] for name, value in state.items())


@examples(20)
@given(pairs_of_ladders())
def test_no_state_of_its_kind_is_closer_to_ready_than_a_witness(both: tuple[nvmx.Ladder, nvmx.Ladder]) -> None:
    kinds: dict[tuple[str, ...], list[State]] = {}
    for state in possible_states(*both):
        kinds.setdefault(tuple(answer(ladder, state, flags=False)[0] for ladder in both), []).append(state)
    differ = {kind: states for kind, states in kinds.items() if kind[0] != kind[1]}
    names = [*read_axes(both), *(f"outcome ({label})" for label in labels(both)), "states"]
    closest = {kind: min(states, key=lambda state: away(state, both[0].instruction)) for kind, states in differ.items()}
    expected = [
        [*(closest[kind][name] for name in read_axes(both)), *kind, len(differ[kind])] for kind in sorted(differ)
    ]
    found = nvmx.witnesses(both[0].instruction, *both)
    assert list(found.columns) == names
    assert [list(row) for row in found.itertuples(index=False, name=None)] == expected


@st.composite
def several_ladders(draw: st.DrawFn) -> list[nvmx.Ladder]:
    instruction = draw(instructions)
    pool = draw(pools(instruction, 3))
    return draw(st.lists(ladders(instruction, pool, most=3), min_size=2, max_size=4))


@examples(20)
@given(several_ladders())
def test_few_states_tell_apart_what_any_state_tells_apart(given_ladders: list[nvmx.Ladder]) -> None:
    instruction = given_ladders[0].instruction
    found = nvmx.distinguish(instruction, given_ladders)
    columns = {label: found[f"outcome ({label})"].tolist() for label in labels(given_ladders)}
    for (ladder, ends), row in product(zip(given_ladders, columns.values(), strict=True), range(len(found))):
        state = {**READY[instruction], **{name: found[name][row] for name in read_axes(given_ladders)}}
        known = lies_in(ladder.narrow, state)
        assert ends[row] == (answer(ladder, state, flags=False)[0] if known else "")
    for (a, one), (b, other) in combinations(zip(given_ladders, columns, strict=True), 2):
        differ = any(answer(a, state, flags=False) != answer(b, state, flags=False) for state in possible_states(a, b))
        shown = any(x and y and x != y for x, y in zip(columns[one], columns[other], strict=True))
        assert differ == shown == ((one, other) not in found.attrs["same"])


@examples(50)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=8)))
@example(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1], [0, 1, 0], [0, 0, 1]], dtype=bool))
def test_few_columns_show_every_row_that_any_column_shows(shown: NDArray[np.bool_]) -> None:
    found = few(shown, np.arange(shown.shape[1]))
    rows = [set(np.flatnonzero(row).tolist()) for row in shown if row.any()]
    assert all(row.intersection(found) for row in rows)
    for column in found:  # none can be left out
        assert any(row.intersection(found) == {column} for row in rows)


# --- mutants -------------------------------------------------------------------------------------------------------

Rows: TypeAlias = list[tuple[Box, str, int | None]]


def faulty(ladder: nvmx.Ladder) -> Iterator[tuple[str, Rows, bool]]:
    """Every single fault, as rows: the rung, all rows, and whether success still writes the flags."""
    rows: Rows = [(rung.when, rung.outcome, rung.error) for rung in ladder.rungs]
    for n, (rung, (when, outcome, error)) in enumerate(zip(ladder.rungs, rows, strict=True)):
        others: list[Rows] = [[]]
        if n + 1 < len(rows):
            yield rung.name, [*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]], True
        others += [[(when, each, error)] for each in BY_INSTRUCTION[ladder.instruction].outcomes if each != outcome]
        others += [[(when, outcome, error + 1)]] if error is not None else []
        for name, values in when.items():
            rest = {other: kept for other, kept in when.items() if other != name}
            others += [[(rest, outcome, error)]] if rest else []
            for value in values if len(values) > 1 else ():
                kept = tuple(other for other in values if other != value)
                others.append([({**rest, name: kept}, outcome, error)])
        yield from ((rung.name, [*rows[:n], *changed, *rows[n + 1 :]], True) for changed in others)
    if ladder.effect.flags:
        yield "(success)", rows, False


def run(rows: Rows, state: State, success: str) -> tuple[Any, ...]:
    for when, outcome, error in rows:
        if lies_in(when, state):
            return (outcome, success) if outcome == "success" else (outcome, error)
    return "success", success


@examples(20)
@given(ladders(most=3))
def test_a_suite_shows_every_fault_that_any_possible_state_shows(ladder: nvmx.Ladder) -> None:
    every, names = possible_states(ladder), read_axes([ladder])
    suite = nvmx.suite(ladder.instruction, ladder)
    chosen = [every.index({**READY[ladder.instruction], **row}) for row in suite[names].to_dict("records")]

    written = flags_text(ladder.effect.flags)
    truth = [run([(rung.when, rung.outcome, rung.error) for rung in ladder.rungs], s, written) for s in every]
    shown = [
        (name, {n for n, s in enumerate(every) if run(rows, s, written if loud else "left alone") != truth[n]})
        for name, rows, loud in faulty(ladder)
    ]
    found = nvmx.mutants(ladder.instruction, ladder)
    assert Counter(zip(found["rung"], found["states"], strict=True)) == Counter((name, len(at)) for name, at in shown)
    assert (found["observable"] == (found["states"] > 0)).all()

    observable = [at for _, at in shown if at]
    assert all(at.intersection(chosen) for at in observable)
    for n in chosen:  # no state can be left out
        assert any(at.intersection(chosen) == {n} for at in observable)
    assert suite["faults"].tolist() == [sum(n in at for at in observable) for n in chosen]
    for n, row in zip(chosen, suite.to_dict("records"), strict=True):
        outcome, error, flags = endings(ladder)[deciding(ladder, every[n])]
        assert (row["outcome"], row["flags"]) == (outcome, flags_text(flags))
        assert error is None if pd.isna(row["error"]) else row["error"] == error
