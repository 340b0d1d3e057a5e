"""Sketches and ladders: each draws, its sentence says the data, and no words run into others or off the sheet."""

from collections.abc import Callable
from functools import cache, partial
from itertools import combinations
from typing import Any

import pytest
from matplotlib.patches import Patch
from matplotlib.text import Text

import nvmx
from nvmx.model.instruction import BY_INSTRUCTION
from nvmx.model.modes import MODES
from nvmx.plots.sketches import SKETCHES

VMXON = nvmx.ladder("VMXON", "intel")
sketch = cache(nvmx.plots.sketch)
PICTURES: dict[str, Callable[[], nvmx.plots.Picture]] = {
    **{name: partial(sketch, name) for name in SKETCHES},
    "all checks": lambda: nvmx.plots.checks("VMXON", "intel"),
    "some passed": lambda: nvmx.plots.checks("VMXON", "intel", passed=6),
    "one stopped": lambda: nvmx.plots.checks("VMXON", "intel", stopped={"vmx": "root", "current_vmcs": 1}),
    "beside VMXOFF": lambda: nvmx.plots.checks("VMXON", "intel", beside="VMXOFF"),
    "beside intel": lambda: nvmx.plots.checks("VMXON", "kvm-2014", beside="intel", stopped={"vmx": "root"}),
}


def texts_of(picture: nvmx.plots.Picture) -> list[Text]:
    picture.figure.draw_without_rendering()  # only this gives a legend its place
    return [text for text in picture.figure.findobj(Text) if text.get_text()]


def overlaps(picture: nvmx.plots.Picture) -> list[tuple[str, str]]:
    """The pairs of texts whose boxes overlap by more than a pixel in both directions; "the sheet" for one outside."""
    texts = texts_of(picture)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    width, height = picture.figure.get_size_inches() * picture.figure.dpi
    found = [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1 and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
    ]
    outside = [
        (words, "the sheet")
        for words, box in boxes
        if box.x0 < 4 or box.y0 < 2 or box.x1 > width - 4 or box.y1 > height - 2
    ]
    return found + outside


def crossed(picture: nvmx.plots.Picture) -> list[str]:
    """The texts that cross the edge of a box in which they begin."""
    panel = picture.figure.axes[0]
    shapes = [shape.get_window_extent() for shape in panel.patches if isinstance(shape, Patch) and shape.get_fill()]
    found = []
    for text in panel.texts:
        box = text.get_window_extent()
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        for shape in shapes:
            inside = shape.x0 < x < shape.x1 and shape.y0 < y < shape.y1
            if inside and (box.x0 < shape.x0 or box.x1 > shape.x1):
                found.append(text.get_text())
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_no_words_run_into_others_or_off_the_sheet(name: str) -> None:
    picture = PICTURES[name]()
    assert not overlaps(picture)
    assert not crossed(picture)
    assert picture.sentence.endswith(".")
    # They fit into a notebook, and can be read on a slide.
    assert picture.figure.get_size_inches()[0] == 7.5
    assert min(float(text.get_fontsize()) for text in texts_of(picture)) >= 9.5


def test_words_that_overlap_are_noticed() -> None:
    picture = nvmx.plots.sketch("levels")
    panel = picture.figure.axes[0]
    panel.text(0.4, 1.26, "guest", fontsize=10)
    panel.text(7.3, 0.1, "far too long", fontsize=10)
    assert {b for a, b in overlaps(picture) if a != "guest hypervisor"} >= {"the sheet", "guest"}
    panel.text(1, 1.26, "far too long " * 5, fontsize=10)
    assert crossed(picture)


def words(picture: nvmx.plots.Picture) -> str:
    return "\n".join(text.get_text() for text in picture.figure.axes[0].texts)


