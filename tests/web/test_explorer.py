"""The explorer in Chromium: it shows what Python says, and everyone can use it.

Clicks are made in the page where there are many (`drive.js`), and by the browser's own mouse and keyboard elsewhere.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS
from sample import some

import nvmx
from nvmx.cli import main
from nvmx.ladders import all_sources
from nvmx.ladders import ladder as find_ladder
from nvmx.model.axis import AXES, BY_NAME, named_axes
from nvmx.model.instruction import BY_INSTRUCTION, READY
from nvmx.model.ladder import Ladder
from nvmx.model.modes import MODE_AXES, MODES
from nvmx.model.verdict import Verdict, decide

from .npm import installed

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")]

DRIVE = (Path(__file__).parent / "drive.js").read_text("utf-8")
OWN = replace(
    find_ladder("VMXON", "xen"),
    source="mine </script> & co.",
    rungs=[
        nvmx.Rung("no A20M", {"a20m": 1}, "#PF", "<b>because</b>", "handler", "mine.c"),
        *find_ladder("VMXON", "xen").rungs,
    ],
)
NAMES = ", ".join(re.findall(r"^export function (\w+)", DRIVE, re.MULTILINE))
LADDERS = [*(ladder for source in all_sources().values() for ladder in source.ladders), OWN]
WIDTHS = (360, 768, 1280, 1920)
# Any explorer, with what `drive.js` needs to see it.
HARNESS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>test</title>
<style>html {{ color-scheme: light dark }}</style></head>
<body><main><h1>test</h1><div id="explorer"></div></main>
<script type="module">
{module}
{drive}
const rows = {rows};
Object.assign(window, {{ rows, changes: [], {names},
  async show(options) {{
    const element = document.getElementById("explorer");
    window.shown = explorer(element, rows, {{ ...options, onChange: (question) => window.changes.push(question) }});
    window.root = element.shadowRoot;
    while (!options.axes && !root.querySelector(".side")) await new Promise(requestAnimationFrame);
  }},
  // A new element, so that nothing of the explorer before is left.
  renew() {{
    window.shown?.close();
    window.changes = [];
    const before = document.getElementById("explorer");
    before.replaceWith(before.cloneNode(false));
  }} }});
</script></body></html>
"""

Page = Any  # of playwright
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Watch:
    """What the pages have asked for, and what has gone wrong in them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []

    def new_page(self, context: Any) -> Page:
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        return page

    def check(self) -> None:
        """Nothing may be fetched, and nothing may go wrong."""
        wrong, asked, self.wrong, self.asked = self.wrong, self.asked, [], []
        assert wrong == []
        assert [url for url in asked if not url.startswith("file://")] == []


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Page]]:
    """Open a file."""
    watch = Watch()
    contexts = []

    def open_file(file: Path, fragment: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = watch.new_page(context)
        page.goto(file.as_uri() + fragment)
        return page

    yield open_file
    for context in contexts:
        context.close()
    watch.check()


@pytest.fixture(scope="module")
def harness(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Watch]]:
    """The page of all tests that `show` something: to open one for each would take most of the time."""
    file = tmp_path_factory.mktemp("harness") / "harness.html"
    rows = json.dumps(nvmx.web.rows(OWN)).replace("<", "\\u003c")
    file.write_text(HARNESS.format(module=nvmx.web.module(), drive=DRIVE, names=NAMES, rows=rows), "utf-8")
    context = browser.new_context()
    watch = Watch()
    page = watch.new_page(context)
    page.goto(file.as_uri())
    yield page, watch
    context.close()


@pytest.fixture
def show(harness: tuple[Page, Watch]) -> Iterator[Open]:
    """Show an explorer with these options, in a window like this."""
    page, watch = harness

    def show_explorer(given: dict[str, Any] | None = None, width: int = 1280, height: int = 720, **media: Any) -> Page:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **media})
        page.evaluate("async (given) => { renew(); await show(given); scrollTo(0, 0); }", given or {})
        return page

    yield show_explorer
    page.evaluate("new Promise((done) => setTimeout(done))")  # what has gone wrong is heard before the answer
    watch.check()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as the command writes it."""
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    assert main(["page", "-o", str(path)]) == 0
    return path


def answer(question: dict[str, Any], ladder: Ladder | None = None) -> Verdict:
    found = ladder or find_ladder(question["instruction"], question["source"])
    return decide(found, question["state"])


