"""The rules: which combinations of values no processor can be in, and which values mean nothing.  One row per rule.

If an axis means nothing in some states (CS.L outside long mode), such states are counted once: the rule keeps one value
of the axis, the canonical one, and forbids the others.  Together the rules decide which states are possible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .axis import BY_NAME, Value
from .box import Box, make_box, matches, nearest

IN_VMX = ("root", "non-root")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: no possible state lies in the box `when`; `reason` says why, `source` where that is written.

    If `canonical_axis` is set, that axis means nothing in these states, and the box excludes all its values but one.
    """

    when: Box
    reason: str
    source: str
    canonical_axis: str | None = None


def _never(when: Mapping[str, object], reason: str, source: str) -> Rule:
    return Rule(make_box(when), reason, source)


def _meaningless(name: str, at: Value, when: Mapping[str, object], reason: str, source: str) -> Rule:
    others = tuple(value for value in BY_NAME[name].values if value != at)
    return Rule(make_box({**when, name: others}), f"{reason}; such a state is counted at {name}={at}", source, name)


_FIXED = "SDM Vol. 3, Restrictions on VMX Operation (rev 091 §26.8)"
_ENTER = "SDM Vol. 3, Enabling and Entering VMX Operation (rev 091 §26.7)"
_SMX = f"{_ENTER}; GETSEC[SENTER], [SEXIT], [EXITAC] pages: not allowed in VMX operation"
_PAGE = "SDM VMXON page (rev 091 §33.3)"
_NO_OPERAND = {"operand": tuple(value for value in BY_NAME["operand"].values if value != "mapped")}
_POINTER = ("pointer.aligned", "pointer.in_width")
_REVISION = (("revision.match", 1), ("revision.bit31", 0))

RULES = (
    # Follows from the next two, but gives the reason in one sentence.
    _never({"EFER.LMA": 1, "CR0.PE": 0}, "long mode needs paging, and paging needs protected mode",
           "SDM Vol. 3, Hierarchy of modes of operation (§2.2)"),
    _never({"CR0.PG": 1, "CR0.PE": 0}, "paging needs protected mode: MOV CR0 with PG=1 and PE=0 faults",
           "SDM Vol. 3, Control Registers"),
    _never({"EFER.LMA": 1, "CR0.PG": 0}, "long mode is active only while paging is enabled",
           "SDM Vol. 3, Hierarchy of modes of operation (§2.2)"),
    _never({"RFLAGS.VM": 1, "CR0.PE": 0}, "virtual-8086 mode is a part of protected mode",
           "SDM Vol. 3, 8086 Emulation"),
    _never({"RFLAGS.VM": 1, "EFER.LMA": 1}, "long mode has no virtual-8086 mode", "SDM Vol. 3, 8086 Emulation"),
    _never({"RFLAGS.VM": 1, "CPL": (0, 1, 2)}, "virtual-8086 mode always runs at CPL 3", "SDM Vol. 3, 8086 Emulation"),
    _never({"CR0.PE": 0, "CPL": (1, 2, 3)}, "real-address mode has no privilege levels: CPL is 0",
           "SDM Vol. 3, Privilege Levels"),
    _never({"VMX": IN_VMX, "CR4.VMXE": 0}, "CR4.VMXE cannot be cleared in VMX operation", _FIXED),
    _never({"VMX": IN_VMX, "CR0.NE": 0}, "CR0.NE is fixed to 1 in VMX operation", _FIXED),
    _never({"VMX": IN_VMX, "other_fixed_bits": 0}, "the fixed bits of CR0 and CR4 cannot be changed in VMX operation",
           _FIXED),
    _never({"VMX": "root", "CR0.PE": 0},
           "CR0.PE is fixed to 1 in VMX root operation (only an unrestricted guest may clear it)", _FIXED),
    _never({"VMX": "root", "CR0.PG": 0},
           "CR0.PG is fixed to 1 in VMX root operation (only an unrestricted guest may clear it)", _FIXED),
    _never({"VMX": IN_VMX, "A20M": 1}, "A20M is blocked in VMX operation", _FIXED),
    _never({"SMX": 1, "A20M": 1}, "the A20M pin is not recognized in SMX operation",
           "SDM Vol. 2, GETSEC[SEXIT] page"),
    _never({"SMX": 1, "FEATURE_CONTROL.lock": 0},
           "GETSEC[SENTER] needed the lock of FEATURE_CONTROL, and only a power-up reset clears it, which ends SMX"
           " operation, too", "SDM Vol. 2, Safer Mode Extensions Reference (of 2016-19 §6.2.1)"),
    _never({"VMX": IN_VMX, "FEATURE_CONTROL.lock": 0},
           "VMXON needed the lock of FEATURE_CONTROL, and only a power-up reset clears it", _ENTER),
    _never({"VMX": IN_VMX, "SMX": 1, "FEATURE_CONTROL.smx": 0},
           "VMXON inside SMX needed FEATURE_CONTROL bit 1, and neither that nor SMX changes in VMX operation", _SMX),
    _never({"VMX": IN_VMX, "SMX": 0, "FEATURE_CONTROL.vmx": 0},
           "VMXON outside SMX needed FEATURE_CONTROL bit 2, and neither that nor SMX changes in VMX operation", _SMX),
    _never({"VMX": "off", "current_VMCS": 1}, "outside VMX operation there is no current VMCS", _PAGE),
    _never({"VMX": "non-root", "current_VMCS": 0}, "a guest was entered from the current VMCS",
           "SDM Vol. 3, VM Entries"),
    _never({"dual_monitor": 1, "VMX": "off"},
           "VMCALL activates the dual-monitor treatment in VMX root operation, and VMXOFF is refused while it lasts"
           " (inferred: no sentence of the manual that says so was seen)", "SDM VMXOFF page (rev 091 §33.3)"),
    _never({"operand": "unmapped", "CR0.PG": 0}, "without paging there are no page faults", "SDM Vol. 3, Paging"),
    _meaningless("CS.L", 0, {"EFER.LMA": 0}, "CS.L means nothing outside long mode",
                 "SDM Vol. 3, Code Segment Descriptor in 64-bit Mode"),
    *(_meaningless(name, 1, _NO_OPERAND, "without a memory operand that can be read, there is no VMXON pointer", _PAGE)
      for name in _POINTER),
    *(_meaningless(name, at, _NO_OPERAND, "without a memory operand that can be read, there is no VMXON region", _PAGE)
      for name, at in _REVISION),
    *(_meaningless(name, at, {pointer: 0}, "a VMXON pointer that cannot be used leads to no VMXON region", _PAGE)
      for pointer in _POINTER for name, at in _REVISION),
)  # fmt: skip
BOXES = tuple(rule.when for rule in RULES)
# For each axis that means nothing in some states: the axis, its canonical value, and the box of these states.
_CANONICAL = [
    (
        rule.canonical_axis,
        next(value for value in BY_NAME[rule.canonical_axis].values if value not in rule.when[rule.canonical_axis]),
        [(name, values) for name, values in rule.when.items() if name != rule.canonical_axis],
    )
    for rule in RULES
    if rule.canonical_axis
]


