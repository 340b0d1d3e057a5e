"""ksm, a small hypervisor beneath a running Windows or Linux, built with NESTED_VMX."""

from ..model.ladder import Effect
from .hypervisor import end_to_end
from .source import Source

VMXON = end_to_end(
    "VMXON", "ksm", "ksm 6ef52b87, exit.c, vcpu_handle_exit and vcpu_handle_vmon",
    "not VMX non-root operation, CPL 0, CR4.VMXE set, FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set,"
    " not in VMX root operation, operand address valid, stack address valid, revision matches, revision bit 31 clear",
    modes="not compatibility mode",
    outcomes={"CPL 0": "#UD", "CR4.VMXE set": "#GP(0)", "not in VMX root operation": "VMfailValid"},
    reasons={
        "not in VMX root operation": "VMX operation was entered already; ZF is set even without a current VMCS",
        "revision bit 31 clear": "all 32 bits are compared with IA32_VMX_BASIC, whose bit 31 is clear",
    },
    # Only 64-bit page tables are walked.  If the operand's page or the one at the pointer is not found, the instruction
    # is skipped without any sign; of a misaligned pointer the page counts that it is in.
    narrow={"operand": ("mapped", "gp-fault", "ss-fault", "register"), "EFER.LMA": 1, "pointer.aligned": 1,
            "pointer.in_width": 1},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "ksm", "ksm 6ef52b87, exit.c, vcpu_handle_exit and nested_can_exec_vmx",
    "not VMX non-root operation, CPL 0, CR4.VMXE set, in VMX operation",
    repeats="protected mode",
    outcomes={"CPL 0": "#UD", "in VMX operation": "#GP(0)"},
    effect=Effect(vmx="off", others={"CR4.VMXE": 0}),
)  # fmt: skip

SOURCES = (
    Source(
        "ksm",
        "ksm",
        "2021-10-20",
        "asamy/ksm 6ef52b87, exit.c, vcpu_handle_vmon, vcpu_handle_vmoff and nested_can_exec_vmx",
        "Both vectors are exchanged: the CPL is #UD, a clear CR4.VMXE (and VMXOFF outside VMX operation) #GP(0), and "
        "RIP moves on although a fault is injected; a second VMXON is VMfailValid even without a current VMCS. An "
        "operand or pointer that leads to no page is skipped without any sign (no verdict on that). Success of VMXOFF "
        "also clears the guest's CR4.VMXE. A VMXON with pointer 0 leaves VMX operation off (not modelled). Read, not "
        "run.",
        (VMXON, VMXOFF),
        # Read, but not to be said in boxes: the guest owns CR0, and the real processor keeps its fixed bits always.
        None,
    ),
)