def expected(found: Verdict, *, repair: bool) -> dict[str, Any]:
    """What the page shows, except for the question."""
    cause = f"because {found.short_reason}" if found.rung else "no check stands in the way"
    shown: dict[str, Any] = {
        "ending": found.ending,
        "cause": cause if found.possible else f"{cause} (impossible state, see below)",
        "marks": [mark for _, mark in found.steps],
    }
    if repair:
        way = found.repair()
        done = found.outcome == "success" and found.possible
        shown["repair"] = "Nothing to repair." if done else f"Smallest repair: {way}"
        shown["repair"] = shown["repair"].replace("->", "→")
    return shown


def check(shown: dict[str, Any], ladder: Ladder | None = None, *, repair: bool = False) -> None:
    found = answer(shown["question"], ladder)
    want = expected(found, repair=repair)
    assert {key: shown[key] for key in want} == want, shown["question"]
    assert shown["objection"].lower().startswith(found.objection.lower())
    assert bool(shown["objection"]) == bool(found.objection)
    assert list(shown["question"]["state"]) == list(BY_INSTRUCTION[found.ladder.instruction].axes)


# --- it says what Python says ----------------------------------------------------------------------------------------


def test_every_control_through_every_value_for_every_source(show: Open) -> None:
    page = show()
    for ladder in LADDERS:
        question = {"instruction": ladder.instruction, "source": ladder.source}
        seen = page.evaluate(
            "(question) => { show(question); return setAll(root, shown, question.source === 'intel'); }", question
        )
        values = {(name, value) for each in seen for name, value in each["question"]["state"].items()}
        for axis in AXES:
            if axis.name in BY_INSTRUCTION[ladder.instruction].axes:
                domain = ladder.narrow.get(axis.name, axis.values)
                assert {value for name, value in values if name == axis.name} == set(domain), (question, axis.name)
        for n, each in enumerate(seen):
            check(each, ladder, repair=n % 20 == 0)


@pytest.mark.parametrize("axes", [None, ["cpl", "vmx", "cr0_ne"]])
def test_random_steps(show: Open, axes: list[str] | None, scale: int) -> None:
    page = show({"axes": axes})
    seen = page.evaluate("(steps) => wander(root, shown, steps, 11)", (250 if axes is None else 100) * scale)
    assert len({json.dumps(each["question"]) for each in seen}) > (50 if axes is None else 10)
    for n, each in enumerate(seen):
        if each["repair"].startswith("Smallest change") or each["repair"].startswith("No possible"):
            each["repair"] = ""  # another outcome is the aim
            check(each)
        else:
            check(each, repair=n % 10 == 0)


def test_each_cell_of_the_map_ends_as_it_says(show: Open) -> None:
    page = show({"source": "intel", "compare": "kvm-2018-06", "state": {"a20m": 1}})
    cells = "(state) => pressEach(root, shown, '.map td button:not([hidden])', { state })"
    seen = [each for state in ({"a20m": 1}, {"cr0_ne": 0}) for each in page.evaluate(cells, state)]
    assert len(seen) == 2 * 55
    # Outside VMX operation, the bits that are not on the map stay as they are.
    outside = [each["question"]["state"] for each in seen if ", VMX off, " in each["name"]]
    assert [(state["A20M"], state["CR0.NE"]) for state in outside] == [(1, 1)] * 28 + [(0, 0)] * 28
    for each in seen:
        check(each)
        label, current = each["name"], each["current"]
        mode, _, rest = label.removeprefix(f"{label[0]} ≠, ").partition(", CR4")
        words, _, ends = rest.partition(": ")
        state = decide(find_ladder("VMXON", "intel"), each["question"]["state"]).state
        assert (state.mode, current) == (mode, "true")
        assert words == f".VMXE {state['CR4.VMXE']}, VMX {state['VMX']}, CPL {state['CPL']}"
        other = answer(each["question"] | {"source": "kvm-2018-06"})
        assert ends == each["ending"] + ("" if other.ending == each["ending"] else f", kvm-2018-06: {other.ending}")
        assert not each["objection"]


