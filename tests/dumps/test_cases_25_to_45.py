"""Real cases of VMXON that failed, or seemed to: written anew, with the field names and values of the originals.

Each says what must be read from it, and what must not.
"""

from collections.abc import Mapping
from typing import Any

import pytest

import nvmx
from nvmx.dumps import Reading

LOCK, SMX, VMX = "FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx"


def check(
    text: str, instruction: str | None, executed: bool | None, observed: tuple[str, ...], known: Mapping[str, Any]
) -> Reading:
    """Read, and compare all that is claimed."""
    reading = nvmx.read(text)
    assert reading.refused is None
    assert (reading.instruction, reading.executed, reading.observed) == (instruction, executed, observed)
    assert dict(reading.known) == known
    numbers = [line.number for lines in reading.evidence.values() for line in lines]
    assert reading.evidence.keys() == reading.known.keys()
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)
    return reading


def said(reading: Reading, *words: str) -> bool:
    return any(all(word in note for word in words) for note in reading.notes)


def outcome(reading: Reading, **axes: Any) -> str:
    """How VMXON ends if what is not known is as it should be."""
    return nvmx.verdict("VMXON", "intel", **{**reading.known, **axes}).outcome


def test_o25_virtualbox_finds_vmx_disabled_for_all_modes() -> None:
    text = """\
VBoxManage: error: VT-x is disabled in the BIOS for all CPU modes (VERR_VMX_MSR_ALL_VMX_DISABLED)
VBoxManage: error: Details: code NS_ERROR_FAILURE (0x80004005), component ConsoleWrap, interface IConsole
"""
    reading = check(text, "VMXON", False, (), {LOCK: 1, SMX: 0, VMX: 0})
    assert said(reading, "was not executed")
    assert outcome(reading) == "#GP(0)"


CHECKTOOL = """\
CPU vendor          *  GenuineIntel
Intel64 supported   *  Yes
VMX supported       {supported}
VMX enabled         {enabled}
EPT supported       *  Yes
NX supported        *  Yes
NX enabled          *  Yes
Hyper-V disabled    {hyper_v}
OS version          *  Windows 10.0.19043
OS architecture     *  x86_64
Guest unoccupied    *  Yes. 0 guest(s)
"""


def test_o26_checktool_says_that_the_firmware_does_not_allow_vmx() -> None:
    text = CHECKTOOL.format(supported="*  Yes", enabled="-  No", hyper_v="*  Yes")
    # Windows' flag is also clear while FEATURE_CONTROL is 0, so that no single bit is known.
    reading = check(text, "VMXON", False, (), {})
    assert said(reading, "unlocked, or locked without bit 2")


def test_o27_hyper_v_hides_vmx() -> None:
    text = CHECKTOOL.format(supported="-  No", enabled="-  No", hyper_v="-  No")
    reading = check(text, "VMXON", False, (), {"CR4.VMXE": 0})
    assert said(reading, "Hyper-V")
    assert said(reading, "RDMSR", "#GP")
    assert not said(reading, "FEATURE_CONTROL")  # the firmware need not be the cause
    assert outcome(reading) == "#UD"


def test_o28_virtualbox_finds_no_vmx() -> None:
    reading = check("Stderr: VT-x is not available. (VERR_VMX_NO_VMX)", "VMXON", False, (), {"CR4.VMXE": 0})
    assert said(reading, "CPUID")
    assert outcome(reading) == "#UD"


def test_o29_bhyve_in_a_guest_without_vmx() -> None:
    text = """\
vmx_modinit: processor does not support VMX operation
module_register_init: MOD_LOAD (vmm, 0xffffffff82c04200, 0) error 6
"""
    reading = check(text, "VMXON", False, (), {"CR4.VMXE": 0})
    assert outcome(reading) == "#UD"


def test_o30_an_input_output_error_of_modprobe_does_not_say_why() -> None:
    reading = nvmx.read("modprobe: ERROR: could not insert 'kvm_intel': Input/output error")
    assert reading.refused is None
    assert reading.executed is not True
    assert not reading.known
    assert not reading.observed


