"""KVM's handlers as rows, end to end: what the processor tests before the VM exit, then the handler."""

from collections.abc import Sequence

from ..model.box import make_box
from ..model.ladder import Effect, Ladder, Rung
from ..model.outcome import UNTOUCHED
from .checks import check, checks, vmfail
from .source import Source

_ON_PAGE = "SDM VMXON page, Operation (rev 091 §33.3)"
_OFF_PAGE = "SDM VMXOFF page, Operation (rev 091 §33.3)"
_FILE = "arch/x86/kvm/vmx.c"
_NESTED = "arch/x86/kvm/vmx/nested.c"
# At the seed nothing can become a nested guest: VMLAUNCH is still #UD.
_NARROW = {"VMX": ("off", "root")}
_MODE = "protected mode, not virtual-8086 mode, not compatibility mode"


def _before_exit(page: str, handler: str, names: str = _MODE) -> tuple[Rung, ...]:
    """The mode tests of the processor; those that the handler repeats are checked by both."""
    also = "the processor faults, and the handler would too"
    alone = "the processor faults, and no VM exit happens"
    rungs = []
    for name in _MODE.split(", "):
        repeated = name in names.split(", ")
        plain = check(name, "both", page)
        why = f"{plain.reason}: {also if repeated else alone}"
        source = f"{handler}; {page}" if repeated else page
        rungs.append(check(name, "both" if repeated else "processor", source, why=why))
    return tuple(rungs)


def _vmxe(handler: str) -> Rung:
    why = "the guest has not set its CR4.VMXE (the real register has it set, so only the handler notices)"
    return check("CR4.VMXE set", "handler", handler, why=why)


def _forwarded(handler: str) -> Rung:
    why = "a nested guest executed it: the exit is passed on to its own hypervisor"
    return check("not VMX non-root operation", "handler", handler, why=why)


def _vmxon(source: str, handler: str, repeats: str, rungs: Sequence[Rung]) -> Ladder:
    """The ladder of a version that knows nested guests: the processor's tests, the forwarded exit, the handler's."""
    decoder = check("memory operand", "decoder", _ON_PAGE)
    before = _before_exit(_ON_PAGE, handler, repeats)
    return Ladder("VMXON", source, (decoder, *before, _forwarded(handler), *rungs), Effect(vmx="root"))


def _vmxoff(source: str, handler: str, repeats: str, rungs: Sequence[Rung]) -> Ladder:
    before = _before_exit(_OFF_PAGE, handler, repeats)
    return Ladder("VMXOFF", source, (*before, _forwarded(handler), *rungs), Effect(vmx="off"))


def _in_vmx(handler: str) -> Rung:
    why = "the guest has not executed VMXON (the real processor is in VMX operation, so only the handler notices)"
    return check("in VMX operation", "handler", handler, why=why)


_FIRMWARE = "FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set"
_POINTER = "operand mapped, pointer aligned, pointer within width, revision matches, revision bit 31 clear"
_VM_MODES = "not virtual-8086 mode, not compatibility mode"

# 2011: the seed.
_SEED = f"Linux ec378aeef9df, {_FILE}"
_on, _off = f"{_SEED}, handle_vmon", f"{_SEED}, nested_vmx_check_permission"
_ON_2011 = Ladder(
    "VMXON",
    "kvm-2011",
    (
        check("memory operand", "decoder", _ON_PAGE),
        *_before_exit(_ON_PAGE, _on),
        _vmxe(_on),
        check("CPL 0", "handler", _on),
    ),
    Effect(vmx="root", current_vmcs=None, flags=UNTOUCHED),
    _NARROW,
)
_OFF_2011 = Ladder(
    "VMXOFF",
    "kvm-2011",
    (*_before_exit(_OFF_PAGE, _off, _VM_MODES), _in_vmx(_off), check("CPL 0", "handler", _off)),
    Effect(vmx="off", current_vmcs=None, flags=UNTOUCHED),
    _NARROW,
)

# 2013: a second VMXON, the flags, the firmware's lock.
_tree = f"Linux 3.12, {_FILE}"
_on, _off = f"{_tree}, handle_vmon", f"{_tree}, nested_vmx_check_permission"
_ON_2013 = _vmxon("kvm-2013", _on, _MODE, (
    _vmxe(_on),
    check("CPL 0", "handler", _on),
    *vmfail("not in VMX root operation", 15, "handler", _on),
    *checks(_FIRMWARE, "handler", _on),
))  # fmt: skip
_OFF_2013 = _vmxoff("kvm-2013", _off, _VM_MODES, (_in_vmx(_off), check("CPL 0", "handler", _off)))

