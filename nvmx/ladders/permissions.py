"""The first checks of the other VMX instructions in Intel's manual: those of mode and privilege.

What passes them is permitted; the checks of operands and of the current VMCS, which follow, are not modelled.  Nor is
"VMCS shadowing", with which VMREAD and VMWRITE of a guest need not exit.
"""

from ..model.ladder import Rung
from .checks import check, checks

_PAGES = "SDM VMX instruction pages (rev 091 §33.3; of 2016-19 §30.3)"
_VMFUNC = "SDM VMFUNC page (rev 091 p. 33-13)"
_MODE = "protected mode, not virtual-8086 mode, not compatibility mode"
_COMMON = checks(f"in VMX operation, {_MODE}, not VMX non-root operation, CPL 0", "processor", _PAGES)
_OTHER = "with a register operand these bytes are RDRAND or RDSEED, on processors that have them"
_POINTER = (check("memory operand", "decoder", _PAGES, why=_OTHER), *_COMMON)

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
    # A guest's VMCALL exits in every mode.  (In the edition of about 2006, the SMM clause came before the modes.)
    "VMCALL": checks(
        "in VMX operation, not VMX non-root operation, not virtual-8086 mode, not compatibility mode, CPL 0",
        "processor",
        _PAGES,
    ),
    # No mode and no privilege: only a guest may execute it, if its hypervisor has enabled it.
    "VMFUNC": (check("in VMX non-root operation", "processor", _VMFUNC),),
}
