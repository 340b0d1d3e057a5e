"""The checks that ladders share: for each name, when it fires, its usual outcome, and why."""

from typing import Any, TypeAlias

from ..model.errors import UnknownName, unknown
from ..model.ladder import Rung

_Row: TypeAlias = tuple[dict[str, Any], str, str]

_CHECKS: dict[str, _Row] = {
    "memory operand": (
        {"operand": "register"}, "#UD", "with a register operand these bytes are another instruction (SENDUIPI, on"
        " processors that have it: #UD unless user interrupts are enabled)"),
    "no LOCK prefix": (
        {"LOCK": 1}, "#UD", "neither instruction may have a LOCK prefix"),
    "protected mode": (
        {"CR0.PE": 0}, "#UD", "real-address mode has no VMX instructions"),
    "CR4.VMXE set": (
        {"CR4.VMXE": 0}, "#UD", "while CR4.VMXE is clear, the instruction does not exist"),
    "not virtual-8086 mode": (
        {"RFLAGS.VM": 1}, "#UD", "virtual-8086 mode has no VMX instructions"),
    "not compatibility mode": (
        {"EFER.LMA": 1, "CS.L": 0}, "#UD", "in long mode, only 64-bit code may use VMX instructions"),
    "long mode": (
        {"EFER.LMA": 0}, "#UD", "only 64-bit code is supported"),
    "in VMX operation": (
        {"VMX": "off"}, "#UD", "outside VMX operation, the instruction does not exist"),
    "not VMX non-root operation": (
        {"VMX": "non-root"}, "VM exit", "a guest executed it: its hypervisor takes over, at any CPL"),
    "in VMX non-root operation": (
        {"VMX": ("off", "root")}, "#UD", "only a guest may execute it"),
    "CPL 0": (
        {"CPL": (1, 2, 3)}, "#GP(0)", "only the kernel (CPL 0) may do this"),
    "not in VMX root operation": (
        {"VMX": "root"}, "VMfailValid", "VMX operation was entered already"),
    "not in VMX operation": (
        {"VMX": ("root", "non-root")}, "VMfailInvalid", "VMX operation was entered already"),
    "not A20M mode": (
        {"A20M": 1}, "#GP(0)", "VMX operation does not work with address bit 20 masked"),
    "CR0.NE set": (
        {"CR0.NE": 0}, "#GP(0)", "CR0.NE is fixed to 1 in VMX operation"),
    "CR0.PG set": (
        {"CR0.PG": 0}, "#GP(0)", "CR0.PG is fixed to 1 in VMX operation"),
    "other fixed bits valid": (
        {"other_fixed_bits": 0}, "#GP(0)", "another bit of CR0 or CR4 is not as VMX operation demands"),
    "FEATURE_CONTROL locked": (
        {"FEATURE_CONTROL.lock": 0}, "#GP(0)", "the firmware has not locked IA32_FEATURE_CONTROL"),
    "VMXON enabled inside SMX": (
        {"SMX": 1, "FEATURE_CONTROL.smx": 0}, "#GP(0)", "the firmware did not allow VMXON inside SMX operation"),
    "VMXON enabled outside SMX": (
        {"SMX": 0, "FEATURE_CONTROL.vmx": 0}, "#GP(0)", "the firmware did not allow VMXON outside SMX operation"),
    "FEATURE_CONTROL bit 2 set": (
        {"FEATURE_CONTROL.vmx": 0}, "#GP(0)", "bit 2 of IA32_FEATURE_CONTROL is clear (inside SMX, too, it is bit 2"
        " that is tested)"),
    "operand address valid": (
        {"operand": "gp-fault"}, "#GP(0)", "the operand's address is outside its segment, or not canonical"),
    "stack address valid": (
        {"operand": "ss-fault"}, "#SS(0)", "the operand's address is outside the stack segment, or not canonical"),
    "64-bit stack address valid": (
        {"EFER.LMA": 1, "operand": "ss-fault"}, "#SS(0)", "the operand's address, on the stack, is not canonical"),
    "operand mapped": (
        {"operand": "unmapped"}, "#PF", "the memory operand cannot be read"),
    "pointer aligned": (
        {"pointer.aligned": 0}, "VMfailInvalid", "the VMXON pointer is not a multiple of 4096"),
    "pointer within width": (
        {"pointer.in_width": 0}, "VMfailInvalid", "the VMXON pointer sets bits beyond the physical-address width"),
    "64-bit pointer within width": (
        {"EFER.LMA": 1, "pointer.in_width": 0}, "VMfailInvalid", "the VMXON pointer sets bits beyond the"
        " physical-address width"),
    "revision matches": (
        {"revision.match": 0}, "VMfailInvalid", "the VMXON region does not begin with the VMCS revision identifier"),
    "revision bit 31 clear": (
        {"revision.bit31": 1}, "VMfailInvalid", "bit 31 marks a shadow VMCS, which cannot be a VMXON region"),
    "no dual-monitor treatment": (
        {"dual_monitor": 1}, "VMfailValid", "VMXOFF is refused under the dual-monitor treatment of SMIs and SMM"),
}  # fmt: skip


def check(
    name: str, by: str, source: str, *, why: str = "", outcome: str = "", error: int | None = None, shadowed: str = ""
) -> Rung:
    """Return the rung of this check, or raise UnknownName; `why` and `outcome` replace its usual reason and outcome.

    >>> check("CPL 0", "handler", "mine.c", outcome="#UD").outcome
    '#UD'
    """
    when, usual, reason = _row(name)
    return Rung(name, when, outcome or usual, why or reason, by, source, error, shadowed)


def checks(names: str, by: str, source: str) -> tuple[Rung, ...]:
    """Return the rungs of several checks, named in one string with commas between them."""
    return tuple(check(name.strip(), by, source) for name in names.split(","))


def vmfail(name: str, error: int, by: str, source: str) -> tuple[Rung, Rung]:
    """Return VMfail(error) as two rungs, since only a current VMCS can record the error number."""
    when, _, reason = _row(name)
    return (
        Rung(f"{name} (a current VMCS)", {**when, "current_VMCS": 1}, "VMfailValid",
             f"{reason}; the current VMCS records the error", by, source, error),
        Rung(f"{name} (no current VMCS)", {**when, "current_VMCS": 0}, "VMfailInvalid",
             f"{reason}; there is no current VMCS to record an error in", by, source),
    )  # fmt: skip


def _row(name: str) -> _Row:
    if name not in _CHECKS:
        raise UnknownName(f"{unknown('check', name, _CHECKS)} (a new check is a row in nvmx/ladders/checks.py)")
    return _CHECKS[name]
