"""Bochs, an emulator of a whole PC: it decodes and executes both instructions itself."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .source import Source

_DECODER = "Bochs 783b58fd, cpu/decoder/fetchdecode_opmap.h and ia_opcodes.def"
_ON = "Bochs 783b58fd, cpu/vmx.cc:3205, VMXON"
_OFF = "Bochs 783b58fd, cpu/vmx.cc:3267, VMXOFF"
NO_PAGING_TEST = "VMXON does not test CR0.PG, because PE was written where PG was meant (issue 862 of 2026-09-09)"


def _vmxon(source: str, control_registers: str) -> Ladder:
    return Ladder(
        "VMXON",
        source,
        (
            *checks("no LOCK prefix, memory operand", "decoder", _DECODER),
            *checks("protected mode, not virtual-8086 mode", "processor", _DECODER),
            *checks("CR4.VMXE set, not compatibility mode, not VMX non-root operation, CPL 0", "processor", _ON),
            *vmfail("not in VMX root operation", 15, "processor", _ON),
            *checks(control_registers, "processor", _ON),
            *checks("not A20M mode, FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "processor", _ON),
            *checks("operand address valid, stack address valid, operand mapped", "processor", _ON),
            *checks("pointer aligned, pointer within width, revision matches", "processor", _ON),
            check("revision bit 31 clear", "processor", _ON,
                  why="all 32 bits are compared with the identifier, and bit 31 of that is clear"),
        ),
        Effect(vmx="root"),
    )  # fmt: skip


def _vmxoff(source: str) -> Ladder:
    return Ladder(
        "VMXOFF",
        source,
        (
            check("no LOCK prefix", "decoder", _DECODER),
            *checks("protected mode, not virtual-8086 mode", "processor", _DECODER),
            *checks("in VMX operation, not compatibility mode, not VMX non-root operation, CPL 0", "processor", _OFF),
        ),
        # The VMCS pointer is reset only by the next VMXON; until then no instruction can tell the difference.
        Effect(vmx="off"),
    )


SOURCES = (
    Source(
        "bochs",
        "Bochs, PC emulator",
        "2026-08-22",
        "Bochs 783b58fd, bochs/cpu/vmx.cc, VMXON and VMXOFF (2.7 has the same checks, and was executed)",
        f"{NO_PAGING_TEST}. Of the other fixed bits none is tested. SMX and the dual-monitor treatment are not "
        "modelled, and A20M is not blocked in VMX operation (issue 256).",
        (_vmxon("bochs", "CR0.NE set"), _vmxoff("bochs")),
        (),
    ),
    Source(
        "bochs-2026-09",
        "Bochs, PC emulator, with CR0.PG tested",
        "2026-09-09",
        "issue 862 of bochs-emu/Bochs, answered on 2026-09-09; the other checks are those of 783b58fd",
        "Unverified: the maintainer answered issue 862 that the test of CR0.PG is fixed; the text was not read, nor "
        "anything executed. The other fixed bits are not tested.",
        (_vmxon("bochs-2026-09", "CR0.NE set, CR0.PG set"), _vmxoff("bochs-2026-09")),
        (),
    ),
)
