"""One state at a time: verdicts, repairs, steps, registers; and how bad input is refused."""

import random
import subprocess
import sys
from typing import Any

import manual
import numpy as np
import pandas as pd
import pytest

import nvmx
from nvmx.ladders import all_sources
from nvmx.model.axis import AXES
from nvmx.model.instruction import INSTRUCTIONS, READY

SOURCES = ("intel", "kvm-2011")
NAMES = [axis.name for axis in AXES]


@pytest.fixture(scope="module")
def possible() -> pd.DataFrame:
    return pd.DataFrame(manual.possible_columns())[NAMES]


# --- verdicts ------------------------------------------------------------------------------------------------------


def test_ready_is_success() -> None:
    for source in SOURCES:
        for instruction in ("VMXON", "VMXOFF"):
            found = nvmx.verdict(instruction, source)
            assert (found.outcome, found.rung, found.masked, found.possible, found.error) == (
                "success",
                None,
                (),
                True,
                None,
            )
            assert found.impossible is None


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("instruction", ["VMXON", "VMXOFF"])
def test_a_verdict_is_the_tables_row(instruction: str, source: str) -> None:
    ladder = nvmx.ladder(instruction, source)
    axes = [
        name for name in ladder.axes if name in ("CR0.PE", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "VMX")
    ]
    table = nvmx.table(instruction, source, axes=axes)
    for row in table.to_dict("records"):
        found = nvmx.verdict(instruction, source, **{name: row[name] for name in axes})
        assert (found.outcome, found.possible) == (row["outcome"], row["possible"])
        assert (found.rung.name if found.rung else None) == (None if pd.isna(row["rung"]) else row["rung"])


def test_flags_and_error_numbers() -> None:
    cleared = dict.fromkeys(("CF", "PF", "AF", "ZF", "SF", "OF"), 0)
    again = nvmx.verdict("VMXON", "intel", vmx="root", current_vmcs=1)
    assert (again.outcome, again.error, dict(again.flags)) == ("VMfailValid", 15, cleared | {"ZF": 1})
    again = nvmx.verdict("VMXON", "intel", vmx="root")
    assert (again.outcome, again.error, dict(again.flags)) == ("VMfailInvalid", None, cleared | {"CF": 1})
    off = nvmx.verdict("VMXOFF", "intel", current_vmcs=1, dual_monitor=1)
    assert (off.outcome, off.error, dict(off.flags)) == ("VMfailValid", 23, cleared | {"ZF": 1})
    assert dict(nvmx.verdict("VMXON", "intel").flags) == cleared
    assert dict(nvmx.verdict("VMXOFF", "intel").flags) == cleared
    for instruction in ("VMXON", "VMXOFF"):
        assert dict(nvmx.verdict(instruction, "kvm-2011").flags) == {}  # the 2011 commit never writes RFLAGS
    for axes in ({"cpl": 3}, {"cr4_vmxe": 0}, {"operand": "unmapped"}, {"vmx": "non-root", "current_vmcs": 1}):
        assert dict(nvmx.verdict("VMXON", "intel", **axes).flags) == {}


def test_the_first_rung_decides_and_later_ones_are_masked() -> None:
    found = nvmx.verdict("VMXON", "intel", cpl=3, cr4_vmxe=0, fc_lock=0)
    assert found.rung is not None
    assert found.rung.name == "CR4.VMXE set"
    assert [rung.name for rung in found.masked] == ["CPL 0", "FEATURE_CONTROL locked"]
    marks = [mark for _, mark in found.steps]
    place = marks.index("stopped here")
    assert marks == ["passed"] * place + ["stopped here"] + [
        "would also fail" if rung in found.masked else "not reached" for rung, _ in found.steps[place + 1 :]
    ]
    assert found.steps[place][0] is found.rung
    assert {mark for _, mark in nvmx.verdict("VMXON", "intel").steps} == {"passed"}


