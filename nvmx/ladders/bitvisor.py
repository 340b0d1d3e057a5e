"""BitVisor's nested virtualization (option vmm.unsafe_nested_virtualization)."""

from .hypervisor import end_to_end
from .source import Source

VMXON = end_to_end(
    "VMXON", "bitvisor", "BitVisor 66559d62, core/x86/vt_main.c, do_vmxon; vt_shadow_vt.c, vt_emul_vmxon",
    "not VMX non-root operation, CR4.VMXE set, CPL 0, not in VMX root operation, pointer aligned, pointer within width,"
    " revision matches",
    # If the operand cannot be read, the hypervisor panics.
    narrow={"operand": ("mapped", "register")},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "bitvisor", "BitVisor 66559d62, core/x86/vt_main.c, is_vm_allowed",
    "not VMX non-root operation, in VMX operation, CPL 0",
)  # fmt: skip

SOURCES = (
    Source(
        "bitvisor",
        "BitVisor",
        "2026-05-14",
        "matsu/bitvisor 66559d62, core/x86/vt_main.c, do_vmxon and do_vmxoff; vt_shadow_vt.c, vt_emul_vmxon and "
        "vt_emul_vmxon_in_vmx_root_mode; nested since 1d6de15f of 2018-02-13",
        "Bit 31 of the revision is ignored, so a shadow VMCS is accepted as a VMXON region; the fixed bits, "
        "FEATURE_CONTROL, A20M and SMX are not tested; an operand that cannot be read is a panic (no verdict on that). "
        "The CPL is CS.RPL. Without the option vmm.unsafe_nested_virtualization every VMX instruction is #UD. Read, "
        "not run.",
        (VMXON, VMXOFF),
        # Read, but not to be said in boxes: all four bits can be cleared, and 64-bit code can clear CR0.PG.
        None,
    ),
)
