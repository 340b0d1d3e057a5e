"""Programs of VMXON, VMXOFF and register writes: what each source makes of them."""

from typing import Any

import pytest

import nvmx
from nvmx.ask import execute

PROGRAM: list[Any] = ["VMXON", "VMXON", ("CR4.VMXE", 0), "VMXOFF", "VMXOFF"]


def outcomes(source: str, program: list[Any] = PROGRAM, **state: Any) -> list[str]:
    return [str(outcome) for outcome in nvmx.run(program, source, state)["outcome"]]


def test_a_second_vmxon_a_cleared_vmxe_and_a_second_vmxoff() -> None:
    assert outcomes("intel") == ["success", "VMfailInvalid", "#GP(0)", "success", "#UD"]
    assert outcomes("bochs") == outcomes("intel")
    assert outcomes("kvm-2022-10") == outcomes("intel")
    assert outcomes("kvm-2011") == ["success", "success", "#GP(0)", "success", "#UD"]
    assert outcomes("xen") == ["success", "VMfailInvalid", "success", "#UD", "#UD"]


def test_what_xen_lets_through_is_reported_as_impossible() -> None:
    table = nvmx.run(PROGRAM, "xen")
    assert table["possible"].tolist() == [True, True, False, False, False]
    assert table["VMX after"].tolist() == ["root"] * 5
    assert nvmx.run([*PROGRAM[:3], ("cr4_vmxe", 1), "VMXOFF"], "xen")["outcome"].tolist()[-1] == "success"


def test_the_first_handlers_leave_flags_stale_and_hold_the_fixed_bits() -> None:
    assert set(nvmx.run(PROGRAM, "kvm-2011")["flags"]) == {"left alone"}
    assert nvmx.run(["VMXON"], "kvm-2013")["flags"].tolist() == ["cleared"]
    for bit in ("CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE"):
        assert outcomes("kvm-2011", ["VMXON", (bit, 0)]) == ["success", "#GP(0)"]
    assert outcomes("kvm-2013", ["VMXON", ("CR0.NE", 0)]) == ["success", "#GP(0)"]


def test_writes_need_cpl_0_and_lead_only_where_a_processor_can_be() -> None:
    assert outcomes("intel", [("CR4.VMXE", 0), "VMXON", ("CR4.VMXE", 1), "VMXON"]) == [
        "success",
        "#UD",
        "success",
        "success",
    ]
    assert outcomes("intel", [("CR4.VMXE", 0)], cpl=3) == ["#GP(0)"]
    assert outcomes("intel", [("CR0.PG", 0)]) == ["#GP(0)"]  # long mode needs paging
    assert outcomes("intel", [("CR0.PG", 0), "VMXON"], efer_lma=0, cs_l=0) == ["success", "#GP(0)"]


@pytest.mark.parametrize("source", ["intel", "kvm-2011", "xen"])
def test_each_instruction_ends_as_its_verdict_says(source: str) -> None:
    state: Any = {}
    for step in ("VMXOFF", "VMXON", "VMXON", "VMXOFF"):
        event = nvmx.run([step], source, state or {"vmx": "off"}).iloc[0]
        found, state = nvmx.step(state or {"vmx": "off"}, step, source)
        assert (event["outcome"], event["VMX after"]) == (found.outcome, state["vmx"])


@pytest.mark.parametrize(
    ("source", "state"),
    [
        ("intel-2006", {"fc_vmx": 0, "vmx": "root"}),  # SMX is not read, so it may be on
        ("kvm-2011", {"cr0_pe": 0, "efer_lma": 0, "cs_l": 0}),  # CR0.PG is not read, so it may be off
        ("intel", {"rflags_vm": 1}),
    ],
)
def test_a_program_and_its_steps_agree_on_what_is_possible(source: str, state: dict[str, Any]) -> None:
    after: Any = {"vmx": "off", **state}
    program = ["VMXON", "VMXOFF", "VMXON"]
    table = nvmx.run(program, source, state)
    for n, instruction in enumerate(program):
        _, after = nvmx.step(after, instruction, source)
        assert table["possible"][n] == after.possible


LEGACY: dict[str, Any] = {"efer_lma": 0, "cs_l": 0}