def test_a_failed_check_is_told_by_its_cause() -> None:
    found = nvmx.verdict("VMXON", "intel", cr0_ne=0, cr0_pg=0, fc_lock=0)
    assert found.cause == "CR0.NE = 0"
    assert found.short_reason == "CR0.NE = 0; check 12 asks for CR0.NE set"
    assert repr(nvmx.verdict("VMXON", "intel", cr0_ne=0)) == f"<VMXON, intel: #GP(0), because {found.short_reason}>"
    for text in (str(found), found._repr_html_()):
        assert "would also fail" in text
        assert "CR0.PG = 0" in text
        assert "FEATURE_CONTROL.lock = 0" in text
    assert "smallest repair: CR0.NE 0 -> 1" in str(found)
    assert str(found).isascii()
    ready = nvmx.verdict("VMXOFF", "xen")
    assert (ready.cause, ready.short_reason, ready.reason) == ("", "", "no check stands in the way")
    assert repr(ready) == "<VMXOFF, xen: success>"
    assert "smallest repair" not in str(ready)


@pytest.mark.parametrize("source", nvmx.sources()["id"])
def test_no_verdict_states_what_is_asked_for_as_the_cause(source: str) -> None:
    """What follows `because` are the values of the state, for every rung of every ladder."""
    for instruction in INSTRUCTIONS:
        if instruction not in {each.instruction for each in all_sources()[source].ladders}:
            continue
        table = nvmx.table(instruction, source, possible=True).drop_duplicates("rung")
        for row in table.to_dict("records"):
            state = {name: row[name] for name in nvmx.ladder(instruction, source).axes}
            found = nvmx.verdict(instruction, source, **state)
            if found.rung:
                values = [f"{name} = {found.state[name]}" for name in found.rung.when]
                assert found.cause == " and ".join(values)
                assert f"because {found.cause}; check" in repr(found)


def test_the_nearest_possible_state_is_one_that_the_source_knows() -> None:
    mode: dict[str, Any] = {"cr0_pe": 0, "cr0_pg": 0, "efer_lma": 0, "cs_l": 0}
    found = nvmx.verdict("VMXON", "kvm-2011", vmx="root", current_vmcs=1, **mode)
    again = nvmx.verdict("VMXON", "kvm-2011", **found.nearest)
    assert again.possible
    chooser = random.Random(2011)  # noqa: S311 - the same sample each time
    for source in ("kvm-2011", "xen-2011", "acrn"):
        ladder = nvmx.ladder("VMXON", source)
        for _ in range(100):
            state = {axis.name: chooser.choice(ladder.domain(axis.name)) for axis in AXES}
            assert nvmx.verdict("VMXON", source, **nvmx.verdict("VMXON", source, **state).nearest).possible


def test_an_impossible_state_is_answered_and_says_so() -> None:
    found = nvmx.verdict("VMXON", "intel", rflags_vm=1)
    assert (found.outcome, found.possible) == ("#UD", False)
    assert "No processor" not in found.reason
    assert "no processor can be in this state" in found.reason
    assert found.impossible is not None
    assert found.impossible in found.reason
    assert found.nearest.possible
    assert found.nearest["rflags_vm"] == 1  # what was named stays
    assert (found.nearest["cpl"], found.nearest["efer_lma"], found.nearest["cs_l"]) == (3, 0, 0)
    hopeless = nvmx.verdict("VMXON", "intel", rflags_vm=1, cpl=0)
    assert hopeless.nearest.possible
    assert hopeless.nearest["rflags_vm"] == 0
    assert "CS.L" in str(nvmx.verdict("VMXON", "intel", efer_lma=0).impossible)


def test_what_a_ladder_never_reads_is_left_open() -> None:
    first = nvmx.verdict("VMXON", "kvm-2011", cr0_pe=0, efer_lma=0, cs_l=0)
    assert first.possible  # CR0.PG is not read, so it may be 0
    assert first.state["cr0_pg"] == 0
    assert not nvmx.verdict("VMXON", "kvm-2011", cr0_pe=0, efer_lma=0, cs_l=0, cr0_pg=1).possible
    assert not nvmx.verdict("VMXON", "intel", cr0_pe=0, efer_lma=0, cs_l=0).possible


