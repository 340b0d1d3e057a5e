"""The map of a processor's conformance: where it agrees with a ladder."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..bochs import Log, recording
from ..bochs import agreement as compare_log
from ..bochs.conformance import STATUSES
from ..ladders import ladder as find_ladder
from ..model.ladder import Ladder
from .layout import Layout, Place, draw_cell, draw_hatched_cell, hatched_key
from .picture import Picture

# Agreement is no outcome, so it has colours of its own: of a cell, and of the words in it.
_COLOURS = (("#e8f1f8", "#000"), ("#f5c242", "#000"), ("#b3261e", "#fff"))


def agreement(
    instruction: str,
    source: str | Ladder = "intel",
    log: Log | None = None,
    down: Iterable[str] | None = None,
    across: Iterable[str] | None = None,
) -> Picture:
    """Draw where a processor agrees with a ladder: a cell for all its executed states that share the axes shown.

    The number says how many states these are; a cell has the colour of the worst of them.  `log` is a processor's;
    None: the recording that comes with the package.  `down` and `across` are as for `map`.

    >>> agreement("VMXOFF", "kvm-2011", down=[], across=["VMX"]).sentence.split(" against ")[0]
    'VMXOFF on Bochs 2.7'
    """
    ladder = find_ladder(instruction, source)
    compared = compare_log(recording() if log is None else log, ladder)
    (part,) = compared.comparisons
    layout = Layout([ladder], down, across, {})
    counts = np.stack([layout.count(part.observed.codes, part.status == status) for status in range(len(STATUSES))])
    machine = compared.log.name
    keys = [
        Patch(facecolor=colour, edgecolor="black", label=status)
        for (colour, _), status, count in zip(_COLOURS, STATUSES, counts, strict=True)
        if count.any()
    ]
    title = f"{instruction}: {machine} against {ladder.source}"
    figure, panel = layout.canvas(title, [*keys, hatched_key("none executed")])
    for place in np.ndindex(*layout.map.shape):
        _draw_counts(panel, place, counts[(slice(None), *place)].tolist(), wide=layout.has_modes)
    words = ", ".join(f"{count.sum()} {status}" for status, count in zip(STATUSES, counts, strict=True))
    cells = np.count_nonzero(counts.sum(axis=0))
    return Picture(
        figure,
        f"{instruction} on {machine} against {ladder.source}: {words}, of {counts.sum()} states in {cells} cells.",
    )


def _draw_counts(panel: Axes, place: Place, counts: Sequence[int], *, wide: bool) -> None:
    """Draw a cell in the colour of its worst status, with how many states have that, of how many."""
    if not any(counts):
        draw_hatched_cell(panel, place)
        return
    worst = max(status for status, count in enumerate(counts) if count)
    mixed = counts[worst] < sum(counts)
    narrow = mixed and not wide
    gap = "\n" if narrow else " "
    words = f"{counts[worst]} of{gap}{sum(counts)}" if mixed else f"{sum(counts)}"
    colour, ink = _COLOURS[worst]
    draw_cell(panel, place, colour)
    row, column = place
    panel.text(column + 0.5, row + 0.5, words, ha="center", va="center", fontsize=6 if narrow else 8, color=ink)
