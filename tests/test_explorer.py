"""Python sees and sets everything that the explorer holds, hears what the page says, and stands in where none runs."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from traitlets import TraitError

import nvmx
from nvmx.ladders import sources_of
from nvmx.model.axis import BY_NAME
from nvmx.model.html import Markup, html_table, join, tag
from nvmx.model.instruction import BY_INSTRUCTION, INSTRUCTIONS, READY
from nvmx.model.ladder import common_domains
from nvmx.model.modes import MODES, mode_of

LESSON = Path(__file__).parent.parent / "notebooks" / "01-what-does-vmxon-ask-for.ipynb"


def check(explorer: nvmx.lab.Explorer, **axes: Any) -> None:
    """The verdict is the one that is given without the explorer, and what the page is told says the same."""
    expected = nvmx.verdict(explorer.instruction, explorer.ladder, **axes)
    assert (explorer.verdict.outcome, explorer.verdict.rung) == (expected.outcome, expected.rung)
    assert explorer.verdict.state == explorer.state == expected.state
    assert repr(explorer) == repr(explorer.verdict) == repr(expected)
    names = BY_INSTRUCTION[explorer.instruction].axes
    assert explorer._question == {
        "instruction": explorer.instruction,
        "source": explorer.source,
        "compare": explorer.compare,
        "state": {name: explorer.state[name] for name in names},
    }


def tell(explorer: nvmx.lab.Explorer, touched: list[str] | None = None, /, **question: Any) -> None:
    """Send what the page sends when someone has clicked."""
    state = {"_touched": touched or [], "_question": json.loads(json.dumps({**explorer._question, **question}))}
    data = {"method": "update", "state": state, "buffer_paths": []}
    explorer._handle_msg({"content": {"data": data}, "buffers": []})


def test_it_starts_ready() -> None:
    explorer = nvmx.lab.explorer()
    assert (explorer.instruction, explorer.source, explorer.compare) == ("VMXON", "kvm-2011", None)
    assert explorer.ladder is nvmx.ladder("VMXON", "kvm-2011")
    assert explorer.sources == sources_of("VMXON")
    assert isinstance(explorer, ipywidgets.DOMWidget)
    check(explorer)


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_every_value_of_every_axis_from_python_and_from_the_page(instruction: str, brief: bool) -> None:
    for source in sources_of(instruction):
        ladder = nvmx.ladder(instruction, source)
        names = [name for name in ladder.reads if name in BY_INSTRUCTION[instruction].axes]
        explorer = nvmx.lab.explorer(instruction, source, axes=names if brief else None)
        ready = explorer._question["state"]
        for name, values in common_domains([ladder], names).items():
            for value in values:
                keyword = BY_NAME[name].keyword
                explorer.set({keyword: value})
                check(explorer, **{keyword: value})
                tell(explorer, state={**ready, name: value})
                assert explorer.state[keyword] == value
                expected = nvmx.verdict(instruction, source, **{**ready, name: value})
                assert (explorer.verdict.rung, explorer.verdict.possible) == (expected.rung, expected.possible)
                explorer.state = {}
                check(explorer)
                assert explorer._question["state"] == ready
        explorer.close()


def test_every_mode() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    for mode, bits in MODES.items():
        explorer.state = bits
        check(explorer, **{BY_NAME[name].keyword: value for name, value in bits.items()})
        assert explorer.verdict.state.mode == mode
        assert explorer.verdict.possible


def test_the_state_can_be_set_as_a_whole_or_in_part() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.set({"CPL": 3}, cr4_vmxe=False, A20M=1)
    check(explorer, cpl=3, cr4_vmxe=0, a20m=1)
    explorer.state = {"cpl": 1}
    check(explorer, cpl=1)
    explorer.state = nvmx.verdict("VMXON", "kvm-2011", vmx="root").state
    check(explorer, vmx="root")
    explorer.state = {}
    check(explorer)


def test_what_nobody_set_makes_the_state_possible() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")  # it reads no CR0.PG
    explorer.state = MODES["real-address"]
    assert (explorer.state["cr0_pg"], explorer.verdict.possible) == (0, True)
    explorer.source = "intel"
    assert (explorer.state["cr0_pg"], explorer.verdict.possible) == (0, True)
    explorer.source = "kvm-2011"
    explorer.state = {}
    assert explorer.state["cr0_pg"] == 1


WRONG: list[dict[str, Any]] = [
    {"cpl": 0, "vmx": "non-root"},
    {"cpl": 0, "cpll": 1},
    {"cpl": 0, "CR4.VMXE": 2},
    {"cpl": None},
    {"cpl": 0, "CPL": 0},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_set_changes_nothing(wrong: dict[str, Any]) -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    explorer.set(cpl=3)
    with pytest.raises(nvmx.NvmxError):
        explorer.set(wrong)
    check(explorer, cpl=3)
    with pytest.raises(nvmx.NvmxError):
        explorer.state = wrong
    check(explorer, cpl=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instruction", "VMLAUNCH"),
        ("instruction", None),
        ("source", "kvm"),
        ("source", None),
        ("source", 5),
        ("source", nvmx.ladder("VMXOFF", "intel")),
        ("compare", "kvm"),
        ("compare", 5),
        ("state", None),
        ("state", 5),
        ("verdict", nvmx.verdict("VMXON", "intel")),
    ],
)
def test_a_wrong_value_of_a_trait_is_refused(name: str, value: Any) -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel", compare="kvm-2011")
    explorer.set(cpl=3)
    with pytest.raises(TraitError if name == "verdict" else nvmx.NvmxError):
        setattr(explorer, name, value)
    assert (explorer.source, explorer.compare) == ("intel", "kvm-2011")
    check(explorer, cpl=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"instruction": "VMLAUNCH"}, "instruction: 'VMLAUNCH' is not allowed"),
        ({"source": "kvm"}, "'kvm' is not allowed"),
        ({"compare": "kvm"}, "'kvm' is not allowed"),
        ({"axes": ["CR4.VMX"]}, "axis: 'CR4.VMX' is not allowed; did you mean 'CR4.VMXE'"),
        ({"axes": "CPL"}, "axes: 'CPL' is not a list"),
        ({"axes": ["cpl", "CPL"]}, "CPL is named twice"),
        ({"instruction": "VMXOFF", "axes": ["operand"]}, "axis of VMXOFF: 'operand' is not allowed"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: dict[str, Any], message: str) -> None:
    before = open_widgets()
    with pytest.raises(nvmx.NvmxError, match=re.escape(message)):
        nvmx.lab.explorer(**arguments)
    assert open_widgets() == before


def test_another_source_and_another_instruction_take_the_state_along() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel", compare="xen")
    explorer.set(cpl=3, a20m=1)
    explorer.instruction = "VMXOFF"
    assert (explorer.source, explorer.compare) == ("intel", "xen")
    assert (explorer.state["vmx"], explorer.state["cpl"], explorer.state["a20m"]) == ("root", 3, 1)  # VMX must be on
    explorer.instruction = "VMXON"
    check(explorer, cpl=3, a20m=1)
    explorer.set(vmx="non-root", current_vmcs=1, a20m=0)
    explorer.source = "kvm-2011"  # which says nothing about non-root operation
    assert (explorer.state["vmx"], explorer.verdict.possible) == ("root", True)


def test_a_source_that_does_not_know_the_instruction_gives_way(vmxon_only: str) -> None:
    explorer = nvmx.lab.explorer("VMXON", vmxon_only, compare=vmxon_only)
    assert vmxon_only in explorer.sources
    explorer.instruction = "VMXOFF"
    assert vmxon_only not in explorer.sources
    assert (explorer.source, explorer.compare) == ("intel", None)
    assert explorer.ladder is nvmx.ladder("VMXOFF", "intel")
    with pytest.raises(nvmx.NvmxError):
        explorer.source = vmxon_only


def test_two_sources_are_compared_on_the_same_state() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011", compare="intel")
    explorer.set(a20m=1)  # intel reads it
    assert explorer.compared is not None
    assert (explorer.verdict.outcome, explorer.compared.outcome) == ("success", "#GP(0)")
    with pytest.raises(nvmx.NvmxError, match="'non-root' is not allowed"):  # kvm-2011 knows none
        explorer.set(vmx="non-root")
    explorer.compare = None
    assert explorer.compared is None
    check(explorer, a20m=1)
    explorer.set(vmx="root")  # now nobody reads A20M, which cannot be 1 in VMX operation
    check(explorer, vmx="root")


def test_the_closest_possible_state_keeps_what_was_changed_last() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    explorer.set(rflags_vm=1)
    explorer.set(efer_lma=1, cs_l=1)
    explorer.set(cr0_pe=0)
    assert explorer.verdict.nearest["cr0_pe"] == 0
    explorer.state = {"cr0_pe": 0}
    explorer.set(efer_lma=0)
    explorer.set(efer_lma=1)
    assert explorer.verdict.nearest["efer_lma"] == 1
    # The page says what was changed: it may have sent two clicks at once, or gone back.
    for name in ("CR0.PG", "CR0.PE"):
        tell(explorer, state=READY["VMXON"])
        tell(explorer, [name], state={**READY["VMXON"], "CR0.PE": 0})
        assert explorer.verdict.nearest[name] == explorer.state[name]


def test_a_brief_explorer_sets_only_what_it_shows() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011", axes=["CPL"])
    explorer.set(cpl=3, cr4_vmxe=1)  # as it is
    with pytest.raises(nvmx.NvmxError, match=r"control: 'cr4_vmxe' is not allowed \(allowed: 'cpl'\)"):
        explorer.set(cpl=0, cr4_vmxe=0)
    check(explorer, cpl=3)
    explorer.source = "intel"
    check(explorer, cpl=3)
    with pytest.raises(nvmx.NvmxError, match="axis of VMXOFF"):
        nvmx.lab.explorer("VMXON", "intel", axes=["operand"]).instruction = "VMXOFF"


def test_the_page_gets_the_ladders_that_it_can_show() -> None:
    def sent(explorer: nvmx.lab.Explorer) -> list[tuple[str, str]]:
        return [(each["instruction"], each["source"]) for each in explorer._rows["ladders"]]

    brief = nvmx.lab.explorer("VMXON", "intel", axes=["CPL"])
    assert sent(brief) == [("VMXON", "intel")]
    assert len(json.dumps(brief._rows)) < 25_000
    rows = brief._rows
    brief.set(cpl=3)
    assert brief._rows is rows
    brief.compare = "xen"
    assert sent(brief) == [("VMXON", "intel"), ("VMXON", "xen")]
    brief.instruction = "VMXOFF"
    assert sent(brief) == [("VMXOFF", "intel"), ("VMXOFF", "xen")]
    full = nvmx.lab.explorer("VMXON", "intel")
    assert full._rows == nvmx.web.rows()
    assert len(json.dumps(full._rows)) < 75_000


def test_a_ladder_of_ones_own_can_be_explored() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mine = nvmx.Ladder("VMXON", "mine", intel.rungs[:-1], intel.effect)
    explorer = nvmx.lab.explorer("VMXON", mine, compare="intel")
    explorer.set(rev_bit31=1)
    assert explorer.compared is not None
    assert (explorer.verdict.outcome, explorer.compared.outcome) == ("success", "VMfailInvalid")
    assert explorer._rows == nvmx.web.rows(mine)
    assert explorer.sources[0] == "mine"
    explorer.source = "intel"
    check(explorer, rev_bit31=1)
    explorer.source = "mine"
    check(explorer, rev_bit31=1)
    explorer.instruction = "VMXOFF"
    assert explorer.source == "intel"


@pytest.mark.parametrize("axes", [None, ["rev_bit31"]])
def test_a_ladder_of_ones_own_is_not_taken_for_the_source_of_its_name(axes: Any) -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mine = nvmx.Ladder("VMXON", "intel", intel.rungs[:-1], intel.effect)
    explorer = nvmx.lab.explorer("VMXON", mine, axes, compare="intel")
    assert explorer.source == "intel (own)"
    explorer.set(rev_bit31=1)
    assert explorer.compared is not None
    assert (explorer.verdict.outcome, explorer.compared.outcome) == ("success", "VMfailInvalid")
    explorer.compare = nvmx.Ladder("VMXON", "intel", intel.rungs[:-2], intel.effect)
    assert explorer.compared.ladder.rungs == intel.rungs[:-2]
    assert f"{explorer.compare}" == "intel (own) (own)"
    assert {"intel (own)", "intel (own) (own)"} <= {each["source"] for each in explorer._rows["ladders"]}
    for ladder, name in ((intel, "intel"), (mine, "intel (own)")):
        explorer.source = ladder
        assert f"{explorer.source}" == name
    assert nvmx.lab.explorer("VMXON", intel).source == "intel"


def test_a_ladder_that_is_wrong_on_purpose_can_be_explored() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mutant = nvmx.Ladder("VMXON", "intel", [intel.rungs[0], *intel.rungs], intel.effect, checked=False)
    explorer = nvmx.lab.explorer("VMXON", mutant)
    explorer.set(cpl=3)
    assert explorer.ladder is mutant
    check(explorer, cpl=3)


def test_traits_are_observed_and_linked_with_ordinary_widgets() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")
    box = ipywidgets.Checkbox(value=True)
    box.observe(lambda change: explorer.set(cr4_vmxe=change["new"]), "value")
    label, choice = ipywidgets.Label(), ipywidgets.Dropdown(options=sources_of("VMXON"))
    ipywidgets.dlink((explorer, "verdict"), (label, "value"), lambda verdict: verdict.outcome)
    ipywidgets.link((explorer, "source"), (choice, "value"))
    heard: list[Any] = []

    def hear(change: Any) -> None:
        heard.append((change["name"], explorer.state["cr4_vmxe"], explorer.verdict.outcome))

    explorer.observe(hear, ["state", "verdict", "source"])
    box.value = False
    assert label.value == "#UD"
    choice.value = "xen"
    assert explorer.source == "xen"
    tell(explorer, source="intel", state=READY["VMXON"])
    assert (label.value, choice.value) == ("success", "intel")
    # Whoever hears of a change sees all of it.
    assert set(heard[:2]) == {("state", 0, "#UD"), ("verdict", 0, "#UD")}
    assert set(heard[-3:]) == {(name, 1, "success") for name in ("state", "verdict", "source")}


def test_what_is_heard_may_set_more() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel")

    def lock(change: Any) -> None:
        if change["new"]["fc_vmx"] == 0:
            explorer.set(fc_lock=0)

    explorer.observe(lock, "state")
    tell(explorer, state={**explorer._question["state"], "FEATURE_CONTROL.vmx": 0})
    check(explorer, fc_vmx=0, fc_lock=0)


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


def test_no_change_makes_or_leaves_a_widget() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011")
    before = open_widgets()
    for source, instruction in (("intel", "VMXOFF"), ("kvm-2011", "VMXON")):
        explorer.source, explorer.instruction = source, instruction
        assert open_widgets() == before
    check(explorer)


def data_of(html: str) -> dict[str, Any]:
    (found,) = re.findall(r"<div data-nvmx='([^']*)'>", html)
    data: dict[str, Any] = json.loads(unescape(found))
    return data


def test_readers_without_a_kernel_see_the_checks() -> None:
    explorer = nvmx.lab.explorer("VMXON", "kvm-2011", compare="intel")
    explorer.set(cpl=3)
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == repr(nvmx.verdict("VMXON", "kvm-2011", cpl=3))
    html = bundle["text/html"]
    assert data_of(html) == {"instruction": "VMXON", "source": "kvm-2011", "compare": "intel", "state": {"CPL": 3}}
    assert nvmx.verdict("VMXON", "kvm-2011", cpl=3)._repr_html_() in html
    assert "Compared with VMXON, intel: #GP(0), because CPL = 3; check 8 asks for CPL 0." in html


def brief_cells() -> list[list[str]]:
    """The axes of each brief explorer in the first lesson."""
    cells = ["".join(cell["source"]) for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]]
    names: dict[str, Any] = {"nvmx": nvmx}
    shown: list[list[str]] = []
    for cell in cells:
        if "axes=" in cell and "lab.explorer" in cell:
            exec(cell.replace("nvmx.lab.explorer", "last = nvmx.lab.explorer"), names)  # noqa: S102 - our own notebook
            shown.append(list(names["last"]._axes))
    return shown


@pytest.mark.parametrize("axes", brief_cells(), ids=str)
def test_readers_without_a_kernel_see_how_each_value_ends(axes: list[str]) -> None:
    html = nvmx.lab.explorer("VMXON", "intel", axes=axes)._repr_mimebundle_()[0]["text/html"]
    assert data_of(html) == {"instruction": "VMXON", "source": "intel", "axes": axes, "state": {}}
    lines = [unescape(re.sub("<[^>]*>", "", each)) for each in re.findall("<li>(?:(?!<ul>|<li>).)*?</li>", html)]
    expected = [(name, value) for name in axes for value in BY_NAME[name].values]
    assert len(lines) == len(expected)
    for line, (name, value) in zip(lines, expected, strict=True):
        found = nvmx.verdict("VMXON", "intel", **{BY_NAME[name].keyword: value})
        if not found.possible:
            found = nvmx.verdict("VMXON", "intel", **found.nearest)
            assert line.startswith(f"{name} = {value}, with ")
        assert f": {found.ending}" in line
        assert found.cause in line
        assert line.endswith(" (as it is now)") is (value == READY["VMXON"][name])
        assert BY_NAME[name].meaning in unescape(html)


def test_readers_without_a_kernel_see_the_point_of_the_first_lesson() -> None:
    shown = [*brief_cells(), ["CR4.VMXE"], ["CPL"], ["VMX", "current_VMCS"]]
    page = "".join(nvmx.lab.explorer("VMXON", "intel", axes=axes).static()[1] for axes in shown)
    lines = {unescape(re.sub("<[^>]*>", "", each)) for each in re.findall("<li>(?:(?!<ul>|<li>).)*?</li>", page)}
    assert lines >= {
        "CS.L = 0: #UD, because EFER.LMA = 1 and CS.L = 0",
        "CR4.VMXE = 0: #UD, because CR4.VMXE = 0",
        "CPL = 3: #GP(0), because CPL = 3",
        "VMX = root: VMfailInvalid, because VMX = root and current_VMCS = 0",
        "VMX = non-root, with current_VMCS = 1: VM exit, because VMX = non-root",
        "current_VMCS = 1, with VMX = root: VMfailValid (error 15), because VMX = root and current_VMCS = 1",
        "CR0.NE = 0: #GP(0), because CR0.NE = 0",
        "FEATURE_CONTROL.lock = 0: #GP(0), because FEATURE_CONTROL.lock = 0",
        "operand = unmapped: #PF, because operand = unmapped",
        "revision.bit31 = 1: VMfailInvalid, because revision.bit31 = 1",
    }


def test_a_brief_page_says_how_it_is_now() -> None:
    explorer = nvmx.lab.explorer("VMXON", "intel", axes=["RFLAGS.VM", "CS.L"])
    explorer.set(rflags_vm=1)
    html = explorer.static()[1]
    assert "No processor can be in this state: " in html
    assert data_of(html)["state"] == {"RFLAGS.VM": 1}


def test_a_ladder_of_ones_own_goes_with_its_stand_in() -> None:
    mine = replace(nvmx.ladder("VMXON", "intel"), source="it's </div> <mine>")
    html = nvmx.lab.explorer("VMXON", mine, axes=["CPL"]).static()[1]
    assert data_of(html)["rows"] == json.loads(json.dumps(nvmx.web.rows(mine, others=False)))
    assert "<mine>" not in html
    assert "</div> " not in html


def test_what_a_ladder_says_is_escaped() -> None:
    bad = nvmx.Rung("<i>", {"CPL": 3}, "#UD", "a & b", "handler", "me")
    mine = nvmx.Ladder("VMXON", "<mine>", (bad,), nvmx.Effect(vmx="root"))
    for axes in (None, ["CPL"]):
        explorer = nvmx.lab.explorer("VMXON", mine, axes)
        explorer.set(cpl=3)
        html = explorer.static()[1]
        assert "&lt;i&gt;" in html
        assert "<i>" not in html
        assert "<mine>" not in html


def test_every_text_is_escaped_unless_it_is_markup() -> None:
    text = "<b>'\"&"
    escaped = "&lt;b&gt;&#x27;&quot;&amp;"
    assert join(text, Markup("<br/>"), 1) == f"{escaped}<br/>1"
    assert tag("p", text, tag("i", text), font_size=text) == f"<p font-size='{escaped}'>{escaped}<i>{escaped}</i></p>"
    assert f"{tag('p', text)}{text}" == tag("p", text) + text
    assert not isinstance(tag("p") + text, Markup)  # what is put together in another way is text again
    table = html_table(text, (text, "", ""), [(text, tag("b", text), 3)])
    assert table.count(escaped) == 4
    assert text not in table


def test_a_mode_is_known_by_its_bits() -> None:
    for name, bits in MODES.items():
        assert mode_of({**nvmx.verdict("VMXON", "intel").state.columns, **bits}) == name
        assert nvmx.verdict("VMXON", "intel", **bits).possible
    assert mode_of(nvmx.verdict("VMXON", "intel", cr0_pe=0).state.columns) is None


def test_the_explorer_and_a_prediction_run_where_numpy_does_not() -> None:
    code = """
import sys
sys.modules.update(dict.fromkeys(("numpy", "pandas", "matplotlib")))
import nvmx
explorer = nvmx.lab.explorer("VMXON", "intel")
explorer.set(cpl=3)
question = nvmx.lab.predict("VMXON", "intel", cpl=3)
question.choice = "#GP(0)"
print(explorer.verdict.outcome, question.answer[:12])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "#GP(0) <b>Right</b>\n"


def test_only_who_needs_ipywidgets_loads_it() -> None:
    code = """
import sys
sys.modules["ipywidgets"] = sys.modules["anywidget"] = None
import nvmx
from nvmx.lab.page import full_page
print(dir(nvmx.lab), full_page(nvmx.verdict("VMXON", "intel"))[:2])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{sorted(nvmx.lab.__all__)} <p\n"
