"""Tables: their columns have one scheme, can be written to, and cost what the possible states cost."""

import pandas as pd
import pytest

import nvmx


@pytest.mark.parametrize(
    ("instruction", "source"),
    [("VMXON", "xen"), ("VMXON", "kvm-2011"), ("VMXON", "acrn"), ("VMXOFF", "xen"), ("VMXOFF", "kvm-2011")],
)
def test_the_possible_rows_are_those_of_the_full_table(instruction: str, source: str) -> None:
    full = nvmx.table(instruction, source)
    rows = full[full["possible"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(nvmx.table(instruction, source, possible=True), rows)
    rest = nvmx.table(instruction, source, possible=False)
    assert not rest["possible"].any()
    assert len(rest) == len(full) - len(rows)


@pytest.mark.parametrize(
    "axes",
    [
        [],
        ["CPL"],
        ["cpl", "CR4.VMXE", "smx", "fc_lock"],
        ["VMX", "operand"],
        ["lock", "VMX", "other_fixed_bits", "CR0.NE"],
    ],
)
def test_the_possible_rows_of_some_axes(axes: list[str]) -> None:
    full = nvmx.table("VMXON", "intel", axes)
    rows = full[full["possible"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(nvmx.table("VMXON", "intel", axes, possible=True), rows)
    assert len(nvmx.table("VMXON", "intel", axes, possible=False)) == len(full) - len(rows)


def test_every_column_can_be_written_to() -> None:
    tables = [
        nvmx.table("VMXON", "intel", axes=["VMX"]),
        nvmx.table("VMXON", "intel", possible=True),
        nvmx.diff("VMXON", "kvm-2011", "intel"),
        nvmx.executed("VMXON"),
        nvmx.suite("VMXON", "intel"),
        nvmx.witnesses("VMXON", "xen", "intel"),
    ]
    for table in tables:
        for name in table.columns:
            table.loc[0, name] = table.loc[1, name]
            assert pd.isna(table.loc[1, name]) or table.loc[0, name] == table.loc[1, name]


def test_no_axes_is_one_state() -> None:
    assert nvmx.table("VMXON", "intel", []).to_dict("records") == [
        {"outcome": "success", "rung": pytest.approx(float("nan"), nan_ok=True), "possible": True}
    ]
    assert nvmx.outcomes("VMXON", "intel", []).tolist() == 0
    assert nvmx.diff("VMXON", "kvm-2011", "intel", axes=[]).empty
    assert nvmx.summary("VMXON", "kvm-2011", "intel", axes=[]).empty


def test_ladders_of_the_same_name_keep_their_columns() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    mine = nvmx.Ladder("VMXON", "intel", [rung for rung in intel.rungs if rung.name != "CPL 0"], intel.effect)
    odd = nvmx.Ladder("VMXON", "CPL", mine.rungs, mine.effect)
    found = nvmx.distinguish("VMXON", ["intel", mine])
    assert found[["outcome (intel)", "outcome (intel, b)"]].to_numpy().tolist() == [["#GP(0)", "success"]]
    found = nvmx.distinguish("VMXON", [odd, "intel", odd])
    assert found["CPL"].dtype.kind == "i"
    assert found.attrs["same"] == [("CPL", "CPL, b")]
    assert list(nvmx.witnesses("VMXON", odd, "intel").columns[-3:]) == ["outcome (CPL)", "outcome (intel)", "states"]


def test_columns_are_named_by_one_scheme() -> None:
    assert list(nvmx.diff("VMXON", "xen", "intel", ["CPL"], flags=True).columns) == [
        "CPL", "outcome (xen)", "rung (xen)", "flags (xen)", "outcome (intel)", "rung (intel)", "flags (intel)",
    ]  # fmt: skip
    assert list(nvmx.table("VMXON", "intel", ["CPL"]).columns) == ["CPL", "outcome", "rung", "possible"]
    assert list(nvmx.summary("VMXON", "xen", "intel").columns) == ["when", "outcome (xen)", "outcome (intel)", "states"]
    assert list(nvmx.run(["VMXON"], "intel").columns) == [
        "step", "outcome", "because", "flags", "VMX after", "CR4.VMXE after", "possible",
    ]  # fmt: skip
    executed = ["outcome", "flags", "error", "VMX after", "current_VMCS after", "outcome (xen)", "status"]
    assert list(nvmx.executed("VMXON", "xen").columns[-7:]) == executed
