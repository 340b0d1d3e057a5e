"""The ladder of a hypervisor on VT-x: the checks of the real processor before the VM exit, then its handler's."""

from collections.abc import Mapping
from typing import Any

from ..model.errors import unknown
from ..model.instruction import BY_INSTRUCTION
from ..model.ladder import Effect, Ladder, Rung
from .checks import check, vmfail

MODES = "protected mode, not virtual-8086 mode, not compatibility mode"
_VMFAIL = {"not in VMX root operation": 15, "no dual-monitor treatment": 23}
_EFFECT = {"VMXON": Effect(vmx="root"), "VMXOFF": Effect(vmx="off")}
_NONE: Mapping[str, str] = {}
# Whenever a guest runs, the real processor is in VMX operation and has CR4.VMXE set.
_REASONS = {
    "CR4.VMXE set": "the guest has not set its CR4.VMXE (it is set in the real register, so only the handler notices)",
    "in VMX operation": "the guest has not executed VMXON (the real processor is in VMX operation, so only the handler"
    " notices)",
    "not VMX non-root operation": "a nested guest executed it: the exit is passed on to its own hypervisor",
}


def end_to_end(
    instruction: str,
    source: str,
    handler: str,
    names: str,
    *,
    repeats: str = "",
    modes: str = MODES,
    outcomes: Mapping[str, str] = _NONE,
    reasons: Mapping[str, str] = _NONE,
    shadowed: Mapping[str, str] = _NONE,
    narrow: Mapping[str, Any] | None = None,
    effect: Effect | None = None,
) -> Ladder:
    """Return the ladder of `source`, whose `handler` (the text that was read) makes the checks `names`, in order.

    All lists of names are strings with commas.  `repeats`: the modes that the handler checks after the processor did.
    `modes`: those that can be wrong at all in the domain that `narrow` leaves.  `outcomes`, `reasons` and `shadowed`
    are about some of `names`.  A check that ends in VMfail is VMfailInvalid if there is no current VMCS, unless
    `outcomes` says otherwise.

    >>> found = end_to_end("VMXON", "mine", "mine.c", "CR4.VMXE set, CPL 0", outcomes={"CPL 0": "#UD"})
    >>> [(rung.name, rung.by, rung.outcome) for rung in found.rungs][4:]
    [('not compatibility mode', 'processor', '#UD'), ('CR4.VMXE set', 'handler', '#UD'), ('CPL 0', 'handler', '#UD')]
    """
    page = f"SDM {instruction} page, Operation (rev 091 §33.3)"
    for name in (*outcomes, *reasons, *shadowed):
        if name not in names.split(", "):
            raise unknown(f"check of {source}", name, names.split(", "))
    repeated = repeats.split(", ") if repeats else []
    for name in repeated:
        if name not in modes.split(", "):
            raise unknown(f"mode that {source} repeats", name, modes.split(", "))
    decoder = ["no LOCK prefix"] + ["memory operand"] * ("operand" in BY_INSTRUCTION[instruction].axes)
    rungs = [check(name, "decoder", page) for name in decoder]
    rungs += [_mode(name, page, handler if name in repeated else "") for name in modes.split(", ")]
    for name in names.split(", "):
        if name in _VMFAIL and name not in outcomes:
            rungs += vmfail(name, _VMFAIL[name], "handler", handler)
        else:
            why = reasons.get(name) or _REASONS.get(name, "")
            error = _VMFAIL[name] if outcomes.get(name) == "VMfailValid" else None
            rungs.append(
                check(name, "handler", handler, why=why, outcome=outcomes.get(name, ""), error=error,
                      shadowed=shadowed.get(name, ""))
            )  # fmt: skip
    return Ladder(instruction, source, tuple(rungs), effect or _EFFECT[instruction], narrow or {})


def _mode(name: str, page: str, repeated_in: str) -> Rung:
    plain = check(name, "processor", page)
    if repeated_in:
        why = f"{plain.reason}: the processor faults, and the handler would too"
        return check(name, "both", f"{repeated_in}; {page}", why=why)
    return check(name, "processor", page, why=f"{plain.reason}: the processor faults, and no VM exit happens")
