"""Random boxes, domains, registers and sets of states, each against a plain loop."""

from collections.abc import Sequence
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
from brute_force import NAMES, VALUES, State, is_possible, lies_in, possible_rows, search
from brute_force import deciding as plain_deciding
from hypothesis import given
from hypothesis import strategies as st
from strategies import axis_names, boxes, examples, pairs_of_ladders, registers, states

import nvmx
from nvmx.model.axis import BY_NAME, Value
from nvmx.model.box import Box, nearest
from nvmx.model.instruction import READY
from nvmx.model.karnaugh import gray
from nvmx.states.cover import cover, inside
from nvmx.states.listing import States

# --- the closest state ---------------------------------------------------------------------------------------------


def is_wanted(state: State, outside: Sequence[Box], goal: Box) -> bool:
    return lies_in(goal, state) and not any(lies_in(box, state) for box in outside)


@examples(20)
@given(states(), st.lists(boxes(), max_size=12), st.just({}) | boxes(), st.frozensets(axis_names, max_size=4))
def test_no_fewer_changes_lead_to_the_nearest_state(
    start: dict[str, Value], outside: list[Box], goal: Box, held: frozenset[str]
) -> None:
    """Among all states that differ on up to three axes; what needs more changes must at least be right."""
    found = nearest(start, outside, goal, held)
    expected = search(start, lambda state: is_wanted(state, outside, goal), set(NAMES) - held, most=3)
    if expected is None and found is not None:
        assert len(found) > 3
        assert not held & found.keys()
        assert is_wanted({**start, **found}, outside, goal)
    else:
        assert found == expected
    assert list(found or {}) == [name for name in NAMES if name in (found or {})]


@examples(50)
@given(st.data(), states(), st.lists(axis_names, min_size=1, max_size=4, unique=True))
def test_where_few_axes_may_change_every_state_is_tried(
    data: st.DataObject, start: dict[str, Value], free: list[str]
) -> None:
    outside = data.draw(st.lists(boxes(free), max_size=8))
    goal = data.draw(st.just({}) | boxes(free))
    expected = search(start, lambda state: is_wanted(state, outside, goal), free)
    assert nearest(start, outside, goal, frozenset(NAMES) - set(free)) == expected


# --- registers -----------------------------------------------------------------------------------------------------


@examples(50)
@given(st.data(), states(), st.sets(axis_names))
def test_registers_hold_the_state_that_they_were_made_from(
    data: st.DataObject, state: dict[str, Any], named: set[str]
) -> None:
    given_registers, held = data.draw(registers(state))
    by_name = {BY_NAME[name].keyword: state[name] for name in named - held}
    expected = {name: state[name] for name in NAMES if name in held | named}
    if expected.get("EFER.LMA") == 0:
        expected["CS.L"] = 0
    if expected.get("operand", "mapped") != "mapped":
        expected |= {"pointer.aligned": 1, "pointer.in_width": 1, "revision.match": 1, "revision.bit31": 0}
    if expected.get("pointer.aligned") == 0 or expected.get("pointer.in_width") == 0:
        expected |= {"revision.match": 1, "revision.bit31": 0}
    found = nvmx.state(**given_registers, **by_name)
    assert found == {BY_NAME[name].keyword: value for name, value in expected.items()}
    assert list(found) == [axis.keyword for axis in BY_NAME.values() if axis.keyword in found]


# --- sets of states ------------------------------------------------------------------------------------------------


@examples(30)
@given(st.data(), pairs_of_ladders(), st.none() | st.lists(axis_names, max_size=5, unique=True))
def test_a_set_of_states_is_a_list_of_states(
    data: st.DataObject, ladders: tuple[nvmx.Ladder, nvmx.Ladder], axes: list[str] | None
) -> None:
    ladder, other = ladders
    listed = States.possible([ladder], axes)
    names = list(ladder.reads) if axes is None else axes
    assert list(listed.domains) == names
    rows = [listed.state(row) for row in range(len(listed))]
    assert rows == possible_rows([ladder], names)

    mask = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    some = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=5)) if rows else []
    box = data.draw(boxes())
    for chosen, part in (
        (rows, listed),
        ([row for row, keep in zip(rows, mask, strict=True) if keep], listed[np.array(mask, dtype=bool)]),
        ([rows[n] for n in some], listed[some]),
    ):
        full = [{**READY[ladder.instruction], **row} for row in chosen]
        assert [part.state(n) for n in range(len(part))] == chosen
        assert part.inside(box).tolist() == [lies_in(box, state) for state in full]
        assert part.in_domain(other).tolist() == [lies_in(other.narrow, state) for state in full]
        assert part.deciding(other).tolist() == [plain_deciding(other, state) for state in full]
        away = [sum(state[name] != READY[ladder.instruction][name] for name in NAMES) for state in full]
        assert part.distance().tolist() == away