def test_o31_a_discussion_of_feature_control_is_no_value_of_it() -> None:
    text = """\
With TxtEnable set in the FSP, Hyper-V does not start any more.
MSR 3Ah has a bit VMX_INSIDE_SMX (bit 1) and a bit VMX_OUTSIDE_SMX (bit 2).
"""
    check(text, None, None, (), {})


XEN_FRAME = """\
(XEN) [  812.100101] ----[ Xen-4.17  x86_64  debug=n  Not tainted ]----
(XEN) [  812.100105] CPU:    0
(XEN) [  812.100107] RIP:    e008:[<0000000045f1e11f>] 0000000045f1e11f
(XEN) [  812.100112] RFLAGS: 0000000000010206   CONTEXT: hypervisor
(XEN) [  812.100116] rax: 0000000000000005   rbx: 0000000000000001   rcx: 000000000000003a
(XEN) [  812.100119] rdx: 0000000000000000   rsi: 0000000000000000   rdi: 0000000000000001
(XEN) [  812.100133] r15: 0000000000000000   cr0: 0000000080050033   cr4: 0000000000d526e0
(XEN) [  812.100137] Xen code around <0000000045f1e11f> (0000000045f1e11f):
(XEN) [  812.100139]  48 c1 ea 20 b9 3a 00 00 00 <0f> 30 c3
(XEN) [  812.100201] ****************************************
(XEN) [  812.100203] Panic on CPU 0:
(XEN) [  812.100205] GENERAL PROTECTION FAULT
(XEN) [  812.100207] [error_code=0000]
"""


def test_o32_wrmsr_of_a_locked_feature_control_is_not_vmxon() -> None:
    reading = nvmx.read(XEN_FRAME)
    assert (reading.instruction, reading.executed) == ("WRMSR", True)
    assert said(reading, "WRMSR of 3Ah", "not VMXON's")
    assert reading.known["CR4.VMXE"] == reading.known["CR0.NE"] == reading.known["CR0.PG"] == 1
    assert LOCK not in reading.known


def test_o33_xen_blames_txt_after_vmxon_has_faulted() -> None:
    text = """\
(XEN) CPU0: VMXON failed: perhaps because of TXT settings in your BIOS configuration?
(XEN)  --> Disable TXT in your BIOS unless using a secure bootloader.
"""
    reading = nvmx.read(text)
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("fault",))
    assert reading.known[LOCK] == 1
    assert VMX not in reading.known  # it may be bit 1 or bit 2


def test_o34_feature_control_with_bit_2_and_without_the_lock() -> None:
    reading = nvmx.read("IA32_FEATURE_CONTROL=0000000000000004")
    assert dict(reading.known) == {LOCK: 0, SMX: 0, VMX: 1}
    assert outcome(reading) == "#GP(0)"


DBVM = """\
0:System check successful. INTEL-VT is supported
Going to call IA32_FEATURE_CONTROL=readMSR(0x3a)
IA32_FEATURE_CONTROL=0000000000000005
IA32_FEATURE_CONTROL is locked (value=0000000000000005). (Disabled in bios?)
revision id=18
IA32_FEATURE_CONTROL=0000000000000005
IA32_VMX_CR0_FIXED0=0000000080000021 IA32_VMX_CR0_FIXED1=00000000FFFFFFFF
IA32_VMX_CR4_FIXED0=0000000000002000 IA32_VMX_CR4_FIXED1=00000000001767FF
CR0=0000000080010031  (Should be 0000000080010031)
CR4=0000000000002230  (Should be 0000000000002230)
vmxon_region=00000000DD4D0000
0:Checks successfull. Going to call vmxon
0: vmxon success
"""


