"""The controls set values, the page shows the verdict on them: every value of every control, and all combinations."""

import re
import subprocess
import sys
from html import escape
from itertools import product
from typing import Any

import ipywidgets
import pytest

import nvmx
from nvmx.lab.page import short_page, verdict_page
from nvmx.model.axis import BY_NAME
from nvmx.model.html import Markup, html_table, join, tag
from nvmx.model.modes import MODES, mode_of
from nvmx.model.outcome import TABLE
from nvmx.model.verdict import changes_text


def values(control: Any) -> tuple[Any, ...]:
    return tuple(control.options) if hasattr(control, "options") else (False, True)


def check(explorer: nvmx.lab.Explorer, state: dict[str, Any]) -> None:
    """The page shows what a verdict, asked without the explorer, says."""
    expected = nvmx.verdict(explorer.ladder.instruction, explorer.ladder, **state)
    page = explorer.page.value
    assert explorer.verdict.outcome == expected.outcome
    assert explorer.verdict.state == expected.state
    assert page == verdict_page(explorer.verdict)
    assert page.count("stopped here") == (expected.outcome != "success")
    assert page.startswith("<p") and f">{expected.outcome}</b>" in page.split("</p>")[0]  # noqa: PT018
    objections = ("No processor can be in this state", "This state is counted as another one")
    assert any(objection in page for objection in objections) is not expected.possible
    if expected.rung:
        assert f", because {expected.cause}; check " in page.split("</p>")[0]
    for rung in expected.masked:
        assert page.count(escape(rung.name)) == 1  # in the table, as what a check asks for
    assert explorer.possible.disabled is expected.possible
    assert explorer.repair.disabled is (expected.outcome == "success")
    assert explorer.mode.value == (mode_of(expected.state.columns) or "none: see beside")


def test_it_starts_with_success_and_a_control_for_each_axis_that_the_ladder_reads() -> None:
    explorer = nvmx.lab.explorer()
    assert list(explorer.controls) == ["cr0_pe", "cr4_vmxe", "efer_lma", "rflags_vm", "cs_l", "cpl", "vmx"]
    assert explorer.verdict.outcome == "success"
    assert "success" in explorer.page.value
    check(explorer, {})


def test_every_combination_of_the_controls() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    seen = set()
    for combination in product(*map(values, explorer.controls.values())):
        state = dict(zip(explorer.controls, combination, strict=True))
        for keyword, value in state.items():
            explorer.controls[keyword].value = value
        check(explorer, state)
        seen.add(explorer.verdict.outcome)
    assert seen == {"success", "#UD", "#GP(0)"}


@pytest.mark.parametrize("source", ["intel", "kvm-2011"])
@pytest.mark.parametrize("instruction", ["VMXON", "VMXOFF"])
def test_every_value_of_every_control_and_every_mode(instruction: str, source: str) -> None:
    explorer = nvmx.lab.explorer(instruction, source)
    assert explorer.verdict.outcome == "success"
    ready = {keyword: control.value for keyword, control in explorer.controls.items()}
    for keyword, control in explorer.controls.items():
        for value in values(control):
            control.value = value
            check(explorer, ready | {keyword: value})
        control.value = ready[keyword]
    check(explorer, ready)
    for mode, bits in MODES.items():
        explorer.reset.click()
        explorer.mode.value = mode
        chosen = {BY_NAME[name].keyword: value for name, value in bits.items()}
        check(explorer, ready | {keyword: value for keyword, value in chosen.items() if keyword in ready})
        assert explorer.verdict.possible or instruction == "VMXOFF"
    explorer.reset.click()
    check(explorer, ready)


def test_the_buttons_repair_go_to_a_possible_state_and_start_again() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    ready = explorer.state
    explorer.controls["cr4_vmxe"].value = False
    explorer.controls["cpl"].value = 3
    explorer.repair.click()
    assert explorer.state == ready
    explorer.controls["cr0_pe"].value = False
    assert not explorer.verdict.possible
    explorer.possible.click()
    assert explorer.verdict.possible
    assert explorer.state["cr0_pe"] == 0  # what was changed last is kept
    assert explorer.mode.value == "real-address"
    explorer.reset.click()
    assert explorer.state == ready