def test_presets_lead_to_possible_states(show: Open) -> None:
    page = show()
    for instruction in BY_INSTRUCTION:
        page.evaluate("(instruction) => show({ instruction })", instruction)
        seen = page.evaluate("pressEach(root, shown, '.presets button:not([hidden]), .presets input')")
        ends = {}
        for each in seen:
            check(each)
            assert not each["objection"]
            ends[each["name"]] = each["ending"]
        if instruction == "VMXON":
            assert {"compatibility": "#UD", "user code": "#GP(0)", "inside a guest": "VM exit"}.items() <= ends.items()


def test_vmx_operation_brings_what_must_come_with_it(show: Open) -> None:
    page = show({"state": {"cr4_vmxe": 0, "cr0_ne": 0, "a20m": 1, "fc_lock": 0}})
    page.get_by_role("radio", name="non-root").first.check(force=True)
    page.get_by_text("Changed with it: CR0.NE 0 → 1, CR4.VMXE 0 → 1, current_VMCS 0 → 1").wait_for()
    shown = page.evaluate("look(root, shown)")
    check(shown)
    assert (shown["ending"], shown["objection"]) == (
        "#UD" if shown["question"]["state"]["CR4.VMXE"] == 0 else "VM exit",
        "",
    )


def test_an_impossible_state_leads_to_the_nearest_possible_one(show: Open) -> None:
    page = show()
    page.get_by_role("checkbox", name="CR0.PE").first.click()
    assert "No processor can be in this state: long mode needs paging" in page.locator(".impossible").inner_text()
    page.get_by_role("button", name="Go there").click()
    shown = page.evaluate("look(root, shown)")
    check(shown)
    assert shown["objection"] == ""
    assert shown["question"]["state"]["CR0.PE"] == 0  # what was touched stays
    assert page.evaluate("root.activeElement.className") == "headline"  # the button that had the focus is gone


def test_repairs_step_by_step(show: Open) -> None:
    page = show()
    random = Random(3)  # noqa: S311 - the same states each time
    for _ in range(20):
        values = {axis.name: random.choice(axis.values) for axis in random.sample(AXES, 5)}
        steps = len(decide(find_ladder("VMXON", "intel"), {**READY["VMXON"], **values}).repair() or {})
        ends = page.evaluate(
            "([state, steps]) => { show({ state }); return [repair(root, steps), look(root, shown).ending]; }",
            [values, steps],
        )
        assert ends == [True, "success"], values


def test_every_outcome_can_be_the_aim(show: Open) -> None:
    page = show()
    ends = page.evaluate("reachAll(root)")
    for text, ending in ends:
        assert text.startswith("✓ ")
        assert ending.startswith(text[2:])
    assert len(ends) == 8
    assert "Outcomes reached: 8 of 8" in page.locator(".outcomes").inner_text()


def test_registers_are_typed_in_hexadecimal(show: Open) -> None:
    page = show()
    cr0 = page.get_by_role("textbox", name="CR0")
    assert cr0.input_value() == "0x80000031"
    cr0.fill("8005_0033")
    cr0.press("Tab")
    assert cr0.input_value() == "0x80050033"
    assert page.evaluate("look(root, shown).ending") == "success"
    page.get_by_role("textbox", name="IA32_FEATURE_CONTROL").fill("0x1")
    shown = page.evaluate("look(root, shown)")
    check(shown)
    assert shown["question"]["state"]["FEATURE_CONTROL.vmx"] == 0
    cr0.fill("0x80050013")
    assert answer(page.evaluate("shown.question")).state["CR0.NE"] == 0
    for name, argument in (("CR0", "cr0"), ("CR4", "cr4"), ("EFER", "efer"), ("RFLAGS", "rflags")):
        for value in (0, 2**64 - 1):
            page.get_by_role("textbox", name=name).fill(hex(value))
            bits = nvmx.state(**{argument: value})
            state = page.evaluate("shown.question.state")
            assert {keyword: state[named_axes([keyword])[0]] for keyword in bits} == bits
    page.get_by_role("textbox", name="CR4").fill("nonsense")
    page.get_by_text("is not a hexadecimal number").last.wait_for()
    page.evaluate("show({ source: 'khypervisor' })")
    page.get_by_role("textbox", name="EFER").fill("0")
    page.get_by_text("khypervisor says nothing about such a EFER").last.wait_for()
    assert page.evaluate("shown.question.state['EFER.LMA']") == 1


# --- comparing -------------------------------------------------------------------------------------------------------