# 2014: the pointer, in the wrong place.
_tree = f"Linux 3.16, {_FILE}"
_on, _off = f"{_tree}, handle_vmon", f"{_tree}, nested_vmx_check_permission"
_check_vmptr = f"Linux 3573e22cfeca, {_FILE}, nested_vmx_check_vmptr"
_ON_2014 = _vmxon("kvm-2014", _on, _MODE, (
    _vmxe(_on),
    check("CPL 0", "handler", _on),
    *checks(_POINTER, "handler", _check_vmptr),
    *vmfail("not in VMX root operation", 15, "handler", _on),
    *checks(_FIRMWARE, "handler", _on),
))  # fmt: skip
_OFF_2014 = _vmxoff("kvm-2014", _off, _VM_MODES, (_in_vmx(_off), check("CPL 0", "handler", _off)))

# 2017: no privilege check.
_tree = f"Linux 4.13, {_FILE}"
_on, _off = f"{_tree}, handle_vmon", f"{_tree}, nested_vmx_check_permission"
_ON_2017 = _vmxon("kvm-2017", _on, "", (
    _vmxe(_on),
    *vmfail("not in VMX root operation", 15, "handler", _on),
    *checks(_FIRMWARE, "handler", _on),
    *checks(_POINTER, "handler", _on),
))  # fmt: skip
_OFF_2017 = _vmxoff("kvm-2017", _off, "", (_in_vmx(_off),))


def _with_cpl(source: str, handler: str, vector: str) -> Ladder:
    """Linux 4.18 and 4.19: the privilege check is back."""
    return _vmxon(source, handler, "", (
        _vmxe(handler),
        check("CPL 0", "handler", handler, outcome=vector),
        *vmfail("not in VMX root operation", 15, "handler", handler),
        *checks(_FIRMWARE, "handler", handler),
        *checks(_POINTER, "handler", handler),
    ))  # fmt: skip


# June 2018: the privilege check is back, with the wrong vector.
_commit = f"Linux 727ba748e110, {_FILE}"
_off = f"{_commit}, nested_vmx_check_permission"
_ON_2018_06 = _with_cpl("kvm-2018-06", f"{_commit}, handle_vmon", "#UD")
_OFF_2018_06 = _vmxoff("kvm-2018-06", _off, "", (check("CPL 0", "handler", _off, outcome="#UD"), _in_vmx(_off)))

# July 2018: the right vector.
_off = f"Linux e49fcb8b9ef2, {_FILE}, nested_vmx_check_permission"
_ON_2018_07 = _with_cpl("kvm-2018-07", f"Linux 36090bf43a6b, {_FILE}, handle_vmon", "#GP(0)")
_OFF_2018_07 = _vmxoff("kvm-2018-07", _off, "", (_in_vmx(_off), check("CPL 0", "handler", _off)))

# June 2022: the fixed bits, with the wrong vector and in the wrong place.
_on, _off = f"Linux c7d855c2aff2, {_NESTED}, handle_vmxon", f"Linux 6.0, {_NESTED}, nested_vmx_check_permission"
_ON_2022_06 = _vmxon("kvm-2022-06", _on, "protected mode", (
    _vmxe(_on),
    check("CR0.NE set", "handler", _on, outcome="#UD"),
    check("CR0.PG set", "handler", _on, outcome="#UD"),
    check("CPL 0", "handler", _on),
    *vmfail("not in VMX root operation", 15, "handler", _on),
    *checks(_FIRMWARE, "handler", _on),
    *checks(_POINTER, "handler", _on),
))  # fmt: skip
_OFF_2022_06 = _vmxoff("kvm-2022-06", _off, "", (_in_vmx(_off), check("CPL 0", "handler", _off)))

# October 2022, and since.
_on, _off = f"Linux 9cc409325ddd, {_NESTED}, handle_vmxon", f"Linux 6.2, {_NESTED}, nested_vmx_check_permission"
_ON_2022_10 = _vmxon("kvm-2022-10", _on, "", (
    _vmxe(_on),
    check("CPL 0", "handler", _on),
    *vmfail("not in VMX root operation", 15, "handler", _on),
    *checks("CR0.NE set, CR0.PG set", "handler", _on),
    *checks(_FIRMWARE, "handler", _on),
    *checks(_POINTER, "handler", _on),
))  # fmt: skip
_OFF_2022_10 = _vmxoff("kvm-2022-10", _off, "", (_in_vmx(_off), check("CPL 0", "handler", _off)))

