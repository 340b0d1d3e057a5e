"""The controls set values, the page shows the verdict on them: every value of every control, and all combinations."""

from itertools import product
from typing import Any

import pytest

import nvmx
from nvmx.page import render


def values(control: Any) -> tuple[Any, ...]:
    return tuple(control.options) if hasattr(control, "options") else (False, True)


def check(explorer: nvmx.lab.Explorer, state: dict[str, Any]) -> None:
    expected = nvmx.verdict(explorer.ladder.instruction, explorer.ladder, **state)
    page = explorer.page.value
    assert explorer.verdict.outcome == expected.outcome
    assert page == render(expected)
    assert page.count("stopped here") == (expected.outcome != "success")
    assert (f">{expected.outcome}</b>" in page) is True
    assert ("No processor can be in this state" in page) is not expected.possible


def test_it_starts_with_success_and_a_control_for_each_axis_of_the_seed() -> None:
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
def test_every_value_of_every_control(instruction: str, source: str) -> None:
    explorer = nvmx.lab.explorer(instruction, source)
    assert explorer.verdict.outcome == "success"
    ready = {keyword: control.value for keyword, control in explorer.controls.items()}
    for keyword, control in explorer.controls.items():
        for value in values(control):
            control.value = value
            check(explorer, ready | {keyword: value})
        control.value = ready[keyword]
    check(explorer, ready)


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
    page = render(nvmx.verdict("VMXON", mine, cpl=3))
    assert "<i>" not in page
    assert "<mine>" not in page
    assert "a &amp; b" in page