def test_another_source_and_another_instruction_take_the_state_along() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.controls["cpl"].value = 3
    explorer.source.value = "intel"
    assert explorer.state["cpl"] == 3
    assert len(explorer.controls) == len(nvmx.ladder("VMXON", "intel").axes)
    check(explorer, {"cpl": 3})
    explorer.instruction.value = "VMXOFF"
    assert (explorer.state["vmx"], explorer.state["cpl"]) == ("root", 3)
    check(explorer, {"cpl": 3})


def words(page: str) -> str:
    return re.sub(r"<[^>]*>", "", page)


def test_the_page_says_what_caused_the_ending_and_what_else_would_fail() -> None:
    page = words(verdict_page(nvmx.verdict("VMXON", "intel", cr0_ne=0, fc_lock=0, ptr_aligned=0)))
    assert page.startswith(
        "#GP(0), because CR0.NE = 0; check 12 asks for CR0.NE set (CR0.NE is fixed to 1 in VMX operation)."
    )
    assert "Would also fail: check 15, because FEATURE_CONTROL.lock = 0; check 21, because pointer.aligned = 0." in page
    success = words(verdict_page(nvmx.verdict("VMXON", "intel")))
    assert success.startswith("success: the instruction does its work; no check stands in the way.")
    assert "ecause" not in success.replace("otherwisebecause", "")  # the table's head
    again = words(verdict_page(nvmx.verdict("VMXON", "intel", vmx="root", current_vmcs=1)))
    assert again.startswith("VMfailValid (error 15), because VMX = root and current_VMCS = 1; check ")


def test_the_comparison_says_what_caused_the_other_ending() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.compare.value = "kvm-2013"
    explorer.controls["vmx"].value = "root"
    assert "Different in kvm-2013: VMfailInvalid, because VMX = root and current_VMCS = 0; check " in words(
        explorer.page.value
    )


def test_the_nearest_possible_state_is_one_that_both_sources_know() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    explorer.compare.value = "kvm-2011"  # which says nothing about non-root operation
    explorer.controls["vmx"].value = "root"
    explorer.controls["current_vmcs"].value = True
    explorer.mode.value = "real-address"
    assert not explorer.verdict.possible
    assert explorer.verdict.nearest["vmx"] == "non-root"
    page, before = explorer.page.value, explorer.verdict.state.columns
    explorer.possible.click()
    assert explorer.verdict.possible
    assert escape(f"Nearest possible state: {changes_text(before, explorer.verdict.state.columns)}.") in page
    assert explorer.possible.disabled


@pytest.mark.parametrize("first", ["CS.L", "RFLAGS.VM", "CPL"])
def test_a_button_of_a_short_explorer_does_what_it_says_or_is_disabled(first: str) -> None:
    clicks = 0
    for second in BY_NAME.keys() - {first}:
        explorer = nvmx.lab.explorer("VMXON", "intel", axes=[first, second])
        for combination in product(*map(values, explorer.controls.values())):
            for button in (explorer.repair, explorer.possible):
                explorer.reset.click()
                for control, value in zip(explorer.controls.values(), combination, strict=True):
                    control.value = value
                if not button.disabled:
                    button.click()
                    assert explorer.verdict.possible
                    assert button is explorer.possible or explorer.verdict.outcome == "success"
                    clicks += 1
        explorer.close()
    assert clicks


def test_a_button_that_would_need_other_controls_is_disabled() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel", axes=["CS.L"])
    explorer.controls["cs_l"].value = False
    assert explorer.verdict.outcome == "#UD"
    assert explorer.repair.disabled
    explorer = nvmx.lab.explorer("VMXON", "intel", axes=["rflags_vm"])
    explorer.controls["rflags_vm"].value = True
    assert not explorer.verdict.possible
    assert explorer.possible.disabled


