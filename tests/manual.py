"""A second derivation of Intel's two instructions and of the states a processor can be in, independent of the rows.

The instructions follow the nested form of the manual's pseudo-code (outer test first, then by VMX operation), not the
flat form of the ladder.  The states are built up from processor modes, not left over after forbidding combinations.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np

Columns = dict[str, Any]
SUCCESS, UD, GP, SS, PF, FAIL_INVALID, FAIL_VALID, EXIT = np.arange(8, dtype=np.int8)  # one byte per state
NONE, AGAIN, DUAL = np.array([0, 15, 23], dtype=np.int8)  # VM-instruction errors


def vmxon(s: Columns) -> tuple[Any, Any]:
    """The outcome (a code, as above) and the error number (0: none) of VMXON; `s` holds an array for each column."""
    undefined = (
        (s["LOCK"] == 1)
        | (s["operand"] == "register")
        | (s["CR0.PE"] == 0)
        | (s["CR4.VMXE"] == 0)
        | (s["RFLAGS.VM"] == 1)
        | ((s["EFER.LMA"] == 1) & (s["CS.L"] == 0))
    )
    firmware = np.where(s["SMX"] == 1, s["FEATURE_CONTROL.smx"] == 0, s["FEATURE_CONTROL.vmx"] == 0)
    fixed = (s["CR0.PE"] == 0) | (s["CR0.NE"] == 0) | (s["CR0.PG"] == 0) | (s["CR4.VMXE"] == 0)
    fixed = fixed | (s["other_fixed_bits"] == 0)
    protected = (s["CPL"] > 0) | (s["A20M"] == 1) | fixed | (s["FEATURE_CONTROL.lock"] == 0) | firmware
    region = (s["revision.match"] == 1) & (s["revision.bit31"] == 0)
    pointer = (s["pointer.aligned"] == 1) & (s["pointer.in_width"] == 1)
    enter = np.where(pointer & region, SUCCESS, FAIL_INVALID)
    faults = [(s["operand"] == "gp-fault", GP), (s["operand"] == "ss-fault", SS), (s["operand"] == "unmapped", PF)]
    load = np.select([fault for fault, _ in faults], [vector for _, vector in faults], enter)
    outside = np.where(protected, GP, load)
    again = np.where(s["current_VMCS"] == 1, FAIL_VALID, FAIL_INVALID)
    root = np.where(s["CPL"] > 0, GP, again)
    inside = np.where(s["VMX"] == "off", outside, np.where(s["VMX"] == "non-root", EXIT, root))
    outcome = np.where(undefined, UD, inside)
    return outcome, np.where(outcome == FAIL_VALID, AGAIN, NONE)


def vmxoff(s: Columns) -> tuple[Any, Any]:
    """The outcome and the error number (0: none) of VMXOFF."""
    undefined = (
        (s["LOCK"] == 1)
        | (s["VMX"] == "off")
        | (s["CR0.PE"] == 0)
        | (s["RFLAGS.VM"] == 1)
        | ((s["EFER.LMA"] == 1) & (s["CS.L"] == 0))
    )
    refused = np.where(s["current_VMCS"] == 1, FAIL_VALID, FAIL_INVALID)
    leave = np.where(s["dual_monitor"] == 1, refused, SUCCESS)
    inside = np.where(s["VMX"] == "non-root", EXIT, np.where(s["CPL"] > 0, GP, leave))
    outcome = np.where(undefined, UD, inside)
    return outcome, np.where(outcome == FAIL_VALID, DUAL, NONE)


MANUAL = {"VMXON": vmxon, "VMXOFF": vmxoff}
EVERY_CPL = (0, 1, 2, 3)
# PE, PG, LMA, VM, CS.L and the privilege levels of each mode, with and without paging.
MODES = [
    (0, 0, 0, 0, 0, (0,)),  # real-address mode
    (1, 0, 0, 0, 0, EVERY_CPL),  # protected mode
    (1, 1, 0, 0, 0, EVERY_CPL),  # protected mode with paging
    (1, 0, 0, 1, 0, (3,)),  # virtual-8086 mode
    (1, 1, 0, 1, 0, (3,)),  # virtual-8086 mode with paging
    (1, 1, 1, 0, 0, EVERY_CPL),  # compatibility mode
    (1, 1, 1, 0, 1, EVERY_CPL),  # 64-bit mode
]


def possible_states() -> Iterator[Columns]:
    """Every state that a processor can be in, each once."""
    for (pe, pg, lma, vm, l_bit, levels), operand in product(MODES, _operands()):
        if operand["operand"] == "unmapped" and not pg:
            continue
        for cpl, environment in product(levels, _environments()):
            if environment["VMX"] == "root" and not pg:
                continue
            mode = {"CR0.PE": pe, "CR0.PG": pg, "EFER.LMA": lma, "RFLAGS.VM": vm, "CS.L": l_bit, "CPL": cpl}
            state = {**operand, **mode, **environment}
            yield {**state, "LOCK": 0}
            yield {**state, "LOCK": 1}


@cache
def possible_columns() -> Columns:
    """The same states, with an array for each column."""
    states = list(possible_states())
    return {name: np.array([state[name] for state in states]) for name in states[0]}


def possible_codes(values: Mapping[str, Sequence[Any]]) -> Columns:
    """The same states again: for each column in `values`, the place of each state's value there."""
    found = {}
    for name, each in values.items():
        found[name] = np.zeros(len(possible_columns()[name]), dtype=np.int8)
        for place, value in enumerate(each):
            found[name][possible_columns()[name] == value] = place
    return found


def _operands() -> Iterator[Columns]:
    ready = {"pointer.aligned": 1, "pointer.in_width": 1, "revision.match": 1, "revision.bit31": 0}
    for fault in ("register", "unmapped", "gp-fault", "ss-fault"):
        yield {"operand": fault, **ready}
    for aligned, in_width in ((0, 0), (0, 1), (1, 0)):
        yield {"operand": "mapped", **ready, "pointer.aligned": aligned, "pointer.in_width": in_width}
    for match, bit31 in product((0, 1), (0, 1)):
        yield {"operand": "mapped", **ready, "revision.match": match, "revision.bit31": bit31}


def _environments() -> Iterator[Columns]:
    """The rest of the machine: what the firmware left, whether a measured environment runs, and VMX operation."""
    bits = (0, 1)
    for lock, in_smx, outside_smx in product(bits, bits, bits):
        left = {"FEATURE_CONTROL.lock": lock, "FEATURE_CONTROL.smx": in_smx, "FEATURE_CONTROL.vmx": outside_smx}
        for smx in bits if lock else (0,):  # GETSEC[SENTER] faults until the firmware has locked the register
            for ne, vmxe, others, a20m in product(bits, bits, bits, (0,) if smx else bits):
                yield {**left, "SMX": smx, "CR0.NE": ne, "CR4.VMXE": vmxe, "other_fixed_bits": others, "A20M": a20m,
                       "VMX": "off", "current_VMCS": 0, "dual_monitor": 0}  # fmt: skip
            if lock and (in_smx if smx else outside_smx):
                for dual in bits:
                    inside = {**left, "SMX": smx, "CR0.NE": 1, "CR4.VMXE": 1, "other_fixed_bits": 1, "A20M": 0,
                              "dual_monitor": dual}  # fmt: skip
                    yield {**inside, "VMX": "root", "current_VMCS": 0}
                    yield {**inside, "VMX": "root", "current_VMCS": 1}
                    yield {**inside, "VMX": "non-root", "current_VMCS": 1}