def test_sketches_say_what_the_rows_say() -> None:
    for name, expected in {
        "exit": [f"reason {BY_INSTRUCTION['VMXON'].exit_reason}", "handle_vmon"],
        "modes": [*MODES, "64-bit: CR0.PE = 1, EFER.LMA = 1, RFLAGS.VM = 0, CS.L = 1, VMXON ends in success"],
        "flags": ["success leaves 0x202", "VMfailInvalid leaves 0x203", "VMfailValid leaves 0x242"],
        "feature-control": ["0: VMXON (outside SMX) ends in #GP(0)", "5: VMXON (outside SMX) ends in success"],
        "operand": ["not mapped: #PF", "4,096: VMfailInvalid"],
        "two-processors": ["non-root operation with CR4.VMXE = 1", "looks at protected mode, not virtual-8086 mode"],
    }.items():
        for part in expected:
            assert part in sketch(name).sentence
    assert "0x203" in words(sketch("flags"))


def test_an_unknown_sketch_is_refused() -> None:
    with pytest.raises(nvmx.NvmxError, match="sketch: 'exits' is not allowed; did you mean 'exit'"):
        nvmx.plots.sketch("exits")
    with pytest.raises(nvmx.NvmxError, match="sketch: 3 is not a string"):
        nvmx.plots.sketch(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["virtualbox-hm", "kvm-2018-06"])
def test_a_ladder_beside_the_manual_has_room(source: str) -> None:
    picture = nvmx.plots.checks("VMXON", source, beside="intel")
    assert not overlaps(picture)
    assert not crossed(picture)


def test_checks_are_ticked_and_stopped() -> None:
    rows = words(nvmx.plots.checks("VMXON", "intel", passed=6))
    assert rows.count("✓") == 6
    assert "#GP(0)" not in rows  # what is to come is not given away
    assert "#GP(0)" in words(nvmx.plots.checks("VMXON", "intel", passed=8))
    for stopped in ({"cpl": 3}, nvmx.verdict("VMXON", "intel", cpl=3), "CPL 0", "CPL", "cpl"):
        picture = nvmx.plots.checks("VMXON", "intel", stopped=stopped)
        assert words(picture).count("✓") == 7
        assert words(picture).count("►") == 1
        assert "Stopped at check 8, CPL 0: #GP(0)" in picture.sentence
    assert "VMXON: #GP(0), because CPL = 3" in words(nvmx.plots.checks("VMXON", "intel", stopped={"cpl": 3}))
    success = nvmx.plots.checks("VMXON", "intel", stopped={})
    assert words(success).count("✓") == len(VMXON.rungs)
    assert success.sentence.endswith("All checks pass: success.")


def test_two_ladders_mark_what_differs() -> None:
    same = nvmx.plots.checks("VMXON", "intel", beside="intel")
    assert "≠" not in words(same)
    assert f"{len(VMXON.rungs)} checks are the same in both; marked: 0 of the first, 0 of the second." in same.sentence
    careless = nvmx.Ladder("VMXON", "careless", [each for each in VMXON.rungs if each.name != "CPL 0"], VMXON.effect)
    picture = nvmx.plots.checks("VMXON", careless, beside="intel", stopped={"cpl": 3})
    assert picture.sentence.endswith("marked: 0 of the first, 1 of the second.")
    assert words(picture).count("≠") == 1
    assert "All checks pass: success. VMXON by intel" in picture.sentence
    only = nvmx.plots.checks("VMXON", "intel", beside="VMXOFF", stopped="in VMX operation").sentence
    assert only.count("Stopped at") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"passed": 25}, "passed: 25 is not a number from 0 to 24"),
        ({"passed": "all"}, "passed: 'all' is not a number"),
        ({"stopped": "CPL 1"}, "check: 'CPL 1' is not allowed; did you mean 'CPL 0'"),
        ({"stopped": 8}, "stopped: 8 is no state"),
        ({"stopped": {"cpl": 4}}, "value of CPL: 4 is not allowed"),
        ({"beside": "kvm"}, "source: 'kvm' is not allowed"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(nvmx.NvmxError, match=message):
        nvmx.plots.checks("VMXON", "intel", **arguments)
