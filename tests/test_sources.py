"""Every source's ladder against its order of checks, which was written down separately, and against its history.

To add a source, add its line to each instruction that it has in ORDER, and its exceptions to REPEATS, DOMAIN, AFTER and
WRITES.
"""

import re
from itertools import combinations
from typing import Any

import pytest

import nvmx
from nvmx.ladders.checks import check, vmfail
from nvmx.ladders.hypervisor import end_to_end
from nvmx.model.box import Box, make_box
from nvmx.model.instruction import READY
from nvmx.states.listing import States

# The manual's outcome of each check, the rungs that make it, and the values with which each of them fires.
CHECKS: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "LOCK": ("#UD", {"no LOCK prefix": {"LOCK": 1}}),
    "register": ("#UD", {"memory operand": {"operand": "register"}}),
    "PE": ("#UD", {"protected mode": {"CR0.PE": 0}}),
    "VMXE": ("#UD", {"CR4.VMXE set": {"CR4.VMXE": 0}}),
    "VM": ("#UD", {"not virtual-8086 mode": {"RFLAGS.VM": 1}}),
    "compat": ("#UD", {"not compatibility mode": {"EFER.LMA": 1, "CS.L": 0}}),
    "32-bit": ("#UD", {"long mode": {"EFER.LMA": 0}}),
    "off": ("#UD", {"in VMX operation": {"VMX": "off"}}),
    "exit": ("VM exit", {"not VMX non-root operation": {"VMX": "non-root"}}),
    "CPL": ("#GP(0)", {"CPL 0": {"CPL": (1, 2, 3)}}),
    "root": ("", {
        "not in VMX root operation (a current VMCS)": {"VMX": "root", "current_VMCS": 1},
        "not in VMX root operation (no current VMCS)": {"VMX": "root", "current_VMCS": 0},
    }),
    "root, always": ("VMfailValid", {"not in VMX root operation": {"VMX": "root"}}),
    "on, always": ("VMfailInvalid", {"not in VMX operation": {"VMX": ("root", "non-root")}}),
    "A20M": ("#GP(0)", {"not A20M mode": {"A20M": 1}}),
    "NE": ("#GP(0)", {"CR0.NE set": {"CR0.NE": 0}}),
    "PG": ("#GP(0)", {"CR0.PG set": {"CR0.PG": 0}}),
    "fixed": ("#GP(0)", {"other fixed bits valid": {"other_fixed_bits": 0}}),
    "lock": ("#GP(0)", {"FEATURE_CONTROL locked": {"FEATURE_CONTROL.lock": 0}}),
    "bit 2": ("#GP(0)", {"FEATURE_CONTROL bit 2 set": {"FEATURE_CONTROL.vmx": 0}}),
    "SMX": ("#GP(0)", {
        "VMXON enabled inside SMX": {"SMX": 1, "FEATURE_CONTROL.smx": 0},
        "VMXON enabled outside SMX": {"SMX": 0, "FEATURE_CONTROL.vmx": 0},
    }),
    "segment": ("#GP(0)", {"operand address valid": {"operand": "gp-fault"}}),
    "stack": ("#SS(0)", {"stack address valid": {"operand": "ss-fault"}}),
    "stack in 64-bit mode": ("#SS(0)", {"64-bit stack address valid": {"EFER.LMA": 1, "operand": "ss-fault"}}),
    "page": ("#PF", {"operand mapped": {"operand": "unmapped"}}),
    "aligned": ("VMfailInvalid", {"pointer aligned": {"pointer.aligned": 0}}),
    "width": ("VMfailInvalid", {"pointer within width": {"pointer.in_width": 0}}),
    "width in 64-bit mode": (
        "VMfailInvalid", {"64-bit pointer within width": {"EFER.LMA": 1, "pointer.in_width": 0}}),
    "revision": ("VMfailInvalid", {"revision matches": {"revision.match": 0}}),
    "bit 31": ("VMfailInvalid", {"revision bit 31 clear": {"revision.bit31": 1}}),
    "dual monitor": ("", {
        "no dual-monitor treatment (a current VMCS)": {"dual_monitor": 1, "current_VMCS": 1},
        "no dual-monitor treatment (no current VMCS)": {"dual_monitor": 1, "current_VMCS": 0},
    }),
}  # fmt: skip
# What the processor checks before a VM exit to a hypervisor; the second is all that can fail in long mode.
VT_X = {"VMXON": "LOCK & register & PE & VM & compat", "VMXOFF": "LOCK & PE & VM & compat"}
LONG_VT_X = {"VMXON": "LOCK & register & compat", "VMXOFF": "LOCK & compat"}