def test_two_sources_side_by_side(show: Open) -> None:
    page = show()
    for name in ("kvm-2011", "kvm-2018-06", "xen", OWN.source):
        page.evaluate("(compare) => show({ source: 'intel', compare, state: { cpl: 3, a20m: 1 } })", name)
        rows = page.evaluate("table(root)")
        other = OWN if name == OWN.source else find_ladder("VMXON", name)
        verdicts = [
            decide(each, page.evaluate("shown.question.state")) for each in (find_ladder("VMXON", "intel"), other)
        ]
        for n, found in enumerate(verdicts):
            marks = {row["name"]: row["marks"][n] for row in rows if row["marks"][n] != "not checked"}
            assert marks == {rung.name: mark for rung, mark in found.steps}
        names = [row["name"] for row in rows if row["marks"][0] != "not checked"]
        assert names == [rung.name for rung in verdicts[0].ladder.rungs]
        first = [row["name"] for row in rows if row["first"]]
        assert len(first) <= 1
        assert first == ([] if verdicts[0].rung == verdicts[1].rung else first)
        if verdicts[0].ending != verdicts[1].ending:
            assert first
        endings = page.locator(".headline .badge").all_inner_texts()
        assert endings == [each.ending for each in verdicts]


# --- the question ----------------------------------------------------------------------------------------------------


def test_undo_and_redo(show: Open) -> None:
    page = show()
    first = page.evaluate("shown.question")
    page.evaluate(
        "for (const each of ['A20M', 'CR0.NE', 'CR0.PE']) root.querySelector(`[data-axis='${each}'] input`).click()"
    )
    furthest = page.evaluate("shown.question")
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    assert undo.get_attribute("aria-disabled") == "false"
    press = "(n) => { for (let times = 0; times < 9; times++) root.querySelectorAll('.ends button')[n].click(); }"
    page.evaluate(press, 0)
    assert (undo.get_attribute("aria-disabled"), redo.get_attribute("aria-disabled")) == ("true", "false")
    assert page.evaluate("shown.question") == first
    page.evaluate(press, 1)
    assert page.evaluate("shown.question") == furthest
    page.evaluate("show({})")
    box = page.get_by_role("checkbox", name="A20M")
    box.focus()
    box.press("Space")
    assert page.evaluate("shown.question.state.A20M") == 1
    box.press("Control+z")
    assert page.evaluate("shown.question.state.A20M") == 0
    box.press("Control+Shift+z")
    assert page.evaluate("shown.question.state.A20M") == 1


def test_the_owner_hears_of_changes_and_can_make_them(show: Open) -> None:
    page = show({"instruction": "VMXOFF", "source": "intel", "state": {"CPL": 3}})
    assert page.evaluate("shown.question.state.VMX") == "root"
    page.evaluate("shown.set({ state: { cpl: 0 } })")
    assert page.evaluate("[look(root, shown).ending, changes.length]") == ["success", 0]
    page.get_by_role("checkbox", name="EFER.LMA").click()
    assert page.evaluate("changes.at(-1).state['EFER.LMA']") == 0
    assert page.evaluate("changes.at(-1).state") == page.evaluate("shown.question.state")
    for wrong in ({"source": "none"}, {"state": {"cpl": 4}}, {"instruction": "ADD"}, {"compare": "none"}):
        message = page.evaluate(
            "(asked) => { try { shown.set(asked); } catch (error) { return error.message; } }", wrong
        )
        assert "is not allowed" in message
    page.evaluate("shown.close()")
    assert page.evaluate("root.childElementCount") == 0


def test_the_state_as_one_line(show: Open) -> None:
    page = show()
    line = page.get_by_role("textbox", name="This state as one line")
    line.fill("VMXOFF/xen?cpl=1&a20m=1")
    line.press("Enter")
    shown = page.evaluate("look(root, shown)")
    check(shown)
    assert (shown["question"]["source"], shown["question"]["state"]["CPL"]) == ("xen", 1)
    line.fill("VMXOFF/xen?cpl=7")
    line.press("Enter")
    page.get_by_text("value of CPL: 7 is not allowed (allowed: 0, 1, 2, 3)").last.wait_for()
    for each in page.evaluate("wander(root, shown, 30, 7)"):
        page.evaluate("(question) => shown.set(question)", each["question"])
        address = page.evaluate("root.querySelector('.address input').value")
        assert nvmx.verdict(address).state.columns.items() >= each["question"]["state"].items()