def test_only_sources_that_know_the_instruction_are_offered(vmxon_only: str) -> None:
    explorer = nvmx.lab.explorer("VMXON", vmxon_only)
    explorer.compare.value = vmxon_only
    explorer.instruction.value = "VMXOFF"
    assert vmxon_only not in explorer.source.options
    assert (explorer.source.value, explorer.compare.value) == ("intel", "nothing")
    assert explorer.ladder is nvmx.ladder("VMXOFF", "intel")
    explorer.instruction.value = "VMXON"
    assert vmxon_only in explorer.source.options


def test_two_sources_are_compared_on_the_same_state() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.compare.value = "intel"
    assert "The same in intel" in explorer.page.value
    explorer.controls["vmx"].value = "root"
    assert "Different</b> in intel" in explorer.page.value
    assert "VMfailInvalid" in explorer.page.value
    assert "non-root" not in explorer.controls["vmx"].options  # kvm-2011 knows none
    explorer.compare.value = "nothing"
    assert "in intel" not in explorer.page.value


def test_a_brief_explorer_has_only_the_controls_asked_for_and_says_what_they_are() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel", axes=["CR4.VMXE", "cpl"])
    assert list(explorer.controls) == ["cr4_vmxe", "cpl"]
    explorer.controls["cr4_vmxe"].value = False
    axes = [BY_NAME[name] for name in ("CR4.VMXE", "CPL")]
    assert explorer.page.value == short_page(explorer.verdict, axes)
    assert "#UD" in explorer.page.value
    for axis in axes:
        assert axis.where in explorer.page.value
        assert axis.set_by in explorer.page.value
    with pytest.raises(ValueError, match="CR4"):
        nvmx.lab.explorer("VMXON", "intel", axes=["CR4.VMX"])


def test_a_ladder_of_ones_own_can_be_explored() -> None:
    mine = nvmx.Ladder("VMXON", "mine", nvmx.ladder("VMXON", "intel").rungs[:-1], nvmx.Effect(vmx="root"))
    explorer = nvmx.lab.explorer("VMXON", mine)
    explorer.compare.value = "intel"
    explorer.controls["rev_bit31"].value = True
    assert explorer.verdict.outcome == "success"
    assert "Different</b> in intel" in explorer.page.value
    explorer.source.value = "intel"
    assert explorer.verdict.outcome == "VMfailInvalid"
    explorer.source.value = "mine"
    assert explorer.verdict.outcome == "success"


def test_a_ladder_of_ones_own_is_not_taken_for_the_source_of_its_name() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mine = nvmx.Ladder("VMXON", "intel", intel.rungs[:-1], intel.effect)
    explorer = nvmx.lab.explorer("VMXON", mine)
    assert explorer.source.options[0] == explorer.source.value == "intel (own)"
    explorer.compare.value = "intel"
    explorer.controls["rev_bit31"].value = True
    assert explorer.verdict.outcome == "success"
    assert "Different</b> in intel" in explorer.page.value
    explorer.source.value = "intel"
    assert explorer.verdict.outcome == "VMfailInvalid"
    assert nvmx.lab.explorer("VMXON", intel).source.value == "intel"


def test_set_takes_either_name_and_sets_all_or_nothing() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.set({"CPL": 3, "cr4_vmxe": False, "A20M": 1})  # kvm-2011 does not read A20M
    check(explorer, {"cpl": 3, "cr4_vmxe": 0})
    before = explorer.state
    for wrong in ({"cpl": 0, "vmx": "non-root"}, {"cpl": 0, "cpll": 1}, {"cpl": 0, "CR4.VMXE": 2}, {"cpl": None}):
        with pytest.raises(nvmx.NvmxError):
            explorer.set(wrong)
        assert explorer.state == before
    short = nvmx.lab.explorer("VMXON", "kvm-2011", axes=["CPL"])
    short.set({"cpl": 3, "cr4_vmxe": 1})  # as it is
    with pytest.raises(nvmx.NvmxError, match=r"control: 'cr4_vmxe' is not allowed \(allowed: 'cpl'\)"):
        short.set({"cpl": 0, "cr4_vmxe": 0})
    assert short.state == {"cpl": 3}


