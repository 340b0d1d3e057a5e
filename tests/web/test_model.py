"""`model.js` answers as Python does: every outcome of every state, and many whole verdicts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any, TypeVar

import pytest

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

from . import engines

State = Mapping[str, Value]
VERDICTS = 3_000
EXPLANATIONS = 800
SHARE = 5
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


@pytest.fixture(scope="module")
def any_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Engine]:
    """One engine, for what does not depend on it."""
    start = engines.node if engines.NODE else engines.chromium
    with start(tmp_path_factory.mktemp("modules")) as found:
        yield found


T = TypeVar("T")


def part(engine: engines.Engine, whole: Sequence[T]) -> Sequence[T]:
    """What to ask of many questions: if node answers all, one in five is enough for Chromium, whose V8 it shares."""
    return whole[::SHARE] if engines.NODE and engine.name == "chromium" else whole


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
    return questions, [line([array.size, sha256(array.tobytes()).hexdigest()]) for array in arrays]


def test_every_outcome_of_every_state(engine: engines.Engine) -> None:
    assert sum(json.loads(each)[0] for each in digests()[1]) > 60_000_000
    assert different(engine, *digests()) == []


def test_outcomes_of_any_axes_in_any_order(engine: engines.Engine) -> None:
    random = Random(1)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
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
    """States to ask about: possible, near a possible one, or (one in twenty) anywhere; some of their axes, or all."""
    names = [axis.name for axis in AXES]
    listed = [States.possible([each], names) for each in LADDERS]
    for n in range(count):
        number = n % len(LADDERS)
        ladder, possible = LADDERS[number], listed[number]
        state = dict(possible.state(random.randrange(len(possible))))
        near = n // len(LADDERS) % 20
        if near == 0:
            state = {name: random.choice(ladder.domain(name)) for name in names}
        elif near > 8:
            state |= {name: random.choice(ladder.domain(name)) for name in random.sample(names, near // 5)}
        named = names if random.randrange(3) else random.sample(names, random.randrange(len(names)))
        yield number, {name: state[name] for name in named}


def verdict_line(found: Verdict, target: str | None) -> str:
    repair = found.repair()
    other = found.repair(target) if target else None
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
def verdicts(count: int) -> tuple[list[engines.Question], list[str]]:
    random = Random(2)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
    for number, given in some_states(random, count):
        kept = random.sample([axis.name for axis in AXES], 2) if random.randrange(4) == 0 else None
        target = random.choice(LADDERS[number].rungs).outcome if random.randrange(8) == 0 else None
        questions.append(("verdict", (number, given, kept, target)))
        expected.append(verdict_line(decide(LADDERS[number], given, kept), target))
    return questions, expected


def test_whole_verdicts(engine: engines.Engine, scale: int) -> None:
    questions, expected = verdicts(VERDICTS * scale)
    answers = [json.loads(each) for each in expected]
    assert {answer[0] for answer in answers} == set(nvmx.OUTCOMES)
    possible = sum(answer[9] for answer in answers)
    assert len(answers) // 4 < possible < len(answers) * 3 // 4
    assert different(engine, part(engine, questions), part(engine, expected)) == []


@pytest.mark.parametrize("change", [
    "two checks are swapped", "two other checks are swapped", "a check's value", "a rule's value", "a rule is missing",
    "an outcome", "a ready value", "an effect", "the order of two axes",
])  # fmt: skip
def test_a_changed_row_is_noticed(any_engine: engines.Engine, change: str) -> None:
    rows = deepcopy(ROWS)
    number = next(n for n, each in enumerate(LADDERS) if (each.instruction, each.source) == ("VMXON", "intel"))
    names = [rung.name for rung in LADDERS[number].rungs]
    rungs, rules, axes = rows["ladders"][number]["rungs"], rows["rules"], rows["axes"]
    match change:
        case "two checks are swapped":
            one, other = names.index("CR4.VMXE set"), names.index("CPL 0")
            rungs[one], rungs[other] = rungs[other], rungs[one]
        case "two other checks are swapped":
            rungs[-1], rungs[-2] = rungs[-2], rungs[-1]
        case "a check's value":
            next(check for check in rows["checks"] if check["when"] == {"CPL": [1, 2, 3]})["when"] = {"CPL": [2, 3]}
        case "a rule's value":
            next(rule for rule in rules if rule["when"] == {"VMX": ["root"], "CR0.PG": [0]})["when"]["VMX"] = ["off"]
        case "a rule is missing":
            del rules[3]
        case "an outcome":
            rungs[names.index("CPL 0")][0] = rungs[names.index("CR4.VMXE set")][0]
        case "a ready value":
            rows["instructions"][0]["ready"]["current_VMCS"] = 1
        case "an effect":
            rows["ladders"][number]["effect"]["after"]["VMX"] = "non-root"
        case "the order of two axes":
            axes[2], axes[3] = axes[3], axes[2]
    assert rows != ROWS
    questions, expected = verdicts(VERDICTS)
    mine = [n for n, question in enumerate(questions) if question[1][0] == number]
    assert different(any_engine, [questions[n] for n in mine], [expected[n] for n in mine], rows)
    if change in ("two checks are swapped", "a check's value", "an outcome"):
        assert different(any_engine, [digests()[0][number]], [digests()[1][number]], rows)


def test_ladders_are_written_out(engine: engines.Engine) -> None:
    expected = []
    for each in LADDERS:
        rungs = [
            {"name": rung.name, "when": rung.when, "outcome": rung.outcome, "error": rung.error, "reason": rung.reason,
             "number": number, "by": rung.by, "source": rung.source, "shadowed": rung.shadowed, "ending": rung.ending,
             "flags": rung.flags} for number, rung in enumerate(each.rungs, 1)
        ]  # fmt: skip
        texts = [[condition_text(rung.when), flags_text(rung.flags)] for rung in each.rungs]
        effect = {"after": each.effect.after, "flags": each.effect.flags}
        expected.append(line([rungs, effect, each.reads, each.axes, [each.domain(name) for name in each.reads], texts]))
    assert different(engine, [("ladder", (n,)) for n in range(len(LADDERS))], expected) == []


def test_the_closest_state_that_two_sources_know(engine: engines.Engine) -> None:
    random = Random(3)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
    names = [axis.name for axis in AXES]
    for number, _ in some_states(random, 500):
        ladder = LADDERS[number]
        other = random.choice([each for each in LADDERS if each.instruction == ladder.instruction])
        state = {**READY[ladder.instruction], **{name: random.choice(BY_NAME[name].values) for name in names[:9]}}
        kept = random.sample(names, random.randrange(4))
        outside = [*ladder.outside_domain, *other.outside_domain]
        questions.append(("nearest", (ladder.instruction, [ladder.source, other.source], state, kept)))
        expected.append(line(nearest_possible(state, kept, outside)))
    assert different(engine, questions, expected) == []


# --- little is known ------------------------------------------------------------------------------------------------

SEEN = ("#GP(0)", "#UD", "success", "fault", "VMfail", "completed", 0x203, 0x246, 15, 23, 7,
        "VMREAD returned", "VMREAD #UD")  # fmt: skip


@cache
def explanations(count: int) -> tuple[list[engines.Question], list[str]]:
    random = Random(4)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
    for number, state in some_states(random, count):
        ladder = LADDERS[number]
        known = {name: state[name] for name in random.sample(list(state), len(state) * random.randrange(5) // 4)}
        seen = observations(random.sample(SEEN, random.choice([0, 0, 1, 1, 2])))
        found = explain_known(ladder.instruction, ladder, named_values(known), seen)
        observed = [
            {"outcomes": each.outcomes, "error": each.error, "flags": each.flags, "neverAfter": each.never_after}
            if each.text not in nvmx.OUTCOMES
            else each.text
            for each in seen
        ]
        suspects = [
            [each.number, changes(READY[ladder.instruction], each.state.columns), each.open,
             each.repair and each.repair.columns] for each in found.suspects
        ]  # fmt: skip
        questions.append(("explain", (number, known, observed)))
        expected.append(line([found.outcomes, suspects, found.missing, found.repair and found.repair.columns]))
    return questions, expected


def test_explanations(engine: engines.Engine, scale: int) -> None:
    questions, expected = explanations(EXPLANATIONS * scale)
    counts = [len(json.loads(each)[1]) for each in expected]
    assert sum(count > 1 for count in counts) > len(counts) // 10
    assert sum(count == 1 for count in counts) > len(counts) // 10
    assert different(engine, part(engine, questions), part(engine, expected)) == []


# --- addresses and registers ----------------------------------------------------------------------------------------


def test_addresses(engine: engines.Engine) -> None:
    random = Random(5)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
    for number, given in some_states(random, 500):
        found = decide(LADDERS[number], given)
        text = random.choice(["", "#", "##"]) + found.address + random.choice(["", "\n"])
        ready = READY[found.ladder.instruction]
        questions.append(("address", (text,)))
        values = {name: value for name, value in found.state.columns.items() if value != ready[name]}
        expected.append(line([found.ladder.instruction, found.ladder.source, values, found.address]))
    assert different(engine, questions, expected) == []


MALFORMED = [
    "VMXON/intel", "VMXON/intel?", "#VMXON/intel?cpl=3&vmx=non-root", "VMXON/intel?CPL=03", "VMXON/a/b?cpl=0",
    "", "VMXON", "/intel", "VMXON/", "VMXON/?cpl=3", "VMXON/intel?cpl", "VMXON/intel?cpl=3&", "VMXON/intel?&cpl=3",
    "VMXON/intel?cpl=3&cpl=3", "VMXON/intel?cpl=", "VMXON/intel?cpl=4", "VMXON/intel?lock=1&LOCK=1", "VMXON/intel?x=1",
    "VMXON/intel?cpl=+3", "VMXON/intel?cpl=%33", "VMXON/intel?vmx=non%2Droot", "VMXON/intel?cpl=3=3", "?cpl=3",
    "VMXON/intel?cpl=3.0", "VMXON/intel?operand=gp-fault?", "VMXON/intel?cr4%2Evmxe=0",
]  # fmt: skip


def test_malformed_addresses_are_refused_as_in_python(engine: engines.Engine) -> None:
    for text, answer in zip(MALFORMED, engine(ROWS, [("address", (text,)) for text in MALFORMED]), strict=True):
        found = json.loads(answer)
        try:
            instruction, source, axes = parse_address(text)
            expected: object = [instruction, source, named_values(axes)]
        except NvmxError as error:
            expected = f"refused: {error}".partition(";")[0].partition(" (")[0]
        shown = found.partition(";")[0].partition(" (")[0] if isinstance(found, str) else found[:3]
        assert shown == expected, text


def test_an_address_that_cannot_be_decoded_is_refused(engine: engines.Engine) -> None:
    found = engine(ROWS, [("address", ("VMXON/%ff?cpl=3",))])
    assert found == ["\"refused: 'VMXON/%ff?cpl=3' is not of the form VMXON/intel?cpl=3&cr4_vmxe=0\""]


def test_registers_in_hexadecimal(engine: engines.Engine) -> None:
    random = Random(6)  # noqa: S311
    questions: list[engines.Question] = []
    expected: list[str] = []
    for register in ("CR0", "CR4", "EFER", "RFLAGS", "FEATURE_CONTROL") * 100:
        value = random.getrandbits(random.choice([8, 18, 32, 64]))
        bits = {axis["column"]: axis["bit"] for axis in ROWS["axes"] if axis.get("register") == register}
        known = named_values(nvmx.state(**{register.lower(): value}))
        held = {name: known[name] for name in bits}
        form = random.choice(["{:x}", "0x{:X}", " {:016x} ", "{:#x}"])
        questions.append(("read", (register, form.format(value))))
        expected.append(line(held))
        questions.append(("write", (register, held, str(value))))
        expected.append(line(hex(value)))
        questions.append(("write", (register, {name: int(bit == 0) for name, bit in held.items()}, str(value))))
        expected.append(line(hex(value ^ sum(1 << bit for bit in bits.values()))))
    for given in ("", "0x", "12g", "-1", "1" * 17):
        questions.append(("read", ("CR0", given)))
        expected.append(line(f"refused: CR0: '{given}' is not a hexadecimal number of at most 64 bits"))
    assert different(engine, questions, expected) == []


def test_what_means_nothing_gets_its_canonical_value(engine: engines.Engine) -> None:
    states = [given for _, given in some_states(Random(7), 500)]  # noqa: S311
    assert (
        different(engine, [("canonical", (each,)) for each in states], [line(canonical(each)) for each in states]) == []
    )


# --- what is refused, and a ladder of one's own ---------------------------------------------------------------------


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    (("verdict", "VMCALL", "intel"), "instruction: 'VMCALL' is not allowed (allowed: 'VMXON', 'VMXOFF')"),
    (("verdict", "VMXON", "vmware"), "source for VMXON: 'vmware' is not allowed (allowed: 'intel-2006', "),
    (("verdict", "VMXON", "intel", {"CPL": 4}), "value of CPL: 4 is not allowed (allowed: 0, 1, 2, 3)"),
    (("verdict", "VMXON", "intel", {"CPL": "3"}), "value of CPL: '3' is not allowed (allowed: 0, 1, 2, 3)"),
    (("verdict", "VMXON", "intel", {"cpl": 0, "CPL": 0}), "axis CPL is named twice"),
    (("verdict", "VMXON", "intel", {"toString": 0}), "axis: 'toString' is not allowed"),
    (("verdict", "VMXON", "kvm-2011", {"vmx": "non-root"}),
     "value of VMX for kvm-2011: 'non-root' is not allowed (allowed: 'off', 'root')"),
    (("explain", "VMXON", "intel", {}, "#DF"), "outcome: '#DF' is not allowed (allowed: 'success', "),
    (("readRegister", "DR7", "0"), "register: 'DR7' is not allowed (allowed: 'CR0', 'CR4', 'EFER', 'RFLAGS', "),
]  # fmt: skip


def test_wrong_names_and_values_are_refused(engine: engines.Engine) -> None:
    answers = engine(ROWS, [("refused", given) for given, _ in REFUSED])
    for (given, message), answer in zip(REFUSED, answers, strict=True):
        assert json.loads(answer).startswith(f"refused: {message}"), given


def test_an_own_ladder_is_found_before_a_source_of_the_same_name(engine: engines.Engine) -> None:
    intel = find_ladder("VMXON", "intel")
    rows = nvmx.web.rows(replace(intel, rungs=intel.rungs[8:]))
    assert json.loads(engine(rows, [("verdict", (0, {"CPL": 3}, None, None))])[0])[0] != "success"
    number = len(rows["ladders"]) - 1
    assert json.loads(engine(rows, [("verdict", (number, {"CPL": 3}, None, None))])[0])[0] == "success"


def test_all_rows_fit_into_a_small_file() -> None:
    text = json.dumps(nvmx.web.rows(), ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) < 75_000
    assert json.loads(text) == json.loads(json.dumps(nvmx.web.rows()))


def test_only_ladders_are_rows() -> None:
    with pytest.raises(nvmx.NvmxError, match="rows: 'intel' is not a Ladder"):
        nvmx.web.rows("intel")  # type: ignore[arg-type]