def test_the_address_holds_the_question(file: Path, visit: Callable[..., Page]) -> None:
    page = visit(file, "#VMXON/intel?cpl=3;compare=kvm-2018-06")
    badge = page.locator(".headline .badge")
    assert badge.all_inner_texts() == ["#GP(0)", "#UD"]
    page.get_by_role("combobox", name="compare with").select_option("")
    page.get_by_role("checkbox", name="CR4.VMXE").first.click()
    assert page.evaluate("location.hash") == "#VMXON/intel?cr4_vmxe=0&cpl=3"
    page.go_back()
    playwright.expect(badge.first).to_have_text("#GP(0)")
    page.go_forward()
    playwright.expect(badge.first).to_have_text("#UD")
    page.evaluate("location.hash = '#VMXON/none?cpl=3'")
    page.evaluate("location.hash = '#VMXOFF/intel'")
    playwright.expect(badge.first).to_have_text("success")
    assert page.get_by_role("radio", name="VMXOFF").is_checked()


def test_inside_another_page(file: Path, visit: Callable[..., Page]) -> None:
    outside = file.parent / "outside.html"
    outside.write_text(f'<iframe src="{file.as_uri()}#VMXON/intel?cpl=2" width="700" height="500"></iframe>')
    frame = visit(outside).frame_locator("iframe")
    playwright.expect(frame.locator(".headline .badge").first).to_have_text("#GP(0)")
    frame.get_by_role("button", name="Apply").click()
    playwright.expect(frame.locator(".headline .badge").first).to_have_text("success")


# --- files -----------------------------------------------------------------------------------------------------------


def test_one_small_file(file: Path, visit: Callable[..., Page], capsys: pytest.CaptureFixture[str]) -> None:
    assert file.stat().st_size < 150_000
    assert main(["page"]) == 0
    assert capsys.readouterr().out == file.read_text("utf-8")
    page = visit(file)
    assert "VMXON" in page.title()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main").count() == 1


