"""Every source's ladder against a matrix of positions that was written down separately, and against its history.

A cell holds the place of a check in its source's order (equal places: one test, or no order that can be observed), "-"
where the check is absent, and in brackets an ending that is not the manual's.
"""

import re

import pytest

import nvmx

SDM = {"memory operand": "#UD", "protected mode": "#UD", "CR4.VMXE set": "#UD", "not virtual-8086 mode": "#UD",
       "not compatibility mode": "#UD", "long mode": "#UD", "in VMX operation": "#UD",
       "not VMX non-root operation": "VM exit", "CPL 0": "#GP(0)",
       "not in VMX root operation (a current VMCS)": "VMfailValid",
       "not in VMX root operation (no current VMCS)": "VMfailInvalid", "not in VMX root operation": "VMfailValid",
       "not A20M mode": "#GP(0)", "CR0.NE set": "#GP(0)", "CR0.PG set": "#GP(0)", "FEATURE_CONTROL locked": "#GP(0)",
       "FEATURE_CONTROL bit 2 set": "#GP(0)", "VMXON enabled inside SMX": "#GP(0)",
       "VMXON enabled outside SMX": "#GP(0)", "operand mapped": "#PF", "pointer aligned": "VMfailInvalid",
       "pointer within width": "VMfailInvalid", "revision matches": "VMfailInvalid",
       "revision bit 31 clear": "VMfailInvalid", "no dual-monitor treatment (a current VMCS)": "VMfailValid",
       "no dual-monitor treatment (no current VMCS)": "VMfailInvalid"}  # fmt: skip