# A line is a ladder: `>` where the order matters, `&` between checks that are one test or whose order no state shows,
# and in brackets an outcome that is not the manual's.
ORDER = {
    "VMXON": """
    intel          LOCK & register & PE & VMXE & VM & compat > exit > CPL > root
                   > A20M & NE & PG & fixed & lock & SMX > segment & stack & page > aligned & width > revision & bit 31
    intel-2006     LOCK & register & VMXE & PE & VM & compat > exit > CPL > root
                   > A20M & NE & PG & fixed & lock & bit 2 > segment & stack & page > aligned & width
                   > revision & bit 31
    kvm-2011       VT-x > VMXE > CPL
    kvm-2013       VT-x > exit > VMXE > CPL > root > lock & bit 2
    kvm-2014       VT-x > exit > VMXE > CPL > page > aligned & width > revision & bit 31 > root > lock & bit 2
    kvm-2017       VT-x > exit > VMXE > root > lock & bit 2 > segment & stack & page > aligned & width
                   > revision & bit 31
    kvm-2018-06    VT-x > exit > VMXE > CPL [#UD] > root > lock & bit 2 > segment & stack & page > aligned & width
                   > revision & bit 31
    kvm-2018-07    VT-x > exit > VMXE > CPL > root > lock & bit 2 > segment & stack & page > aligned & width
                   > revision & bit 31
    kvm-2022-06    VT-x > exit > VMXE & NE [#UD] & PG [#UD] & fixed [#UD] > CPL > root > lock & bit 2
                   > segment & stack & page > aligned & width > revision & bit 31
    kvm-2022-10    VT-x > exit > VMXE > CPL > root > NE & PG & fixed > lock & bit 2 > segment & stack & page
                   > aligned & width > revision & bit 31
    bochs          LOCK & register & PE & VM > VMXE & compat > exit > CPL > root > NE & A20M & lock & bit 2
                   > segment & stack > page > aligned & width > revision & bit 31
    bochs-2026-09  LOCK & register & PE & VM > VMXE & compat > exit > CPL > root > NE & PG & A20M & lock & bit 2
                   > segment & stack > page > aligned & width > revision & bit 31
    xen-2011       VT-x > VMXE > CPL > page
    xen            VT-x > exit > VMXE > CPL > segment & stack [#GP(0)] > page > root
                   > aligned & width in 64-bit mode > revision & bit 31
    virtualbox     register & PE & VM & compat > exit > CPL > root > A20M > NE & PG & fixed > VMXE [#GP(0)]
                   > lock & bit 2 > segment & stack in 64-bit mode [#GP(0)] > stack > page > aligned > width
                   > revision & bit 31
    virtualbox-hm  VT-x > exit > VMXE > segment & stack in 64-bit mode [#GP(0)] > stack > CPL > root > A20M
                   > NE & PG & fixed > lock & bit 2 > page > aligned > width > revision & bit 31
    acrn           VT-x > exit > VMXE > 32-bit > CPL & NE & PG & fixed & lock & bit 2 > root, always > aligned & width
                   > revision & bit 31
    xmhf64         VT-x > exit > VMXE > CPL > root > NE & PG & fixed > aligned & width > revision & bit 31
    bitvisor       VT-x > exit > VMXE > CPL > root > aligned & width > revision
    pkvm-ia        VT-x in long mode > exit > root, always > page [VMfailInvalid] > revision & bit 31
    khypervisor    VT-x in long mode > on, always > segment [#UD] & stack [#UD] > aligned
    ksm            VT-x in long mode > exit > CPL [#UD] > VMXE [#GP(0)] > lock & bit 2 > root, always
                   > segment & stack > revision & bit 31
    """,
    "VMXOFF": """
    intel          LOCK & off & PE & VM & compat > exit > CPL > dual monitor
    intel-2006     LOCK & off & VM & compat > exit > CPL > dual monitor
    kvm-2011       VT-x > off > CPL
    kvm-2013       VT-x > exit > off > CPL
    kvm-2014       VT-x > exit > off > CPL
    kvm-2017       VT-x > exit > off
    kvm-2018-06    VT-x > exit > CPL [#UD] > off
    kvm-2018-07    VT-x > exit > off > CPL
    kvm-2022-06    VT-x > exit > off > CPL
    kvm-2022-10    VT-x > exit > off > CPL
    bochs          LOCK & PE & VM > off & compat > exit > CPL
    bochs-2026-09  LOCK & PE & VM > off & compat > exit > CPL
    xen-2011       VT-x > off > CPL
    xen            VT-x > exit > VMXE & off > CPL
    virtualbox     off > PE & VM & compat > exit > CPL > dual monitor
    virtualbox-hm  VT-x > exit > off > CPL > dual monitor
    acrn           VT-x > exit > off > CPL
    xmhf64         VT-x > exit > off > CPL
    bitvisor       VT-x > exit > off > CPL
    pkvm-ia        VT-x > exit
    khypervisor    VT-x > off [VMfailInvalid] > exit [VMfailInvalid]
    ksm            VT-x > exit > CPL [#UD] > VMXE > off [#GP(0)]
    """,
}
# The modes that a handler checks after the processor did; the other handlers on VT-x check none again.
REPEATS = {
    "VMXON": {
        **dict.fromkeys(("kvm-2011", "kvm-2013", "kvm-2014", "xen-2011", "xen", "acrn", "xmhf64"), "PE VM compat"),
        "kvm-2022-06": "PE",
    },
    "VMXOFF": {
        **dict.fromkeys(("kvm-2011", "kvm-2013", "kvm-2014", "xen-2011"), "VM compat"),
        **dict.fromkeys(("xen", "xmhf64"), "PE VM compat"),
        "acrn": "PE VM",
        "ksm": "PE",
    },
}
NO_NESTED_GUESTS = {"VMX": ("off", "root")}
NO_FAULT = {"operand": ("mapped", "register")}
NO_BAD_ADDRESS = {"operand": ("mapped", "unmapped", "register")}
NO_PAGE_FAULT = {"operand": ("mapped", "gp-fault", "ss-fault", "register")}
# The values that a source keeps of an axis, if it says nothing about the others.
DOMAIN: dict[tuple[str, str], dict[str, tuple[Any, ...]]] = {
    ("VMXON", "kvm-2011"): NO_NESTED_GUESTS,
    ("VMXOFF", "kvm-2011"): NO_NESTED_GUESTS,
    ("VMXON", "kvm-2014"): NO_BAD_ADDRESS,
    ("VMXON", "xen-2011"): {**NO_NESTED_GUESTS, **NO_BAD_ADDRESS},
    ("VMXOFF", "xen-2011"): NO_NESTED_GUESTS,
    ("VMXON", "acrn"): NO_FAULT,
    ("VMXON", "xmhf64"): NO_FAULT,
    ("VMXON", "bitvisor"): NO_FAULT,
    ("VMXON", "pkvm-ia"): {**NO_BAD_ADDRESS, "EFER.LMA": (1,), "pointer.aligned": (1,), "pointer.in_width": (1,)},
    ("VMXOFF", "pkvm-ia"): {"VMX": ("root", "non-root")},
    ("VMXON", "khypervisor"): {**NO_PAGE_FAULT, "EFER.LMA": (1,), "CPL": (0,)},
    ("VMXON", "ksm"): {**NO_PAGE_FAULT, "EFER.LMA": (1,), "pointer.aligned": (1,), "pointer.in_width": (1,)},
}


