"""Intel's manual, today's edition: VMXON and VMXOFF, in the flat order that equals its nested pseudo-code."""

from ..rung import Effect, Ladder, Rung
from .source import Source

_ON = "SDM VMXON page, Operation (rev 091 §33.3)"
_OFF = "SDM VMXOFF page, Operation (rev 091 §33.3)"
_FIXED = f"{_ON}; Restrictions on VMX Operation (rev 091 §26.8)"
_ENTER = f"{_ON}; Enabling and Entering VMX Operation (rev 091 §26.7)"


def _mode(source: str) -> dict[str, Rung]:
    """The rungs about the processor's mode, which both instructions share."""
    return {
        "PE": Rung("protected mode", {"CR0.PE": 0}, "#UD", "real-address mode knows no VMX instructions",
                   "processor", source),
        "VM": Rung("not virtual-8086 mode", {"RFLAGS.VM": 1}, "#UD", "virtual-8086 mode knows no VMX instructions",
                   "processor", source),
        "compatibility": Rung("not compatibility mode", {"EFER.LMA": 1, "CS.L": 0}, "#UD",
                              "in long mode, only 64-bit code may use VMX instructions", "processor", source),
        "exit": Rung("not VMX non-root operation", {"VMX": "non-root"}, "VM exit",
                     "a guest executed it: its hypervisor takes over, whatever the CPL", "processor", source),
        "CPL": Rung("CPL 0", {"CPL": (1, 2, 3)}, "#GP(0)", "only the kernel (CPL 0) may do this", "processor", source),
    }  # fmt: skip


def _fail(name: str, when: dict[str, object], error: int, reason: str, source: str) -> tuple[Rung, Rung]:
    """VMfail(error) as two rungs: it needs a current VMCS to record its number in."""
    return (
        Rung(f"{name} (a current VMCS)", {**when, "current_VMCS": 1}, "VMfailValid",
             f"{reason}; the current VMCS records the error", "processor", source, error),
        Rung(f"{name} (no current VMCS)", {**when, "current_VMCS": 0}, "VMfailInvalid",
             f"{reason}; there is no current VMCS to record an error in", "processor", source),
    )  # fmt: skip


_on, _off = _mode(_ON), _mode(_OFF)

VMXON = Ladder(
    "VMXON",
    "intel",
    (
        Rung("memory operand", {"operand": "register"}, "#UD",
             "with a register operand these bytes are another instruction", "decoder", _ON),
        _on["PE"],
        Rung("CR4.VMXE set", {"CR4.VMXE": 0}, "#UD", "until CR4.VMXE is set there is no such instruction",
             "processor", _ON),
        _on["VM"],
        _on["compatibility"],
        _on["exit"],
        _on["CPL"],
        *_fail("not in VMX root operation", {"VMX": "root"}, 15, "VMX operation was entered already", _ON),
        Rung("not A20M mode", {"A20M": 1}, "#GP(0)", "VMX operation does not work with address bit 20 masked",
             "processor", _FIXED),
        Rung("CR0.NE set", {"CR0.NE": 0}, "#GP(0)", "CR0.NE is fixed to 1 in VMX operation", "processor", _FIXED),
        Rung("CR0.PG set", {"CR0.PG": 0}, "#GP(0)", "CR0.PG is fixed to 1 in VMX operation", "processor", _FIXED),
        Rung("FEATURE_CONTROL locked", {"FEATURE_CONTROL.lock": 0}, "#GP(0)",
             "the firmware has not locked IA32_FEATURE_CONTROL", "processor", _ENTER),
        Rung("VMXON enabled inside SMX", {"SMX": 1, "FEATURE_CONTROL.smx": 0}, "#GP(0)",
             "the firmware did not allow VMXON inside SMX operation", "processor", _ENTER),
        Rung("VMXON enabled outside SMX", {"SMX": 0, "FEATURE_CONTROL.vmx": 0}, "#GP(0)",
             "the firmware did not allow VMXON outside SMX operation", "processor", _ENTER),
        Rung("operand mapped", {"operand": "unmapped"}, "#PF", "the memory operand cannot be read",
             "processor", _ON),
        Rung("pointer aligned", {"pointer.aligned": 0}, "VMfailInvalid",
             "the VMXON pointer is not a multiple of 4096", "processor", _ON),
        Rung("pointer within width", {"pointer.in_width": 0}, "VMfailInvalid",
             "the VMXON pointer sets bits beyond the physical-address width", "processor", _ON),
        Rung("revision matches", {"revision.match": 0}, "VMfailInvalid",
             "the VMXON region does not begin with the VMCS revision identifier", "processor", _ON),
        Rung("revision bit 31 clear", {"revision.bit31": 1}, "VMfailInvalid",
             "bit 31 marks a shadow VMCS, which cannot be a VMXON region", "processor", _ON),
    ),
    Effect(vmx="root"),
)  # fmt: skip

VMXOFF = Ladder(
    "VMXOFF",
    "intel",
    (
        Rung("in VMX operation", {"VMX": "off"}, "#UD", "outside VMX operation there is no such instruction",
             "processor", _OFF),
        _off["PE"],
        _off["VM"],
        _off["compatibility"],
        _off["exit"],
        _off["CPL"],
        *_fail("no dual-monitor treatment", {"dual_monitor": 1}, 23,
               "VMXOFF is refused under the dual-monitor treatment of SMIs and SMM", _OFF),
    ),
    Effect(vmx="off"),
)  # fmt: skip

SOURCES = (
    Source(
        "intel",
        "Intel SDM, today's edition",
        "2026-03",
        "Intel 64 and IA-32 SDM rev 091 (325462-091US), VMXON and VMXOFF pages, §33.3; the effect of a successful "
        "VMXON as in the 2022 edition, §31.3 (that part of rev 091 was not seen)",
        (VMXON, VMXOFF),
    ),
)