RENAMED = {
    "register": ["memory operand"],
    "PE": ["protected mode"],
    "VMXE": ["CR4.VMXE set"],
    "VM": ["not virtual-8086 mode"],
    "compat": ["not compatibility mode"],
    "32-bit": ["long mode"],
    "off": ["in VMX operation"],
    "exit": ["not VMX non-root operation"],
    "CPL": ["CPL 0"],
    "root": ["not in VMX root operation (a current VMCS)", "not in VMX root operation (no current VMCS)"],
    "root, always ZF": ["not in VMX root operation"],
    "A20M": ["not A20M mode"],
    "NE": ["CR0.NE set"],
    "PG": ["CR0.PG set"],
    "lock": ["FEATURE_CONTROL locked"],
    "bit 2": ["FEATURE_CONTROL bit 2 set"],
    "SMX": ["VMXON enabled inside SMX", "VMXON enabled outside SMX"],
    "operand": ["operand mapped"],
    "pointer": ["pointer aligned", "pointer within width"],
    "revision": ["revision matches", "revision bit 31 clear"],
    "dual": ["no dual-monitor treatment (a current VMCS)", "no dual-monitor treatment (no current VMCS)"],
}
# Places 0: the processor, before an exit to a hypervisor.
MATRIX = {
    "VMXON": """
                    intel-2006 kvm-2011 xen-2011 kvm-2013 kvm-2014 kvm-2017 kvm-2018-06 kvm-2018-07 kvm-2022-06
    register        1          0        0        0        0        0        0           0           0
    PE              1          0        0        0        0        0        0           0           0
    VMXE            1          2        2        2        2        2        2           2           2
    VM              1          0        0        0        0        0        0           0           0
    compat          1          0        0        0        0        0        0           0           0
    32-bit          -          -        -        -        -        -        -           -           -
    exit            2          -        -        1        1        1        1           1           1
    CPL             3          3        3        3        3        -        3[#UD]      3           3
    root            4          -        -        4        5        4        4           4           4
    root,always-ZF  -          -        -        -        -        -        -           -           -
    A20M            5          -        -        -        -        -        -           -           -
    NE              5          -        -        -        -        -        -           -           2[#UD]
    PG              5          -        -        -        -        -        -           -           2[#UD]
    lock            5          -        -        5        6        5        5           5           5
    bit-2           5          -        -        5        6        5        5           5           5
    SMX             -          -        -        -        -        -        -           -           -
    operand         6          -        4        -        4        6        6           6           6
    pointer         7          -        -        -        4        7        7           7           7
    revision        8          -        -        -        4        8        8           8           8
    """,
    "VMXON, others": """
                    intel kvm-2022-10 bochs xen virtualbox acrn xmhf64
    register        1     0           0     0   0          0    0
    PE              1     0           0     0   0          0    0
    VMXE            1     2           1     1   5[#GP(0)]  1    1
    VM              1     0           0     0   0          0    0
    compat          1     0           1     0   0          0    0
    32-bit          -     -           -     -   -          1    -
    exit            2     1           2     2   1          -    2
    CPL             3     3           3     3   2          3    3
    root            4     4           4     5   3          -    4
    root,always-ZF  -     -           -     -   -          4    -
    A20M            5     -           5     -   3          -    -
    NE              5     5           5     -   4          3    5
    PG              5     5           -     -   4          3    5
    lock            5     6           5     -   6          3    -
    bit-2           -     6           5     -   6          3    -
    SMX             5     -           -     -   -          -    -
    operand         6     7           6     4   7          -    6
    pointer         7     8           7     6   8          5    7
    revision        8     9           8     7   9          6    8
    """,
    "VMXOFF": """
                    intel intel-2006 kvm-2011 xen-2011 kvm-2013 kvm-2014 kvm-2017 kvm-2018-06 kvm-2018-07
    off             1     1          2        2        2        2        2        3           2
    VMXE            -     -          -        -        -        -        -        -           -
    PE              1     -          0        0        0        0        0        0           0
    VM              1     1          0        0        0        0        0        0           0
    compat          1     1          0        0        0        0        0        0           0
    exit            2     2          -        -        1        1        1        1           1
    CPL             3     3          3        3        3        3        -        2[#UD]      3
    dual            4     4          -        -        -        -        -        -           -
    """,
    "VMXOFF, others": """
                    kvm-2022-06 kvm-2022-10 bochs xen virtualbox acrn
    off             2           2           1     1   1          1
    VMXE            -           -           -     1   -          -
    PE              0           0           0     0   1          0
    VM              0           0           0     0   1          0
    compat          0           0           1     0   1          0
    exit            1           1           2     2   2          -
    CPL             3           3           3     3   3          3
    dual            -           -           -     -   4          -
    """,
}


def columns() -> dict[tuple[str, str], dict[str, tuple[int, str]]]:
    """For each ladder of the matrix: the place and the outcome of every check that it has, by the rung's name."""
    found: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
    for title, text in MATRIX.items():
        head, *lines = text.strip("\n").splitlines()
        for line in lines:
            if not line.strip():
                continue
            name, *cells = line.split()
            for source, cell in zip(head.split(), cells, strict=True):
                column = found.setdefault((title.split(",")[0], source), {})
                if cell != "-":
                    place, ending = re.fullmatch(r"(\d+)(?:\[(.*)\])?", cell).groups()  # type: ignore[union-attr]
                    for rung in RENAMED[
                        name.replace(",", ", ").replace("always-ZF", "always ZF").replace("bit-2", "bit 2")
                    ]:
                        column[rung] = (int(place), ending or SDM[rung])
    return found


COLUMNS = columns()


def test_the_matrix_holds_every_ladder() -> None:
    ladders = {
        (each.instruction, each.source) for source in nvmx.ladders.all_sources().values() for each in source.ladders
    }
    assert set(COLUMNS) == ladders


@pytest.mark.parametrize(("instruction", "source"), COLUMNS)
def test_a_ladder_is_its_column(instruction: str, source: str) -> None:
    column, rungs = COLUMNS[instruction, source], nvmx.ladder(instruction, source).rungs
    assert {rung.name: rung.outcome for rung in rungs} == {name: outcome for name, (_, outcome) in column.items()}
    places = [column[rung.name][0] for rung in rungs]
    assert places == sorted(places)
    for rung in rungs:
        assert (rung.error is None) == (rung.outcome != "VMfailValid")
        assert rung.error in (None, 15 if instruction == "VMXON" else 23)


