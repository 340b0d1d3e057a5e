"""kHypervisor, a Windows driver based on HyperPlatform that hosts another hypervisor."""

from .hypervisor import end_to_end
from .source import Source

_FILE = "kHypervisor b1360bba, kHypervisor/vmx.cpp"

VMXON = end_to_end(
    "VMXON", "khypervisor", f"{_FILE}, VmxVmxonEmulate",
    "not in VMX operation, operand address valid, stack address valid, pointer aligned",
    modes="not compatibility mode",
    outcomes={"operand address valid": "#UD", "stack address valid": "#UD"},
    reasons={
        "not in VMX operation": "VMX operation was entered already; CF is set even if there is a current VMCS, and a"
        " nested guest gets the same answer instead of a VM exit",
    },
    # The operand's address is used as an address of the hypervisor's own, which is that of a 64-bit kernel.
    narrow={"operand": ("mapped", "gp-fault", "ss-fault", "register"), "EFER.LMA": 1, "CPL": 0},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "khypervisor", f"{_FILE}, VmxVmxoffEmulate",
    "in VMX operation, not VMX non-root operation",
    outcomes={"in VMX operation": "VMfailInvalid", "not VMX non-root operation": "VMfailInvalid"},
    reasons={"not VMX non-root operation": "a nested guest executed it, and the exit is not passed on"},
)  # fmt: skip

SOURCES = (
    Source(
        "khypervisor",
        "kHypervisor",
        "2020-10-29",
        "Kelvinhack/kHypervisor b1360bba, kHypervisor/vmx.cpp, VmxVmxonEmulate and VmxVmxoffEmulate; vmm.cpp, "
        "VmmpHandleVmExit",
        "Hardly anything is tested: not CR4.VMXE, the CPL, the fixed bits, FEATURE_CONTROL or the revision, and of the "
        "pointer only its alignment. VMXOFF outside VMX operation is VMfailInvalid instead of #UD, and so is VMXON or "
        "VMXOFF of a nested guest, instead of a VM exit. The guest's operand is read as if its address were one of the "
        "hypervisor's own (no verdict if its page cannot be read, nor on VMXON at CPL 1 to 3); an address that is not "
        "canonical is #UD. Pointer 0, or an operand at address 0, is #UD, too (not modelled). Read, not run.",
        (VMXON, VMXOFF),
        # Read, but not to be said in boxes: a write that clears a fixed bit is carried out with the bit set.
        None,
    ),
)
