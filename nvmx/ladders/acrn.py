"""ACRN's nested VMX."""

from .hypervisor import MODES, end_to_end
from .source import Source

_FILE = "ACRN d61d98cf, hypervisor/arch/x86/guest/nested.c"

VMXON = end_to_end(
    "VMXON", "acrn", f"{_FILE}, vmxon_vmexit_handler",
    "not VMX non-root operation, CR4.VMXE set, long mode, CPL 0, CR0.NE set, CR0.PG set, other fixed bits valid,"
    " FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set, not in VMX root operation, pointer aligned,"
    " pointer within width, revision matches, revision bit 31 clear",
    repeats=MODES,
    outcomes={"not in VMX root operation": "VMfailValid"},
    reasons={
        "long mode": "a guest hypervisor in 32-bit mode is refused",
        "not in VMX root operation": "VMX operation was entered already; ZF is set even without a current VMCS, and the"
        " error is written to ACRN's own VMCS",
    },
    shadowed={"CR0.PG set": "long mode was asked for, and that needs paging"},
    # If the operand's page cannot be read, the pointer is taken from guest-physical address 0, and a bad address is
    # read like any other: what is there decides.
    narrow={"operand": ("mapped", "register")},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "acrn", f"{_FILE}, check_vmx_permission",
    "not VMX non-root operation, in VMX operation, CPL 0",
    repeats="protected mode, not virtual-8086 mode",
)  # fmt: skip

SOURCES = (
    Source(
        "acrn",
        "ACRN",
        "2025-09-05",
        "ACRN d61d98cf, hypervisor/arch/x86/guest/nested.c, last changed by eb8bcb06b of 2022-07-15",
        "32-bit hypervisors are refused with #UD, and a second VMXON is VMfailValid even without a current VMCS: the "
        "error goes to ACRN's own VMCS, and the guest reads another number. The operand's segment and canonical form "
        "are not tested, and a page fault is ignored and the pointer taken from guest-physical address 0 (no verdict "
        "on such operands). The fixed bits are those of the real processor.",
        (VMXON, VMXOFF),
        # Read, but not to be said in boxes: CR4.VMXE and CR0.PG can be cleared, and a write to CR0.NE is ignored.
        None,
    ),
)
