"""Intel's manual, in the flat order that equals its nested pseudo-code: the newest edition, and that of about 2006."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .source import Source

_ON = "SDM VMXON page, Operation (rev 091 §33.3)"
_OFF = "SDM VMXOFF page, Operation (rev 091 §33.3)"
_FIXED = f"{_ON}; Restrictions on VMX Operation (rev 091 §26.8)"
_ENTER = f"{_ON}; Enabling and Entering VMX Operation (rev 091 §26.7)"
_OPERAND = "operand address valid, stack address valid, operand mapped"
_POINTER = "pointer aligned, pointer within width, revision matches"

VMXON = Ladder(
    "VMXON",
    "intel",
    (
        *checks("no LOCK prefix, memory operand", "decoder", _ON),
        *checks("protected mode, CR4.VMXE set, not virtual-8086 mode, not compatibility mode", "processor", _ON),
        *checks("not VMX non-root operation, CPL 0", "processor", _ON),
        *vmfail("not in VMX root operation", 15, "processor", _ON),
        *checks("not A20M mode, CR0.NE set, CR0.PG set, other fixed bits valid", "processor", _FIXED),
        *checks("FEATURE_CONTROL locked, VMXON enabled inside SMX, VMXON enabled outside SMX", "processor", _ENTER),
        *checks(_OPERAND, "processor", _ON),
        *checks(_POINTER, "processor", _ON),
        check("revision bit 31 clear", "processor", _ON),
    ),
    Effect(vmx="root"),
)

VMXOFF = Ladder(
    "VMXOFF",
    "intel",
    (
        check("no LOCK prefix", "decoder", _OFF),
        *checks("in VMX operation, protected mode, not virtual-8086 mode, not compatibility mode", "processor", _OFF),
        *checks("not VMX non-root operation, CPL 0", "processor", _OFF),
        *vmfail("no dual-monitor treatment", 23, "processor", _OFF),
    ),
    Effect(vmx="off"),
)

_ON_2006 = "SDM Vol. 2B of about 2006, VMXON page, p. 5-27"
_OFF_2006 = "SDM Vol. 2B of about 2006, VMXOFF page, p. 5-25"

VMXON_2006 = Ladder(
    "VMXON",
    "intel-2006",
    (
        *checks("no LOCK prefix, memory operand", "decoder", _ON_2006),
        *checks("CR4.VMXE set, protected mode, not virtual-8086 mode, not compatibility mode", "processor", _ON_2006),
        *checks("not VMX non-root operation, CPL 0", "processor", _ON_2006),
        *vmfail("not in VMX root operation", 15, "processor", _ON_2006),
        *checks("not A20M mode, CR0.NE set, CR0.PG set, other fixed bits valid", "processor", _ON_2006),
        *checks("FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "processor", _ON_2006),
        *checks(_OPERAND, "processor", _ON_2006),
        *checks(_POINTER, "processor", _ON_2006),
        check("revision bit 31 clear", "processor", _ON_2006,
              why="all 32 bits are compared with the identifier, so bit 31 fails without a clause of its own"),
    ),
    Effect(vmx="root"),
)  # fmt: skip

VMXOFF_2006 = Ladder(
    "VMXOFF",
    "intel-2006",
    (
        check("no LOCK prefix", "decoder", _OFF_2006),
        *checks("in VMX operation, not virtual-8086 mode, not compatibility mode", "processor", _OFF_2006),
        *checks("not VMX non-root operation, CPL 0", "processor", _OFF_2006),
        *vmfail("no dual-monitor treatment", 23, "processor", _OFF_2006),
    ),
    Effect(vmx="off"),
)

SOURCES = (
    Source(
        "intel",
        "Intel SDM, rev 091 of 2026",
        "2026",
        "Intel 64 and IA-32 SDM rev 091 (325462-091US, current in June 2026), VMXON and VMXOFF pages, §33.3; the "
        "effect of a successful VMXON as in the 2022 edition, §31.3 (that part of rev 091 was not seen)",
        "The reference, and the newest edition that was read (092 exists): the pseudo-code has not changed since 2018, "
        "as far as it was seen, except for a clause of VMXOFF: in SEAM root operation it is #GP(0), which is out of "
        "reach of a guest and not modelled. The part of VMXON that was seen has no such clause.",
        (VMXON, VMXOFF),
        (),
    ),
    Source(
        "intel-2006",
        "Intel SDM of about 2006",
        "2006",
        "Intel SDM Vol. 2B, VMXON p. 5-27 and VMXOFF p. 5-25 (edition of about 2006-08)",
        "VMXOFF has no test of CR0.PE, VMXON's pseudo-code does not mention SMX, and the clause about CR0 and CR4 is "
        "printed without its 'not'; the ladder has the sense that was meant.",
        (VMXON_2006, VMXOFF_2006),
        (),
    ),
)
