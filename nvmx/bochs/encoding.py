"""How a case's instruction is written in machine code, and how its operand comes to be what the case asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.axis import BY_NAME
from ..model.instruction import BY_INSTRUCTION
from .cases import CODE

Codes: TypeAlias = Mapping[str, NDArray[np.int64]]  # of some cases, as `cases.codes_of` returns them

MODES = ("protected", "64-bit", "8086")  # how segments work: as in these modes
# As guest/boot.asm lists them, from 0.
ADDRESSES = ("OPERAND", "UNMAPPED", "ACROSS", "BEYOND", "NOT_CANONICAL_63", "NOT_CANONICAL_47")
INT3 = b"\xcc"  # follows every instruction
_LOCK, _SS, _ADDRESS_SIZE = b"\xf0", b"\x36", b"\x67"
_OPCODE = 0x0F  # its first byte, after all prefixes
# What follows VMXON's opcode.
_DI = b"\x37"  # [bx] in 16-bit code, [edi] in 32-bit code, [rdi] in 64-bit code
_BP = b"\x76\x00"  # [bp+0] in 16-bit code
_EBP = b"\x75\x00"  # [ebp+0] in 32-bit code, [rbp+0] in 64-bit code
_REGISTER = b"\xf7"


@dataclass(frozen=True, slots=True)
class Access:
    """One way to name an operand: the address, what is special about DS or SS, prefixes, and what follows the opcode.

    `segments` is "small DS" or "small SS" (it ends at 64 KiB), "null DS", or "flat": nothing is special.
    """

    address: str = "OPERAND"
    segments: str = "flat"
    prefixes: bytes = b""
    form: bytes = _DI


_PLAIN = {"mapped": Access(), "unmapped": Access("UNMAPPED"), "register": Access(form=_REGISTER)}
# In the first run and in the second: in protected mode, the first has 32-bit code and the second 16-bit code.
_FAULTS = {
    ("gp-fault", "protected"): (Access("BEYOND", "small DS"), Access(segments="null DS")),
    ("ss-fault", "protected"): (Access("BEYOND", "small SS", _SS), Access("ACROSS", "small SS", form=_BP)),
    ("gp-fault", "64-bit"): (Access("NOT_CANONICAL_63"), Access("NOT_CANONICAL_47")),
    ("ss-fault", "64-bit"): (Access("NOT_CANONICAL_63", form=_EBP), Access("NOT_CANONICAL_47", form=_EBP)),
    ("gp-fault", "8086"): (Access("ACROSS"), Access("BEYOND", prefixes=_ADDRESS_SIZE)),
    ("ss-fault", "8086"): (Access("ACROSS", prefixes=_SS), Access("BEYOND", prefixes=_ADDRESS_SIZE, form=_EBP)),
}


def access_to(operand: str, mode: str, run: int) -> Access:
    """Return how this run names an operand that is as this value of the axis `operand` says, in one of MODES.

    >>> access_to("gp-fault", "64-bit", 0).address
    'NOT_CANONICAL_63'
    """
    return _PLAIN[operand] if operand in _PLAIN else _FAULTS[operand, mode][run]


def machine_code(instruction: str, access: Access, run: int, *, lock: bool) -> bytes:
    """Return the bytes of an instruction; a LOCK prefix is its first prefix, in the second run the last.

    >>> machine_code("VMXON", Access(), 1, lock=True).hex(" ")
    'f3 f0 0f c7 37'
    """
    code = CODE[instruction]
    if "operand" in BY_INSTRUCTION[instruction].axes:
        code = access.prefixes + code[:-1] + access.form
    place = code.index(_OPCODE) if run else 0
    return code[:place] + _LOCK + code[place:] if lock else code


def modes(codes: Codes) -> NDArray[np.int64]:
    """Return, for each case, an index into MODES; compatibility mode has the segments of protected mode."""
    wide = (codes["EFER.LMA"] == 1) & (codes["CS.L"] == 1)
    old = (codes["CR0.PE"] == 0) | (codes["RFLAGS.VM"] == 1)
    return np.select([wide, old], [MODES.index("64-bit"), MODES.index("8086")], MODES.index("protected"))


def instructions(codes: Codes) -> tuple[tuple[tuple[Access, bytes], ...], NDArray[np.intp]]:
    """Return the distinct instructions of these cases, with the access to their operand, and each case's among them."""
    columns = np.stack([codes["instruction"], codes["operand"], codes["LOCK"], codes["run"], modes(codes)])
    distinct, numbers = np.unique(columns, axis=1, return_inverse=True)
    found = []
    for instruction, operand, lock, run, mode in distinct.T.tolist():
        access = access_to(str(BY_NAME["operand"].values[operand]), MODES[mode], run)
        found.append((access, machine_code(tuple(CODE)[instruction], access, run, lock=bool(lock))))
    return tuple(found), numbers
