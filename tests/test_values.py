"""Rows, states and answers are values: they cannot be changed, and they can be compared, hashed, copied and pickled."""

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import nvmx
from nvmx.ladders import all_sources


def verdict() -> nvmx.Verdict:
    return nvmx.verdict("VMXON", "intel", cpl=3, cr0_ne=0)


MAKERS: list[Callable[[], Any]] = [
    verdict,
    lambda: nvmx.ladder("VMXON", "kvm-2011"),
    lambda: nvmx.ladder("VMXON", "kvm-2011").rungs[0],
    lambda: nvmx.Effect(vmx="root"),
    lambda: all_sources()["xen"],
    lambda: verdict().state,
]


@pytest.mark.parametrize("make", MAKERS)
def test_a_value_survives_copies_and_pickles(make: Callable[[], Any]) -> None:
    value = make()
    for twin in (copy.deepcopy(value), copy.copy(value), *(pickle.loads(pickle.dumps(value, n)) for n in range(2, 6))):  # noqa: S301
        assert twin == value
        assert hash(twin) == hash(value)
        assert len({twin, value}) == 1


def test_a_pickled_verdict_still_answers() -> None:
    found = pickle.loads(pickle.dumps(verdict()))  # noqa: S301 - our own
    assert repr(found) == repr(verdict())
    assert found.repair() == verdict().repair()
    assert pickle.loads(pickle.dumps(found.repair())) == found.repair()  # noqa: S301


def _ask(cpl: int) -> nvmx.Verdict:
    return nvmx.verdict("VMXON", "intel", cpl=cpl)


def test_verdicts_come_back_from_other_processes() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert [found.outcome for found in pool.map(_ask, (0, 3))] == ["success", "#GP(0)"]


@pytest.mark.parametrize(
    "find",
    [
        lambda: nvmx.ladder("VMXON", "kvm-2011").narrow,
        lambda: nvmx.ladder("VMXON", "intel").rungs[1].when,
        lambda: nvmx.ladder("VMXON", "intel").effect.flags,
        lambda: verdict().state.columns,
        lambda: verdict().flags,
    ],
)
def test_what_is_shared_cannot_be_changed(find: Callable[[], Any]) -> None:
    before = dict(find())
    for change in (
        lambda shared: shared.update(VMX=("off",)),
        lambda shared: shared.__setitem__("VMX", ("off",)),
        lambda shared: shared.setdefault("VMX", ("off",)),
        lambda shared: shared.__ior__({"VMX": ("off",)}),
        lambda shared: shared.pop("VMX"),
        lambda shared: shared.__delitem__("VMX"),
        lambda shared: shared.popitem(),
        lambda shared: shared.clear(),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change(find())  # type: ignore[no-untyped-call]
    assert find() == before


def test_ladders_are_equal_if_their_rows_are() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    assert nvmx.Ladder("VMXON", "intel", intel.rungs, intel.effect) == intel
    assert nvmx.Ladder("VMXON", "intel", intel.rungs[:-1], intel.effect) != intel
    assert nvmx.Ladder("VMXON", "mine", intel.rungs, intel.effect) != intel


def test_classes_show_their_public_name() -> None:
    for name in ("Effect", "Ladder", "NvmxError", "Repair", "Rung", "Source", "State", "Verdict"):
        assert f"nvmx.{name}" in repr(getattr(nvmx, name))
