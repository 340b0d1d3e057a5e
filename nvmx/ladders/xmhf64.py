"""XMHF64's nested VMX, the closest small transcription of the manual's tree."""

from .hypervisor import MODES, end_to_end
from .source import Source

_FILE = "XMHF64 7dc31ec4, nested-x86vmx-handler1.c"

VMXON = end_to_end(
    "VMXON", "xmhf64", f"{_FILE}, _vmx_nested_check_ud and xmhf_nested_arch_x86vmx_handle_vmxon",
    "not VMX non-root operation, CR4.VMXE set, CPL 0, not in VMX root operation, CR0.NE set, CR0.PG set,"
    " other fixed bits valid, pointer aligned, pointer within width, revision bit 31 clear, revision matches",
    repeats=MODES,
    # If the operand cannot be read, the hypervisor halts; an address that is not canonical is not noticed.
    narrow={"operand": ("mapped", "register")},
)  # fmt: skip

VMXOFF = end_to_end(
    "VMXOFF", "xmhf64", f"{_FILE}, _vmx_nested_check_ud and xmhf_nested_arch_x86vmx_handle_vmxoff",
    "not VMX non-root operation, in VMX operation, CPL 0",
    repeats=MODES,
)  # fmt: skip

SOURCES = (
    Source(
        "xmhf64",
        "XMHF64",
        "2024-06-19",
        "lxylxy123456/uberxmhf 7dc31ec4, nested-x86vmx-handler1.c, last changed by a2530e832 of 2024-03-07",
        "FEATURE_CONTROL, A20M, SMX and the dual-monitor treatment are left out on purpose; an operand that cannot be "
        "read, or is beyond its segment's limit, halts the hypervisor, and one that is not canonical is read wherever "
        "the page tables lead (no verdict on these); the CPL is CS.RPL, which is wrong just after CR0.PE is set "
        "(not modelled). A guest may clear the fixed bits of CR0 and CR4 in VMX operation. Read, not run.",
        (VMXON, VMXOFF),
        # vmx_handle_intercept_cr0access_ug and _cr4access_ug do not look at nested VMX operation; of PE and PG the
        # processor itself refuses what it must, since the guest is unrestricted and owns both bits.
        tuple({"VMX": "root", name: 0} for name in ("CR4.VMXE", "CR0.NE", "CR0.PG", "CR0.PE")),
    ),
)
