"""The controls in a real JupyterLab in a real Chromium: after each click, Python says what the page says."""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import CHROMIUM, FLAGS, MINUTE, jupyterlab, open_and_run

import nvmx
from nvmx.ladders import sources_of
from nvmx.model.axis import AXES

pytestmark = pytest.mark.browser
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")

SETUP = """import json

import ipywidgets

import nvmx


def shown(explorer):
    \"\"\"The explorer, and what Python says about it.\"\"\"
    says = ipywidgets.Label().add_class("python")

    def write(found):
        says = {"verdict": f"{found.headline}. {found.objection}".strip(), "state": dict(found.state.columns)}
        return json.dumps({**says, "nearest": found.way_to_nearest})

    ipywidgets.dlink((explorer, "verdict"), (says, "value"), write)
    return ipywidgets.VBox([explorer, says])"""
BRIEF = """brief = nvmx.lab.explorer("VMXON", "intel", axes=["CR4.VMXE", "CPL", "operand", "VMX"])
shown(brief)"""
FULL = """full = nvmx.lab.explorer("VMXON", "intel")
shown(full)"""
OWN = """box = ipywidgets.Checkbox(value=True, description="my own")
box.observe(lambda change: full.set(cr4_vmxe=change["new"]), "value")
choice = ipywidgets.Dropdown(options=nvmx.sources()["id"].tolist(), value="intel", description="by")
ipywidgets.link((full, "source"), (choice, "value"))
mine = nvmx.Ladder("VMXON", "mine", nvmx.ladder("VMXON", "intel").rungs[:3], nvmx.Effect(vmx="root"))
button = ipywidgets.Button(description="ask mine")
button.on_click(lambda _: setattr(brief, "source", mine))
ipywidgets.VBox([box, choice, button])"""
CELLS = [SETUP, BRIEF, FULL, OWN, 'nvmx.lab.predict("VMXON", "intel", efer_lma=1, cs_l=0)', "nvmx.lab.history()"]

# What the page shows (the verdict, the nearest possible state, the value of each control) is what Python says.
AGREE = r"""explorer => {
  const python = JSON.parse(explorer.querySelector(".python").textContent);
  const root = explorer.querySelector("[data-lm-suppress-shortcuts]").shadowRoot;
  const value = bit => {
    const list = bit.querySelector("select"), box = bit.querySelector("[type=checkbox]");
    if (list) return list.value;
    return box ? String(Number(box.checked)) : bit.querySelector(":checked").parentElement.textContent.trim();
  };
  const bits = [...root.querySelectorAll("[data-axis]")];
  const nearest = python.nearest.replaceAll("->", "\u2192");
  return bits.length > 0 && root.querySelector("[role=status]").textContent.trim().endsWith(python.verdict)
    && root.querySelector(".impossible").innerText.includes(nearest)
    && bits.every(bit => value(bit) === String(python.state[bit.dataset.axis]));
}"""


def notebook(cells: list[str]) -> str:
    made: list[Any] = [
        {"cell_type": "code", "id": f"cell-{n}", "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": made})