def lines() -> dict[tuple[str, str], str]:
    """Each line of ORDER by its instruction and source, joined with those that continue it."""
    found: dict[tuple[str, str], str] = {}
    for instruction, text in ORDER.items():
        source = ""
        for line in text.strip().splitlines():
            if line.strip().startswith(">"):
                found[instruction, source] += f" {line.strip()}"
            else:
                source, order = line.strip().split(maxsplit=1)
                found[instruction, source] = order
    return found


LINES = lines()
# What success sets: VMX operation and the current VMCS, unless it is listed here; and six flags, except in kvm-2011.
AFTER: dict[tuple[str, str], dict[str, Any]] = {
    ("VMXON", "kvm-2011"): {"VMX": "root"},
    ("VMXOFF", "kvm-2011"): {"VMX": "off"},
    ("VMXOFF", "ksm"): {"VMX": "off", "current_VMCS": 0, "CR4.VMXE": 0},
}
# The bits that a write can clear in VMX root operation.  A source that is not here is unknown, or does more than a list
# can say.
WRITES = {
    **dict.fromkeys(("intel", "intel-2006", "bochs", "bochs-2026-09"), ""),
    **dict.fromkeys((source for _, source in LINES if source.startswith("kvm-")), ""),
    "xen": "CR4.VMXE CR0.NE CR0.PG CR0.PE",
    "xmhf64": "CR4.VMXE CR0.NE CR0.PG CR0.PE",
}


