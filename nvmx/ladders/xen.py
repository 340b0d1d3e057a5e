"""Xen's nested VMX, end to end: the first version of 2011, and today's."""

from collections.abc import Sequence

from ..model.box import make_box
from ..model.ladder import Effect, Ladder, Rung
from .checks import check, checks, vmfail
from .source import Source

_PAGE = "SDM VMXON and VMXOFF pages, Operation (rev 091 §33.3)"
_FILE = "xen/arch/x86/hvm/vmx/vvmx.c"
_CHECK_2011 = f"Xen 09fce80165, {_FILE}, vmx_inst_check_privilege"
_ON_2011 = f"Xen 09fce80165, {_FILE}, nvmx_handle_vmxon"
_PROLOGUE = f"Xen c447b730, {_FILE}, nvmx_handle_vmx_insn"
_EXIT = f"Xen c447b730, {_FILE}, nvmx_n2_vmexit_handler"
_ON = f"Xen c447b730, {_FILE}, nvmx_handle_vmxon"
_MODE = ("protected mode", "not virtual-8086 mode", "not compatibility mode")
# The first version is read as one without nested guests: their exits were added by a later commit (3bafd4a909).
_NARROW = {"VMX": ("off", "root")}


def _modes(handler: str, alone: Sequence[str] = ()) -> tuple[Rung, ...]:
    """The mode tests: the processor faults before any VM exit, and Xen repeats those that are not `alone`."""
    return tuple(
        check(name, "processor", _PAGE) if name in alone else check(name, "both", f"{handler}; {_PAGE}")
        for name in _MODE
    )


VMXON_2011 = Ladder(
    "VMXON",
    "xen-2011",
    (
        check("memory operand", "decoder", _PAGE),
        *_modes(_CHECK_2011),
        *checks("CR4.VMXE set, CPL 0", "handler", _CHECK_2011),
        check("operand mapped", "handler", _ON_2011),
    ),
    Effect(vmx="root"),
    _NARROW,
)
VMXOFF_2011 = Ladder(
    "VMXOFF",
    "xen-2011",
    (
        *_modes(_CHECK_2011, alone=("protected mode",)),
        *checks("in VMX operation, CPL 0", "handler", _CHECK_2011),
    ),
    Effect(vmx="off"),
    _NARROW,
)
VMXON = Ladder(
    "VMXON",
    "xen",
    (
        check("memory operand", "decoder", _PAGE),
        *_modes(_PROLOGUE),
        check("CR4.VMXE set", "handler", _PROLOGUE),
        check("not VMX non-root operation", "handler", _EXIT),
        check("CPL 0", "handler", _PROLOGUE),
        check("operand mapped", "handler", _ON),
        *vmfail("not in VMX root operation", 15, "handler", _ON),
        *checks("pointer aligned, pointer within width, revision matches, revision bit 31 clear", "handler", _ON),
    ),
    Effect(vmx="root"),
)
VMXOFF = Ladder(
    "VMXOFF",
    "xen",
    (
        *_modes(_PROLOGUE),
        *checks("CR4.VMXE set, in VMX operation", "handler", _PROLOGUE),
        check("not VMX non-root operation", "handler", _EXIT),
        check("CPL 0", "handler", _PROLOGUE),
    ),
    Effect(vmx="off"),
)

SOURCES = (
    Source(
        "xen-2011",
        "Xen, the first nested VMX",
        "2011-06-09",
        f"Xen 09fce80165, {_FILE}, vmx_inst_check_privilege and nvmx_handle_vmxon",
        "Any pointer and any second VMXON are accepted; a VMXON with pointer 0 reports success and yet leaves VMX "
        "operation off, because 0 stood for 'off' (a pointer's value is not modelled). The CPL is CS.RPL.",
        (VMXON_2011, VMXOFF_2011),
    ),
    Source(
        "xen",
        "Xen today",
        "2026-08-18",
        f"Xen c447b730, {_FILE}, nvmx_handle_vmx_insn, nvmx_handle_vmxon and nvmx_handle_vmxoff",
        "The operand is read before VMX operation is looked at; neither the fixed bits nor FEATURE_CONTROL, A20M or "
        "SMX are tested; a guest may clear CR4.VMXE in VMX operation, and every VMX instruction is #UD from then on.",
        (VMXON, VMXOFF),
        # hvm_set_cr4 does not look at VMX operation; of CR0 nothing is known.
        (make_box({"VMX": "root", "CR4.VMXE": 0}),),
    ),
)
