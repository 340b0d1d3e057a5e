"""Maps: states as cells; neighbours differ on one axis."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Polygon
from numpy.typing import NDArray

from ..ladders import ladder as find_ladder
from ..model.ladder import Ladder
from ..model.outcome import OUTCOMES, TABLE, Outcome
from .layout import Layout, Place, draw_cell, draw_hatched_cell, hatched_key
from .picture import Picture, outcome_keys

_SAME = "#f2f2f2"  # the colour of cells in which two ladders do not differ


def map(  # noqa: A001 - its public name
    instruction: str,
    source: str | Ladder,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
    **at: object,
) -> Picture:
    """Draw every state as a cell with the letter and the colour of its outcome.

    `down` and `across` name the axes to spread, so that neighbours differ on one axis; None: CR4.VMXE, VMX and CPL
    down, if the ladder reads them, and across the five modes, each with its bits.  `at` holds other axes at a value
    (`vmx="root"`).  An axis that is neither spread nor held is ready, or, in a map of modes, the closest value to that
    which a processor can have there.  Hatched cells are states that no processor can be in; rows of such cells are left
    out of the usual map.  Raises an error if a name or a value does not exist, and InvalidValue for more cells than
    anyone can read.

    >>> map("VMXON", "intel", down=["CPL"], across=["CR4.VMXE"])
    VMXON by intel: 8 states, of which a processor can be in 8; of those, success in 1, #UD in 4, #GP(0) in 3.
    """
    ladder = find_ladder(instruction, source)
    layout = Layout([ladder], down, across, at)
    codes, possible = layout.codes(ladder), layout.possible()
    subject = f"{ladder.source}{layout.held_text}"
    keys = [*outcome_keys(np.unique(codes)), hatched_key("not possible")]
    figure, panel = layout.canvas(f"{instruction}, {subject}", keys)
    for place, code in np.ndenumerate(codes):
        if layout.has_modes and not possible[place]:
            draw_hatched_cell(panel, place)
        else:
            _draw_outcome(panel, place, TABLE[code], possible=bool(possible[place]))
    counts = zip(*np.unique(codes[possible], return_counts=True), strict=True)
    words = ", ".join(f"{OUTCOMES[code]} in {count}" for code, count in counts)
    return Picture(
        figure,
        f"{instruction} by {subject}: {codes.size} state{'s' * (codes.size != 1)}, of which a processor can be in "
        f"{possible.sum()}{f'; of those, {words}' if words else ''}{layout.left_out}.",
    )


def diff(
    instruction: str,
    a: str | Ladder,
    b: str | Ladder,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
    **at: object,
) -> Picture:
    """Draw where two ladders differ: a `map` in which such cells have both letters, a's above and b's below.

    Other cells are grey.  `down`, `across` and `at` are as for `map`; if one source says nothing about a value of an
    axis, it is left out.

    >>> diff("VMXON", "kvm-2011", "intel", down=["VMX"], across=["CPL"])
    VMXON by kvm-2011 and by intel: of 8 possible states 1 end differently: success for VMfailInvalid in 1.
    """
    ladders = [find_ladder(instruction, a), find_ladder(instruction, b)]
    layout = Layout(ladders, down, across, at)
    above, below = (layout.codes(ladder) for ladder in ladders)
    possible = layout.possible()
    differs = (above != below) & possible
    first, second = (ladder.source for ladder in ladders)
    keys = [
        *outcome_keys(np.unique([above[differs], below[differs]])),
        Patch(facecolor=_SAME, edgecolor="#bbb", label="the same"),
        hatched_key("not possible"),
    ]
    title = f"{instruction}: {first} (above) and {second} (below){layout.held_text}"
    figure, panel = layout.canvas(title, keys)
    for place, code in np.ndenumerate(above):
        if differs[place]:
            _draw_both(panel, place, TABLE[code], TABLE[below[place]])
        elif layout.has_modes and not possible[place]:
            draw_hatched_cell(panel, place)
        else:
            _draw_outcome(panel, place, TABLE[code], possible=bool(possible[place]), same=True)
    return Picture(
        figure,
        f"{instruction} by {first} and by {second}{layout.held_text}: of {possible.sum()} possible states "
        f"{differs.sum()} end differently{_pairs_text(above[differs], below[differs])}.",
    )


def _pairs_text(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> str:
    """The pairs of outcomes and how often each occurs, in words."""
    pairs, counts = np.unique(np.stack([a, b]), axis=1, return_counts=True)
    words = [f"{OUTCOMES[x]} for {OUTCOMES[y]} in {n}" for x, y, n in zip(*pairs, counts, strict=True)]
    return f": {', '.join(words)}" if words else ""


def _draw_outcome(panel: Axes, place: Place, look: Outcome, *, possible: bool, same: bool = False) -> None:
    """Draw a cell with an outcome's letter; `same`: in grey, because two ladders agree on it."""
    row, column = place
    letter = panel.text(column + 0.5, row + 0.5, look.letter, ha="center", va="center", fontsize=11)
    if not possible:
        draw_hatched_cell(panel, place)
        letter.set(color="#767676", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    elif same:
        draw_cell(panel, place, _SAME)
        letter.set(color="#555")
    else:
        draw_cell(panel, place, look.colour)
        letter.set(color=look.ink, weight="bold")


def _draw_both(panel: Axes, place: Place, above: Outcome, below: Outcome) -> None:
    """Draw a cell that is split by a diagonal, with one outcome above and one below it."""
    row, column = place
    for look, corner, x, y in ((above, (0, 0), 0.3, 0.28), (below, (1, 1), 0.7, 0.74)):
        corners = [(column + corner[0], row + corner[1]), (column, row + 1), (column + 1, row)]
        panel.add_patch(Polygon(corners, facecolor=look.colour, edgecolor="black", linewidth=0.8))
        where = column + x, row + y
        panel.text(*where, look.letter, color=look.ink, ha="center", va="center", fontsize=8, weight="bold")