def places(instruction: str, source: str, line: str) -> dict[str, tuple[int, str, Box]]:
    """The place, the outcome and the box of every rung of a line."""
    line = line.replace("VT-x in long mode", LONG_VT_X[instruction]).replace("VT-x", VT_X[instruction])
    found: dict[str, tuple[int, str, Box]] = {}
    for place, group in enumerate(line.split(" > ")):
        for cell in group.split(" & "):
            name, other = re.fullmatch(r"(.*?)(?: \[(.*)\])?", cell).groups()  # type: ignore[union-attr]
            assert name in CHECKS, f"ORDER, {instruction} {source}: {name!r} is no key of CHECKS"
            usual, rungs = CHECKS[name]
            for rung, box in rungs.items():
                split = "VMfailValid" if "(a current" in rung else "VMfailInvalid"
                found[rung] = (place, other or usual or split, make_box(box))
    return found


def checked_by(instruction: str, source: str, name: str, place: int) -> str:
    """Who makes the check that has this name and this place in its line."""
    if name in ("no LOCK prefix", "memory operand"):
        return "decoder"
    if not LINES[instruction, source].startswith("VT-x"):
        return "processor"  # an emulator or a manual: there is no handler
    repeated = [rung for key in REPEATS[instruction].get(source, "").split() for rung in CHECKS[key][1]]
    return "handler" if place else "both" if name in repeated else "processor"


def test_there_is_a_line_for_every_ladder() -> None:
    ladders = {
        (each.instruction, each.source) for source in nvmx.ladders.all_sources().values() for each in source.ladders
    }
    assert set(LINES) == ladders


def test_a_line_that_names_an_unknown_check_says_so() -> None:
    with pytest.raises(AssertionError, match="ORDER, VMXON mine: 'no such check' is no key of CHECKS"):
        places("VMXON", "mine", "VT-x > no such check")