@pytest.mark.parametrize(
    ("program", "state", "outcomes_", "mode"),
    [
        ([("CR0.PG", 0)], {"cs_l": 0}, ["success"], "protected, 16- or 32-bit"),  # compatibility mode leaves long mode
        ([("CR0.PG", 0)], {}, ["#GP(0)"], "64-bit"),  # 64-bit mode must not
        ([("CR0.PE", 0)], LEGACY, ["#GP(0)"], "protected, 16- or 32-bit"),  # not while paging is on
        ([("CR0.PG", 0), ("CR0.PE", 0)], LEGACY, ["success", "success"], "real-address"),
        ([("CR0.PE", 1), ("CR0.PG", 1)], {"cr0_pe": 0, "cr0_pg": 0, **LEGACY}, ["success"] * 2,
         "protected, 16- or 32-bit"),
        ([("CR0.PG", 1)], {"cr0_pe": 0, "cr0_pg": 0, **LEGACY}, ["#GP(0)"], "real-address"),
        ([("CR0.PG", 0)], {"operand": "unmapped", **LEGACY}, ["success"], "protected, 16- or 32-bit"),
        ([("CR0.PG", 0)], {"cpl": 3, **LEGACY}, ["#GP(0)"], "protected, 16- or 32-bit"),
    ],
)  # fmt: skip
def test_writes_to_cr0_follow_the_rules_of_the_modes(
    program: list[Any], state: dict[str, Any], outcomes_: list[str], mode: str
) -> None:
    events = execute(program, "intel", state)
    assert [event.outcome for event in events] == outcomes_
    assert events[-1].state.mode == mode
    assert events[-1].state.possible


def test_a_source_that_allows_a_write_is_still_bound_by_the_processor() -> None:
    """Xen looks neither at NE, PG and PE nor at VMXE in VMX operation, but PE stays set while PG is."""
    assert outcomes("xen", ["VMXON", ("CR0.NE", 0)]) == ["success", "success"]
    assert outcomes("xen", ["VMXON", ("CR4.VMXE", 0), ("CR0.PE", 0)]) == ["success", "success", "#GP(0)"]
    assert outcomes("xen", ["VMXON", ("CR0.PG", 0)]) == ["success", "#GP(0)"]  # 64-bit code
    compatible = execute(["VMXON", ("CR0.PG", 0), ("CR0.PE", 0)], "xen", {"vmx": "off", **LEGACY})
    assert [event.outcome for event in compatible] == ["success"] * 3
    assert "VMX root" in compatible[-1].state.reason


def test_only_page_faults_go_with_paging_and_a_write_leaves_the_other_fixed_bits() -> None:
    for operand, after in (("unmapped", "mapped"), ("gp-fault", "gp-fault"), ("ss-fault", "ss-fault")):
        event = execute([("CR0.PG", 0)], "intel", {"operand": operand, "other_fixed_bits": 0, **LEGACY})[0]
        assert (event.outcome, event.state["operand"], event.state["other_fixed_bits"]) == ("success", after, 0)
        assert event.state.possible
    events = execute(["VMXON", ("CR0.NE", 0)], "kvm-2013", {"other_fixed_bits": 0})
    assert [event.outcome for event in events] == ["success", "#GP(0)"]
    assert "fixed bits of CR0 and CR4" in events[0].state.reason


@pytest.mark.parametrize("state", ["x", [], 0, ""])
def test_what_is_no_state_is_refused(state: Any) -> None:
    with pytest.raises(TypeError, match="is not a mapping"):
        nvmx.run(["VMXON"], "intel", state)
    with pytest.raises(TypeError, match="is not a mapping"):
        nvmx.step(state, "VMXON", "intel")


@pytest.mark.parametrize(
    ("program", "source", "state", "error", "words"),
    [
        (["VMLAUNCH"], "intel", {}, ValueError, "VMLAUNCH"),
        ([], "nonsense", {}, ValueError, "nonsense"),
        ([3], "intel", {}, TypeError, "3"),
        ([("CPL", 0)], "intel", {}, ValueError, "CR4.VMXE"),
        ([("CR4.VMXE", 2)], "intel", {}, ValueError, "CR4.VMXE"),
        ([("CR4.VMXE", 0)], "zen", {}, ValueError, "did you mean 'xen'"),
        ([("CR4.VMXE", 0)], "virtualbox", {}, ValueError, "is unknown"),
        ([("CR4.VMXE", 0)], "intel", {"vmx": "non-root", "current_vmcs": 1}, ValueError, "non-root"),
    ],
)
def test_bad_programs_are_refused(
    program: list[Any], source: str, state: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nvmx.run(program, source, state)


def test_the_graph_says_where_everything_leads() -> None:
    assert "reach 3 states;" in nvmx.plots.graph("intel").sentence
    assert nvmx.plots.graph(nvmx.ladder("VMXON", "kvm-2011")).sentence.startswith("kvm-2011: from ready")
    xen = nvmx.plots.graph("xen")
    assert "reach 4 states, 1 of which no processor can be in" in xen.sentence
    assert "CR4.VMXE := 0: success leads from VMX root, VMXE 1 to VMX root, VMXE 0" in xen.sentence
    words = [text.get_text() for text in xen.figure.axes[0].texts]
    assert any("no processor can be here" in word for word in words)
    assert any("flags left alone" in text.get_text() for text in nvmx.plots.graph("kvm-2011").figure.axes[0].texts)
    for source in ("intel", "kvm-2011", "xen"):
        picture = nvmx.plots.graph(source)
        box = picture.figure.get_tightbbox()
        width, height = picture.figure.get_size_inches()
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