@pytest.mark.parametrize("name", ["cpl", "vmx", "source", "compare", "instruction", "mode"])
def test_a_choice_cannot_be_taken_away(name: str) -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    control = explorer.controls[name] if name in explorer.controls else getattr(explorer, name)
    before = control.value
    with pytest.raises(nvmx.NvmxError, match="None is not allowed"):
        control.value = None
    assert control.value == before
    check(explorer, {})


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "ids: name at least one source"),
        ("intel", "ids: 'intel' is not a list of sources"),
        (5, "ids: 5 is not a list of sources"),
        (["kvm-2011", "kvm-2011"], "ids: kvm-2011 is named twice"),
        ([nvmx.ladder("VMXON", "intel")], "is not the id of a source"),
        (["kvm-2012"], "source: 'kvm-2012' is not allowed"),
    ],
)
@pytest.mark.parametrize("history", [nvmx.lab.history, nvmx.plots.history])
def test_a_history_of_no_sources_is_refused(history: Any, ids: Any, message: str) -> None:
    with pytest.raises(nvmx.NvmxError, match=message):
        history("VMXON", ids=ids)


def test_a_history_takes_any_iterable() -> None:
    names = ["kvm-2013", "intel"]
    assert list(nvmx.lab.history("VMXON", ids=iter(names)).slider.options) == names
    assert nvmx.plots.history("VMXON", ids=iter(names)).sentence == nvmx.plots.history("VMXON", ids=names).sentence


def open_widgets() -> int:
    return len(ipywidgets.widgets.widget._instances)


@pytest.mark.parametrize(
    "make",
    [
        nvmx.lab.explorer,
        lambda: nvmx.lab.explorer("VMXON", "intel", axes=["CPL", "CS.L"]),
        lambda: nvmx.lab.predict("VMXON", "intel", cpl=3),
        nvmx.lab.history,
    ],
)
def test_close_closes_everything(make: Any) -> None:
    before = open_widgets()
    shown = make()
    assert open_widgets() > before
    shown.close()
    shown.close()
    assert open_widgets() == before


def test_widgets_that_are_replaced_are_closed() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    before = open_widgets()
    for _ in range(3):
        explorer.source.value = "intel"
        explorer.instruction.value = "VMXOFF"
        explorer.source.value = "kvm-2011"
        explorer.instruction.value = "VMXON"
        assert open_widgets() == before
    check(explorer, {})
    explorer.close()


def test_the_small_map_shows_the_tables_cells_and_marks_the_state() -> None:
    verdict = nvmx.verdict("VMXON", "kvm-2011", cpl=3)
    page = verdict_page(verdict)
    table = nvmx.table("VMXON", "kvm-2011")
    counts = table.loc[table["possible"], "outcome"].value_counts()
    for look in TABLE:
        drawn = len(re.findall(f"fill='{look.colour}' stroke='#000'", page))
        assert drawn == counts[look.name]
    assert "CPL 3" in re.findall(r"aria-label='([^']*)'", page)[0]
    mark = r"<rect x='(\d+)' y='(\d+)' width='16' height='16' fill='none'"
    ((x, y),) = re.findall(mark, page)
    assert f"<rect x='{int(x) + 1}' y='{int(y) + 1}' width='14' height='14' fill='#E69F00'" in page


def test_a_notebook_shows_controls_and_readers_without_a_kernel_see_the_page() -> None:
    explorer = nvmx.lab.explorer()
    explorer.controls["cpl"].value = 3
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == explorer.page.value
    assert bundle["text/plain"] == repr(nvmx.verdict("VMXON", "kvm-2011", cpl=3))