@pytest.mark.parametrize(("instruction", "source"), LINES)
def test_a_ladder_is_its_line(instruction: str, source: str) -> None:
    found = nvmx.ladder(instruction, source)
    expected = places(instruction, source, LINES[instruction, source])
    assert {rung.name: (rung.outcome, rung.when) for rung in found.rungs} == {
        name: (outcome, box) for name, (_, outcome, box) in expected.items()
    }
    names = [rung.name for rung in found.rungs]
    assert names == sorted(names, key=lambda name: expected[name][0])
    for rung in found.rungs:
        assert (rung.error is None) == (rung.outcome != "VMfailValid")
        assert rung.error in (None, 15 if instruction == "VMXON" else 23)
    assert {rung.name: rung.by for rung in found.rungs} == {
        name: checked_by(instruction, source, name, place) for name, (place, _, _) in expected.items()
    }
    assert dict(found.narrow) == DOMAIN.get((instruction, source), {})


def test_what_is_listed_as_repeated_has_a_line() -> None:
    assert {(instruction, source) for instruction, sources in REPEATS.items() for source in sources} <= set(LINES)


@pytest.mark.parametrize(("instruction", "source"), LINES)
def test_no_rung_fires_in_the_ready_state(instruction: str, source: str) -> None:
    """So each has a success to be compared.  (A hypervisor that refuses always is a correct Ladder, but no source.)"""
    assert nvmx.ladder(instruction, source).firing(READY[instruction]) == ()


@pytest.mark.parametrize(("instruction", "source"), LINES)
def test_no_possible_state_shows_the_order_inside_a_group(instruction: str, source: str) -> None:
    """That is what `&` in ORDER says: among the rungs of a group, all that fire in a state end it alike."""
    found = nvmx.ladder(instruction, source)
    expected = places(instruction, source, LINES[instruction, source])
    states = States.possible([found])
    for one, other in combinations(found.rungs, 2):
        place = expected[one.name][0]
        if place == expected[other.name][0] and one.ending != other.ending:
            reached = states.inside(one.when) & states.inside(other.when)
            for rung in found.rungs:
                if expected[rung.name][0] < place:
                    reached = reached & ~states.inside(rung.when)
            assert int(reached.sum()) == 0, f"ORDER, {instruction} {source}: {one.name!r} > {other.name!r}, not &"


@pytest.mark.parametrize("source", nvmx.ladders.all_sources().values(), ids=lambda source: str(source.id))
def test_what_a_write_can_clear_in_vmx_operation(source: nvmx.Source) -> None:
    if source.id not in WRITES:
        assert source.allowed_writes is None
    else:
        boxes = [{"VMX": ("root",), name: (0,)} for name in WRITES[source.id].split()]
        assert source.allowed_writes == tuple(boxes)