def status(server: str, path: str) -> int:
    connection = HTTPConnection(urlsplit(server).netloc)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("jupyterlab")
    folder: Path = tmp_path_factory.mktemp("jupyterlab")
    with jupyterlab(folder) as found:
        (folder / "work" / "controls.ipynb").write_text(notebook(CELLS), encoding="utf-8")
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(address: str, browser: Any) -> Iterator[Any]:
    """The notebook, run.  Nothing may be asked of another machine, and no script may fail."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(MINUTE / 4)
    server, elsewhere, errors = urlsplit(address).netloc, [], []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_and_run(page, address, "controls.ipynb")
    for name in ("brief", "full"):
        page.wait_for_function(AGREE, arg=explorer_of(page, name).element_handle())
    yield page
    outputs = '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
    assert page.locator(outputs).all_inner_texts() == []
    assert [url for url in elsewhere if urlsplit(url).netloc not in (server, "") and url[:5] != "blob:"] == []
    assert errors == []


def explorer_of(page: Any, name: str) -> Any:
    cell = page.locator(".jp-CodeCell", has_text=f"shown({name})").last
    return cell.locator(".widget-vbox", has=page.locator(".python"))


def test_the_server_answers_only_with_its_token(address: str) -> None:
    server, token = address.split("?")
    assert status(server, f"/api/contents?{token}") == 200
    for wrong in ("", "?token=", f"?{token}x"):
        assert status(server, f"/api/contents{wrong}") == 403


# Where to click for a control; null if it cannot be used.  What is checked lies under the words that one sees.
PLACE = """control => {
  const seen = control.type === "checkbox" || control.type === "radio" ? control.parentElement : control;
  seen.scrollIntoView({ block: "nearest" });
  const box = seen.getBoundingClientRect();
  return control.disabled || !box.width ? null : [box.x + box.width / 2, box.y + box.height / 2];
}"""
OPTIONS = "list => [...list.options].filter(each => !each.disabled).map(each => each.value)"


def use_each(page: Any, explorer: Any, controls: Any) -> int:
    """Use each of these controls in each way; after each, the page and Python must agree."""
    element, used = explorer.element_handle(), 0
    for control in controls.element_handles():
        kind = control.evaluate("each => each.type ?? each.tagName")
        if kind == "select-one":
            for value in control.evaluate(OPTIONS):
                control.select_option(value)
                page.wait_for_function(AGREE, arg=element)
                used += 1
            continue
        for _ in range(2 if kind == "checkbox" else 1):
            place = control.evaluate(PLACE)
            if place is not None:
                page.mouse.click(*place)
                page.wait_for_function(AGREE, arg=element)
                assert kind != "radio" or control.evaluate("each => !each.isConnected || each.checked")
                used += 1
    return used


def use_axes(page: Any, explorer: Any) -> dict[str, int]:
    """Use the first control of each axis in each way; return how many ways there were."""
    axes = explorer.locator("[data-axis]").evaluate_all("all => [...new Set(all.map(each => each.dataset.axis))]")
    firsts = {axis: explorer.locator(f'[data-axis="{axis}"]').first.locator("input, select") for axis in axes}
    return {axis: use_each(page, explorer, controls) for axis, controls in firsts.items()}


@needs_chromium
def test_each_value_of_each_control_of_a_brief_explorer(page: Any) -> None:
    used = use_axes(page, explorer_of(page, "brief"))
    assert used == {"operand": 5, "CR4.VMXE": 2, "CPL": 4, "VMX": 3}


@needs_chromium
def test_each_value_of_each_control_of_a_full_explorer(page: Any) -> None:
    explorer = explorer_of(page, "full")
    used = use_axes(page, explorer)
    assert used == {axis.name: len(axis.values) for axis in AXES}
    for mode in ("mode", "instruction"):
        assert use_each(page, explorer, explorer.get_by_role("radiogroup", name=mode).locator("input")) > 1
    assert explorer.get_by_role("combobox", name="by", exact=True).evaluate(OPTIONS) == [
        *sources_of("VMXOFF")
    ]  # each of them is chosen in web/test_explorer.py
    explorer.get_by_role("combobox", name="by", exact=True).select_option("kvm-2011")
    explorer.get_by_role("radio", name="64-bit").check(force=True)
    register = explorer.get_by_role("textbox", name="CR0")
    register.press("Control+a")
    register.press_sequentially("0x30")
    page.wait_for_function(AGREE, arg=explorer.element_handle())
    # The closest possible state keeps what was changed last, and another instruction changes nothing.
    for instruction in ("VMXON", "VMXOFF", "VMXON"):
        explorer.get_by_role("radio", name=instruction, exact=True).check(force=True)
        page.wait_for_function(AGREE, arg=explorer.element_handle())
    explorer.get_by_role("combobox", name="by", exact=True).select_option("intel")
    repair = re.compile("^(Apply|First step)")
    for name in ("Undo", "user code", repair, "VMX off, CPL 2: ", "Undo", "Redo", "Start again"):
        assert use_each(page, explorer, explorer.get_by_role("button", name=name).first) == 1


@needs_chromium
def test_the_page_follows_python(page: Any) -> None:
    full, brief = explorer_of(page, "full"), explorer_of(page, "brief")
    box = full.get_by_role("checkbox", name="CR4.VMXE")
    verdict = full.get_by_role("group", name="verdict")
    own = page.get_by_role("checkbox", name="my own")
    choice = page.locator(".widget-dropdown", has_text="by").locator("select")
    full.get_by_role("radio", name="VMXON").check()
    full.get_by_role("button", name="Start again").click()
    choice.select_option("intel")
    page.wait_for_function("text => text.innerText.includes('success')", arg=verdict.element_handle())
    own.click()
    page.wait_for_function("box => !box.checked", arg=box.element_handle())
    page.wait_for_function(AGREE, arg=full.element_handle())
    assert "#UD" in verdict.inner_text()
    own.click()
    page.wait_for_function("box => box.checked", arg=box.element_handle())
    page.wait_for_function(AGREE, arg=full.element_handle())
    # What Python changed last stays in the nearest possible state, too.
    full.get_by_role("radio", name="root", exact=True).first.check()
    page.wait_for_function(AGREE, arg=full.element_handle())
    own.click()
    page.wait_for_function("box => !box.checked", arg=box.element_handle())
    page.wait_for_function(AGREE, arg=full.element_handle())
    assert "VMX root → off" in full.locator(".impossible").inner_text()
    own.click()
    page.wait_for_function("box => box.checked", arg=box.element_handle())
    choice.select_option("kvm-2011")
    by = full.get_by_role("combobox", name="by", exact=True)
    page.wait_for_function("list => list.value === 'kvm-2011'", arg=by.element_handle())
    page.wait_for_function(AGREE, arg=full.element_handle())
    by.select_option("xen")
    page.wait_for_function("list => list.value === 'xen'", arg=choice.element_handle())
    page.wait_for_function(AGREE, arg=full.element_handle())
    page.get_by_role("button", name="ask mine").click()
    brief.get_by_role("group", name="verdict").get_by_text("VMXON, mine").wait_for()
    page.wait_for_function(AGREE, arg=brief.element_handle())


@needs_chromium
def test_no_key_that_is_meant_for_a_control_reaches_the_notebook(page: Any) -> None:
    full = explorer_of(page, "full")
    for control in (
        full.get_by_role("checkbox", name="CR0.NE"),
        full.get_by_role("radio", name="0").first,
        full.get_by_role("combobox", name="by", exact=True),
        full.get_by_role("button", name="Start again"),
        explorer_of(page, "brief").get_by_role("checkbox", name="CR4.VMXE"),
        page.get_by_role("slider", name="version", exact=True),
        page.get_by_role("group", name="how does it end?").get_by_role("radio").first,
    ):
        control.focus()
        for key in "bamydd":
            page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == page.locator(".jp-Cell").count() == len(CELLS)


@needs_chromium
def test_the_history_has_a_slider_with_a_name(page: Any) -> None:
    output = page.locator(".jp-OutputArea-output", has=page.get_by_role("slider"))
    slider = output.get_by_role("slider", name="version", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("page => page.innerText.includes('(2 of 8)')", arg=output.element_handle())
    assert slider.get_attribute("aria-valuetext") == "kvm-2013"


@needs_chromium
def test_a_prediction_is_answered(page: Any) -> None:
    question = page.get_by_role("group", name="how does it end?")
    question.get_by_role("radio", name="#UD").check()
    question.get_by_role("button", name="That is my answer").click()
    question.get_by_role("status").get_by_text("Right").wait_for()


@needs_chromium
def test_one_script_makes_the_stand_ins_live(browser: Any, tmp_path: Path) -> None:
    rungs = nvmx.ladder("VMXON", "intel").rungs[:9]
    mine = nvmx.Ladder("VMXON", "<mine>", rungs, nvmx.Effect(vmx="root"))
    shown = [
        nvmx.lab.explorer("VMXON", "intel", axes=["CR4.VMXE", "CPL"]),
        nvmx.lab.explorer("VMXOFF", "xen", compare="intel"),
        nvmx.lab.explorer("VMXON", mine, axes=["CPL"]),
        nvmx.lab.explorer("VMXON", mine, compare="intel"),
    ]
    for each in shown:
        each.set(cpl=3)
    body = "".join(each.static()[1] for each in shown)
    (tmp_path / "page.html").write_text(f"<!doctype html>{body}<script>{nvmx.web.enhance()}</script>", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    said = page.locator("[role=status]").all_text_contents()
    page.close()
    assert len(said) == len(shown)
    for words, each in zip(said, shown, strict=True):
        assert words.strip().startswith(each.verdict.headline)
