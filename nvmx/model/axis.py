"""The axes: the bits and modes that checks read, as one table.  Its order is used everywhere ("table order")."""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .errors import InvalidType, InvalidValue, unknown

Value: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Axis:
    """One bit or mode that a check can read.

    `name` is its table column, `keyword` its Python name, `ready` its value when a kernel is about to execute VMXON
    successfully (`Instruction.ready` has each instruction's own).  `where` says where the processor keeps it, `meaning`
    what it means, `set_by` who sets it, `source` where the manual says so.
    """

    name: str
    keyword: str
    values: tuple[Value, ...]
    ready: Value
    where: str
    meaning: str
    set_by: str
    source: str


AXES = (
    Axis(
        "operand", "operand", ("mapped", "unmapped", "gp-fault", "ss-fault", "register"), "mapped",
        "ModRM byte, segments, page tables",
        "the operand of VMXON: memory that can be read, memory that faults (unmapped: its page; gp-fault: its segment,"
        " or a non-canonical address; ss-fault: the same through SS), or a register",
        "the instruction's encoding, the segments and the page tables",
        "SDM VMXON page (rev 091 §33.3)",
    ),
    Axis(
        "LOCK", "lock", (0, 1), 0,
        "prefix byte F0H", "1: the instruction has a LOCK prefix, which only some other instructions allow",
        "the instruction's encoding", "SDM Vol. 2, LOCK page",
    ),
    Axis(
        "CR0.PE", "cr0_pe", (0, 1), 1,
        "CR0 bit 0", "protection enable: 1 in protected mode, 0 in real-address mode",
        "the boot loader, with MOV CR0 or LMSW", "SDM Vol. 3, Control Registers",
    ),
    Axis(
        "CR0.NE", "cr0_ne", (0, 1), 1,
        "CR0 bit 5", "numeric error: x87 errors are reported by an exception instead of by an external interrupt",
        "the operating system, with MOV CR0", "SDM Vol. 3, Control Registers; fixed to 1 for VMX (rev 091 §26.8)",
    ),
    Axis(
        "CR0.PG", "cr0_pg", (0, 1), 1,
        "CR0 bit 31", "paging: linear addresses are translated by page tables",
        "the operating system, with MOV CR0", "SDM Vol. 3, Control Registers; fixed to 1 for VMX (rev 091 §26.8)",
    ),
    Axis(
        "CR4.VMXE", "cr4_vmxe", (0, 1), 1,
        "CR4 bit 13", "VMX enable: while it is 0, VMXON does not exist",
        "the hypervisor, with MOV CR4, before VMXON", "SDM Vol. 3, Enabling and Entering VMX Operation (rev 091 §26.7)",
    ),
    Axis(
        "other_fixed_bits", "other_fixed_bits", (0, 1), 1,
        "the other bits of CR0 and CR4",
        "1: all bits but PE, NE, PG and VMXE are as IA32_VMX_CR0_FIXED0, _CR0_FIXED1, _CR4_FIXED0 and _CR4_FIXED1 (MSRs"
        " 486H to 489H) demand; 0: one at least is not",
        "the operating system, with MOV CR0 and MOV CR4",
        "SDM Vol. 3, VMX-Fixed Bits in CR0 and CR4 (rev 091 §26.8, appendix A.7 and A.8)",
    ),
    Axis(
        "EFER.LMA", "efer_lma", (0, 1), 1,
        "IA32_EFER bit 10", "long mode active: 1 in 64-bit and compatibility mode",
        "the processor, when paging is enabled while EFER.LME is 1", "SDM Vol. 3, Extended Feature Enable Register",
    ),
    Axis(
        "RFLAGS.VM", "rflags_vm", (0, 1), 0,
        "RFLAGS bit 17", "virtual-8086 mode: a 16-bit task inside 32-bit protected mode",
        "the operating system, with IRET or a task switch", "SDM Vol. 3, 8086 Emulation",
    ),
    Axis(
        "CS.L", "cs_l", (0, 1), 1,
        "L bit of the code segment's descriptor", "1: 64-bit code; 0: compatibility mode (while EFER.LMA is 1)",
        "the operating system's descriptor table", "SDM Vol. 3, Code Segment Descriptor in 64-bit Mode",
    ),
    Axis(
        "CPL", "cpl", (0, 1, 2, 3), 0,
        "DPL of the stack segment", "current privilege level: 0 is the kernel, 3 is user code",
        "transfers through gates, SYSCALL, IRET", "SDM Vol. 3, Privilege Levels",
    ),
    Axis(
        "VMX", "vmx", ("off", "root", "non-root"), "off",
        "inside the processor", "VMX operation: off, root (a hypervisor runs) or non-root (its guest runs)",
        "VMXON and VMXOFF; VM entry and VM exit", "SDM Vol. 3, Introduction to VMX Operation",
    ),
    Axis(
        "current_VMCS", "current_vmcs", (0, 1), 0,
        "inside the processor", "1: a current VMCS exists, so VMfailValid can record an error number in it",
        "VMPTRLD; after VMXON or VMCLEAR there is none", "SDM VMX instruction conventions (rev 091 §33.2)",
    ),
    Axis(
        "FEATURE_CONTROL.lock", "fc_lock", (0, 1), 1,
        "IA32_FEATURE_CONTROL (MSR 3AH) bit 0", "lock: no change until a power-up reset; VMXON needs it",
        "the firmware, once per boot", "SDM Vol. 3, Enabling and Entering VMX Operation (rev 091 §26.7)",
    ),
    Axis(
        "FEATURE_CONTROL.smx", "fc_smx", (0, 1), 0,
        "IA32_FEATURE_CONTROL (MSR 3AH) bit 1", "VMXON is allowed inside SMX operation",
        "the firmware, before it sets the lock", "SDM Vol. 3, Enabling and Entering VMX Operation (rev 091 §26.7)",
    ),
    Axis(
        "FEATURE_CONTROL.vmx", "fc_vmx", (0, 1), 1,
        "IA32_FEATURE_CONTROL (MSR 3AH) bit 2", "VMXON is allowed outside SMX operation",
        "the firmware, before it sets the lock", "SDM Vol. 3, Enabling and Entering VMX Operation (rev 091 §26.7)",
    ),
    Axis(
        "SMX", "smx", (0, 1), 0,
        "inside the processor", "SMX operation: a measured environment was launched (trusted execution)",
        "GETSEC[SENTER]; left with GETSEC[SEXIT]", "SDM Vol. 2, Safer Mode Extensions Reference",
    ),
    Axis(
        "A20M", "a20m", (0, 1), 0,
        "the A20M# input", "1: address bit 20 is masked, so that addresses wrap at 1 MiB as on an 8086",
        "the chipset (keyboard controller or port 92H)", "SDM Vol. 3, Restrictions on VMX Operation (rev 091 §26.8)",
    ),
    Axis(
        "pointer.aligned", "ptr_aligned", (0, 1), 1,
        "VMXON pointer bits 11:0", "the VMXON pointer is a multiple of 4096",
        "the hypervisor, in VMXON's operand", "SDM VMXON page (rev 091 §33.3)",
    ),
    Axis(
        "pointer.in_width", "ptr_in_width", (0, 1), 1,
        "VMXON pointer, upper bits",
        "the VMXON pointer sets no bit beyond the physical-address width (32 bits if IA32_VMX_BASIC bit 48 is 1)",
        "the hypervisor, in VMXON's operand",
        "SDM VMXON page (rev 091 §33.3; the second of its footnotes on the width was not seen)",
    ),
    Axis(
        "revision.match", "rev_match", (0, 1), 1,
        "bits 30:0 of the VMXON region", "they equal the VMCS revision identifier in IA32_VMX_BASIC (MSR 480H)",
        "the hypervisor, in the VMXON region", "SDM VMXON page (rev 091 §33.3)",
    ),
    Axis(
        "revision.bit31", "rev_bit31", (0, 1), 0,
        "bit 31 of the VMXON region", "1 marks a shadow VMCS, which cannot be a VMXON region",
        "the hypervisor, in the VMXON region", "SDM VMXON page (rev 091 §33.3)",
    ),
    Axis(
        "dual_monitor", "dual_monitor", (0, 1), 0,
        "inside the processor", "the dual-monitor treatment of SMIs and SMM is active; then VMXOFF is refused",
        "VMCALL in VMX root operation", "SDM VMXOFF page (rev 091 §33.3)",
    ),
)  # fmt: skip

