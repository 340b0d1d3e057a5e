"""What is still open if little is known: held against an enumeration of every possible state."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, possible_states, some_values

import nvmx
from nvmx.ask import explain_known
from nvmx.ladders import all_sources
from nvmx.model.address import parse_address
from nvmx.model.axis import BY_NAME, Value
from nvmx.model.box import matches
from nvmx.model.errors import InvalidType, InvalidValue, OutsideDomain
from nvmx.model.instruction import BY_INSTRUCTION
from nvmx.model.ladder import Ladder
from nvmx.model.look import LOOK, TOOLS
from nvmx.model.observed import observations
from nvmx.model.outcome import OUTCOMES
from nvmx.states.listing import States

LADDERS = [ladder for source in all_sources().values() for ladder in source.ladders]
_COMPLETED = ("success", "VMfailInvalid", "VMfailValid")


@dataclass(frozen=True)
class Ending:
    """How one state ends: what can be seen of it."""

    outcome: str
    error: int | None
    flags: Mapping[str, int]
    vmx_after: Value
    state: Mapping[str, Value]

    @property
    def completed(self) -> bool:
        return self.outcome in _COMPLETED

    @property
    def vmread_exists(self) -> bool:
        state = self.state
        vmread = not state["EFER.LMA"] or state["CS.L"]
        return bool(self.vmx_after != "off" and state["CR0.PE"] and not state["RFLAGS.VM"] and vmread)

    def leaves(self, **flags: int) -> bool:
        """Whether these flags can be there afterwards; those that it does not write can be anything."""
        return self.completed and all(self.flags.get(name, value) == value for name, value in flags.items())


def _ends_in(name: str) -> Callable[[Ending], bool]:
    return lambda ending: ending.outcome == name


# What can be seen, and the endings that agree with it.
SEEN: dict[Any, Callable[[Ending], bool]] = {
    None: lambda ending: bool(ending),
    **{name: _ends_in(name) for name in OUTCOMES},
    "fault": lambda ending: ending.outcome in ("#UD", "#GP(0)", "#SS(0)", "#PF"),
    "completed": lambda ending: ending.completed,
    15: lambda ending: ending.error == 15,
    "error 23": lambda ending: ending.error == 23,
    0x203: lambda ending: ending.leaves(CF=1, ZF=0),
    "RFLAGS 0x246": lambda ending: ending.leaves(ZF=1, PF=1),
    "0x202": lambda ending: ending.leaves(CF=0, ZF=0),
    "CF=1": lambda ending: ending.leaves(CF=1),
    "RFLAGS 42": lambda ending: ending.leaves(CF=0, ZF=1),
    "VMREAD returned": lambda ending: ending.completed and ending.vmx_after != "off",
    "VMREAD #UD": lambda ending: not ending.vmread_exists,
}
_VMREAD = ("CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L", "VMX")


@cache
def _states(ladder: Ladder) -> tuple[States, np.ndarray[Any, Any]]:
    """Every possible state on all axes of the instruction about which the source speaks, and the deciding rungs."""
    states = States.possible([ladder], BY_INSTRUCTION[ladder.instruction].axes)
    return states, states.deciding(ladder)


def _by_enumeration(ladder: Ladder, known: dict[str, Value], seen: Any) -> tuple[set[str], list[str]]:
    states, deciding = _states(ladder)
    agree = np.ones(len(states), dtype=bool)
    for name, value in known.items():
        agree &= states.inside({name: (value,)})
    left = np.flatnonzero(agree)
    outcomes: set[str] = set()
    suspects = []
    for place in np.unique(deciding[left]):
        rung = ladder.rungs[place] if place < len(ladder.rungs) else None
        outcome, error = (rung.outcome, rung.error) if rung else ("success", None)
        flags = rung.flags if rung else ladder.effect.flags
        rows = left[deciding[left] == place]
        if seen in ("VMREAD returned", "VMREAD #UD"):  # these depend on more than the ending: the modes and VMX
            codes = states.codes[np.ix_([list(states.domains).index(name) for name in _VMREAD], rows)]
            _, first = np.unique(np.ravel_multi_index(list(codes), [4] * len(_VMREAD)), return_index=True)
            rows = rows[first]
        else:
            rows = rows[:1]
        for row in rows:
            state = states.state(int(row))
            after = ladder.effect.after.get("VMX", state["VMX"]) if rung is None else state["VMX"]
            if SEEN[seen](Ending(outcome, error, flags, after, state)):
                outcomes.add(outcome)
                suspects += [rung.name] if rung else []
                break
    return outcomes, suspects


@st.composite
def questions(draw: st.DrawFn) -> tuple[Ladder, dict[str, Value], Any]:
    ladder = draw(st.sampled_from(LADDERS))
    axes = BY_INSTRUCTION[ladder.instruction].axes
    state = draw(possible_states)
    chosen = draw(st.lists(st.sampled_from(axes), unique=True, max_size=len(axes)))
    known = {name: state[name] for name in chosen} | draw(some_values(axes, most=2))
    known = {name: known[name] for name in BY_NAME if name in known}
    known = {name: value for name, value in known.items() if value in ladder.domain(name)}
    return ladder, known, draw(st.sampled_from(list(SEEN)))


@given(questions())
@examples(350)
def test_outcomes_and_suspects_are_those_of_all_states_that_agree(
    question: tuple[Ladder, dict[str, Value], Any],
) -> None:
    ladder, known, seen = question
    outcomes, suspects = _by_enumeration(ladder, known, seen)
    found = nvmx.explain(ladder.instruction, ladder.source, observed=seen, **known)
    assert set(found.outcomes) == outcomes
    assert [suspect.rung.name for suspect in found.suspects] == suspects
    assert (found.refused is not None) == (not outcomes)
    for suspect in found.suspects:
        assert suspect.state.possible
        assert ladder.deciding(suspect.state.columns) is suspect.rung
        assert {**suspect.state.columns, **known} == suspect.state.columns
        if suspect is found.suspects[0] and suspect.repair is not None:
            assert nvmx.verdict(ladder.instruction, ladder, **{**suspect.state, **suspect.repair}).outcome == "success"
    json.dumps(found.as_json())


@given(questions())
@examples(75)
def test_an_axis_is_missing_if_its_value_would_leave_fewer_endings_and_it_is_open(
    question: tuple[Ladder, dict[str, Value], Any],
) -> None:
    ladder, known, seen = question
    found = nvmx.explain(ladder.instruction, ladder.source, observed=seen, **known)
    assert not set(found.missing) & set(known)
    for name in found.missing:
        left = [_by_enumeration(ladder, {**known, name: value}, seen) for value in ladder.domain(name)]
        assert sum(bool(outcomes) for outcomes, _ in left) > 1, name
    if found.missing:
        assert len(found.outcomes) > 1 or len(found.suspects) > 1


@given(possible_states, st.sampled_from(LADDERS))
@examples(75)
def test_if_everything_is_known_the_answer_is_the_verdict(state: dict[str, Value], ladder: Ladder) -> None:
    known = {name: state[name] for name in BY_INSTRUCTION[ladder.instruction].axes}
    if not all(value in ladder.domain(name) for name, value in known.items()):
        with pytest.raises(OutsideDomain):
            nvmx.explain(ladder.instruction, ladder, **known)
        return
    found, verdict = (
        nvmx.explain(ladder.instruction, ladder, **known),
        nvmx.verdict(ladder.instruction, ladder, **known),
    )
    if not verdict.possible:  # VMXOFF has no operand, so a state of VMXON's may be counted as another one
        return
    assert found.verdict is not None
    assert found.verdict.rung is verdict.rung
    assert found.outcomes == (verdict.outcome,)
    assert found.missing == ()
    assert found.status == 0
    assert found.repair == (verdict.repair() if verdict.rung else None)


def test_nothing_that_is_not_named_is_innocent() -> None:
    found = nvmx.explain("VMXON", cr0_pe=1, cr0_ne=1, cr4_vmxe=1)
    assert {"success", "#GP(0)", "#UD", "VMfailInvalid"} <= set(found.outcomes)
    assert found.status == 3
    assert "FEATURE_CONTROL.lock" in found.missing
    assert not {"CR0.PE", "CR0.NE", "CR4.VMXE"} & set(found.missing)


def test_rflags_and_a_vmread_that_returned_leave_one_check() -> None:
    found = nvmx.explain("VMXON", "intel", [0x203, "VMREAD returned"])
    assert [suspect.rung.name for suspect in found.suspects] == ["not in VMX root operation (no current VMCS)"]
    assert found.observed == "VMfailInvalid"
    assert found.status == 0
    assert found.as_json()["repair"] == {"VMX": "off"}


def test_the_first_handlers_leave_rflags_alone_so_0x203_says_nothing_of_failure() -> None:
    assert nvmx.explain("VMXON", "kvm-2011", observed=0x203).outcomes == ("success",)


def test_what_is_known_can_contradict_itself() -> None:
    found = nvmx.explain("VMXON", efer_lma=1, cr0_pg=0)
    assert found.refused == "CR0.PG = 0 and EFER.LMA = 1: long mode is active only while paging is enabled"
    assert (found.outcomes, found.suspects, found.status) == ((), (), 4)
    three = nvmx.explain("VMXON", cs_l=1, rflags_vm=1).refused
    assert three == "RFLAGS.VM = 1 and CS.L = 1: no processor can be in such a state"


def test_what_was_seen_can_contradict_what_is_known() -> None:
    found = nvmx.explain("VMXON", observed="#UD", cr4_vmxe=1, lock=0, operand="mapped", cr0_pe=1, cs_l=1, rflags_vm=0)
    assert found.refused is not None
    assert "#UD" in found.refused
    assert found.status == 4
    by = next(note for note in found.notes if "by: " in note)
    assert "kvm-2022-06" in by
    assert "intel" not in by
    assert nvmx.explain("VMXON", "kvm-2022-06", "#UD", **found.known).outcomes == ("#UD",)


def test_other_checks_that_fail_for_sure_are_named() -> None:
    found = nvmx.explain("VMXON", cr4_vmxe=0, lock=0, operand="mapped", cr0_pe=1, fc_lock=0)
    assert [suspect.rung.name for suspect in found.suspects] == ["CR4.VMXE set"]
    assert [rung.name for rung in found.behind] == ["FEATURE_CONTROL locked"]
    assert found.repair == {"cr4_vmxe": 1, "fc_lock": 1}


def test_an_axis_of_another_instruction_is_said_to_be_without_meaning() -> None:
    found = nvmx.explain("VMXOFF", operand="register", vmx="off")
    assert "operand says nothing about VMXOFF" in found.notes
    assert dict(found.known) == {"VMX": "off"}


@pytest.mark.parametrize(
    ("seen", "error", "words"),
    [
        ("#GPF", InvalidValue, ["'#GPF'", "#GP(0)"]),
        ("203", InvalidValue, ["203", "RFLAGS"]),
        ("error 99", InvalidValue, ["99"]),
        ("2f", InvalidValue, ["'2f'"]),
        (0, InvalidValue, ["0", "RFLAGS"]),
        (0x208, InvalidValue, ["RFLAGS"]),
        (True, InvalidType, ["True"]),
        (1.5, InvalidType, ["1.5"]),
        ([None], InvalidType, ["None"]),
    ],
)
def test_what_cannot_have_been_seen_is_refused(seen: object, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        nvmx.explain("VMXON", observed=seen)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("seen", "outcomes"),
    [("#gp", ["#GP(0)"]), ("GP(0)", ["#GP(0)"]), ("vmfailinvalid", ["VMfailInvalid"]), ("#UD", ["#UD"])],
)
def test_an_outcome_may_be_written_as_people_write_it(seen: str, outcomes: list[str]) -> None:
    assert list(observations(seen)[0].outcomes) == outcomes


def test_a_question_has_a_text_form_that_can_be_read_back() -> None:
    found = nvmx.explain("VMXON", "xen", cpl=3, vmx="non-root", operand="gp-fault")
    assert found.address == "VMXON/xen?operand=gp-fault&cpl=3&vmx=non-root"
    assert nvmx.explain(found.address).as_json() == found.as_json()
    assert nvmx.explain(found.address, cr4_vmxe=0).known == {**found.known, "CR4.VMXE": 0}
    verdict = nvmx.verdict("VMXOFF", "intel", cpl=3)
    assert verdict.address == "VMXOFF/intel?cpl=3"
    assert nvmx.verdict(verdict.address) == nvmx.verdict("VMXOFF", "intel", cpl=3)
    assert str(verdict).endswith(verdict.address)
    mine = nvmx.Ladder("VMXON", "my own: 100%", [], nvmx.Effect(vmx="root"))
    assert parse_address(nvmx.verdict("VMXON", mine, cpl=3).address) == ("VMXON", "my own: 100%", {"cpl": 3})
    for wrong in ("VMXON/", "/intel", "VMXON/intel?cpl", "VMXON/intel?cpl=0&cpl=3", "VMXON/intel?cpl=0&CPL=3"):
        with pytest.raises(InvalidValue):
            nvmx.explain(wrong)


def test_the_page_and_the_text_show_each_suspect_and_fit_a_screen() -> None:
    found = nvmx.explain("VMXON", observed="#GP(0)", cpl=0, vmx="off", cr0_ne=1, cr0_pg=1, fc_lock=1)
    for suspect in found.suspects:
        assert suspect.rung.name in str(found)
        assert suspect.rung.name in found._repr_html_()
    assert "rdmsr -a 0x3a" in str(found)
    assert str(found).count("\n") < 25
    assert repr(found).count("\n") == 0


def test_every_axis_can_be_read_somehow_with_known_tools() -> None:
    assert set(LOOK) == set(BY_NAME)
    assert all(ways and set(ways) <= set(TOOLS) for ways in LOOK.values())


def test_a_ladder_of_ones_own_is_explained() -> None:
    rung = nvmx.Rung("CPL 0", {"cpl": (1, 2, 3)}, "#GP(0)", "only the kernel may do this", "handler", "mine.c")
    mine = nvmx.Ladder("VMXON", "mine", [rung], nvmx.Effect(vmx="root"))
    found = nvmx.explain("VMXON", mine, "#GP(0)")
    assert [suspect.rung for suspect in found.suspects] == [rung]
    assert all(not matches(rung.when, suspect.state.columns) or suspect.rung is rung for suspect in found.suspects)


def test_the_keys_of_the_answer_are_those_that_are_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = page[page.index("| key |") :].partition("\n#")[0]
    answer = nvmx.explain("VMXON", observed="#GP(0)").as_json()
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(answer)
    assert answer["observed"] == "#GP(0)"
    suspects = answer["suspects"]
    assert isinstance(suspects, list)
    assert all(list(each) == ["check", "outcome", "axes"] for each in suspects)


def test_that_the_bytes_are_those_of_the_instruction_can_be_taken_for_granted() -> None:
    known: dict[str, Value] = {"CR0.PE": 1, "CR4.VMXE": 0, "RFLAGS.VM": 0, "CS.L": 1}
    found = explain_known("VMXON", "intel", known, decoded=True)
    assert [suspect.rung.name for suspect in found.suspects] == ["CR4.VMXE set"]
    assert "taken for granted: no LOCK prefix, memory operand" in found.notes
    bytes_known = explain_known("VMXON", "intel", {**known, "LOCK": 1}, decoded=True)
    assert [suspect.rung.name for suspect in bytes_known.suspects] == ["no LOCK prefix"]
    assert not any("granted" in note for note in bytes_known.notes)
    only = explain_known("VMXON", "intel", {**known, "CR4.VMXE": 1}, "#UD", decoded=True)
    assert [suspect.rung.name for suspect in only.suspects] == ["no LOCK prefix", "memory operand"]


def test_vmfail_is_either_of_both() -> None:
    assert nvmx.explain("VMXON", observed="VMfail").outcomes == ("VMfailInvalid", "VMfailValid")
    assert nvmx.explain("VMXON", observed="VMfail", current_vmcs=0).observed is None


def test_the_headline_says_what_follows_if_all_else_is_ready() -> None:
    found = nvmx.explain("VMXON", fc_lock=1, fc_vmx=0, smx=0)
    assert "if all else is ready, #GP(0), because FEATURE_CONTROL.vmx = 0 and SMX = 0" in found.headline
    assert "nothing that is known stands in the way" in nvmx.explain("VMXON", cpl=0).headline
    other = explain_known("VMXON", "intel", {"CPL": 0}, "#GP(0)", named="WRMSR")
    assert other.headline.startswith("not VMXON, but WRMSR")


def test_a_lock_that_is_set_alone_would_lock_vmx_off() -> None:
    found = nvmx.explain("VMXON", observed="#GP(0)", fc_lock=0)
    assert any("write it together with bit 2" in note for note in found.notes)
