"""ACRN's nested VMX."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks
from .source import Source

_PAGE = "SDM VMXON and VMXOFF pages, Operation (rev 091 §33.3)"
_ON = "ACRN, hypervisor/arch/x86/guest/nested.c, vmxon_vmexit_handler"
_OFF = "ACRN, hypervisor/arch/x86/guest/nested.c, check_vmx_permission"
# What becomes of a nested guest's VMXON was not read, nor what is used where the operand cannot be read.
_NARROW = {"VMX": ("off", "root"), "operand": ("mapped", "register")}

VMXON = Ladder(
    "VMXON",
    "acrn",
    (
        check("memory operand", "decoder", _PAGE),
        *checks("protected mode, not virtual-8086 mode, not compatibility mode", "both", f"{_ON}; {_PAGE}"),
        check("CR4.VMXE set", "handler", _ON),
        check("long mode", "handler", _ON, why="a guest hypervisor in 32-bit mode is refused"),
        *checks("CPL 0, CR0.NE set", "handler", _ON),
        check("CR0.PG set", "handler", _ON, shadowed="long mode was asked for, and that needs paging"),
        *checks("FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "handler", _ON),
        check("not in VMX root operation", "handler", _ON, error=15,
              why="VMX operation was entered already; ZF is set and the error written even without a current VMCS"),
        *checks("pointer aligned, pointer within width, revision matches, revision bit 31 clear", "handler", _ON),
    ),
    Effect(vmx="root"),
    _NARROW,
)  # fmt: skip

VMXOFF = Ladder(
    "VMXOFF",
    "acrn",
    (
        *checks("protected mode, not virtual-8086 mode", "both", f"{_OFF}; {_PAGE}"),
        check("not compatibility mode", "processor", _PAGE),
        *checks("in VMX operation, CPL 0", "handler", _OFF),
    ),
    Effect(vmx="off"),
    _NARROW,
)

SOURCES = (
    Source(
        "acrn",
        "ACRN",
        "undated",
        "ACRN, hypervisor/arch/x86/guest/nested.c (a copy without a date)",
        "32-bit hypervisors are refused with #UD, a second VMXON is VMfailValid even without a current VMCS, and a "
        "fault while the operand is read is ignored (what is used in its place was not read: no verdict on that).",
        (VMXON, VMXOFF),
    ),
)