def test_flags_are_written_by_all_but_the_first_handlers() -> None:
    for source in nvmx.ladders.all_sources().values():
        for each in source.ladders:
            assert bool(each.effect.flags) is (source.id != "kvm-2011")
            assert each.effect.vmx == ("root" if each.instruction == "VMXON" else "off")


def test_kvm_today_differs_only_where_smx_or_a20m_or_the_dual_monitor_is_involved() -> None:
    on = nvmx.diff("VMXON", "kvm-2022-10", "intel")
    assert len(on)
    assert ((on["SMX"] == 1) | (on["A20M"] == 1)).all()
    off = nvmx.diff("VMXOFF", "kvm-2022-10", "intel")
    assert len(off)
    assert (off["dual_monitor"] == 1).all()


def test_each_version_of_kvm_differs_as_its_history_says() -> None:
    """What each commit made right or wrong, seen in the states where it and the manual part."""
    wrong = {
        source: nvmx.diff("VMXON", source, "intel").rename(columns=lambda name, s=source: name.replace(f" ({s})", ""))
        for source in nvmx.sources()["id"]
        if source.startswith("kvm")
    }
    seed = wrong["kvm-2011"]
    assert set(seed["outcome"]) == {"success"}  # too generous, never too strict
    assert (wrong["kvm-2013"]["VMX"] == "off").all()  # a second VMXON is refused now
    early = wrong["kvm-2014"]
    assert set(early.loc[early["VMX"] == "root", "outcome"]) == {"#PF", "VMfailInvalid"}
    cve = wrong["kvm-2017"]
    assert set(cve.loc[cve["CPL"] > 0, "outcome (intel)"]) == {"#GP(0)"}
    assert {"success", "VMfailValid"} <= set(cve.loc[cve["CPL"] > 0, "outcome"])
    vector = wrong["kvm-2018-06"]
    assert set(vector.loc[vector["CPL"] > 0, "outcome"]) == {"#UD"}
    assert (wrong["kvm-2018-07"]["CPL"] == 0).all()
    assert len(wrong["kvm-2022-06"]) > len(wrong["kvm-2018-07"])  # one added check made it worse
    assert len(wrong["kvm-2022-10"]) == min(map(len, wrong.values()))


def test_witnesses_of_the_others() -> None:
    def ends(source: str, **axes: object) -> str:
        return nvmx.verdict("VMXON", source, **axes).outcome

    assert ends("bochs", cr0_pg=0, efer_lma=0, cs_l=0) == "success"
    assert ends("intel", cr0_pg=0, efer_lma=0, cs_l=0) == "#GP(0)"
    assert ends("virtualbox", cr4_vmxe=0) == "#GP(0)"
    assert ends("xen-2011", vmx="root") == "success"
    assert ends("xen", vmx="root", operand="unmapped", current_vmcs=1) == "#PF"
    assert ends("acrn", efer_lma=0, cs_l=0) == "#UD"
    assert ends("acrn", vmx="root") == "VMfailValid"
    assert ends("xmhf64", fc_lock=0) == "success"
    assert ends("intel-2006", smx=1, fc_smx=1, fc_vmx=0) == "#GP(0)"
    assert nvmx.verdict("VMXOFF", "intel-2006", cr0_pe=0, cr0_pg=0, efer_lma=0, cs_l=0, vmx="non-root",
                        current_vmcs=1).outcome == "VM exit"  # fmt: skip
    assert nvmx.verdict("VMXOFF", "kvm-2017", cpl=3).outcome == "success"
    with pytest.raises(ValueError, match="acrn"):
        ends("acrn", operand="unmapped")
