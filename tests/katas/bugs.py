"""Real mistakes as a reader would make them: each source's ladder as a function, as rows, or as a handler."""

from collections.abc import Callable
from typing import Any

import nvmx
from nvmx.kvm2011 import Vcpu, kvm_inject_gp, kvm_queue_exception, skip_emulated_instruction, vmx_get_cpl
from nvmx.model.axis import BY_NAME

SIX_FLAGS = 0x8D5

# What a source does wrong by the manual, nearest to ready among `AXES`.
AXES = ["operand", "cr4_vmxe", "cpl", "vmx", "current_vmcs", "fc_lock", "ptr_aligned", "rev_bit31"]
REAL: dict[str, tuple[list[str], dict[str, Any]]] = {
    "kvm-2013": (AXES, {"operand": "unmapped"}),  # the operand is never read
    "kvm-2014": (
        ["vmx", "current_vmcs", "ptr_aligned", "cpl"],
        {"vmx": "root", "current_vmcs": 1, "ptr_aligned": 0},
    ),  # the pointer is tested too early
    "kvm-2017": (AXES, {"cpl": 1}),  # CVE-2018-12904: no privilege check
    "kvm-2018-06": (AXES, {"cpl": 1}),  # the privilege check is #UD
    "kvm-2022-06": (["cr0_ne", "cpl", "vmx"], {"cr0_ne": 0}),  # the fixed bits are #UD
    "kvm-2022-10": (["cr0_ne", "cpl", "a20m"], {"a20m": 1}),
    "xen": (["operand", "vmx", "current_vmcs", "fc_lock"], {"operand": "ss-fault"}),  # all segments are alike
    "xen-2011": (["cpl", "vmx", "ptr_aligned"], {"vmx": "root"}),  # a second VMXON succeeds
    "acrn": (["efer_lma", "cs_l", "fc_lock"], {"efer_lma": 0, "cs_l": 0}),  # a hypervisor must be 64-bit code
    "bitvisor": (["rev_bit31", "rev_match", "cpl"], {"rev_bit31": 1}),  # a shadow VMCS is accepted
}


def as_function(ladder: nvmx.Ladder) -> Callable[[dict[str, Any]], str]:
    """A function from a state (by keyword) to the outcome, as a reader would write it."""
    rows = [
        ([(BY_NAME[name].keyword, values) for name, values in rung.when.items()], rung.outcome) for rung in ladder.rungs
    ]

    def handler(state: dict[str, Any]) -> str:
        for when, outcome in rows:
            if all(state[name] in values for name, values in when):
                return outcome
        return "success"

    return handler


def as_rows(ladder: nvmx.Ladder) -> list[tuple[Any, ...]]:
    """The rows of a ladder, as a reader would write them."""
    return [
        (dict(rung.when), rung.outcome, *([] if rung.error is None else [rung.error]))
        for rung in ladder.rungs
        if rung.by != "decoder" or "operand" in rung.when
    ]


def repaired_vmon(vcpu: Vcpu, forgotten: str = "") -> int:
    """The handler of 2011, repaired as far as a virtual CPU shows it, but for what is `forgotten`."""
    if not vcpu.cr4 & 0x2000 and forgotten != "vmxe":
        kvm_queue_exception(vcpu, 6)
        return 1
    if vmx_get_cpl(vcpu) and forgotten != "cpl":
        kvm_queue_exception(vcpu, 6) if forgotten == "cpl is #UD" else kvm_inject_gp(vcpu, 0)
        return 1
    if vcpu.nested.vmxon and forgotten != "second":
        if forgotten != "fail flags":
            vcpu.rflags = vcpu.rflags & ~SIX_FLAGS | (0x40 if forgotten == "ZF" else 1)
        if forgotten != "skip":
            skip_emulated_instruction(vcpu)
        return 1
    needed = 1 << 31 if forgotten == "ne" else 1 << 5 if forgotten == "pg" else 1 << 31 | 1 << 5
    if vcpu.cr0 & needed != needed:
        kvm_inject_gp(vcpu, 0)
        return 1
    if forgotten != "vmxon":
        vcpu.nested.vmxon = True
    if forgotten != "flags":
        vcpu.rflags &= ~SIX_FLAGS
    skip_emulated_instruction(vcpu)
    return 1
