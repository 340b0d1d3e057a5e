"""XMHF64's nested VMX, the closest small transcription of the manual's tree."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .source import Source

_PAGE = "SDM VMXON page, Operation (rev 091 §33.3)"
_UD = "XMHF64, nested VMX, _vmx_nested_check_ud"
_ON = "XMHF64, nested VMX, VMXON"

VMXON = Ladder(
    "VMXON",
    "xmhf64",
    (
        check("memory operand", "decoder", _PAGE),
        *checks("protected mode, not virtual-8086 mode, not compatibility mode", "both", f"{_UD}; {_PAGE}"),
        check("CR4.VMXE set", "handler", _UD),
        *checks("not VMX non-root operation, CPL 0", "handler", _ON),
        *vmfail("not in VMX root operation", 15, "handler", _ON),
        *checks("CR0.NE set, CR0.PG set", "handler", _ON),
        *checks("operand mapped, pointer aligned, pointer within width", "handler", _ON),
        *checks("revision bit 31 clear, revision matches", "handler", _ON),
    ),
    Effect(vmx="root"),
)

SOURCES = (
    Source(
        "xmhf64",
        "XMHF64",
        "undated",
        "XMHF64, nested VMX (a copy without a date)",
        "FEATURE_CONTROL, A20M and SMX are left out on purpose; the CPL is CS.RPL, which is wrong just after CR0.PE is "
        "set (not modelled). No facts about VMXOFF.",
        (VMXON,),
    ),
)
