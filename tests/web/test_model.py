"""`model.js` answers as Python does: every outcome of every state, and many whole verdicts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from web import engines

import nvmx
from nvmx.ask import explain_known
from nvmx.ladders import all_sources
from nvmx.ladders import ladder as find_ladder
from nvmx.model.address import parse_address
from nvmx.model.axis import AXES, BY_NAME, Value, named_values
from nvmx.model.box import condition_text
from nvmx.model.errors import NvmxError
from nvmx.model.instruction import READY
from nvmx.model.ladder import Ladder
from nvmx.model.observed import observations
from nvmx.model.outcome import flags_text
from nvmx.model.rules import canonical, nearest_possible
from nvmx.model.verdict import Verdict, decide
from nvmx.states.listing import States

State = Mapping[str, Value]
VERDICTS = 20_000
RANDOM = Random(11)  # noqa: S311 - the same questions each time
OWN = Ladder(
    "VMXON",
    'my own "ladder", 100 % </script> übrigens',
    [
        nvmx.Rung("no A20M", {"a20m": 1}, "#SS(0)", "because I say so", "both", "mine"),
        nvmx.Rung("VMX off", {"vmx": "root", "current_vmcs": 1}, "VMfailValid", "I can count", "handler", "mine", 7),
        nvmx.Rung("never", {"vmx": "root", "a20m": 1}, "#PF", "it is impossible", "handler", "mine", None, "by a rule"),
        nvmx.Rung("few privileges", {"cpl": (0, 1)}, "VM exit", "the wrong way round", "handler", "mine"),
    ],
    nvmx.Effect(None, 1, {"ZF": 1}, {"cr4_vmxe": 0}),
    {"cpl": (0, 2, 3), "vmx": ("off", "root")},
)
LADDERS = [*(ladder for source in all_sources().values() for ladder in source.ladders), OWN]
ROWS = nvmx.web.rows(OWN)


@pytest.fixture(scope="module", params=["node", pytest.param("chromium", marks=pytest.mark.browser)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Engine]:
    with getattr(engines, request.param)(tmp_path_factory.mktemp("modules")) as found:
        yield found


def line(answer: object) -> str:
    """An answer as JavaScript writes it."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def different(engine: engines.Engine, questions: Sequence[engines.Question], expected: Sequence[str],
              rows: dict[str, Any] = ROWS) -> list[tuple[engines.Question, str, str]]:  # fmt: skip
    """The questions that are answered otherwise, with both answers."""
    found = engine(rows, questions)
    return [each for each in zip(questions, found, expected, strict=True) if each[1] != each[2]]


def changes(start: State, end: State) -> dict[str, Value]:
    return {name: value for name, value in end.items() if value != start[name]}


# --- every state ----------------------------------------------------------------------------------------------------


@cache
def digests() -> tuple[list[engines.Question], list[str]]:
    """All combinations of the values that each ladder reads."""
    questions: list[engines.Question] = [("digest", (number, each.reads)) for number, each in enumerate(LADDERS)]
    arrays = (nvmx.outcomes(each.instruction, each, each.reads) for each in LADDERS)
    return questions, [line([array.size, sha256(array).hexdigest()]) for array in arrays]


def test_every_outcome_of_every_state(engine: engines.Engine) -> None:
    assert sum(json.loads(each)[0] for each in digests()[1]) > 60_000_000
    assert different(engine, *digests()) == []


def test_outcomes_of_any_axes_in_any_order(engine: engines.Engine) -> None:
    random, questions, expected = Random(1), [], []  # noqa: S311
    for number, each in [*enumerate(LADDERS)] * 3:
        axes = random.sample([axis.name for axis in AXES], random.randrange(6))
        questions.append(("codes", (number, axes, {})))
        expected.append(line(nvmx.outcomes(each.instruction, each, axes).ravel().tolist()))
        held = some_values(random, each, [axis.name for axis in AXES if axis.name not in axes])
        full = {**READY[each.instruction], **held}
        rung = each.deciding(full)
        questions.append(("codes", (number, [], held)))
        expected.append(line([nvmx.OUTCOMES.index(rung.outcome if rung else "success")]))
    assert different(engine, questions, expected) == []


# --- one state ------------------------------------------------------------------------------------------------------


def some_values(random: Random, ladder: Ladder, names: Sequence[str]) -> dict[str, Value]:
    chosen = random.sample(names, random.randrange(len(names) + 1))
    return {name: random.choice(ladder.domain(name)) for name in chosen}


def some_states(random: Random, count: int) -> Iterator[tuple[int, dict[str, Value]]]:
    """States to ask about: possible, near a possible one, or anywhere; some of their axes, or all."""
    names = [axis.name for axis in AXES]
    listed = [States.possible([each], names) for each in LADDERS]
    for n in range(count):
        number = n % len(LADDERS)
        ladder, possible = LADDERS[number], listed[number]
        state = dict(possible.state(random.randrange(len(possible))))
        near = n // len(LADDERS) % 5
        if near == 4:
            state = {name: random.choice(ladder.domain(name)) for name in names}
        elif near > 1:
            state |= {name: random.choice(ladder.domain(name)) for name in random.sample(names, near)}
        named = names if random.randrange(3) else random.sample(names, random.randrange(len(names)))
        yield number, {name: state[name] for name in named}


def verdict_line(found: Verdict, target: str) -> str:
    repair, other = found.repair(), found.repair(target)
    ready, state = READY[found.ladder.instruction], found.state.columns
    number = {rung.name: place for place, rung in enumerate(found.ladder.rungs, 1)}
    return line([
        found.outcome, found.rung and number[found.rung.name], [number[rung.name] for rung in found.masked],
        found.error, found.ending, found.flags, changes(ready, state), found.state.mode,
        changes(state, found.after.columns), found.possible, found.impossible, found.objection,
        changes(state, found.nearest.columns), found.way_to_nearest, repair and repair.columns,
        repair if repair is None else repair.needs_reset, repair if repair is None else str(repair),
        other and other.columns, found.cause, found.reason, found.headline, found.address,
        [f"{place} {mark}" for place, (_, mark) in enumerate(found.steps, 1)],
    ])  # fmt: skip


@cache
def verdicts() -> tuple[list[engines.Question], list[str]]:
    random, questions, expected = Random(2), [], []  # noqa: S311
    for number, given in some_states(random, VERDICTS):
        kept = random.sample([axis.name for axis in AXES], 2) if random.randrange(4) == 0 else None
        target = random.choice(LADDERS[number].rungs).outcome if random.randrange(8) == 0 else "success"
        questions.append(("verdict", (number, given, kept, target)))
        expected.append(verdict_line(decide(LADDERS[number], given, kept), target))
    return questions, expected


def test_whole_verdicts(engine: engines.Engine) -> None:
    questions, expected = verdicts()
    answers = [json.loads(each) for each in expected]
    assert {answer[0] for answer in answers} == set(nvmx.OUTCOMES)
    possible = sum(answer[9] for answer in answers)
    assert VERDICTS // 4 < possible < VERDICTS * 3 // 4
    assert different(engine, questions, expected) == []
