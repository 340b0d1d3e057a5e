"""KVM's handlers, from 2011 to today, end to end: what the processor checks before the VM exit, then the handler."""

from ..model.box import Box
from ..model.ladder import Effect, Ladder
from ..model.outcome import UNTOUCHED
from .hypervisor import MODES, end_to_end
from .source import Source

_VMX = "arch/x86/kvm/vmx.c"
_NESTED = "arch/x86/kvm/vmx/nested.c"
_VM_MODES = "not virtual-8086 mode, not compatibility mode"
_EXIT = "not VMX non-root operation"
_FIRMWARE = "FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set"
_POINTER = "operand mapped, pointer aligned, pointer within width, revision matches, revision bit 31 clear"
_OPERAND = f"operand address valid, stack address valid, {_POINTER}"
_ALL_BUT_FIXED = f"{_EXIT}, CR4.VMXE set, CPL 0, not in VMX root operation, {_FIRMWARE}, {_OPERAND}"
_PERMISSION = f"{_EXIT}, in VMX operation, CPL 0"
# In VMX operation a MOV that clears a fixed bit is #GP(0) in all versions: in handle_set_cr0 and vmx_set_cr4 of Linux
# 3.1, and in what they became.  (Until December 2021, 777ab82d7ce0, KVM let 64-bit code clear CR0.PG outside VMX
# operation; here that is #GP(0) for every source.)
_NO_WRITES: tuple[Box, ...] = ()


def _first(instruction: str, handler: str, names: str, repeats: str, vmx: str) -> Ladder:
    """Return a ladder of the 2011 commit, which writes no flag and has no nested guests: VMLAUNCH is still #UD."""
    effect, narrow = Effect(vmx, None, UNTOUCHED), {"VMX": ("off", "root")}
    return end_to_end(instruction, "kvm-2011", handler, names, repeats=repeats, effect=effect, narrow=narrow)