@pytest.mark.parametrize("photographed", [False, True])
def test_o35_vmxon_succeeded_and_the_crash_came_later(photographed: bool) -> None:
    text = DBVM
    if photographed:  # and read by a program that mistakes 0 for O and V for U
        text = text.replace("CR0=", "CRO=").replace("IA32_VMX_", "IA32_UMX_").replace("vmxon success", "Vmxon success")
    known = {
        "CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, LOCK: 1, SMX: 0, VMX: 1, "pointer.aligned": 1,
        "other_fixed_bits": 1,
    }  # fmt: skip
    reading = check(text, "VMXON", True, ("success",), known)
    assert not said(reading, "bios")  # "(Disabled in bios?)" beside the lock misleads: 5 is right
    assert outcome(reading) == "success"


def test_o36_values_from_before_vmxe_was_set() -> None:
    text = "efer=d01 CR0=80050033 CR4=001506f8 VMX_BASIC=00da040000000012"
    known = {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 0, "EFER.LMA": 1}
    reading = check(text, None, None, (), known)
    assert outcome(reading) == "#UD"
    assert outcome(reading, **{"CR4.VMXE": 1}) == "success"


VMCS = """\
kvm_intel: VMCS 00000000c3a1f2b0, last attempted VM-entry on CPU 11
kvm_intel: *** Guest State ***
kvm_intel: CR0: actual=0x0000000080010033, shadow=0x0000000080010033, gh_mask=fffffffffffefff7
kvm_intel: CR4: actual=0x0000000000342af0, shadow=0x0000000000340af0, gh_mask=fffffffffffef871
kvm_intel: CR3 = 0x0008000080a1f000
kvm_intel: RSP = 0xffffff8000005f00  RIP = 0xffffff8000012345
kvm_intel: RFLAGS=0x00000002         DR7 = 0x0000000000000400
kvm_intel: CS:   sel=0x0008, attr=0x0a09b, limit=0xffffffff, base=0x0000000000000000
kvm_intel: DS:   sel=0x0010, attr=0x0c093, limit=0xffffffff, base=0x0000000000000000
kvm_intel: SS:   sel=0x0010, attr=0x0c093, limit=0xffffffff, base=0x0000000000000000
kvm_intel: EFER= 0x0000000000000d00
kvm_intel: *** Host State ***
kvm_intel: RIP = 0xffffffffc0a1b2c0  RSP = 0xffffa2b3c4d5e6f0
kvm_intel: CR0=0000000080050033 CR3=000000012345a000 CR4=0000000000f72ef0
kvm_intel: *** Control State ***
kvm_intel:         reason=80000021 qualification=0000000000000000
"""