@pytest.mark.parametrize(("instruction", "source"), LINES)
def test_what_success_changes(instruction: str, source: str) -> None:
    usual = {"VMX": "root" if instruction == "VMXON" else "off", "current_VMCS": 0}
    effect = nvmx.ladder(instruction, source).effect
    assert effect.after == AFTER.get((instruction, source), usual)
    assert dict(effect.flags) == (
        {} if source == "kvm-2011" else dict.fromkeys(("CF", "PF", "AF", "ZF", "SF", "OF"), 0)
    )


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
    first = wrong["kvm-2011"]
    assert set(first["outcome"]) == {"success"}  # too generous, never too strict
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
    assert ends("bochs-2026-09", cr0_pg=0, efer_lma=0, cs_l=0) == "#GP(0)"
    assert ends("virtualbox", cr4_vmxe=0) == "#GP(0)"
    assert ends("virtualbox-hm", cr4_vmxe=0, cpl=3) == "#UD"
    assert ends("xen-2011", vmx="root") == "success"
    assert ends("xen", vmx="root", operand="unmapped", current_vmcs=1) == "#PF"
    assert ends("xen", ptr_in_width=0) == "VMfailInvalid"
    assert ends("xen", ptr_in_width=0, efer_lma=0, cs_l=0) == "success"  # the operand is only 4 bytes wide
    assert ends("acrn", efer_lma=0, cs_l=0) == "#UD"
    assert ends("acrn", vmx="root") == "VMfailValid"
    assert ends("acrn", vmx="non-root", current_vmcs=1, efer_lma=0, cs_l=0) == "VM exit"
    assert ends("xmhf64", fc_lock=0) == "success"
    assert ends("intel-2006", smx=1, fc_smx=1, fc_vmx=0) == "#GP(0)"
    assert nvmx.verdict("VMXOFF", "intel-2006", cr0_pe=0, cr0_pg=0, efer_lma=0, cs_l=0, vmx="non-root",
                        current_vmcs=1).outcome == "VM exit"  # fmt: skip
    assert nvmx.verdict("VMXOFF", "kvm-2017", cpl=3).outcome == "success"
    assert nvmx.verdict("VMXOFF", "xmhf64", cpl=3).outcome == "#GP(0)"
    assert ends("bitvisor", rev_bit31=1) == "success"
    assert ends("pkvm-ia", cpl=3, cr4_vmxe=0) == "success"
    assert ends("khypervisor", fc_lock=0, rev_match=0) == "success"
    assert nvmx.verdict("VMXOFF", "khypervisor", vmx="off").outcome == "VMfailInvalid"
    assert (ends("ksm", cpl=3), ends("ksm", cr4_vmxe=0)) == ("#UD", "#GP(0)")
    assert nvmx.run(["VMXON", "VMXOFF", "VMXON"], "ksm")["outcome"].tolist() == ["success", "success", "#GP(0)"]
    with pytest.raises(ValueError, match="pkvm-ia"):
        nvmx.verdict("VMXOFF", "pkvm-ia", vmx="off")
    for source in ("acrn", "xmhf64", "bitvisor", "khypervisor", "ksm"):
        with pytest.raises(ValueError, match=source):
            ends(source, operand="unmapped")


def test_witnesses_of_a_bad_address_of_the_operand() -> None:
    def ends(source: str, operand: str, **axes: object) -> str:
        return nvmx.verdict("VMXON", source, operand=operand, **axes).outcome

    protected = {"efer_lma": 0, "cs_l": 0}
    for source in ("intel", "kvm-2017", "kvm-2022-10", "bochs", "ksm"):
        assert (ends(source, "gp-fault"), ends(source, "ss-fault")) == ("#GP(0)", "#SS(0)")
    assert ends("kvm-2011", "ss-fault") == ends("kvm-2013", "gp-fault") == "success"  # the operand is not read
    assert (ends("intel", "ss-fault", fc_lock=0), ends("kvm-2022-10", "ss-fault", vmx="root")) == (
        "#GP(0)", "VMfailInvalid",
    )  # fmt: skip
    assert (ends("xen", "ss-fault", vmx="root"), ends("xen", "ss-fault", cpl=3)) == ("#GP(0)", "#GP(0)")
    for source, in_root in (("virtualbox", "VMfailInvalid"), ("virtualbox-hm", "#SS(0)")):
        assert (ends(source, "ss-fault"), ends(source, "ss-fault", **protected)) == ("#GP(0)", "#SS(0)")
        assert ends(source, "ss-fault", vmx="root", **protected) == in_root
    assert (ends("khypervisor", "gp-fault"), ends("khypervisor", "ss-fault", ptr_aligned=0)) == ("#UD", "#UD")
    for source in ("kvm-2014", "xen-2011", "acrn", "xmhf64", "bitvisor", "pkvm-ia"):
        for operand in ("gp-fault", "ss-fault"):
            with pytest.raises(ValueError, match=source):
                ends(source, operand)


def test_witnesses_of_the_other_fixed_bits_and_of_lock() -> None:
    def ends(source: str, **axes: object) -> str:
        return nvmx.verdict("VMXON", source, **axes).outcome

    for source in ("kvm-2018-07", "bochs", "bochs-2026-09", "xen", "bitvisor", "pkvm-ia", "khypervisor", "ksm"):
        assert ends(source, other_fixed_bits=0) == "success"
    for source in ("intel", "kvm-2022-10", "virtualbox", "virtualbox-hm", "acrn", "xmhf64"):
        assert ends(source, other_fixed_bits=0) == "#GP(0)"
    assert ends("kvm-2022-06", other_fixed_bits=0, cpl=3) == "#UD"
    for source in nvmx.ladders.all_sources():
        for instruction in ("VMXON", "VMXOFF"):
            accepted = nvmx.verdict(instruction, source, lock=1).outcome == "success"
            assert accepted == (source == "virtualbox")