SOURCES = (
    Source(
        "kvm-2011", "KVM, the first handlers (Linux 3.1)", "2011-05-25",
        f"Linux ec378aeef9dfc7c4ba72e9bd6cd4bd6f7d5fd0cc, {_VMX}, handle_vmon and handle_vmoff",
        "VMXON and VMXOFF are emulated for the first time: a few bits and the CPL are tested, the operand is never "
        "read, RFLAGS never written, and a second VMXON succeeds.",
        (
            _first("VMXON", f"Linux ec378aeef9df, {_VMX}, handle_vmon", "CR4.VMXE set, CPL 0", MODES, "root"),
            _first("VMXOFF", f"Linux ec378aeef9df, {_VMX}, nested_vmx_check_permission",
                   "in VMX operation, CPL 0", _VM_MODES, "off"),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2013", "KVM with a second VMXON refused (Linux 3.12)", "2013-07-08",
        f"Linux b3897a49e22f, {_VMX}, handle_vmon; with 145c28dd19be (in VMX operation, 3.10) and a25eb114d50b "
        "(flags); the three hashes are unverified, the text was read in Linux 3.12",
        "VMXON in VMX operation fails with error 15, success writes the flags, and the firmware's lock is asked for; "
        "the operand is still not read.",
        (
            end_to_end("VMXON", "kvm-2013", f"Linux 3.12, {_VMX}, handle_vmon",
                       f"{_EXIT}, CR4.VMXE set, CPL 0, not in VMX root operation, {_FIRMWARE}", repeats=MODES),
            end_to_end("VMXOFF", "kvm-2013", f"Linux 3.12, {_VMX}, nested_vmx_check_permission", _PERMISSION,
                       repeats=_VM_MODES),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2014", "KVM with the pointer checked too early (Linux 3.16 to 4.11)", "2014-05-06",
        f"Linux 3573e22cfeca, {_VMX}, handle_vmon and nested_vmx_check_vmptr",
        "The pointer and the revision are tested, but before VMX operation and the firmware's lock, so a bad pointer "
        "hides the error that should come first (and a VMXON that fails has stored its pointer already). An operand "
        "that is outside its segment or not canonical is read like any other (no verdict on that), until f9eb4af67c9d "
        "of April 2015 (4.2, unverified) makes it #GP(0) or #SS(0), just before the page fault.",
        (
            end_to_end("VMXON", "kvm-2014",
                       f"Linux 3.16 with 3573e22cfeca, {_VMX}, handle_vmon and nested_vmx_check_vmptr",
                       f"{_EXIT}, CR4.VMXE set, CPL 0, {_POINTER}, not in VMX root operation, {_FIRMWARE}",
                       repeats=MODES,
                       # What is at the bad address decides.
                       narrow={"operand": ("mapped", "unmapped", "register")}),
            end_to_end("VMXOFF", "kvm-2014", f"Linux 3.16, {_VMX}, nested_vmx_check_permission", _PERMISSION,
                       repeats=_VM_MODES),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2017", "KVM without the privilege check (Linux 4.13 to 4.17.1)", "2017-04-26",
        f"Linux 70f3aac964ae (4.12), {_VMX}, handle_vmon; the order of 4.13 from cbf712792b6e, whose hash is "
        "unverified",
        "Tests that the processor had made already were dropped, and with them the CPL test that it had not: "
        "CVE-2018-12904, user code of a guest can execute VMX instructions. The operand's segment and canonical form "
        "are tested now (f9eb4af67c9d of 2015, get_vmx_mem_address). 4.12 has no CPL test either, but still "
        "checks the pointer early (its order is inferred).",
        (
            end_to_end("VMXON", "kvm-2017", f"Linux 4.13, {_VMX}, handle_vmon",
                       f"{_EXIT}, CR4.VMXE set, not in VMX root operation, {_FIRMWARE}, {_OPERAND}"),
            end_to_end("VMXOFF", "kvm-2017", f"Linux 4.13, {_VMX}, nested_vmx_check_permission",
                       f"{_EXIT}, in VMX operation"),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2018-06", "KVM with CPL back as #UD (Linux 4.18)", "2018-06-11",
        f"Linux 727ba748e110, {_VMX}, handle_vmon and nested_vmx_check_permission",
        "The fix of CVE-2018-12904 restores the privilege check, with #UD instead of the manual's #GP(0); it is in "
        "4.14.50, 4.16.16 and 4.17.2, too.",
        (
            end_to_end("VMXON", "kvm-2018-06", f"Linux 727ba748e110, {_VMX}, handle_vmon", _ALL_BUT_FIXED,
                       outcomes={"CPL 0": "#UD"}),
            end_to_end("VMXOFF", "kvm-2018-06", f"Linux 727ba748e110, {_VMX}, nested_vmx_check_permission",
                       f"{_EXIT}, CPL 0, in VMX operation", outcomes={"CPL 0": "#UD"}),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2018-07", "KVM with CPL as #GP(0) (Linux 4.19 to 5.19)", "2018-07-27",
        f"Linux 36090bf43a6b and e49fcb8b9ef2, {_VMX}, handle_vmon and nested_vmx_check_permission",
        "The privilege check has the right vector, and in the shared permission check its right place.",
        (
            end_to_end("VMXON", "kvm-2018-07", f"Linux 36090bf43a6b, {_VMX}, handle_vmon", _ALL_BUT_FIXED),
            end_to_end("VMXOFF", "kvm-2018-07", f"Linux e49fcb8b9ef2, {_VMX}, nested_vmx_check_permission",
                       _PERMISSION),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2022-06", "KVM with fixed bits as #UD (Linux 6.0 to 6.0.17, 6.1 to 6.1.3)", "2022-06-07",
        f"Linux c7d855c2aff2, {_NESTED}, handle_vmxon",
        "The fixed bits of CR0 and CR4 are tested at last, but first of all and with #UD for every one of them, though "
        "all but CR0.PE and CR4.VMXE are #GP(0): more states end wrongly than before. It was backported to older "
        "stable kernels.",
        (
            end_to_end("VMXON", "kvm-2022-06", f"Linux c7d855c2aff2, {_NESTED}, handle_vmxon",
                       f"{_EXIT}, CR4.VMXE set, CR0.NE set, CR0.PG set, other fixed bits valid, CPL 0,"
                       f" not in VMX root operation, {_FIRMWARE}, {_OPERAND}",
                       repeats="protected mode",
                       outcomes=dict.fromkeys(("CR0.NE set", "CR0.PG set", "other fixed bits valid"), "#UD")),
            end_to_end("VMXOFF", "kvm-2022-06", f"Linux 6.0, {_NESTED}, nested_vmx_check_permission", _PERMISSION),
        ),
        _NO_WRITES,
    ),
    Source(
        "kvm-2022-10", "KVM today (Linux 6.2 and since)", "2022-10-06",
        f"Linux 9cc409325ddd, {_NESTED}, handle_vmxon",
        "The fixed bits are #GP(0), after the privilege check and VMX operation; what is left are SMX and A20M, which "
        "KVM does not model. It is in 6.0.18 and 6.1.4, too. The same checks in the same order were read in trees "
        "of up to 2026.",
        (
            end_to_end("VMXON", "kvm-2022-10", f"Linux 9cc409325ddd, {_NESTED}, handle_vmxon",
                       f"{_EXIT}, CR4.VMXE set, CPL 0, not in VMX root operation, CR0.NE set, CR0.PG set,"
                       f" other fixed bits valid, {_FIRMWARE}, {_OPERAND}"),
            end_to_end("VMXOFF", "kvm-2022-10", f"Linux 6.2, {_NESTED}, nested_vmx_check_permission", _PERMISSION),
        ),
        _NO_WRITES,
    ),
)  # fmt: skip
