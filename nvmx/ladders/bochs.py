"""Bochs, a complete processor emulator: it decodes and executes both instructions itself."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .source import Source

_DECODER = "Bochs 783b58fd, cpu/decoder/fetchdecode_opmap.h and ia_opcodes.def"
_ON = "Bochs 783b58fd, cpu/vmx.cc:3205, VMXON"
_OFF = "Bochs 783b58fd, cpu/vmx.cc:3267, VMXOFF"
NO_PAGING_TEST = "VMXON does not test CR0.PG, because PE was written where PG was meant (issue 862 of 2026-09-09)"

VMXON = Ladder(
    "VMXON",
    "bochs",
    (
        check("memory operand", "decoder", _DECODER),
        *checks("protected mode, not virtual-8086 mode", "processor", _DECODER),
        *checks("CR4.VMXE set, not compatibility mode, not VMX non-root operation, CPL 0", "processor", _ON),
        *vmfail("not in VMX root operation", 15, "processor", _ON),
        *checks("CR0.NE set, not A20M mode, FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "processor", _ON),
        *checks("operand mapped, pointer aligned, pointer within width, revision matches", "processor", _ON),
        check("revision bit 31 clear", "processor", _ON,
              why="all 32 bits are compared with the identifier, and bit 31 of that is clear"),
    ),
    Effect(vmx="root"),
)  # fmt: skip

VMXOFF = Ladder(
    "VMXOFF",
    "bochs",
    (
        *checks("protected mode, not virtual-8086 mode", "processor", _DECODER),
        *checks("in VMX operation, not compatibility mode, not VMX non-root operation, CPL 0", "processor", _OFF),
    ),
    # The VMCS pointer is reset by the next VMXON, which nothing can tell from a reset here.
    Effect(vmx="off"),
)

SOURCES = (
    Source(
        "bochs",
        "Bochs, processor emulator",
        "2026-08-22",
        "Bochs 783b58fd, bochs/cpu/vmx.cc, VMXON and VMXOFF (2.7 has the same checks, and was executed)",
        f"{NO_PAGING_TEST}. SMX and the dual-monitor treatment are not modelled.",
        (VMXON, VMXOFF),
        (),
    ),
)
