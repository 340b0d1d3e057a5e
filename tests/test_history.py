"""The history: its counts are the differences', its examples are true, and its marks say what changed in a ladder."""

from itertools import pairwise
from typing import Any

import pytest
from traitlets import TraitError

import nvmx
from nvmx.states.history import Change, versions

KVM = ["kvm-2011", "kvm-2013", "kvm-2014", "kvm-2017", "kvm-2018-06", "kvm-2018-07", "kvm-2022-06", "kvm-2022-10"]


@pytest.mark.parametrize("instruction", ["VMXON", "VMXOFF"])
def test_the_counts_are_the_differences(instruction: str) -> None:
    found = versions(instruction)
    assert [each.source.id for each in found] == KVM
    for each in found:
        difference = nvmx.diff(instruction, each.source.id, "intel")
        assert each.total == len(difference)
        pairs = difference.groupby([f"outcome ({each.source.id})", "outcome (intel)"], observed=True).size()
        assert {pair: int(count) for pair, count in pairs.items() if count} == each.wrong


def test_the_examples_are_true() -> None:
    def check(change: Change | None, before: str, now: str) -> None:
        if change is None:
            return
        axes: dict[str, Any] = dict(change.example)
        assert nvmx.verdict("VMXON", "intel", **axes).possible
        assert nvmx.verdict("VMXON", before, **axes).outcome == change.before
        assert nvmx.verdict("VMXON", now, **axes).outcome == change.now
        assert nvmx.verdict("VMXON", "intel", **axes).outcome == change.manual

    found = versions("VMXON")
    assert found[0].made_right is found[0].made_wrong is None
    for before, now in pairwise(found):
        check(now.made_right, before.source.id, now.source.id)
        check(now.made_wrong, before.source.id, now.source.id)
        gained = (now.made_right.states if now.made_right else 0) - (now.made_wrong.states if now.made_wrong else 0)
        if before.ladder.narrow == now.ladder.narrow:  # kvm-2011 knows no nested guests, kvm-2014 no bad addresses
            assert before.total - now.total == gained
    cve = next(each for each in found if each.source.id == "kvm-2017")
    assert cve.made_wrong is not None
    assert (cve.made_wrong.before, cve.made_wrong.now) == ("#GP(0)", "success")
    assert set(cve.made_wrong.example) == {"CPL"}


def test_marks_say_what_is_new_moved_or_gone() -> None:
    found = {each.source.id: each for each in versions("VMXON")}
    assert found["kvm-2017"].dropped == ("CPL 0",)
    assert found["kvm-2018-06"].marks == {"CPL 0": "new"}
    assert found["kvm-2018-07"].marks == {"CPL 0": "was #UD"}
    assert found["kvm-2022-06"].marks == dict.fromkeys(("CR0.NE set", "CR0.PG set", "other fixed bits valid"), "new")
    assert "moved" in found["kvm-2017"].marks.values()
    assert found["kvm-2011"].marks == {}


def test_the_slider_shows_every_version() -> None:
    history = nvmx.lab.history()
    assert list(history.slider.options) == KVM
    for each in versions("VMXON"):
        history.slider.value = each.source.id
        page = history.page.value
        assert page == history.pages[each.source.id]
        assert each.source.note[:40] in page
        assert f"{each.total:,} possible states" in page
        assert page.count("<tr>") == len(each.ladder.rungs) + 1
    assert history._repr_mimebundle_()["text/html"] == history.page.value
    with pytest.raises(ValueError, match="kvm-2012"):
        nvmx.lab.history("VMXON", ["kvm-2012"])


def test_the_picture_counts_the_same() -> None:
    picture = nvmx.plots.history()
    for each in versions("VMXON"):
        assert f"{each.source.id} {each.total:,}" in picture.sentence
    assert nvmx.plots.history("VMXOFF", ["bochs", "xen"]).sentence.count("bochs") == 1


def test_the_map_of_a_difference_is_the_difference() -> None:
    picture = nvmx.plots.diff("VMXON", "kvm-2018-06", "intel", vmx="off")
    axes = ["CR0.PE", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL"]
    difference = nvmx.diff("VMXON", "kvm-2018-06", "intel", axes=[*axes, "VMX"])
    count = int((difference["VMX"] == "off").sum())
    assert f"{count} end differently: #UD for #GP(0) in {count}." in picture.sentence
    polygons = [patch for patch in picture.figure.axes[0].patches if type(patch).__name__ == "Polygon"]
    assert len(polygons) == 2 * count
    same = nvmx.plots.diff("VMXOFF", "virtualbox", "intel")
    assert same.sentence.endswith(" 0 end differently.")


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


def test_the_slider_takes_no_other_name() -> None:
    history = nvmx.lab.history("VMXON", ["kvm-2013", "intel"])
    wrong: Any
    for wrong in ("xen", "", None, 3):
        with pytest.raises((nvmx.NvmxError, TraitError)):
            history.slider.value = wrong
        assert history.slider.value == "kvm-2013"
    assert history.page.value == history.pages["kvm-2013"]
