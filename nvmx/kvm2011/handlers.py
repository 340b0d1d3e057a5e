"""The handlers of Linux commit ec378aeef9df, arch/x86/kvm/vmx.c, statement by statement in the C's order.

A handler returns 1 when the guest may be resumed (also with a fault queued) and 0 when user space must act.
`nested_vmx_check_permission` is no handler: its 1 means permitted, its 0 that a fault is queued.

What they leave out matters as well: they never read the operand, never write RFLAGS (so stale flags can make a success
look like VMfail), never test CR0.NE, CR0.PG, A20M or FEATURE_CONTROL, and let a second VMXON succeed.
"""

from collections.abc import Callable

from ..model.errors import InvalidType, InvalidValue
from .vcpu import (
    UD_VECTOR,
    X86_CR0_PE,
    X86_CR4_VMXE,
    X86_EFLAGS_VM,
    Vcpu,
    is_long_mode,
    kvm_inject_gp,
    kvm_queue_exception,
    skip_emulated_instruction,
    vmx_get_cpl,
)

EXIT_REASON_VMCLEAR, EXIT_REASON_VMLAUNCH, EXIT_REASON_VMPTRLD = 19, 20, 21
EXIT_REASON_VMPTRST, EXIT_REASON_VMREAD, EXIT_REASON_VMRESUME = 22, 23, 24
EXIT_REASON_VMWRITE, EXIT_REASON_VMOFF, EXIT_REASON_VMON = 25, 26, 27
KVM_EXIT_UNKNOWN = 0


def handle_vmx_insn(vcpu: Vcpu) -> int:
    """#UD: the handler of every VMX instruction before the commit, and of most of them after it.

    >>> handle_vmx_insn(vcpu := Vcpu()), vcpu.exception
    (1, QueuedException(nr=6, error_code=None))
    """
    kvm_queue_exception(vcpu, UD_VECTOR)
    return 1


def handle_vmon(vcpu: Vcpu) -> int:
    """Emulate VMXON: look at the prerequisites, remember that VMX operation is on.

    >>> handle_vmon(vcpu := Vcpu()), vcpu.nested.vmxon
    (1, True)
    """
    # One condition, three tests: the C evaluates them from the left and stops at the first that holds.
    if not vcpu.cr4 & X86_CR4_VMXE or not vcpu.cr0 & X86_CR0_PE or vcpu.rflags & X86_EFLAGS_VM:
        kvm_queue_exception(vcpu, UD_VECTOR)
        return 1

    cs = vcpu.cs
    if is_long_mode(vcpu) and not cs.l:
        kvm_queue_exception(vcpu, UD_VECTOR)
        return 1

    if vmx_get_cpl(vcpu):
        kvm_inject_gp(vcpu, 0)
        return 1

    vcpu.nested.vmxon = True

    skip_emulated_instruction(vcpu)
    return 1


def nested_vmx_check_permission(vcpu: Vcpu) -> int:
    """Return 1 if a VMX instruction other than VMXON is permitted; queue the fault and return 0 if not.

    >>> nested_vmx_check_permission(vcpu := Vcpu()), vcpu.exception
    (0, QueuedException(nr=6, error_code=None))
    """
    if not vcpu.nested.vmxon:
        kvm_queue_exception(vcpu, UD_VECTOR)
        return 0

    cs = vcpu.cs
    if vcpu.rflags & X86_EFLAGS_VM or (is_long_mode(vcpu) and not cs.l):
        kvm_queue_exception(vcpu, UD_VECTOR)
        return 0

    if vmx_get_cpl(vcpu):
        kvm_inject_gp(vcpu, 0)
        return 0

    return 1


def free_nested(vcpu: Vcpu) -> None:
    """Leave VMX operation; do nothing if it was never entered.

    >>> free_nested(vcpu := Vcpu.from_state(vmx="root"))
    >>> vcpu.nested.vmxon
    False
    """
    if not vcpu.nested.vmxon:
        return
    vcpu.nested.vmxon = False


def handle_vmoff(vcpu: Vcpu) -> int:
    """Emulate VMXOFF.

    >>> handle_vmoff(vcpu := Vcpu.from_state(vmx="root")), vcpu.nested.vmxon
    (1, False)
    """
    if not nested_vmx_check_permission(vcpu):
        return 1
    free_nested(vcpu)
    skip_emulated_instruction(vcpu)
    return 1


