"""A dump that is cut off anywhere, or whose lines come in another order, proves nothing wrong."""

import random

import pytest

import nvmx

from .test_cases_25_to_45 import CPUM, DBVM, EDK2, VMCS
from .test_formats_of_hypervisors import CASES
from .test_traps_of_kernels import CASES as TRAPS
from .transcripts import recorded

_SETTINGS = ("long-cpl-3", "compatibility-cpl-3", "virtual-8086", "vmxon-vmxe")
# These programs print numbers of a fixed width, so that a shorter one is not believed.
_OWN = {
    case.name: case.text for case in CASES if case.name.startswith(("KVM", "a guest", "an old", "IA32", "WinDbg"))
} | {name: case[0] for name, case in TRAPS.items()}
FIXED_WIDTH = {
    **{f"{program} {name} {command}": text for program, name, command, text in recorded()
       if program in ("bochs", "qemu") and name in _SETTINGS},
    **_OWN, "CPUM": CPUM, "EDK2": EDK2.format(cr0=0x80010031, cr4=0x2668), "VMCS": VMCS,
}  # fmt: skip


@pytest.mark.parametrize("name", FIXED_WIDTH)
def test_cut_off_anywhere(name: str) -> None:
    text = FIXED_WIDTH[name]
    whole = nvmx.read(text)
    for cut in random.Random(name).sample(range(len(text)), min(60, len(text))):  # noqa: S311
        reading = nvmx.read(text[:cut])
        assert reading.refused is None, text[:cut][-40:]
        for axis, value in reading.known.items():
            assert value == whole.known.get(axis, value), (axis, text[:cut][-40:])


@pytest.mark.parametrize("text", [DBVM, *(case.text for case in CASES)])
def test_every_order_of_lines_can_be_read(text: str) -> None:
    lines = text.split("\n")
    for seed in range(3):
        random.Random(seed).shuffle(lines)  # noqa: S311
        reading = nvmx.read("\n".join(lines))
        assert all(line.text in text for proof in reading.evidence.values() for line in proof)