def test_what_is_left_open_is_something_that_the_source_knows() -> None:
    """VMX root operation with FEATURE_CONTROL.vmx clear exists only inside SMX, of which this source says nothing."""
    mine = nvmx.Ladder("VMXON", "mine", [], nvmx.Effect(vmx="root"), {"SMX": 0})
    found = nvmx.verdict("VMXON", mine, vmx="root", fc_vmx=0)
    assert found.state["smx"] == 0
    assert not found.possible
    assert nvmx.verdict("VMXON", mine, **found.state).state == found.state
    assert nvmx.table("VMXON", mine, ["VMX", "fc_vmx"])["possible"].tolist() == [True, True, False, True, False, True]


def test_axes_go_by_either_name_and_by_what_numpy_gives() -> None:
    for given in ({"cpl": 3}, {"CPL": 3}, {"cpl": np.int8(3)}, {"CPL": np.uint64(3)}):
        assert nvmx.verdict("VMXON", "intel", **given).outcome == "#GP(0)"
    bits: list[dict[str, Any]] = [{"CR4.VMXE": False}, {"cr4_vmxe": np.False_}, {"cr4_vmxe": np.int64(0)}]
    for bit in bits:
        found = nvmx.verdict("VMXON", "intel", **bit)
        assert found.outcome == "#UD"
        assert type(found.state["cr4_vmxe"]) is int
    assert nvmx.verdict("VMXON", "intel", dual_monitor=1, vmx="root").outcome == "VMfailInvalid"


# --- repairs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("instruction", ["VMXON", "VMXOFF"])
def test_a_repair_is_the_smallest_and_the_first_in_table_order(instruction: str, possible: pd.DataFrame) -> None:
    """Against a search through every possible state."""
    chooser = random.Random(2011)  # noqa: S311 - the same sample each time
    codes = np.stack(list(manual.possible_codes(BY_VALUE).values()), axis=1)
    outcomes = manual.MANUAL[instruction](manual.possible_columns())[0]
    starts = [{axis.name: chooser.choice(axis.values) for axis in AXES} for _ in range(40)]
    starts += [dict(possible.iloc[chooser.randrange(len(possible))]) for _ in range(40)]
    for start in starts:
        found = nvmx.verdict(instruction, "intel", **start)
        here = np.array([BY_VALUE[name].index(start[name]) for name in NAMES])
        changes = (codes != here).sum(axis=1)
        for code, target in enumerate(nvmx.OUTCOMES):
            repair = found.repair(target)
            goals = outcomes == code
            if not goals.any():
                assert repair is None
                continue
            nearest = codes[goals & (changes == changes[goals].min())]
            places = [[n for n in range(len(here)) if goal[n] != here[n]] for goal in nearest]
            first, goal = min(zip(places, nearest.tolist(), strict=True))
            assert repair == {AXES[n].keyword: AXES[n].values[goal[n]] for n in first}
            assert nvmx.verdict(instruction, "intel", **{**found.state, **repair}).outcome == target


BY_VALUE = {axis.name: list(axis.values) for axis in AXES}


def test_a_repair_keeps_to_what_the_source_knows() -> None:
    found = nvmx.verdict("VMXON", "kvm-2011", cpl=3)
    assert found.repair() == {"cpl": 0}
    assert str(found.repair()) == "CPL 3 -> 0"
    assert found.repair("#GP(0)") == {}
    assert str(found.repair("#GP(0)")) == "nothing to change"
    assert found.repair("VM exit") is None
    assert found.repair("#PF") is None


def test_a_repair_that_needs_a_reset_says_so() -> None:
    locked = nvmx.verdict("VMXON", "intel", fc_vmx=0).repair()
    assert locked == {"fc_vmx": 1}
    assert locked.needs_reset
    assert "reset" in str(locked)
    unlocked = nvmx.verdict("VMXON", "intel", fc_vmx=0, fc_lock=0).repair()
    assert unlocked == {"fc_lock": 1, "fc_vmx": 1}
    assert not unlocked.needs_reset
    assert not nvmx.verdict("VMXON", "intel", cpl=3).repair().needs_reset  # type: ignore[union-attr]


# --- steps ---------------------------------------------------------------------------------------------------------


