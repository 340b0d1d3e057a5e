"""Random ladders: every way to evaluate one agrees with a loop over its rows."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import brute_force
import numpy as np
import pandas as pd
import pytest
from brute_force import NAMES, POSSIBLE, all_rows, deciding, endings, is_possible, lies_in, possible_rows, read_axes
from hypothesis import given
from hypothesis import strategies as st
from strategies import axis_names, examples, instructions, ladders, one_of, possible_states, some_values, states

import nvmx
from nvmx.ask import execute
from nvmx.model.axis import BY_NAME, Value
from nvmx.model.errors import InvalidValue, NvmxError
from nvmx.model.instruction import READY
from nvmx.model.outcome import flags_text

Values = dict[str, Value]

# --- many states ---------------------------------------------------------------------------------------------------


@examples(50)
@given(ladders(), st.none() | st.lists(axis_names, max_size=5, unique=True))
def test_a_table_says_what_a_loop_over_the_rows_says(ladder: nvmx.Ladder, axes: list[str] | None) -> None:
    seen = {"VMX"}.union(*(rung.when for rung in ladder.rungs if rung.by != "decoder"))
    names = [name for name in NAMES if name in seen] if axes is None else axes
    rows = list(all_rows([ladder], names))
    numbers = [deciding(ladder, {**READY[ladder.instruction], **row}) for row in rows]
    can_be = possible_rows([ladder], names)
    outcomes = [end[0] for end in endings(ladder)]

    table = nvmx.table(ladder.instruction, ladder, axes)
    assert list(table.columns) == [*names, "outcome", "rung", "possible"]
    assert table[names].to_dict("records") == rows if names else len(table) == 1
    assert table["outcome"].tolist() == [outcomes[n] for n in numbers]
    rungs = [*(rung.name for rung in ladder.rungs), None]
    assert [None if pd.isna(rung) else rung for rung in table["rung"]] == [rungs[n] for n in numbers]
    assert [row for row, possible in zip(rows, table["possible"], strict=True) if possible] == can_be

    array = nvmx.outcomes(ladder.instruction, ladder, axes)
    assert array.shape == tuple(len(ladder.domain(name)) for name in names)
    assert [nvmx.OUTCOMES[code] for code in array.ravel()] == [outcomes[n] for n in numbers]
    for possible in (True, False):
        part = nvmx.table(ladder.instruction, ladder, axes, possible=possible)
        pd.testing.assert_frame_equal(part, table[table["possible"] == possible].reset_index(drop=True))


# --- one state -----------------------------------------------------------------------------------------------------


def known_part(ladder: nvmx.Ladder, given_values: Values) -> Values:
    return {name: value for name, value in given_values.items() if value in ladder.domain(name)}


@examples(50)
@given(ladders(), states() | some_values(most=7))
def test_a_verdict_says_what_a_loop_over_the_rows_says(ladder: nvmx.Ladder, given_values: Values) -> None:
    named = known_part(ladder, given_values)
    found = nvmx.verdict(ladder.instruction, ladder, **{BY_NAME[name].keyword: named[name] for name in named})

    state = {**READY[ladder.instruction], **named}
    fixed = {name: (state[name],) for name in NAMES if name in {*named, *read_axes([ladder])}}
    state |= brute_force.closest(state, brute_force.inside(fixed)) or {}
    assert found.state.columns == state

    fire = [rung for rung in ladder.rungs if lies_in(rung.when, state)]
    assert (found.rung, *found.masked) == (*fire, *([] if fire else [None]))
    assert (found.outcome, found.error, found.flags) == endings(ladder)[deciding(ladder, state)]
    assert found.possible == is_possible(state)
    assert nvmx.verdict(ladder.instruction, ladder, **found.state).state == found.state  # which the source knows, too
    if fire:
        assert found.after == found.state
        assert found.cause == " and ".join(f"{name} = {state[name]}" for name in fire[0].when)
    else:
        changes = {"VMX": ladder.effect.vmx, "current_VMCS": ladder.effect.current_vmcs, **ladder.effect.others}
        assert found.after.columns == state | {name: value for name, value in changes.items() if value is not None}
        assert found.cause == ""
    marks = [mark for _, mark in found.steps]
    assert marks == [
        "passed" if n < deciding(ladder, state)
        else "stopped here" if rung is found.rung
        else "would also fail" if lies_in(rung.when, state)
        else "not reached"
        for n, rung in enumerate(ladder.rungs)
    ]  # fmt: skip


@examples(20)
@given(ladders(), states() | some_values())
def test_no_state_is_closer_than_a_repair_or_the_nearest_possible_one(
    ladder: nvmx.Ladder, given_values: Values
) -> None:
    """Among all possible states that the source knows; None means that there is none."""
    named = known_part(ladder, given_values)
    found = nvmx.verdict(ladder.instruction, ladder, **named)
    state = dict(found.state.columns)
    known = brute_force.inside(ladder.narrow)

    kept = known & brute_force.inside({name: (value,) for name, value in named.items()})
    assert found.nearest.columns == state | (brute_force.closest(state, kept if kept.any() else known) or {})

    outcomes = np.array([end[0] for end in endings(ladder)])[brute_force.all_deciding(ladder)]
    for outcome in nvmx.OUTCOMES:
        changes = brute_force.closest(state, known & (outcomes == outcome))
        repair = found.repair(outcome)
        assert repair == (None if changes is None else {BY_NAME[name].keyword: changes[name] for name in changes})


# --- programs ------------------------------------------------------------------------------------------------------


@examples(20)
@given(
    ladders() | st.sampled_from(["intel", "xen", "kvm-2011", "kvm-2022-10"]),
    some_values(),
    st.lists(instructions, max_size=5),
)
def test_a_program_of_instructions_is_a_chain_of_steps(
    source: nvmx.Ladder | str, start: Values, program: list[str]
) -> None:
    rows: list[list[object]] = []
    state: Mapping[str, object] = {"VMX": "off", **start}
    try:
        for instruction in program:
            own = isinstance(source, str) or source.instruction == instruction
            verdict, after = nvmx.step(state, instruction, source if own else "intel")
            ends = [verdict.outcome, verdict.short_reason, flags_text(verdict.flags)]
            rows.append([instruction, *ends, after["VMX"], after["CR4.VMXE"], after.possible])
            state = after
    except NvmxError as error:
        with pytest.raises(type(error)):
            nvmx.run(program, source, start)
    else:
        assert nvmx.run(program, source, start).to_numpy().tolist() == rows


def after_write(state: Values, name: str, value: Value) -> Values:
    """Where a write leads: if paging ends, page faults end with it and, in compatibility mode, long mode."""
    after = {**state, name: value}
    if not after["CR0.PG"] and state["operand"] == "unmapped":
        after["operand"] = "mapped"
    if not after["CR0.PG"] and not state["CS.L"]:
        after["EFER.LMA"] = 0
    return after


# Where writes matter: kernel code before VMXON, with an operand that may page-fault.
KERNEL = [s for s in POSSIBLE if (s["CPL"], s["VMX"], s["SMX"], s["FEATURE_CONTROL.lock"]) == (0, "off", 0, 1)]
writes = st.tuples(st.sampled_from(["CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE"]), st.sampled_from([0, 1]))


@examples(100)
@given(one_of(KERNEL) | possible_states, st.lists(writes | instructions, max_size=6))
def test_a_program_leads_from_possible_state_to_possible_state(state: Values, program: list[Any]) -> None:
    """By the manual: an instruction ends as its verdict says, and a write that leads to an impossible state faults."""
    expected = []
    start = state
    for step in program:
        if isinstance(step, str):
            verdict = nvmx.verdict(step, "intel", **state)
            outcome, state = verdict.outcome, dict(verdict.after.columns)
        elif state["VMX"] == "non-root":
            with pytest.raises(InvalidValue, match="not modelled"):
                execute(program, "intel", start)
            return
        else:
            after = after_write(state, *step)
            allowed = state["CPL"] == 0 and is_possible(after)
            outcome, state = ("success", after) if allowed else ("#GP(0)", state)
        assert is_possible(state)
        expected.append((outcome, state))
    assert [(event.outcome, event.state.columns) for event in execute(program, "intel", start)] == expected


# --- ladders as values ---------------------------------------------------------------------------------------------


@examples(20)
@given(ladders())
def test_a_rung_must_say_that_it_never_fires_if_and_only_if_it_never_does(ladder: nvmx.Ladder) -> None:
    for n, rung in enumerate(ladder.rungs):
        other = replace(rung, shadowed="" if rung.shadowed else "it never fires")
        with pytest.raises(InvalidValue, match=f"{rung.name!r} (can never fire|says that it is shadowed)"):
            replace(ladder, rungs=(*ladder.rungs[:n], other, *ladder.rungs[n + 1 :]))


@examples(20)
@given(ladders(), states())
def test_ladders_and_verdicts_survive_copies_and_pickles(ladder: nvmx.Ladder, state: Values) -> None:
    for value in (ladder, nvmx.verdict(ladder.instruction, ladder, **known_part(ladder, state))):
        for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own
            assert twin == value
            assert hash(twin) == hash(value)
            assert (repr(twin), str(twin), twin._repr_html_()) == (repr(value), str(value), value._repr_html_())
    assert nvmx.verdict(ladder.instruction, copy.deepcopy(ladder)) == nvmx.verdict(ladder.instruction, ladder)
    for n, rung in enumerate(ladder.rungs):
        changed = replace(rung, reason="another")
        assert replace(ladder, rungs=(*ladder.rungs[:n], changed, *ladder.rungs[n + 1 :])) != ladder