def test_a_check_that_does_not_exist_is_refused() -> None:
    with pytest.raises(nvmx.NvmxError, match=r"CR4\.VMXE set.*\(a new check is a row in nvmx/ladders/checks\.py\)$"):
        end_to_end("VMXON", "mine", "mine.c", "CR4.VMX set")
    for make in (
        lambda: check("no such check", "handler", "mine.c"),
        lambda: vmfail("no such check", 15, "handler", "mine.c"),
    ):
        with pytest.raises(nvmx.NvmxError, match=r"'no such check' is not allowed.*checks\.py\)$"):
            make()
    with pytest.raises(nvmx.NvmxError, match="check of mine"):
        end_to_end("VMXON", "mine", "mine.c", "CPL 0", outcomes={"CR4.VMXE set": "#GP(0)"})


def test_only_a_mode_that_the_processor_checks_can_be_repeated() -> None:
    with pytest.raises(nvmx.NvmxError, match=r"mode that mine repeats: 'protected-mode'.* mean 'protected mode'"):
        end_to_end("VMXON", "mine", "mine.c", "CPL 0", repeats="protected-mode")
    with pytest.raises(nvmx.NvmxError, match="mode that mine repeats: 'protected mode'"):
        end_to_end("VMXON", "mine", "mine.c", "CPL 0", modes="not compatibility mode", repeats="protected mode")


MINE = end_to_end("VMXON", "mine", "mine.c", "CPL 0")


def made_up(**changes: Any) -> nvmx.Source:
    """A correct source, with these fields changed."""
    fields = {"id": "mine", "title": "Mine", "date": "2026-11", "reference": "mine.c", "note": "A note."}
    return nvmx.Source(**{**fields, "ladders": (MINE,), **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(({"date": date}, f"date: '{re.escape(date)}' is not YYYY") for date in
          ("June 2026", "1.2", "2026-13", "2026-06-32", "2026-6", "26", "2026-06-01 ", "Undated")),
        *(({name: ""}, f"{name} is empty") for name in ("title", "date", "reference", "note")),
        ({"title": None}, "title: None is not a string"),
        ({"note": "A note"}, "must end with a period: 'A note'"),
        *(({"id": name}, "id: use lower-case") for name in ("Mine", "my source", "mine-", "mine_1")),
        ({"ladders": MINE}, r"Ladder VMXON mine.* is not a tuple \(of one: `\(VMXON,\)`\)"),
        ({"ladders": ("VMXON",)}, "'VMXON' is not a Ladder"),
        ({"ladders": (MINE, MINE)}, "two ladders for VMXON"),
        ({"id": "yours"}, "holds a ladder of 'mine'"),
        ({"allowed_writes": {"VMX": "root"}}, "not a mapping"),
        ({"allowed_writes": ({"CR4.VMX": 0},)}, "did you mean 'CR4.VMXE'"),
    ],
)  # fmt: skip
def test_a_source_that_makes_no_sense_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(nvmx.NvmxError, match=words):
        made_up(**changes)


@pytest.mark.parametrize("date", ["2026", "2026-06", "2026-06-30", "undated"])
def test_a_date_may_be_as_exact_as_it_is_known(date: str) -> None:
    assert made_up(date=date).date == date


def test_allowed_writes_become_boxes() -> None:
    assert made_up(allowed_writes=({"VMX": "root", "cr4_vmxe": 0},)).allowed_writes == (
        {"CR4.VMXE": (0,), "VMX": ("root",)},
    )
