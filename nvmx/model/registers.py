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
_SS = {"CPL": 5}
_OTHERS = {"cr0": CR0, "cr4": CR4}  # other_fixed_bits is about all bits but these
_NO_VMCS = 0xFFFF_FFFF_FFFF_FFFF
_REVISION = 0x7FFF_FFFF
_VMCS_RIGHTS = 0x1F0FF
_PRESENT = 1 << 15  # in the descriptor's upper half
_BASE_AND_LIMIT = 0xFF0F_00FF
_FORMS = {
    "QEMU": "this is the form in which QEMU prints flags",
    "descriptor": "this is the upper half of a descriptor",
}


def _bits(bits: Mapping[str, int], value: int) -> dict[str, Value]:
    return {name: value >> bit & 1 for name, bit in bits.items()}


def rights_form(rights: int) -> str:
    """Return the form that a segment's access rights are in: "VMCS", "QEMU", "descriptor" or "unknown".

    All are the upper half of a descriptor (bit 21 is L, bits 14:13 are DPL).  "descriptor" is the whole half, as in
    memory and in Bochs; "QEMU" has the bits of base and limit cleared; "VMCS" is moved down by 8 bits, without limit.

    >>> [rights_form(each) for each in (0xA09B, 0x00AF9B00, 0x00209B00, 0xC0AF9B00)]
    ['VMCS', 'descriptor', 'QEMU', 'descriptor']
    """
    if not rights & ~_VMCS_RIGHTS:
        return "VMCS"
    if rights >> 32 or not rights & _PRESENT:
        return "unknown"
    return "descriptor" if rights & _BASE_AND_LIMIT else "QEMU"


def vmcs_rights(rights: int) -> int:
    """Return the VMCS's form of access rights that are the upper half of a descriptor, or printed by QEMU.

    >>> hex(vmcs_rights(0x00AF9B00))
    '0xa09b'
    """
    return rights >> 8 & _VMCS_RIGHTS & 0xFFFF


def _rights(bits: Mapping[str, int], what: str, rights: int) -> dict[str, Value]:
    form = rights_form(rights)
    if form != "VMCS":
        hint = "" if form == "unknown" else f"; {_FORMS[form]}: {vmcs_rights(rights):#x} would be the VMCS's form of it"
        raise InvalidValue(f"{what}: {rights:#x} is not in the form of a VMCS, whose bits 11:8 and 31:17 are 0{hint}")
    return {name: rights >> bit & (3 if name == "CPL" else 1) for name, bit in bits.items()}


# What each argument says alone: its range, and the axis values in it.
_ALONE: dict[str, tuple[range, Callable[[int], dict[str, Value]]]] = {
    "cr0": (range(1 << 64), partial(_bits, CR0)),
    "cr4": (range(1 << 64), partial(_bits, CR4)),
    "efer": (range(1 << 64), partial(_bits, EFER)),
    "rflags": (range(1 << 64), partial(_bits, RFLAGS)),
    "cs_access_rights": (range(1 << 32), partial(_rights, _CS, "cs_access_rights")),
    "ss_access_rights": (range(1 << 32), partial(_rights, _SS, "ss_access_rights")),
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
    cr0_fixed0: int | None = None,
    cr0_fixed1: int | None = None,
    cr4_fixed0: int | None = None,
    cr4_fixed1: int | None = None,
    **axes: object,
) -> dict[str, Value]:
    """Return the axis values, by keyword, that these registers hold, to pass on to `verdict`.

    Access rights are in the VMCS's form (bit 13 is L, bits 6:5 are DPL; CPL is the DPL of SS).  `vmxon_pointer` says
    whether it is aligned and, with `physical_width` (in bits), whether it is within that width.  `revision` (the 32
    bits at the pointer) says whether bit 31 is set and, with `vmx_basic` (IA32_VMX_BASIC), whether the identifier
    matches.  `cr0_fixed0` to `cr4_fixed1` (IA32_VMX_CR0_FIXED0 and so on) say whether the other fixed bits are valid:
    any of them can say that they are not, and only all four that they are.  Other axes may be given by name.  An axis
    that means nothing in this state (CS.L outside long mode) gets its canonical value.  Raises InvalidType or
    InvalidValue for what is no such register, or if an axis is given twice.

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
    found |= _other_fixed_bits(given)
    for column, axis_value in named_values(axes).items():
        if column in found:
            raise InvalidValue(f"axis {column} is given twice: by a register and by name")
        found[column] = axis_value
    known = canonical(found)
    return {axis.keyword: known[name] for name, axis in BY_NAME.items() if name in known}


def wrong_fixed_bits(msr: str, demands: int, value: int) -> int:
    """Return the other bits of CR0 or CR4 that are not as an MSR demands, as a mask; `msr` is as for `state`.

    >>> hex(wrong_fixed_bits("cr0_fixed0", 0x80000021, 0)), hex(wrong_fixed_bits("cr4_fixed1", 0x3FF, 0x2620))
    ('0x0', '0x400')
    """
    wrong = demands & ~value if msr.endswith("0") else value & ~demands
    return wrong & ~sum(1 << bit for bit in _OTHERS[msr.partition("_")[0]].values()) & (1 << 64) - 1


def _other_fixed_bits(given: Mapping[str, int | None]) -> dict[str, Value]:
    """Return whether the other fixed bits are valid, if that follows from what is given."""
    tests: list[bool | None] = []
    for register in _OTHERS:
        for msr in (f"{register}_fixed0", f"{register}_fixed1"):
            if given[msr] is None:
                tests.append(None)
                continue
            demands = _integer(msr, given[msr], range(1 << 64))
            if given[register] is None:
                raise InvalidType(f"{msr} says nothing without {register}")
            value = operator.index(given[register])  # type: ignore[arg-type]
            tests.append(not wrong_fixed_bits(msr, demands, value))
    if False in tests:
        return {"other_fixed_bits": 0}
    return {} if None in tests else {"other_fixed_bits": 1}


def _integer(name: str, value: object, limits: range) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidType(f"{name}: {value!r} is not an integer") from None
    if not limits.start <= number < limits.stop:
        raise InvalidValue(f"{name}: {value!r} is not between {limits.start} and {limits.stop - 1:#x}")
    return number