def test_a_program_of_steps() -> None:
    outcomes = []
    state: Any = {}
    for instruction in ("VMXON", "VMXON", "VMXOFF", "VMXOFF"):
        found, state = nvmx.step(state, instruction, "intel")
        outcomes.append((found.outcome, state["vmx"], state.possible))
    assert outcomes == [
        ("success", "root", True),
        ("VMfailInvalid", "root", True),
        ("success", "off", True),
        ("#UD", "off", True),
    ]
    state, outcomes = {}, []
    for instruction in ("VMXON", "VMXON", "VMXOFF", "VMXOFF"):
        found, state = nvmx.step(state, instruction, "kvm-2011")
        outcomes.append((found.outcome, state["vmx"], state.possible))
    assert outcomes == [
        ("success", "root", True),
        ("success", "root", True),
        ("success", "off", True),
        ("#UD", "off", True),
    ]


def test_a_step_leaves_the_state_where_it_does_not_succeed_and_drops_the_vmcs_where_it_does() -> None:
    for axes in ({"cpl": 3}, {"vmx": "non-root", "current_vmcs": 1}, {"vmx": "root", "current_vmcs": 1}):
        found, after = nvmx.step(axes, "VMXON", "intel")
        assert after == found.state
    _, after = nvmx.step({"current_vmcs": 1}, "VMXOFF", "intel")
    assert (after["vmx"], after["current_vmcs"]) == ("off", 0)


def test_a_step_says_where_no_processor_gets() -> None:
    _, after = nvmx.step({"a20m": 1}, "VMXON", "kvm-2011")
    assert after["vmx"] == "root"
    assert not after.possible
    assert "A20M" in after.reason
    assert "impossible" in repr(after)


# --- registers -----------------------------------------------------------------------------------------------------


def test_registers_become_axis_values() -> None:
    found = nvmx.state(cr0=0x8000_0031, cr4=0x2020, efer=0x500)
    assert found == {"cr0_pe": 1, "cr0_ne": 1, "cr0_pg": 1, "cr4_vmxe": 1, "efer_lma": 1}
    assert nvmx.verdict("VMXON", "intel", **found).outcome == "success"
    assert nvmx.state(rflags=0x2_0002) == {"rflags_vm": 1}
    assert nvmx.state(cs_access_rights=0xA09B, ss_access_rights=0xC0F3) == {"cs_l": 1, "cpl": 3}
    assert nvmx.state(feature_control=5) == {"fc_lock": 1, "fc_smx": 0, "fc_vmx": 1}
    assert nvmx.state(feature_control=2) == {"fc_lock": 0, "fc_smx": 1, "fc_vmx": 0}
    assert nvmx.state(current_vmptr=0xFFFF_FFFF_FFFF_FFFF) == {"current_vmcs": 0}
    assert nvmx.state(current_vmptr=0x1000) == {"current_vmcs": 1}
    assert nvmx.state(vmxon_pointer=0x1000) == {"ptr_aligned": 1}
    no_region = {"rev_match": 1, "rev_bit31": 0}
    assert nvmx.state(vmxon_pointer=0x1234) == {"ptr_aligned": 0, **no_region}
    assert nvmx.state(vmxon_pointer=1 << 40, physical_width=40) == {"ptr_aligned": 1, "ptr_in_width": 0, **no_region}
    assert nvmx.state(vmxon_pointer=(1 << 40) - 4096, physical_width=40) == {"ptr_aligned": 1, "ptr_in_width": 1}
    assert nvmx.state(revision=0x8000_002B) == {"rev_bit31": 1}
    assert nvmx.state(revision=0x8000_002B, vmx_basic=0xDA_0400_0000_002B) == {"rev_match": 1, "rev_bit31": 1}
    assert nvmx.state(revision=0x2C, vmx_basic=0x2B) == {"rev_match": 0, "rev_bit31": 0}
    assert nvmx.state(cr4=0, vmx="root", CPL=2) == {"cr4_vmxe": 0, "cpl": 2, "vmx": "root"}