# The commit changes two entries of this table: VMOFF and VMON no longer lead to handle_vmx_insn.
EXIT_HANDLERS: dict[int, Callable[[Vcpu], int]] = {
    EXIT_REASON_VMCLEAR: handle_vmx_insn,
    EXIT_REASON_VMLAUNCH: handle_vmx_insn,
    EXIT_REASON_VMPTRLD: handle_vmx_insn,
    EXIT_REASON_VMPTRST: handle_vmx_insn,
    EXIT_REASON_VMREAD: handle_vmx_insn,
    EXIT_REASON_VMRESUME: handle_vmx_insn,
    EXIT_REASON_VMWRITE: handle_vmx_insn,
    EXIT_REASON_VMOFF: handle_vmoff,
    EXIT_REASON_VMON: handle_vmon,
}
# Exit reasons that KVM handles elsewhere (Linux 3.1, kvm_vmx_exit_handlers); VMCALL, 18, is KVM's own hypercall.
HANDLED_ELSEWHERE = frozenset(
    {0, 1, 2, 7, 8, 9, 10, 12, 13, 14, 18, 28, 29, 30, 31, 32, 36, 39, 40, 41, 43, 44, 48, 49, 54, 55}
)


def handle_exit(vcpu: Vcpu, exit_reason: int) -> int:
    """Give a VM exit to its handler; if KVM has none, return 0 and leave the reason to user space.

    Raises InvalidValue for an exit that KVM handles with code that is not modelled here.

    >>> handle_exit(vcpu := Vcpu.from_state(cpl=3), EXIT_REASON_VMON), vcpu.outcome
    (1, '#GP(0)')
    """
    if type(exit_reason) is not int:
        raise InvalidType(f"exit reason: {exit_reason!r} is not an integer")
    if exit_reason in HANDLED_ELSEWHERE:
        raise InvalidValue(f"exit reason {exit_reason} has a handler in KVM, but not in this model of the VMX ones")
    vcpu.exit_rip = vcpu.rip
    if exit_reason in EXIT_HANDLERS:
        return EXIT_HANDLERS[exit_reason](vcpu)
    vcpu.run.exit_reason = KVM_EXIT_UNKNOWN
    vcpu.run.hardware_exit_reason = exit_reason
    return 0


def kvm_set_cr4(vcpu: Vcpu, cr4: int) -> int:
    """Write CR4 as at the 2011 commit: a guest that sets VMXE is refused (1, which becomes #GP(0)), so VMXON is #UD.

    Unverified for this very commit: read in an earlier tree (2.6.3x, x86.c).  Only the rule about VMXE is modelled.

    >>> kvm_set_cr4(Vcpu(cr4=0), X86_CR4_VMXE)
    1
    """
    if cr4 & X86_CR4_VMXE:
        return 1
    vcpu.cr4 = cr4
    return 0


def nested_vmx_allowed(vcpu: Vcpu) -> bool:
    """Whether KVM was loaded with `nested` and this guest's CPUID shows VMX."""
    return vcpu.nested_option and vcpu.cpuid_vmx


def vmx_set_cr4(vcpu: Vcpu, cr4: int) -> int:
    """Write CR4 as Linux 3.1 does: VMXE needs permission, and stays set in VMX operation; 1 (refused) becomes #GP(0).

    From 5e1746d6205d, which follows the 2011 commit (that it is the very next one is unverified).  Only the rule about
    VMXE is modelled.

    >>> vmx_set_cr4(Vcpu(cr4=0), X86_CR4_VMXE), vmx_set_cr4(Vcpu.from_state(vmx="root"), 0)
    (0, 1)
    """
    if cr4 & X86_CR4_VMXE:
        if not nested_vmx_allowed(vcpu):
            return 1
    elif vcpu.nested.vmxon:
        return 1
    vcpu.cr4 = cr4
    return 0


def vmx_free_vcpu(vcpu: Vcpu) -> None:
    """Take the vCPU down, in the C's order: the nested state goes before the VMCS that it belongs to.

    >>> vmx_free_vcpu(vcpu := Vcpu.from_state(vmx="root"))
    >>> vcpu.held, vcpu.nested.vmxon
    ([], False)
    """
    vcpu.held.remove("vpid")
    free_nested(vcpu)
    vcpu.held.remove("loaded_vmcs")
    vcpu.held.remove("guest_msrs")
    vcpu.held.remove("vcpu")
    vcpu.held.remove("vcpu_vmx")