def broken_rule(state: Mapping[str, Value]) -> Rule | None:
    """Return the first rule that makes this state (by column name, complete) impossible, or None.

    >>> from nvmx.model.instruction import READY
    >>> broken_rule({**READY["VMXON"], "CR0.PE": 0}).reason
    'long mode needs paging, and paging needs protected mode'
    """
    return next((rule for rule in RULES if matches(rule.when, state)), None)


def nearest_possible(
    state: Mapping[str, Value], held: Iterable[str] = (), outside: Sequence[Box] = ()
) -> dict[str, Value]:
    """Return the closest possible state that is also outside these boxes; axes in `held` stay as they are if possible.

    >>> from nvmx.model.instruction import READY
    >>> nearest_possible({**READY["VMXON"], "CR0.PG": 0}, held={"CR0.PG"})["EFER.LMA"]
    0
    """
    boxes = [*BOXES, *outside]
    changes = nearest(state, boxes, held=frozenset(held))
    if changes is None:
        changes = nearest(state, boxes)
    return {**state, **(changes or {})}


def complete(state: Mapping[str, Value], fixed: Iterable[str]) -> dict[str, Value]:
    """Return the state with the fewest changes outside `fixed` that make it possible, or as it is if none do.

    >>> from nvmx.model.instruction import READY
    >>> complete({**READY["VMXON"], "CS.L": 0, "EFER.LMA": 0, "CR0.PE": 0}, {"CS.L", "EFER.LMA", "CR0.PE"})["CR0.PG"]
    0
    """
    return {**state, **(nearest(state, BOXES, held=frozenset(fixed)) or {})}


def canonical(given: Mapping[str, Value]) -> dict[str, Value]:
    """Return `given` (some axes by column name) with every axis that means nothing set to its canonical value.

    >>> canonical({"EFER.LMA": 0, "CS.L": 1})
    {'EFER.LMA': 0, 'CS.L': 0}
    """
    found = dict(given)
    for name, value, box in _CANONICAL:
        if all(found.get(other) in values for other, values in box):
            found[name] = value
    return found
