"""The guest's image, assembled from guest/*.asm: a ROM that ends at 4 GiB and carries its cases.

Bochs loads it in place of its BIOS, and QEMU with `-bios`.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..model.axis import BY_NAME
from ..model.errors import InvalidValue
from ..model.registers import CR0, CR4, FEATURE_CONTROL, RFLAGS
from .cases import KEY, codes_of
from .encoding import ADDRESSES, INT3, MODES, Codes, instructions, modes
from .programs import MachineError, call, need

MOST_CASES = 0xFFFF  # a case's number has 16 bits
SIX_FLAGS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "OF": 11}

# As `struc case` in guest/guest.asm.
ENTRY = np.dtype(
    [(name, "<u2") for name in ("id", "efer")]
    + [(name, "<u4") for name in ("key", "cr0", "cr4", "flags")]
    + [(name, "<u2") for name in ("cs", "ss", "ds", "cs_rights", "ss_rights")]
    + [(name, "<u2") for name in ("before", "feature_control", "a20m", "operand", "pointer_wide")]
    + [(name, "<u4") for name in ("pointer_low", "revision")]
    + [("code", "<u8")]
)
# Selectors for rings 0 to 3, as guest/guest.asm has them: data, and data that ends at 64 KiB.
_DATA = [8 * (13 + ring) | ring for ring in range(4)]
_SMALL = [8 * (17 + ring) | ring for ring in range(4)]
_GUEST = Path(__file__).parent / "guest"
_BLOCK = 0x10000
_8086 = MODES.index("8086")


def entries(keys: NDArray[np.int64]) -> NDArray[np.void]:
    """Return the table of cases that the guest reads: raw register values, one entry per key.

    >>> from nvmx.bochs.cases import case_keys
    >>> hex(entries(case_keys()[-1:])["cr0"][0])
    '0x80000031'
    """
    codes = codes_of(keys)
    run = codes["run"]
    table = np.zeros(len(keys), dtype=ENTRY)
    table["id"] = np.arange(len(keys))
    table["key"] = keys
    table["cr0"] = _bits(codes, CR0) | 1 << 4  # ET is always 1
    table["cr4"] = _bits(codes, CR4) | 1 << 5  # PAE: what long mode needs suits the other modes
    table["efer"] = codes["EFER.LMA"] << 8  # LME, from which LMA follows
    table["flags"] = _bits(codes, RFLAGS) | 2 | np.where(run == 0, sum(1 << bit for bit in SIX_FLAGS.values()), 0)
    _fill_segments(table, codes)
    root, guest = _is(codes, "VMX", "root"), _is(codes, "VMX", "non-root")
    table["before"] = np.select([guest, root], [3, 1 + codes["current_VMCS"]], 0)
    table["feature_control"] = _bits(codes, FEATURE_CONTROL)
    table["a20m"] = codes["A20M"]
    table["pointer_low"] = np.where(codes["pointer.aligned"] == 0, np.where(run == 0, 1 << 2, 1 << 11), 0)
    table["pointer_wide"] = np.where(codes["pointer.in_width"] == 0, np.where(run == 0, 1, 63), 0)
    table["revision"] = np.where(codes["revision.match"] == 0, np.where(run == 0, 1 << 0, 1 << 30), 0)
    table["revision"] |= (codes["revision.bit31"] << 31).astype(np.uint32)
    _fill_instruction(table, codes)
    return table


def _is(codes: Codes, axis: str, value: str) -> NDArray[np.bool_]:
    hit: NDArray[np.bool_] = codes[axis] == BY_NAME[axis].values.index(value)
    return hit


def _bits(codes: Codes, bits: Mapping[str, int]) -> NDArray[np.int64]:
    return sum((codes[name] << bit for name, bit in bits.items()), np.zeros(len(codes["run"]), dtype=np.int64))


def _fill_segments(table: NDArray[np.void], codes: Codes) -> None:
    """Fill in selectors of the guest's GDT, and access rights as a VMCS holds them.

    Real-address and virtual-8086 mode have no selectors in this sense, and fixed rights.
    """
    cpl = codes["CPL"]
    wide = modes(codes) == MODES.index("64-bit")
    size = np.select([wide, codes["run"] == 0], [2, 1], 0)  # 64-, 32- or 16-bit code
    rights = np.select([size == 2, size == 1], [0xA09B, 0xC09B], 0x809B) | cpl << 5
    real, v86 = codes["CR0.PE"] == 0, codes["RFLAGS.VM"] == 1
    table["cs"] = np.where(real | v86, 0, 8 * (1 + 4 * size + cpl) | cpl)
    table["ss"] = np.where(real | v86, 0, np.array(_DATA)[cpl])
    table["cs_rights"] = np.select([real, v86], [0x9B, 0xF3], rights)
    table["ss_rights"] = np.select([real, v86], [0x93, 0xF3], 0xC093 | cpl << 5)


def _fill_instruction(table: NDArray[np.void], codes: Codes) -> None:
    """Fill in the instruction, the address of its operand and, where it takes another DS or SS to fault, that."""
    kinds, numbers = instructions(codes)
    words = [int.from_bytes(code.ljust(table["code"].itemsize, INT3), "little") for _, code in kinds]
    table["code"] = np.array(words, dtype="<u8")[numbers]
    table["operand"] = np.array([ADDRESSES.index(access.address) for access, _ in kinds])[numbers]
    segments = np.array([access.segments for access, _ in kinds])[numbers]
    mode = modes(codes)
    table["ds"] = np.select([mode == _8086, segments == "null DS", segments == "small DS"], [0, 0, _SMALL[3]], _DATA[3])
    table["ss"] = np.where(segments == "small SS", np.array(_SMALL)[codes["CPL"]], table["ss"])


def build_image(keys: NDArray[np.int64]) -> bytes:
    """Assemble the guest and put the cases of these keys before it.

    Raises MachineError if nasm is missing, InvalidValue if these are too many cases, LogError if one is not a key.

    >>> from nvmx import bochs
    >>> from nvmx.bochs.cases import case_keys
    >>> len(bochs.build_image(case_keys()))  # doctest: +SKIP
    2097152

    (Skipped, since it needs nasm.)
    """
    if len(keys) > MOST_CASES:
        raise InvalidValue(f"{len(keys)} cases do not fit: a case's number has 16 bits")
    table = entries(keys).tobytes()
    program = need("nasm", "the guest is assembled with it")
    text = b"@key " + KEY.encode() + b"\0"
    blocks = -(-(len(table) + len(text)) // _BLOCK) + 1
    size = 1 << (blocks * _BLOCK - 1).bit_length()
    start = (1 << 32) - size
    with tempfile.TemporaryDirectory(prefix="nvmx-") as name:
        folder = Path(name)
        values = {"TABLE": start, "CASES": len(keys), "KEY": start + len(table)}
        command = [program, "-f", "bin", "-w+all", "-w+error", "-i", f"{_GUEST}/", "-o", "guest.bin",
                   *(f"-D{name}={value}" for name, value in values.items()), str(_GUEST / "guest.asm")]  # fmt: skip
        status, output = call(command, folder)
        code = folder / "guest.bin"
        if status or not code.exists():
            raise MachineError(f"nasm failed: {output.strip()[:500]}")
        return (table + text).ljust(size - _BLOCK, b"\xff") + code.read_bytes()
