"""From raw registers, as a debugger or a VM-entry dump prints them, to axis values."""

import operator
from collections.abc import Callable, Mapping
from functools import partial

from .axis import BY_NAME, Value, named_values
from .errors import InvalidType, InvalidValue
from .rules import canonical

# The bit of each axis in its register.
CR0 = {"CR0.PE": 0, "CR0.NE": 5, "CR0.PG": 31}
CR4 = {"CR4.VMXE": 13}
EFER = {"EFER.LMA": 10}
RFLAGS = {"RFLAGS.VM": 17}
FEATURE_CONTROL = {"FEATURE_CONTROL.lock": 0, "FEATURE_CONTROL.smx": 1, "FEATURE_CONTROL.vmx": 2}
_CS = {"CS.L": 13}
_NO_VMCS = 0xFFFF_FFFF_FFFF_FFFF
_REVISION = 0x7FFF_FFFF


def _bits(bits: Mapping[str, int], value: int) -> dict[str, Value]:
    return {name: value >> bit & 1 for name, bit in bits.items()}


# What each argument says alone: its range, and the axis values in it.
_ALONE: dict[str, tuple[range, Callable[[int], dict[str, Value]]]] = {
    "cr0": (range(1 << 64), partial(_bits, CR0)),
    "cr4": (range(1 << 64), partial(_bits, CR4)),
    "efer": (range(1 << 64), partial(_bits, EFER)),
    "rflags": (range(1 << 64), partial(_bits, RFLAGS)),
    "cs_access_rights": (range(1 << 32), partial(_bits, _CS)),
    "ss_access_rights": (range(1 << 32), lambda rights: {"CPL": rights >> 5 & 3}),
    "feature_control": (range(1 << 64), partial(_bits, FEATURE_CONTROL)),
    "current_vmptr": (range(1 << 64), lambda pointer: {"current_VMCS": int(pointer != _NO_VMCS)}),
    "vmxon_pointer": (range(1 << 64), lambda pointer: {"pointer.aligned": int(pointer & 0xFFF == 0)}),
    "revision": (range(1 << 32), lambda word: {"revision.bit31": word >> 31 & 1}),
}
# What an argument says about another one.
_TOGETHER: dict[str, tuple[range, str, Callable[[int, int], dict[str, Value]]]] = {
    "physical_width": (
        range(32, 53),
        "vmxon_pointer",
        lambda width, pointer: {"pointer.in_width": int(pointer >> width == 0)},
    ),
    "vmx_basic": (
        range(1 << 64),
        "revision",
        lambda basic, word: {"revision.match": int((basic ^ word) & _REVISION == 0)},
    ),
}


def state(
    *,
    cr0: int | None = None,
    cr4: int | None = None,
    efer: int | None = None,
    rflags: int | None = None,
    cs_access_rights: int | None = None,
    ss_access_rights: int | None = None,
    feature_control: int | None = None,
    current_vmptr: int | None = None,
    vmxon_pointer: int | None = None,
    physical_width: int | None = None,
    revision: int | None = None,
    vmx_basic: int | None = None,
    **axes: object,
) -> dict[str, Value]:
    """Return the axis values, by keyword, that these registers hold, to pass on to `verdict`.

    Access rights are in the VMCS's form (bit 13 is L, bits 6:5 are DPL; CPL is the DPL of SS).  `vmxon_pointer` says
    whether it is aligned and, with `physical_width` (in bits), whether it is within that width.  `revision` (the 32
    bits at the pointer) says whether bit 31 is set and, with `vmx_basic` (IA32_VMX_BASIC), whether the identifier
    matches.  Other axes may be given by name.  An axis that means nothing in this state (CS.L outside long mode) gets
    its canonical value.  Raises InvalidType or InvalidValue for what is no such register, or if an axis is given twice.

    >>> state(cr0=0x80000031, cr4=0x2020, efer=0x500)
    {'cr0_pe': 1, 'cr0_ne': 1, 'cr0_pg': 1, 'cr4_vmxe': 1, 'efer_lma': 1}
    >>> state(vmxon_pointer=0x1234, cpl=3)
    {'cpl': 3, 'ptr_aligned': 0, 'rev_match': 1, 'rev_bit31': 0}
    """
    given = locals()
    found: dict[str, Value] = {}
    for name, (limits, values_of) in _ALONE.items():
        if given[name] is not None:
            found |= values_of(_integer(name, given[name], limits))
    for name, (limits, other, values_of_both) in _TOGETHER.items():
        if given[name] is not None:
            if given[other] is None:
                raise InvalidType(f"{name} says nothing without {other}")
            found |= values_of_both(_integer(name, given[name], limits), operator.index(given[other]))
    for column, axis_value in named_values(axes).items():
        if column in found:
            raise InvalidValue(f"axis {column} is given twice: by a register and by name")
        found[column] = axis_value
    known = canonical(found)
    return {axis.keyword: known[name] for name, axis in BY_NAME.items() if name in known}


def _integer(name: str, value: object, limits: range) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidType(f"{name}: {value!r} is not an integer") from None
    if not limits.start <= number < limits.stop:
        raise InvalidValue(f"{name}: {value!r} is not between {limits.start} and {limits.stop - 1:#x}")
    return number
