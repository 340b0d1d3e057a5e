"""From raw registers, as a debugger or a VM-entry dump prints them, to axis values."""

import operator

from .axis import BY_NAME, Value, named_values
from .rules import canonical

# The bit of each axis in its register.
CR0, CR4, EFER, RFLAGS = (
    {"CR0.PE": 0, "CR0.NE": 5, "CR0.PG": 31},
    {"CR4.VMXE": 13},
    {"EFER.LMA": 10},
    {"RFLAGS.VM": 17},
)
FEATURE_CONTROL = {"FEATURE_CONTROL.lock": 0, "FEATURE_CONTROL.smx": 1, "FEATURE_CONTROL.vmx": 2}
_CS = {"CS.L": 13}
_NO_VMCS = 0xFFFF_FFFF_FFFF_FFFF


def _register(name: str, value: object) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name}: {value!r} is not an integer") from None
    if not 0 <= number < 1 << 64:
        raise ValueError(f"{name}: {value!r} is not an unsigned 64-bit integer")
    return number


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
    """Return the axis values, by keyword, that these registers hold, to feed to `verdict`.

    Access rights are in the format of the VMCS (bit 13 is L, bits 6:5 are DPL; CPL is the DPL of SS).
    `vmxon_pointer` is judged by its alignment and, with `physical_width` (in bits), by its width; `revision` (32 bits
    at the pointer) by bit 31 and, with `vmx_basic` (IA32_VMX_BASIC), by the identifier.  Other axes may be given by
    name.  An axis that means nothing there (CS.L outside long mode) gets the value at which such a state is counted.
    Raises TypeError or ValueError for no integer, and ValueError for an axis given twice.
    """
    found: dict[str, Value] = {}
    sources: tuple[tuple[str, int | None, dict[str, int]], ...] = (
        ("cr0", cr0, CR0),
        ("cr4", cr4, CR4),
        ("efer", efer, EFER),
        ("rflags", rflags, RFLAGS),
        ("cs_access_rights", cs_access_rights, _CS),
        ("feature_control", feature_control, FEATURE_CONTROL),
    )
    for name, value, bits in sources:
        if value is not None:
            number = _register(name, value)
            found |= {column: number >> bit & 1 for column, bit in bits.items()}
    if ss_access_rights is not None:
        found["CPL"] = _register("ss_access_rights", ss_access_rights) >> 5 & 3
    if current_vmptr is not None:
        found["current_VMCS"] = int(_register("current_vmptr", current_vmptr) != _NO_VMCS)
    if vmxon_pointer is not None:
        pointer = _register("vmxon_pointer", vmxon_pointer)
        found["pointer.aligned"] = int(pointer & 0xFFF == 0)
        if physical_width is not None:
            found["pointer.in_width"] = int(pointer >> _register("physical_width", physical_width) == 0)
    elif physical_width is not None:
        raise TypeError("physical_width says nothing without vmxon_pointer")
    if revision is not None:
        word = _register("revision", revision)
        found["revision.bit31"] = word >> 31 & 1
        if vmx_basic is not None:
            found["revision.match"] = int((word ^ _register("vmx_basic", vmx_basic)) & 0x7FFF_FFFF == 0)
    elif vmx_basic is not None:
        raise TypeError("vmx_basic says nothing without revision")
    for column, axis_value in named_values(axes).items():
        if column in found:
            raise ValueError(f"axis {column} is given twice: by a register and by name")
        found[column] = axis_value
    known = canonical(found)
    return {axis.keyword: known[name] for name, axis in BY_NAME.items() if name in known}
