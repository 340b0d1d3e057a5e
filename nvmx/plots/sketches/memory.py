"""The sketch of what VMXON's operand leads to in memory."""

from collections.abc import Mapping

from ...ladders import ladder
from ..canvas import GREY, MARK, REAL, SHADE, SMALL, Canvas
from ..picture import Picture

# An example: addresses as they look on Linux.  The identifier is that of no particular processor.
_VIRTUAL, _PHYSICAL, _REVISION = 0xFFFF_8881_0123_4FF8, 0x0000_0001_0765_5000, 0x0000_0012
_PAGE = 4096


def draw_operand() -> Picture:
    """Draw VMXON's operand: a virtual address, at it a physical one, at that a page with the revision identifier."""
    ends = {rung.name: rung.outcome for rung in ladder("VMXON", "intel").rungs}
    canvas = Canvas(4.1, "VMXON [rax]: where the operand leads")
    left, width = 1.25, 2.2
    for top, where, value, what, failures in (
        (0.6, "rax", f"{_VIRTUAL:#018x}", "a virtual address: page tables translate it",
         [("operand mapped", "not mapped"), ("operand address valid", "not canonical")]),
        (1.75, "8 bytes\nin memory", f"{_PHYSICAL:#018x}", "the VMXON pointer: a physical address",
         [("pointer aligned", f"not a multiple of {_PAGE:,}, or too wide")]),
    ):  # fmt: skip
        canvas.text(left - 0.15, top + 0.22, where, ha="right", weight="bold")
        canvas.cell(left, top, width, 0.44, value, fill=REAL, family="monospace")
        canvas.text(left + width + 0.15, top + 0.12, what, ha="left", size=SMALL)
        _draw_failures(canvas, left + width + 0.15, top + 0.42, failures, ends)
        canvas.arrow((left + width / 2, top + 0.44), (left + width / 2, top + 1.15))
    top = 2.9
    canvas.text(left - 0.15, top + 0.22, f"a page of\n{_PAGE:,} bytes", ha="right", weight="bold")
    canvas.cell(left, top, 0.4, 0.44, "0", fill=MARK, family="monospace")
    canvas.cell(left + 0.4, top, width - 0.4, 0.44, f"{_REVISION:#010x}", fill=MARK, family="monospace")
    canvas.cell(left + width, top, 7.3 - left - width, 0.44, "the rest is for the processor", fill=SHADE, size=SMALL,
                color=GREY)  # fmt: skip
    canvas.text(left + 0.2, top + 0.58, "bit 31", size=SMALL, color=GREY)
    canvas.text(left + 0.2 + width / 2, top + 0.58, "bits 30:0", size=SMALL, color=GREY)
    canvas.text(left + width + 0.15, top + 0.6, "the revision identifier, as in IA32_VMX_BASIC", ha="left", size=SMALL)
    _draw_failures(canvas, left + width + 0.15, top + 0.9, [("revision matches", "another, or bit 31 set")], ends)
    return canvas.picture(
        "VMXON's operand, in three steps: rax holds a virtual address, which page tables translate (not mapped: "
        f"{ends['operand mapped']}, not canonical: {ends['operand address valid']}); the 8 bytes there are the VMXON "
        f"pointer, a physical address (not a multiple of {_PAGE:,}: {ends['pointer aligned']}, too wide: "
        f"{ends['pointer within width']}); the page there begins with the revision identifier in bits 30:0, as in "
        f"IA32_VMX_BASIC, and 0 in bit 31 (if not: {ends['revision matches']}); the rest of it is for the processor."
    )


def _draw_failures(
    canvas: Canvas, left: float, y: float, failures: list[tuple[str, str]], ends: Mapping[str, str]
) -> None:
    """Draw how checks end, side by side: each a check's name, and what is wrong in words."""
    for n, (check, words) in enumerate(failures):
        x = left + 1.75 * n
        canvas.ending(x, y, ends[check])
        canvas.text(x + 0.32, y, f"{ends[check]}: {words}", ha="left", size=SMALL, color=GREY)
