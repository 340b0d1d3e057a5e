"""Counts of states as bars: version by version, check by check."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..ladders import ladder as find_ladder
from ..model.ladder import Ladder
from ..model.outcome import BY_OUTCOME, OUTCOMES, Outcome
from ..states.history import Version, versions
from ..states.listing import States
from .canvas import GREY, SMALL, WIDTH
from .picture import Picture, add_panel, outcome_keys

_WIDTH = 9  # inches, of the ladder


def history(instruction: str = "VMXON", ids: Iterable[str] | None = None) -> Picture:
    """Draw, for each version, how many possible states end differently from the manual, and in which way.

    `ids` names the sources in order; None: KVM's, by date.  Raises an error if a source does not exist, is named twice
    or has no ladder for the instruction, and if there is none.

    >>> history("VMXOFF", ["intel-2006", "intel"]).sentence.split(": ")[0]
    'VMXOFF, possible states that end differently from the manual'
    """
    found = versions(instruction, ids)
    most = max((version.total for version in found), default=0) or 1
    rows = 0.5 * len(found)
    height = rows + 1.8
    figure = Figure(figsize=(WIDTH, height))
    panel = add_panel(figure, (1.2, 1.1, 5.4, rows), (0, most * 1.005), (len(found) - 0.5, -0.5))
    for y, version in enumerate(found):
        panel.text(-0.01 * most, y, version.source.id, ha="right", va="center", fontsize=10)
        _draw_version(panel, y, version, most)
        panel.text(version.total + most * 0.01, y, f"{version.total:,}", ha="left", va="center", fontsize=10,
                   weight="bold")  # fmt: skip
    shown = sorted({OUTCOMES.index(outcome) for version in found for outcome, _ in version.wrong})
    figure.legend(handles=outcome_keys(shown), loc="lower center", ncols=4, frameon=False, fontsize=SMALL)
    title = f"{instruction}: possible states that end differently from the manual"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=12, weight="bold")
    figure.text(0.16, 0.78 / height, "colour: what this version says; 'U for G': it says #UD, the manual #GP(0)",
                fontsize=SMALL, color=GREY)  # fmt: skip
    words = ", ".join(f"{version.source.id} {version.total:,}" for version in found)
    return Picture(figure, f"{instruction}, possible states that end differently from the manual: {words}.")


def _draw_version(panel: Axes, y: int, version: Version, most: int) -> None:
    """Draw one bar: the wrong states of a version, in parts by what it says and what the manual says."""
    start = 0
    order = sorted(version.wrong.items(), key=lambda item: (OUTCOMES.index(item[0][0]), -item[1]))
    for (ours, manuals), count in order:
        look = BY_OUTCOME[ours]
        panel.barh(y, count, left=start, height=0.7, color=look.colour, edgecolor="black", linewidth=0.6)
        if count > most * 0.1:
            letters = f"{look.letter} for {BY_OUTCOME[manuals].letter}"
            panel.text(start + count / 2, y, letters, ha="center", va="center", fontsize=9, color=look.ink)
        start += count


@dataclass(frozen=True)
class _Bar:
    """One check (or success, `number` 0): how many possible states reach it, and how many end there."""

    number: int
    name: str
    outcome: Outcome
    reached: int
    stopped: int


def ladder(instruction: str, source: str | Ladder) -> Picture:
    """Draw, for each check in order, how many possible states reach it, and which share of them ends there.

    The states are those of the axes that a table of this ladder spans by default.

    >>> picture = ladder("VMXON", "kvm-2011")
    >>> picture.sentence.split(", protected")[0]
    'VMXON by kvm-2011: of 41 possible states'
    """
    drawn = find_ladder(instruction, source)
    every = _count_states(drawn)
    bars = [bar for bar in every if bar.reached]
    rows = 0.3 * len(bars)
    height = rows + 1.3
    figure = Figure(figsize=(_WIDTH, height))
    panel = add_panel(figure, (3.24, 0.5, 3.06, rows), (0, 1), (len(bars) - 0.5, -0.5))
    for y, bar in enumerate(bars):
        _draw_bar(panel, y, bar)
    title = f"{instruction}, {drawn.source}: of the states that reach a check, which share ends there"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=11, weight="bold")
    figure.text(0.36, 0.2 / height, "full bar: all states that reach this check", fontsize=8, color="#555")
    *checks, success = every
    stops = ", ".join(f"{bar.name} ends {bar.stopped:,}" for bar in checks if bar.stopped)
    sentence = (
        f"{instruction} by {drawn.source}: of {every[0].reached:,} possible states, {stops}; "
        f"{success.stopped:,} succeed."
    )
    return Picture(figure, sentence)


def _count_states(ladder: Ladder) -> list[_Bar]:
    """Count the possible states that reach each check and end there; success comes last."""
    deciding = States.possible([ladder], ladder.axes).deciding(ladder)
    stopped = np.bincount(deciding, minlength=len(ladder.rungs) + 1).tolist()
    rows = [(number, rung.name, rung.outcome) for number, rung in enumerate(ladder.rungs, 1)]
    rows.append((0, "(no check is left)", "success"))
    return [
        _Bar(number, name, BY_OUTCOME[outcome], sum(stopped[place:]), stopped[place])
        for place, (number, name, outcome) in enumerate(rows)
    ]


def _draw_bar(panel: Axes, y: int, bar: _Bar) -> None:
    look = bar.outcome
    panel.barh(y, 1, height=0.72, color="#eee", edgecolor="#999", linewidth=0.6)
    panel.barh(y, bar.stopped / bar.reached, height=0.72, color=look.colour, edgecolor="black", linewidth=0.6)
    name = f"{bar.number}  {bar.name}" if bar.number else bar.name
    panel.text(-0.03, y, name, ha="right", va="center", fontsize=9)
    words = f"{look.letter}  {look.name}: {bar.stopped:,} of {bar.reached:,}"
    panel.text(1.03, y, words, ha="left", va="center", fontsize=9)