def test_an_axis_that_means_nothing_gets_its_counted_value() -> None:
    assert nvmx.state(efer=0) == {"efer_lma": 0, "cs_l": 0}
    assert nvmx.state(efer=0, cs_access_rights=0x2000) == {"efer_lma": 0, "cs_l": 0}
    protected = nvmx.state(cr0=0x8000_0021, efer=0, cr4=0x2000)
    assert nvmx.verdict("VMXON", "intel", **protected).possible
    assert nvmx.state(vmxon_pointer=0x1234, revision=0x8000_0000)["rev_bit31"] == 0


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"cr0": "0x31"}, TypeError, "cr0"),
        ({"cr0": 1.0}, TypeError, "cr0"),
        ({"cr4": -1}, ValueError, "cr4"),
        ({"efer": 1 << 64}, ValueError, "efer"),
        ({"cr0": 1, "cr0_pe": 1}, ValueError, "CR0.PE is given twice"),
        ({"cr3": 1}, ValueError, "'cr3'"),
        ({"physical_width": 40}, TypeError, "vmxon_pointer"),
        ({"vmx_basic": 4}, TypeError, "revision"),
        ({"revision": 1 << 40}, ValueError, "revision"),
        ({"vmxon_pointer": 0, "physical_width": 1000}, ValueError, "physical_width"),
        ({"cs_access_rights": 1 << 32}, ValueError, "cs_access_rights"),
    ],
)
def test_bad_registers_are_refused(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        nvmx.state(**given)


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nvmx.verdict("VMXON", "intel", cpl=4), ValueError, ["CPL", "4", "0, 1, 2, 3"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=None), ValueError, ["CPL", "None", "0, 1, 2, 3"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=0.5), ValueError, ["CPL", "0.5"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=1.0), ValueError, ["CPL", "1.0"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=np.float64(1)), ValueError, ["CPL"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl="3"), ValueError, ["CPL", "'3'"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=[3]), ValueError, ["CPL", "[3]"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=np.array([3, 1])), ValueError, ["CPL"]),
        (lambda: nvmx.verdict("VMXON", "intel", vmx=1), ValueError, ["VMX", "1", "'off', 'root', 'non-root'"]),
        (lambda: nvmx.verdict("VMXON", "intel", vmx="nonroot"), ValueError, ["'nonroot'", "did you mean 'non-root'"]),
        (lambda: nvmx.verdict("VMXON", "intel", cr4_vme=1), ValueError, ["'cr4_vme'", "did you mean 'cr4_vmxe'"]),
        (lambda: nvmx.verdict("VMXON", "intel", **{"CR4.VMX": 1}), ValueError, ["did you mean 'CR4.VMXE'"]),
        (lambda: nvmx.verdict("VMXON", "intel", cpl=0, CPL=0), ValueError, ["CPL", "twice"]),
        (lambda: nvmx.verdict("VMXON", "kvm-2011", vmx="non-root"), ValueError, ["kvm-2011", "'off', 'root'"]),
        (lambda: nvmx.verdict("vmxon", "intel"), ValueError, ["'vmxon'", "did you mean 'VMXON'", "'VMXOFF'"]),
        (lambda: nvmx.verdict(27, "intel"), TypeError, ["27", "VMXON"]),  # type: ignore[arg-type]
        (lambda: nvmx.verdict("VMXON", "kvm2011"), ValueError, ["'kvm2011'", "did you mean 'kvm-2011'", "'intel'"]),
        (lambda: nvmx.verdict("VMXON", None), TypeError, ["None", "Ladder"]),
        (lambda: nvmx.verdict("VMXOFF", nvmx.ladder("VMXON", "intel")), ValueError, ["VMXON", "VMXOFF"]),
        (lambda: nvmx.verdict("VMXON", "intel").repair("#GP"), ValueError, ["'#GP'", "did you mean '#GP(0)'"]),
        (lambda: nvmx.verdict("VMXON", "intel").repair(None), TypeError, ["None", "success"]),  # type: ignore[arg-type]
        (lambda: nvmx.table("VMXON", "intel", axes="CPL"), TypeError, ["'CPL'", "axes=["]),
        (lambda: nvmx.outcomes("VMXON", "intel", axes="CPL"), TypeError, ["'CPL'"]),
        (lambda: nvmx.table("VMXON", "intel", axes=3), TypeError, ["3"]),  # type: ignore[arg-type]
        (lambda: nvmx.table("VMXON", "intel", axes=[3]), TypeError, ["3"]),  # type: ignore[list-item]
        (lambda: nvmx.table("VMXON", "intel", axes=["CPL", "cpl"]), ValueError, ["CPL", "twice"]),
        (lambda: nvmx.table("VMXON", "intel", axes=["CR0.PF"]), ValueError, ["'CR0.PF'", "did you mean"]),
        (lambda: nvmx.diff("VMXON", "intel", "bosch"), ValueError, ["'bosch'", "intel"]),
        (lambda: nvmx.ladder("VMLAUNCH", "intel"), ValueError, ["'VMLAUNCH'"]),
        (lambda: nvmx.step("ready", "VMXON", "intel"), TypeError, ["'ready'"]),  # type: ignore[arg-type]
        (lambda: nvmx.step({"cpl": 7}, "VMXON", "intel"), ValueError, ["CPL", "7"]),
        (lambda: nvmx.kvm2011.Vcpu.from_state(rflags_vm=1, efer_lma=0, cs_l=0), ValueError, ["CPL", "allowed: 3"]),
        (lambda: nvmx.kvm2011.Vcpu.from_state(vmx="non-root"), ValueError, ["non-root", "'off', 'root'"]),
        (lambda: nvmx.plots.map("VMXON", "intel", down=["CPL"], across=["cpl"]), ValueError, ["CPL", "twice"]),
        (lambda: nvmx.plots.map("VMXON", "intel", down="CPL"), TypeError, ["'CPL'"]),
        (lambda: nvmx.plots.map("VMXON", "intel", cpl=9), ValueError, ["CPL", "9"]),
        (lambda: nvmx.plots.map("VMXON", "intel", down=["CPL"], cpl=0), ValueError, ["CPL", "twice"]),
        (lambda: nvmx.lab.explorer("VMXON", "kvm"), ValueError, ["'kvm'", "kvm-2011"]),
    ],
)  # fmt: skip
def test_bad_input_is_told_what_was_given_and_what_is_allowed(
    call: Any, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_the_rules_are_a_table() -> None:
    rules = nvmx.impossible()
    assert list(rules.columns) == ["when", "reason", "source"]
    assert "CR0.PE=0 and CR0.PG=1" in set(rules["when"])
    assert (rules["source"] != "").all()


def test_sources_and_axes_are_tables() -> None:
    sources, axes = nvmx.sources(), nvmx.axes()
    assert list(sources.columns) == ["id", "title", "date", "reference", "note"]
    assert set(sources["id"]) >= {"intel", "kvm-2011"}
    assert axes["axis"].tolist() == NAMES
    assert (axes.loc[:, "where":] != "").all(axis=None)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="verdicts"):
        _ = nvmx.verdicts
    assert set(dir(nvmx)) >= {"table", "plots", "lab", "kvm2011", "verdict"}


def test_a_state_reads_by_either_name() -> None:
    state = nvmx.verdict("VMXON", "intel", cpl=3).state
    assert (state["cpl"], state["CPL"], len(state)) == (3, 3, len(AXES))
    assert repr(state) == "State(cpl=3)"
    assert {**state} == {axis.keyword: 3 if axis.name == "CPL" else READY["VMXON"][axis.name] for axis in AXES}
    with pytest.raises(KeyError, match="cpll"):
        _ = state["cpll"]


# --- what an import costs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "import nvmx",
        "import nvmx; nvmx.verdict('VMXON', 'intel', cpl=3).repair(); nvmx.kvm2011.Vcpu().outcome if 0 else None",
        "import nvmx, nvmx.lab.page as page; page.full_page(nvmx.verdict('VMXON', 'kvm-2011', cpl=3))",
    ],
)
def test_the_core_loads_nothing_heavy(statement: str) -> None:
    check = "import sys; print([m for m in ('numpy', 'pandas', 'matplotlib', 'ipywidgets') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", f"{statement}; {check}"], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
