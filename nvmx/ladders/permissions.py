"""The permission prefix of the other VMX instructions in Intel's manual, as far as privilege and mode decide.

What passes is permitted; its operands and the current VMCS are looked at next, which is not modelled.
"""

from ..model.ladder import Rung
from .checks import check, checks

_PAGES = "SDM VMX instruction pages (rev 091 §33.3; of 2016-19 §30.3)"
_VMFUNC = "SDM VMFUNC page (rev 091 p. 33-13)"
_MODE = "protected mode, not virtual-8086 mode, not compatibility mode"
_COMMON = checks(f"in VMX operation, {_MODE}, not VMX non-root operation, CPL 0", "processor", _PAGES)
_POINTER = (check("memory operand", "decoder", _PAGES), *_COMMON)

PERMISSIONS: dict[str, tuple[Rung, ...]] = {
    "VMCLEAR": _POINTER,
    "VMPTRLD": _POINTER,
    "VMPTRST": _POINTER,
    "VMREAD": _COMMON,
    "VMWRITE": _COMMON,
    "VMLAUNCH": _COMMON,
    "VMRESUME": _COMMON,
    "INVEPT": _COMMON,
    "INVVPID": _COMMON,
    # A VMCALL of a guest exits in every mode; the edition of about 2006 had the SMM clause before the mode tests.
    "VMCALL": checks(
        "in VMX operation, not VMX non-root operation, not virtual-8086 mode, not compatibility mode, CPL 0",
        "processor",
        _PAGES,
    ),
    # No mode and no privilege: only a guest may execute it, if its hypervisor switched it on.
    "VMFUNC": (check("in VMX non-root operation", "processor", _VMFUNC),),
}
