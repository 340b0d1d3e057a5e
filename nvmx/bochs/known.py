"""What is known beforehand: the states that no guest of ours reaches, and where a processor is known to deviate."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..ladders.bochs import NO_PAGING_TEST
from ..model.axis import Value
from ..model.box import make_box


@dataclass(frozen=True)
class OutOfReach:
    """A row: no guest of ours gets a processor into the states of the box `when`; `reason` in a sentence."""

    when: Mapping[str, tuple[Value, ...]]
    reason: str


@dataclass(frozen=True)
class Deviation:
    """A row: these `machines` (an emulator and its version) do not test what the manual's `rung` tests.

    `reason` says why, and `evidence` where that was seen.
    """

    machines: tuple[str, ...]
    instruction: str
    rung: str
    reason: str
    evidence: str


OUT_OF_REACH = (
    OutOfReach(
        make_box({"SMX": 1}),
        "SMX operation begins with GETSEC[SENTER], which Bochs does not have and which elsewhere needs a module "
        "signed for the chipset",
    ),
    OutOfReach(
        make_box({"dual_monitor": 1}),
        "the dual-monitor treatment needs a monitor installed in SMM, where only firmware gets; Bochs does not have it",
    ),
)

DEVIATIONS = (
    Deviation(
        ("Bochs 2.7", "Bochs 2.8", "Bochs 3.0"),
        "VMXON",
        "CR0.PG set",
        NO_PAGING_TEST,
        "executed on 2.7, read in 2.8 and 3.0 and in revision 783b58fd of 2026-08-22; mended since",
    ),
)