def test_the_page_escapes_what_a_ladder_says() -> None:
    bad = nvmx.Rung("<i>", {"CPL": 3}, "#UD", "a & b", "handler", "me")
    mine = nvmx.Ladder("VMXON", "<mine>", (bad,), nvmx.Effect(vmx="root"))
    page = verdict_page(nvmx.verdict("VMXON", mine, cpl=3))
    assert "<i>" not in page
    assert "<mine>" not in page
    assert "a &amp; b" in page


def test_every_text_is_escaped_unless_it_is_markup() -> None:
    text = "<b>'\"&"
    escaped = "&lt;b&gt;&#x27;&quot;&amp;"
    assert join(text, Markup("<br/>"), 1) == f"{escaped}<br/>1"
    assert tag("p", text, tag("i", text), font_size=text) == f"<p font-size='{escaped}'>{escaped}<i>{escaped}</i></p>"
    assert f"{tag('p', text)}{text}" == tag("p", text) + text
    assert not isinstance(tag("p") + text, Markup)  # what is put together in another way is text again
    table = html_table(text, (text,), [(text, tag("b", text), 3)])
    assert table.count(escaped) == 4
    assert text not in table


def test_a_prediction_keeps_its_answer_until_a_choice_is_made() -> None:
    question = nvmx.lab.predict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    assert question.question == "VMXON by intel, ready except for CR4.VMXE = 0, CPL = 3: how does it end?"
    assert question.choice.value is None
    assert question.answer.value == ""
    for outcome in nvmx.OUTCOMES:
        question.choice.value = outcome
        assert question.answer.value.startswith(f"<p role='status'>{'Right' if outcome == '#UD' else 'Not so'}")
        assert "because CR4.VMXE = 0; check " in question.answer.value
    bundle = question._repr_mimebundle_()
    assert bundle["text/plain"] == question.question
    assert "<details>" in bundle["text/html"]
    with pytest.raises(TypeError, match="at least one axis"):
        nvmx.lab.predict("VMXON", "intel")


def test_the_explorer_and_a_prediction_run_where_numpy_does_not() -> None:
    code = """
import sys
sys.modules.update(dict.fromkeys(("numpy", "pandas", "matplotlib")))
import nvmx
explorer = nvmx.lab.explorer("VMXON", "intel")
explorer.set({"cpl": 3})
question = nvmx.lab.predict("VMXON", "intel", cpl=3)
question.choice.value = "#GP(0)"
print(explorer.verdict.outcome, question.answer.value[:23])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "#GP(0) <p role='status'>Right:\n"


def test_only_who_needs_ipywidgets_loads_it() -> None:
    code = """
import sys
sys.modules["ipywidgets"] = None
import nvmx
from nvmx.lab.page import verdict_page
print(dir(nvmx.lab), verdict_page(nvmx.verdict("VMXON", "intel"))[:2])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{sorted(nvmx.lab.__all__)} <p\n"


def test_a_prediction_of_what_a_processor_did() -> None:
    question = nvmx.lab.predict("VMXON", nvmx.bochs.recording(), cr0_pg=0, efer_lma=0, cs_l=0)
    assert question.question.startswith("VMXON by Bochs 2.7, ready except for CR0.PG = 0")
    question.choice.value = "success"
    assert question.answer.value.startswith("<p role='status'>Right")
    assert "VMX root, no current VMCS" in question.answer.value
    with pytest.raises(TypeError, match="5 is neither a source's id nor"):
        nvmx.lab.predict("VMXON", 5, cpl=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="this state was not executed"):
        nvmx.lab.predict("VMXON", nvmx.bochs.recording(), smx=1)


def test_a_mode_is_known_by_its_bits() -> None:
    for name, bits in MODES.items():
        assert mode_of({**nvmx.verdict("VMXON", "intel").state.columns, **bits}) == name
        assert nvmx.verdict("VMXON", "intel", **bits).possible
    assert mode_of(nvmx.verdict("VMXON", "intel", cr0_pe=0).state.columns) is None
