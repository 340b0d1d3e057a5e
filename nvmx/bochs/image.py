"""The guest's image, assembled from guest/*.asm: a ROM that ends at 4 GiB and carries its cases.

Bochs loads it in place of its BIOS, and QEMU with `-bios`.
"""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..model.axis import BY_NAME
from ..model.registers import CR0, CR4, FEATURE_CONTROL, RFLAGS
from .cases import KEY, Places, unpack
from .programs import MachineError, call, need

MOST = 0xFFFF  # a case's number has 16 bits
SIX_FLAGS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "OF": 11}
CODE = {"VMXON": b"\xf3\x0f\xc7\x37", "VMXOFF": b"\x0f\x01\xc4"}
_REGISTER_FORM = b"\xf3\x0f\xc7\xf7"
_INT3 = b"\xcc"

# As `struc case` in guest/guest.asm.
_ENTRY = np.dtype(
    [(name, "<u4") for name in ("id", "key", "cr0", "cr4", "efer", "flags")]
    + [(name, "<u2") for name in ("cs", "ss", "cs_rights", "ss_rights")]
    + [(name, "<u4") for name in ("before", "feature_control", "a20m", "unmapped")]
    + [(name, "<u4") for name in ("pointer_low", "pointer_wide", "revision", "code")]
)
_GUEST = Path(__file__).parent / "guest"
_BLOCK = 0x10000


def entries(keys: NDArray[np.int64]) -> NDArray[np.void]:
    """Return the table of cases that the guest reads: raw register values, one entry a key."""
    places = unpack(keys)
    run = places["run"]
    table = np.zeros(len(keys), dtype=_ENTRY)
    table["id"] = np.arange(len(keys))
    table["key"] = keys
    table["cr0"] = _bits(places, CR0) | 1 << 4  # ET is always 1
    table["cr4"] = _bits(places, CR4) | 1 << 5  # PAE: what long mode needs suits the other modes
    table["efer"] = places["EFER.LMA"] << 8  # LME, from which LMA follows
    table["flags"] = _bits(places, RFLAGS) | 2 | np.where(run == 0, sum(1 << bit for bit in SIX_FLAGS.values()), 0)
    _fill_segments(table, places)
    root, guest = (places["VMX"] == _place("VMX", name) for name in ("root", "non-root"))
    table["before"] = np.select([guest, root], [3, 1 + places["current_VMCS"]], 0)
    table["feature_control"] = _bits(places, FEATURE_CONTROL)
    table["a20m"] = places["A20M"]
    table["unmapped"] = places["operand"] == _place("operand", "unmapped")
    table["pointer_low"] = np.where(places["pointer.aligned"] == 0, np.where(run == 0, 1 << 2, 1 << 11), 0)
    table["pointer_wide"] = np.where(places["pointer.in_width"] == 0, np.where(run == 0, 1, 63), 0)
    table["revision"] = np.where(places["revision.match"] == 0, np.where(run == 0, 1 << 0, 1 << 30), 0)
    table["revision"] |= (places["revision.bit31"] << 31).astype(np.uint32)
    register = places["operand"] == _place("operand", "register")
    vmxon, vmxoff, other = (_word(code) for code in (*CODE.values(), _REGISTER_FORM))
    table["code"] = np.select([places["instruction"] == 1, register], [vmxoff, other], vmxon)
    return table


def _word(code: bytes) -> int:
    return int.from_bytes(code.ljust(4, _INT3), "little")


def _place(name: str, value: str) -> int:
    return BY_NAME[name].values.index(value)


def _bits(places: Places, bits: dict[str, int]) -> NDArray[np.int64]:
    return sum((places[name] << bit for name, bit in bits.items()), np.zeros(len(places["run"]), dtype=np.int64))


def _fill_segments(table: NDArray[np.void], places: Places) -> None:
    """Selectors of the guest's GDT and access rights as a VMCS holds them; real and virtual-8086 mode have none."""
    cpl = places["CPL"]
    wide = (places["EFER.LMA"] == 1) & (places["CS.L"] == 1)
    size = np.select([wide, places["run"] == 0], [2, 1], 0)  # 64-, 32- or 16-bit code
    rights = np.select([size == 2, size == 1], [0xA09B, 0xC09B], 0x809B) | cpl << 5
    real, v86 = places["CR0.PE"] == 0, places["RFLAGS.VM"] == 1
    table["cs"] = np.where(real | v86, 0, 8 * (1 + 4 * size + cpl) | cpl)
    table["ss"] = np.where(real | v86, 0, 8 * (13 + cpl) | cpl)
    table["cs_rights"] = np.select([real, v86], [0x9B, 0xF3], rights)
    table["ss_rights"] = np.select([real, v86], [0x93, 0xF3], 0xC093 | cpl << 5)


def build_image(keys: NDArray[np.int64]) -> bytes:
    """Assemble the guest and put the cases of these keys before it; raises MachineError where nasm is missing."""
    if len(keys) > MOST:
        raise ValueError(f"{len(keys)} cases do not fit: a case's number has 16 bits")
    program = need("nasm", "the guest is assembled with it")
    table = entries(keys).tobytes()
    text = KEY.encode()
    text = b"@key " + text + b"\0"
    blocks = -(-(len(table) + len(text)) // _BLOCK) + 1
    size = 1 << (blocks * _BLOCK - 1).bit_length()
    start = (1 << 32) - size
    with tempfile.TemporaryDirectory(prefix="nvmx-") as folder:
        code = Path(folder) / "guest.bin"
        places = {"TABLE": start, "CASES": len(keys), "KEY": start + len(table)}
        call(
            [program, "-f", "bin", "-w+all", "-w+error", "-i", f"{_GUEST}/", "-o", str(code),
             *(f"-D{name}={place}" for name, place in places.items()), str(_GUEST / "guest.asm")]
        )  # fmt: skip
        if not code.exists():
            raise MachineError(f"{program} made no image")
        return (table + text).ljust(size - _BLOCK, b"\xff") + code.read_bytes()