BY_NAME = {axis.name: axis for axis in AXES}
_BY_ANY_NAME = {axis.keyword: axis for axis in AXES} | BY_NAME


def find_axis(given: object) -> Axis:
    """Return the axis with this column name or keyword, or raise InvalidType or UnknownName.

    >>> find_axis("cr4_vmxe").name
    'CR4.VMXE'
    """
    if not isinstance(given, str):
        raise InvalidType(f"axis: {given!r} is not a string")
    if given not in _BY_ANY_NAME:
        raise unknown("axis", given, _BY_ANY_NAME)
    return _BY_ANY_NAME[given]


def find_value(axis: Axis, given: object) -> Value:
    """Return `given` as a value of `axis`, or raise UnknownName; bool and numpy integers pass for integers.

    >>> find_value(find_axis("CPL"), True)
    1
    """
    # A numpy scalar gives its Python value by item().
    value: object = given.item() if hasattr(given, "item") and not hasattr(given, "__len__") else given
    if not isinstance(value, (str, float)):
        try:
            value = int(operator.index(value))  # type: ignore[arg-type]
        except TypeError:
            value = None
    if type(value) is int or isinstance(value, str):
        for allowed in axis.values:
            if allowed == value:
                return allowed
    raise unknown(f"value of {axis.name}", given, axis.values)


def named_values(given: Mapping[str, object]) -> dict[str, Value]:
    """Return `given` by column name, in table order; raise if an axis or value does not exist or an axis comes twice.

    >>> named_values({"cpl": 3, "CR4.VMXE": 0})
    {'CR4.VMXE': 0, 'CPL': 3}
    """
    found: dict[str, Value] = {}
    for name, value in given.items():
        axis = find_axis(name)
        if axis.name in found:
            raise InvalidValue(f"axis {axis.name} is named twice (as {axis.name!r} and {axis.keyword!r})")
        found[axis.name] = find_value(axis, value)
    return {name: found[name] for name in BY_NAME if name in found}


def named_axes(given: Iterable[str]) -> tuple[str, ...]:
    """Return the column names of these axes, in the order given; raise if one does not exist or comes twice.

    >>> named_axes(["vmx", "CPL"])
    ('VMX', 'CPL')
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise InvalidType(f"axes: {given!r} is not a list of axis names; write axes=[...]")
    names = tuple(find_axis(name).name for name in given)
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue(f"axes: {name} is named twice")
    return names