SOURCES = (
    Source(
        "kvm-2011", "KVM, the first handlers (Linux 3.1)", "2011-05-25",
        f"Linux ec378aeef9dfc7c4ba72e9bd6cd4bd6f7d5fd0cc, {_FILE}, handle_vmon and handle_vmoff",
        "VMXON and VMXOFF are emulated for the first time: a few bits and the CPL are tested, the operand is never "
        "read, RFLAGS never written, and a second VMXON succeeds.",
        (_ON_2011, _OFF_2011),
        # vmx_set_cr4 keeps CR4.VMXE set, and kvm_set_cr0 has no test for VMX (Linux 3.1).
        tuple(make_box({"VMX": "root", name: 0}) for name in ("CR0.PE", "CR0.NE", "CR0.PG")),
    ),
    Source(
        "kvm-2013", "KVM with a second VMXON refused (Linux 3.12)", "2013-07-08",
        f"Linux b3897a49e22f, {_FILE}, handle_vmon; with 145c28dd19be (in VMX operation, 3.10) and a25eb114d50b "
        "(flags), whose hashes are unverified",
        "VMXON in VMX operation fails with error 15, success writes the flags, and the firmware's lock is asked for; "
        "the operand is still not read.",
        (_ON_2013, _OFF_2013),
        (),
    ),
    Source(
        "kvm-2014", "KVM with the pointer checked too early (Linux 3.16 to 4.11)", "2014-05-06",
        f"Linux 3573e22cfeca, {_FILE}, handle_vmon and nested_vmx_check_vmptr",
        "The pointer and the revision are tested, but before VMX operation and the firmware's lock, so a bad pointer "
        "hides the error that should come first (and a VMXON that fails has stored its pointer already).",
        (_ON_2014, _OFF_2014),
        (),
    ),
    Source(
        "kvm-2017", "KVM without the privilege check (Linux 4.13 to 4.17)", "2017-04-26",
        f"Linux 70f3aac964ae (4.12, inferred), {_FILE}, handle_vmon; the order of 4.13 from cbf712792b6e, whose hash "
        "is unverified",
        "Tests that the processor had made already were dropped, and with them the CPL test that it had not: "
        "CVE-2018-12904, user code of a guest can execute VMX instructions.",
        (_ON_2017, _OFF_2017),
        (),
    ),
    Source(
        "kvm-2018-06", "KVM with CPL back as #UD (Linux 4.18)", "2018-06-11",
        f"Linux 727ba748e110, {_FILE}, handle_vmon and nested_vmx_check_permission",
        "The fix of CVE-2018-12904 restores the privilege check, with #UD where the manual says #GP(0).",
        (_ON_2018_06, _OFF_2018_06),
        (),
    ),
    Source(
        "kvm-2018-07", "KVM with CPL as #GP(0) (Linux 4.19 to 5.19)", "2018-07-27",
        f"Linux 36090bf43a6b and e49fcb8b9ef2, {_FILE}, handle_vmon and nested_vmx_check_permission",
        "The privilege check has the right vector, and in the shared permission check its right place.",
        (_ON_2018_07, _OFF_2018_07),
        (),
    ),
    Source(
        "kvm-2022-06", "KVM with fixed bits as #UD (Linux 6.0)", "2022-06-07",
        f"Linux c7d855c2aff2, {_NESTED}, handle_vmxon",
        "The fixed bits of CR0 and CR4 are tested at last, but first of all and with #UD for every one of them, where "
        "all but CR0.PE and CR4.VMXE are #GP(0): more states end wrongly than before.",
        (_ON_2022_06, _OFF_2022_06),
        (),
    ),
    Source(
        "kvm-2022-10", "KVM today (Linux 6.2 and since)", "2022-10-06",
        f"Linux 9cc409325ddd, {_NESTED}, handle_vmxon",
        "The fixed bits are #GP(0), after the privilege check and VMX operation; what is left are SMX and A20M, which "
        "KVM does not model.",
        (_ON_2022_10, _OFF_2022_10),
        (),
    ),
)  # fmt: skip
