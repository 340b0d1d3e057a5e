"""The 2011 commit: the handlers of Linux ec378aeef9df, transcribed by hand, on a vCPU with real registers.

Independent of the rows in `nvmx.ladders`: neither imports the other, and a test holds them equal.
"""

from .handlers import (
    EXIT_HANDLERS,
    free_nested,
    handle_exit,
    handle_vmoff,
    handle_vmon,
    handle_vmx_insn,
    kvm_set_cr4,
    nested_vmx_check_permission,
    vmx_free_vcpu,
    vmx_set_cr4,
)
from .vcpu import (
    KvmSegment,
    QueuedException,
    Vcpu,
    kvm_inject_gp,
    kvm_queue_exception,
    skip_emulated_instruction,
    vmx_get_cpl,
)

__all__ = [
    "EXIT_HANDLERS", "KvmSegment", "QueuedException", "Vcpu", "free_nested", "handle_exit", "handle_vmoff",
    "handle_vmon", "handle_vmx_insn", "kvm_inject_gp", "kvm_queue_exception", "kvm_set_cr4",
    "nested_vmx_check_permission", "skip_emulated_instruction", "vmx_free_vcpu", "vmx_get_cpl", "vmx_set_cr4",
]  # fmt: skip
