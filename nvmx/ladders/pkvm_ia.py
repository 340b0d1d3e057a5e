"""pKVM on Intel: the small hypervisor beneath a Linux host that is its guest, with VMX emulated for KVM."""

from .hypervisor import end_to_end
from .source import Source

_FILE = "pKVM-IA cdba3b0c, arch/x86/kvm/vmx/pkvm/hyp/nested.c"

VMXON = end_to_end(
    "VMXON", "pkvm-ia", f"{_FILE}, handle_vmxon",
    "not VMX non-root operation, not in VMX root operation, operand mapped, revision matches, revision bit 31 clear",
    modes="not compatibility mode",
    outcomes={"not in VMX root operation": "VMfailValid", "operand mapped": "VMfailInvalid"},
    reasons={
        "not in VMX root operation": "VMX operation was entered already; ZF is set even without a current VMCS, and the"
        " error is written to the hypervisor's own VMCS",
        "operand mapped": "the memory operand cannot be read, and no page fault is injected",
        "revision bit 31 clear": "all 32 bits are compared with the identifier, and bit 31 of that is clear",
    },
    # Only the page tables of long mode are walked, also for an address that is not canonical.  The pointer is not
    # tested: the revision is read from wherever it leads, inside a page or outside memory.
    narrow={"operand": ("mapped", "unmapped", "register"), "EFER.LMA": 1, "pointer.aligned": 1, "pointer.in_width": 1},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "pkvm-ia", f"{_FILE}, handle_vmxoff",
    "not VMX non-root operation",
    # Outside VMX operation nothing happens, RFLAGS stays as it was, and the next instruction follows.
    narrow={"VMX": ("root", "non-root")},
)  # fmt: skip

SOURCES = (
    Source(
        "pkvm-ia",
        "pKVM on Intel",
        "undated",
        "intel-staging/pKVM-IA cdba3b0c (a commit whose date was not seen), arch/x86/kvm/vmx/pkvm/hyp/nested.c, "
        "handle_vmxon and handle_vmxoff; vmexit.c of 00e20b10",
        "Its guest is the Linux host itself, in 64-bit mode. CR4.VMXE, the CPL and the fixed bits are not tested (the "
        "code says that this is still to be done), nor are FEATURE_CONTROL and the pointer; the operand's address "
        "need not be canonical (no verdict if it is not); a second VMXON is "
        "VMfailValid even without a current VMCS. VMXOFF outside VMX operation does nothing and looks like success (no "
        "verdict on that). Read, not run.",
        (VMXON, VMXOFF),
        # A write to CR4.VMXE passes; what becomes of CR0 was not read.
        None,
    ),
)