def test_o37_the_guest_sees_the_shadow() -> None:
    reading = nvmx.read(VMCS)
    assert reading.refused is None
    assert reading.instruction is None  # a VM entry failed
    assert reading.known["CR4.VMXE"] == 0  # and not 1, as in `actual` and in the host's CR4
    known = {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CS.L": 1, "CPL": 0, "RFLAGS.VM": 0}
    assert known.items() <= reading.known.items()
    assert outcome(reading) == "#UD"


WRAPPED_VMCS = """\
> *** Guest State ***
> CR0: actual=0x0000000000050032,
> shadow=0x0000000000050032, gh_mask=fffffffffffffff7
> CR4: actual=0x0000000000002050,
> shadow=0x0000000000000000, gh_mask=fffffffffffff871
> RSP = 0x000000007fbb2d58  RIP = 0x0000000000008000
> RFLAGS=0x00000002         DR7 = 0x0000000000000400
> CS:   sel=0xc000, attr=0x08093, limit=0xffffffff, base=0x000000007ffc0000
> SS:   sel=0x0000, attr=0x08093, limit=0xffffffff, base=0x0000000000000000
> *** Host State ***
> CR0=0000000080050033 CR3=0000000411f2c000 CR4=00000000003427e0
"""


def test_o38_wrapped_lines_and_real_address_mode() -> None:
    reading = nvmx.read(WRAPPED_VMCS)
    assert reading.refused is None
    assert {"CR0.PE": 0, "CR0.NE": 1, "CR0.PG": 0, "CR4.VMXE": 0}.items() <= reading.known.items()
    assert outcome(reading) == "#UD"


def test_o39_the_hosts_vmxe_shows_that_its_vmxon_had_succeeded() -> None:
    text = """\
Sep  7 12:00:01 a kernel: [ 72.1001] *** Guest State ***
Sep  7 12:00:01 a kernel: [ 72.1002] CR0: actual=0x0000000080000031, shadow=0x0000000080000011, gh_mask=fffffffffffffff7
Sep  7 12:00:01 a kernel: [ 72.1003] CR4: actual=0x0000000000002020, shadow=0x0000000000000020, gh_mask=ffffffffffffe871
Sep  7 12:00:01 a kernel: [ 72.1004] EFER =     0x0000000000000800  PAT = 0x0000000000000000
Sep  7 12:00:01 a kernel: [ 72.1005] *** Host State ***
Sep  7 12:00:01 a kernel: [ 72.1006] CR0=0000000080050033 CR3=0000000112233001 CR4=00000000000626f0
"""
    reading = nvmx.read(text)
    assert reading.refused is None
    assert reading.known["CR4.VMXE"] == 0
    assert reading.known["CR0.NE"] == 0
    assert reading.instruction != "VMXON" or reading.executed is not True


def test_o40_a_capability_msr_is_no_check_of_vmxon() -> None:
    text = """\
ERROR: vmxon capabilities not supported:
ERROR:     - vmx_basic_msr: 0xd8100000000001
ERROR:     - 55: 0x37
"""
    reading = check(text, "VMXON", False, (), {})
    assert said(reading, "VMXON does not check")


CPUM = """\
00:00:07.417023 Guest CPUM (VCPU 0) state:
00:00:07.417024 eax=00000007 ebx=c0a1b2c0 ecx=00000000 edx=00000000 esi=00000000 edi=c1000000
00:00:07.417025 eip=c01234ab esp=c0fff000 ebp=c0fff010 iopl=0         nv up di pl zr na pe nc
00:00:07.417026 cs={0008 base=0000000000000000 limit=ffffffff flags=0000c09b} dr0=00000000 dr1=00000000
00:00:07.417027 ds={0010 base=0000000000000000 limit=ffffffff flags=0000c093} dr2=00000000 dr3=00000000
00:00:07.417028 gs={0010 base=0000000000000000 limit=ffffffff flags=0000c093} cr0=80010013 cr2=00000000
00:00:07.417029 ss={0010 base=0000000000000000 limit=ffffffff flags=0000c093} cr3=00101000 cr4=00040678
00:00:07.417030 gdtr=00000000c0101000:0037  idtr=00000000c0102000:07ff  eflags=00010046
00:00:07.417031 EFER         =0000000000000800
"""


def test_o41_a_guest_of_virtualbox() -> None:
    known = {
        "CR0.PE": 1, "CR0.NE": 0, "CR0.PG": 1, "CR4.VMXE": 0, "EFER.LMA": 0, "RFLAGS.VM": 0, "CS.L": 0, "CPL": 0,
    }  # fmt: skip
    reading = check(CPUM, None, None, (), known)
    assert outcome(reading) == "#UD"
    assert outcome(reading, **{"CR4.VMXE": 1}) == "#GP(0)"  # behind it, CR0.NE


def test_o41_a_value_that_is_cut_off_proves_nothing_about_its_missing_digits() -> None:
    reading = nvmx.read(CPUM[: CPUM.index("cr4=0004") + len("cr4=0004")])
    assert "CR4.VMXE" not in reading.known
    assert reading.known["CR0.NE"] == 0


EDK2 = """\
!!!! X64 Exception Type - 06(#UD - Invalid Opcode)  CPU Apic ID - 00000000 !!!!
RIP  - 0000000000001300, CS  - 0000000000000038, RFLAGS - 0000000000210207
RAX  - 0000000000000000, RCX - 00000000BF5E0000, RDX - 0000000000000001
RBX  - 00000000BEEF0000, RSP - 00000000BFFE1000, RBP - 00000000BFFE1080
DS   - 0000000000000030, ES  - 0000000000000030, FS  - 0000000000000030
GS   - 0000000000000030, SS  - 0000000000000030
CR0  - {cr0:016X}, CR2 - 0000000000000000, CR3 - 00000000BF801000
CR4  - {cr4:016X}, CR8 - 0000000000000000
DR0  - 0000000000000000, DR1 - 0000000000000000, DR2 - 0000000000000000
GDTR - 00000000BF5DE000 0000000000000047, LDTR - 0000000000000000
IDTR - 00000000BF0F1018 0000000000000FFF,   TR - 0000000000000000
FXSAVE_STATE - 00000000BFFE0C30
!!!! Find image based on IP(0x1300) (No PDB)  (ImageBase=0000000000000000, EntryPoint=0000000000000000) !!!!
"""


def test_o42_firmware_on_amd_is_refused() -> None:
    reading = nvmx.read("Server with an AMD EPYC 7302P\n" + EDK2.format(cr0=0x80010011, cr4=0x628))
    assert reading.refused
    assert "AMD" in reading.refused
    assert not reading.known


def test_o42_the_same_as_a_state_of_intels() -> None:
    known = {
        "CR0.PE": 1, "CR0.NE": 0, "CR0.PG": 1, "CR4.VMXE": 0, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1, "CPL": 0,
    }  # fmt: skip
    reading = check(EDK2.format(cr0=0x80010011, cr4=0x628), None, True, ("#UD",), known)
    assert outcome(reading) == "#UD"
    assert outcome(reading, **{"CR4.VMXE": 1}) == "#GP(0)"  # firmware leaves CR0.NE = 0


def test_o43_a_dump_with_shifted_fields_is_refused() -> None:
    text = EDK2.format(cr0=0x21F, cr4=8).replace("CS  - 0000000000000038", "CS  - 0000000000000000")
    reading = nvmx.read(text)
    assert reading.refused
    assert "contradicts itself" in reading.refused
    assert not reading.known
    assert not reading.observed


def test_o44_firmware_that_leaves_ne_clear() -> None:
    text = EDK2.replace("06(#UD - Invalid Opcode)", "0D(#GP - General Protection)")
    reading = nvmx.read(text.format(cr0=0x80010011, cr4=0x2668))
    assert (reading.instruction, reading.observed) == (None, ("#GP(0)",))
    assert reading.known["CR4.VMXE"] == 1
    assert outcome(reading) == "#GP(0)"
    assert "CR0.NE = 0" in str(nvmx.verdict("VMXON", "intel", **reading.known))


def test_o45_what_users_found_wrong_in_bochs_is_in_its_rows() -> None:
    # Bochs' VMXON looked at CR0.PE where CR0.PG was meant.
    state: dict[str, Any] = {"cr0_pg": 0, "efer_lma": 0, "cs_l": 0}
    assert nvmx.verdict("VMXON", "intel", **state).outcome == "#GP(0)"
    assert nvmx.verdict("VMXON", "bochs", **state).outcome == "success"


@pytest.mark.parametrize(
    ("text", "status", "outcomes"),
    [
        ("(VERR_VMX_MSR_ALL_VMX_DISABLED)", 3, {"#UD", "#GP(0)"}),  # never a success
        ("(VERR_VMX_NO_VMX)", 3, {"#UD"}),
        (DBVM, 0, {"success"}),
        (VMCS, 0, {"#UD"}),
        (WRAPPED_VMCS, 0, {"#UD"}),
        (CPUM, 0, {"#UD"}),
    ],
)
def test_what_is_left_to_explain(text: str, status: int, outcomes: set[str]) -> None:
    explanation = nvmx.read(text).explain()
    assert explanation.status == status
    assert set(explanation.outcomes) == outcomes


@pytest.mark.parametrize("text", [XEN_FRAME, EDK2.format(cr0=0x21F, cr4=8)])
def test_what_cannot_be_explained_as_vmxon(text: str) -> None:
    assert nvmx.read(text).explain().status == 4