@examples(30)
@given(st.data(), pairs_of_ladders(), st.lists(axis_names, max_size=5, unique=True))
def test_the_order_of_the_axes_does_not_matter(
    data: st.DataObject, ladders: tuple[nvmx.Ladder, nvmx.Ladder], axes: list[str]
) -> None:
    found = States.possible(ladders, axes)
    turned = States.possible(ladders, data.draw(st.permutations(axes)))
    rows, turned_rows = ([each.state(row) for row in range(len(each))] for each in (found, turned))
    assert len(rows) == len(turned_rows)
    assert all(row in turned_rows for row in rows)
    # Values about which one of them says nothing are left out, unless they are asked for.
    wide = States.possible(ladders, {name: VALUES[name] for name in axes})
    known = wide[wide.in_domain(ladders[0]) & wide.in_domain(ladders[1])]
    assert [known.state(row) for row in range(len(known))] == rows


@examples(100)
@given(states())
def test_a_state_knows_whether_it_is_possible(state: dict[str, Value]) -> None:
    found = nvmx.State(state)
    assert found.possible == is_possible(state) == (found.reason == "")
    assert {BY_NAME[name].keyword: value for name, value in state.items()} == dict(found)
    assert ("impossible" in repr(found)) != found.possible


# --- orders and covers ---------------------------------------------------------------------------------------------


@examples(30)
@given(st.lists(axis_names, max_size=5, unique=True))
def test_neighbours_in_a_map_differ_on_one_axis_by_one_step(names: list[str]) -> None:
    domains = [VALUES[name] for name in names]
    order = gray(domains)
    assert len(order) == prod(map(len, domains))
    assert set(order) == set(product(*domains))
    for one, next_ in pairwise(order):
        steps = [abs(values.index(a) - values.index(b)) for values, a, b in zip(domains, one, next_, strict=True)]
        assert sorted(steps)[:-1] == [0] * (len(names) - 1)
        assert max(steps) == 1


@st.composite
def sets_of_states(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The sizes of the axes, the states wanted, and those to leave out; about the others nothing is said."""
    sizes = draw(st.lists(st.integers(1, 4), max_size=4))
    kinds = draw(st.lists(st.sampled_from("wo-"), min_size=prod(sizes), max_size=prod(sizes)))
    space = list(zip(product(*map(range, sizes)), kinds, strict=True))
    return sizes, [state for state, kind in space if kind == "w"], [state for state, kind in space if kind == "o"]


@examples(50)
@given(sets_of_states())
def test_a_cover_is_exact_and_irredundant(case: tuple[list[int], list[tuple[int, ...]], list[tuple[int, ...]]]) -> None:
    sizes, wanted, others = case
    matrix = np.array(wanted, dtype=np.int8).reshape(len(wanted), len(sizes))
    found = cover(matrix, np.array(others, dtype=np.int8).reshape(len(others), len(sizes)), sizes)

    def held(state: tuple[int, ...], box: list[frozenset[int]]) -> bool:
        return all(code in codes for code, codes in zip(state, box, strict=True))

    assert not any(held(state, box) for state in others for box in found)
    holders = [[n for n, box in enumerate(found) if held(state, box)] for state in wanted]
    assert all(holders)
    assert {n for boxes_ in holders if len(boxes_) == 1 for n in boxes_} == set(range(len(found)))  # none can go
    for box in found:
        assert inside(matrix, box).tolist() == [held(state, box) for state in wanted]