def test_a_ladder_of_ones_own(visit: Callable[..., Page], tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text(nvmx.web.page(OWN), "utf-8")
    page = visit(tmp_path / "own.html")
    page.get_by_role("combobox", name="by").select_option(OWN.source)
    page.get_by_role("checkbox", name="A20M").first.click()
    assert page.locator(".headline .badge").first.inner_text() == "#PF"
    page.get_by_text("<b>because</b>").first.wait_for()
    page.reload()
    assert page.locator(".headline .badge").first.inner_text() == "#PF"


def test_stand_ins_are_made_live(visit: Callable[..., Page], tmp_path: Path) -> None:
    options: list[dict[str, Any]] = [
        {"instruction": "VMXON", "source": OWN.source, "axes": ["a20m"], "state": {"a20m": 1}},
        {"instruction": "VMXOFF", "source": "intel", "axes": ["cpl"]},
        {"instruction": "VMXON", "source": "not here"},
    ]
    stand_ins = "".join(f"<div data-nvmx='{json.dumps(each)}'><p>as it was</p></div>" for each in options)
    (tmp_path / "lesson.html").write_text(f"<main>{stand_ins}</main><script>{nvmx.web.enhance(OWN)}</script>", "utf-8")
    page = visit(tmp_path / "lesson.html")
    assert page.locator(".headline .badge >> visible=true").all_inner_texts() == ["#PF", "success"]
    page.get_by_role("radio", name="3").check(force=True)
    assert page.locator(".headline .badge >> visible=true").all_inner_texts() == ["#PF", "#GP(0)"]
    assert [page.get_by_text("as it was").nth(n).is_visible() for n in range(3)] == [False, False, True]


# --- everyone can use it ---------------------------------------------------------------------------------------------


def test_the_brief_form_has_only_its_controls(show: Open) -> None:
    page = show({"axes": ["cr0_ne", "vmx"], "state": {"cpl": 3}})
    axes = page.evaluate("[...new Set([...root.querySelectorAll('[data-axis]')].map((each) => each.dataset.axis))]")
    assert sorted(axes) == ["CR0.NE", "VMX"]
    names = page.locator(".checks tbody .asks >> visible=true").all_inner_texts()
    reading = [rung.name for rung in find_ladder("VMXON", "intel").rungs if {"CR0.NE", "VMX"} & rung.when.keys()]
    assert sorted(names) == sorted([*reading, "CPL 0"])  # and the one that decides
    assert page.get_by_role("combobox").count() == 0
    page.evaluate("show({ source: 'kvm-2011', axes: ['cr0_ne'] })")
    page.get_by_text("no check of kvm-2011 reads them").wait_for()
    assert BY_NAME["CR0.NE"].name in page.locator(".other").inner_text()


def test_the_brief_form_has_the_modes_if_it_has_their_axes(show: Open) -> None:
    axes = [*MODE_AXES, "VMX"]
    page = show({"axes": axes})
    assert page.evaluate("pressEach(root, shown, '.presets button, .presets select')") == []
    seen = page.evaluate("[...pressEach(root, shown, '.presets input'), ...wander(root, shown, 300, 5)]")
    assert [each["name"] for each in seen[:5]] == list(MODES)
    assert [each["ending"] for each in seen[:5]] == ["#UD", "#UD", "success", "#UD", "success"]
    assert [each["objection"] for each in seen[:5]] == [""] * 5
    panel = nvmx.lab.explorer("VMXON", "intel", axes=axes)
    for each in seen:
        check(each)
        panel._question = each["question"]  # Python takes what the page asks
        assert panel.verdict.ending == each["ending"]
    page.evaluate(f"show({{ axes: {axes[:-2]} }})")
    assert page.locator(".presets").count() == 0


def test_python_follows_the_brief_form_where_it_changes_what_has_no_control(show: Open) -> None:
    page = show({"axes": ["CS.L", "CR0.PE", "VMX"]})
    panel = nvmx.lab.explorer("VMXON", "intel", axes=["CS.L", "CR0.PE", "VMX"])
    seen = page.evaluate("wander(root, shown, 200, 3)")
    assert {each["question"]["state"]["current_VMCS"] for each in seen} == {0, 1}
    for each in seen:
        check(each)
        panel._question = each["question"]
        assert panel.verdict.ending == each["ending"]


def test_the_keyboard_alone(show: Open) -> None:
    page = show()
    page.evaluate("""() => {
        window.leaked = [];
        for (const type of ["keydown", "keypress", "keyup"]) {
          document.addEventListener(type, (event) => window.leaked.push(event.key));
        }
    }""")
    controls = page.evaluate("stops(root).length")
    page.evaluate("root.querySelector('.bar input:checked').focus()")
    walked = []
    for _ in range(controls):
        walked.append(page.evaluate("focused(root)"))
        page.keyboard.press("Tab")
    assert all(walked)
    assert len(walked) == controls
    assert page.evaluate("root.activeElement") is None  # the way leads out again
    assert {"CR0.NE", "CPL", "Start again", "LOCK", "other_fixed_bits", "dual_monitor"} <= set(walked)
    page.evaluate("leaked.length = 0; root.querySelector('[data-axis=\"CR0.NE\"] input').focus()")
    page.keyboard.press("Space")
    assert page.evaluate("look(root, shown).ending") == "#GP(0)"
    page.evaluate("root.querySelector('[data-axis=CPL] input').focus()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("shown.question.state.CPL") == 1
    page.evaluate("root.querySelector('.map [aria-current] ~ *, .map button[aria-current]').focus()")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.evaluate("shown.question.state.CPL") == 0
    for key in ("b", "a", "Escape", "Space", "ArrowRight", "m"):
        page.keyboard.press(key)
    assert page.evaluate("leaked") == []
    assert page.locator("#explorer").get_attribute("data-lm-suppress-shortcuts") == "true"
    # What had the focus is gone; it does not go to the page around, which would hear the next key.
    page.evaluate("root.querySelector('.bar input:not(:checked)').click(); root.querySelector('.why button').focus()")
    page.keyboard.press("Control+z")
    page.keyboard.press("b")
    assert page.evaluate("[leaked, root.activeElement.className]") == [[], "headline"]
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("b")
    assert page.evaluate("leaked") != []


def test_the_live_region_stays_and_speaks(show: Open) -> None:
    page = show()
    page.evaluate("window.region = root.querySelector('[role=status]'); window.said = hear(region)")
    for name in ("A20M", "CR0.NE", "revision.match"):
        page.get_by_role("checkbox", name=name).first.click()
    assert page.evaluate("root.querySelector('[role=status]') === region")
    said = page.evaluate("said")
    assert len(set(said)) == len(said) == 3
    assert said[0].startswith("A20M 0 → 1. VMXON, intel: #GP(0), because A20M = 1")
    assert said[1].startswith("CR0.NE 1 → 0. VMXON, intel: #GP(0), because A20M = 1")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="#PF").click()
    undone, aim = page.evaluate("said.slice(3)")
    assert undone.startswith("revision.match 0 → 1. VMXON, intel: #GP(0)")
    assert aim.startswith("Smallest change that leads to #PF: ")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_scrolls_sideways_and_every_target_is_large(show: Open, width: int) -> None:
    page = show(width=width, height=800)
    for options in (
        {},
        {"source": OWN.source, "state": {"vmx": "root", "current_vmcs": 1}},
        {"compare": "kvm-2022-10", "state": {"vmx": "root", "cpl": 3, "fc_lock": 0}},
        {"instruction": "VMXOFF", "source": "virtualbox-hm"},
        {"axes": ["vmx", "operand", *MODE_AXES]},
    ):
        page.evaluate("(options) => show(options)", options)
        page.evaluate(
            "for (const each of root.querySelectorAll('.why button')) if (each.getClientRects().length) each.click()"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width, options
        small = page.evaluate("misfits(root)")
        assert small == [], options


def test_on_a_phone_the_verdict_stays_in_view(file: Path, visit: Callable[..., Page]) -> None:
    page = visit(file, "#VMXON/intel?cpl=3", viewport={"width": 360, "height": 740})
    box = page.get_by_role("checkbox", name="revision.bit31")
    box.scroll_into_view_if_needed()
    badge = page.locator(".headline .badge").first.bounding_box()
    assert 0 <= badge["y"] < 100


@pytest.mark.parametrize("width", some(3, [(1280,), (800,), (1920,)]))
def test_on_a_desk_the_whole_verdict_stays_in_view(file: Path, visit: Callable[..., Page], width: int) -> None:
    page = visit(file, "#VMXON/intel?vmx=root&current_vmcs=1", viewport={"width": width, "height": 900})
    page.get_by_role("checkbox", name="revision.bit31").scroll_into_view_if_needed()
    page.mouse.move(width / 3, 600)
    page.mouse.wheel(0, 300)
    page.wait_for_function("scrollY > 200")
    page.get_by_text("root → off").first.wait_for()
    words = "VMfailValid (error 15)", "because VMX", "error number15", "flagsZF set", "afterwardsroot", "repair: VMX"
    verdict = page.locator(".verdict")
    assert all(word in verdict.text_content() for word in words)
    box = verdict.bounding_box()
    assert box["y"] == 0
    assert box["height"] < 170
    assert verdict.evaluate("(node) => node.scrollHeight") <= box["height"]
    # What the keyboard reaches, above, is not below the verdict.
    page.get_by_role("checkbox", name="LOCK").first.focus()
    top = page.get_by_role("checkbox", name="LOCK").first.bounding_box()["y"]
    assert top >= box["height"]


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_axe_finds_nothing(show: Open, file: Path, visit: Callable[..., Page], look: dict[str, Any]) -> None:
    axe = (installed("axe-core@4.14.1") / "axe-core" / "axe.min.js").read_text("utf-8")
    # Of its rules, those about colours alone can say something else when the colours change.
    only = "" if look == {"color_scheme": "light"} else "{ runOnly: ['color-contrast', 'link-in-text-block'] }"
    found = "({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])"
    run = f"axe.run({only}).then({found})"
    page = show(**look)
    page.evaluate(axe)
    for options in (
        {"compare": "kvm-2018-06", "state": {"cr0_pe": 0, "cpl": 3, "cr0_ne": 0}},
        {"axes": ["vmx", "cpl", *MODE_AXES]},
    ):
        page.evaluate("async (options) => { await show(options); root.querySelector('.why button').click(); }", options)
        assert page.evaluate(run) == [], options
    whole = visit(file, "#VMXOFF/intel?vmx=off", viewport={"width": 360, "height": 740}, **look)
    whole.locator(".side").wait_for()
    whole.evaluate(axe)
    assert whole.evaluate(run) == []


def test_forced_colours_show_which_value_is_chosen(show: Open) -> None:
    page = show(forced_colors="active")
    colours = page.evaluate(
        "[...root.querySelectorAll('[data-axis=CPL] .cell')].map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert colours[0] != colours[1]
