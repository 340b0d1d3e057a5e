"""Counts of states as bars: version by version, rung by rung."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ..ladders import ladder as find_ladder
from ..model.ladder import Ladder
from ..model.outcome import BY_OUTCOME, OUTCOMES, TABLE
from ..states.history import versions
from ..states.listing import States
from .picture import Picture, outcome_keys


def history(instruction: str = "VMXON", ids: Sequence[str] | None = None) -> Picture:
    """Draw, for each version, how many possible states end otherwise than in the manual, and in which way.

    `ids` names the sources in order; None: KVM's.  Raises TypeError or ValueError.
    """
    found = versions(instruction, ids)
    height = 0.5 * len(found) + 1.6
    figure = Figure(figsize=(9, height))
    axes = figure.add_axes((0.16, 0.9 / height, 0.7, 0.5 * len(found) / height))
    most = max((each.total for each in found), default=0) or 1
    axes.set_xlim(0, most * 1.005)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_axis_off()
    shown: set[int] = set()
    for y, each in enumerate(found):
        axes.text(-0.01 * most, y, each.source.id, ha="right", va="center", fontsize=10)
        start = 0
        for (ours, theirs), count in sorted(
            each.wrong.items(), key=lambda item: (OUTCOMES.index(item[0][0]), -item[1])
        ):
            look = BY_OUTCOME[ours]
            shown.add(OUTCOMES.index(ours))
            axes.barh(y, count, left=start, height=0.7, color=look.colour, edgecolor="black", linewidth=0.6)
            if count > most * 0.07:
                letters = f"{look.letter} for {BY_OUTCOME[theirs].letter}"
                axes.text(start + count / 2, y, letters, ha="center", va="center", fontsize=9, color=look.ink)
            start += count
        axes.text(start + most * 0.01, y, f"{each.total:,}", ha="left", va="center", fontsize=10, weight="bold")
    figure.legend(handles=outcome_keys(sorted(shown)), loc="lower center", ncols=7, frameon=False, fontsize=9)
    title = f"{instruction}: possible states that end otherwise than in the manual"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=12, weight="bold")
    figure.text(0.16, 0.55 / height, "colour: what this version says; 'U for G': it says #UD, the manual #GP(0)",
                fontsize=8, color="#555")  # fmt: skip
    words = ", ".join(f"{each.source.id} {each.total:,}" for each in found)
    return Picture(figure, f"{instruction}, possible states that end otherwise than in the manual: {words}.")


def ladder(instruction: str, source: str | Ladder) -> Picture:
    """Draw, for each rung in order, how many possible states reach it and which share of these it stops.

    The states are those of the axes that the ladder spans by itself.  Raises TypeError or ValueError.
    """
    chosen = find_ladder(instruction, source)
    rungs = States.possible([chosen], chosen.axes).deciding(chosen)
    stopped = [int(count) for count in np.bincount(rungs, minlength=len(chosen.rungs) + 1)]
    reached = [sum(stopped[place:]) for place in range(len(stopped))]
    names = [*(rung.name for rung in chosen.rungs), "(no check is left)"]
    looks = [BY_OUTCOME[rung.outcome] for rung in chosen.rungs] + [TABLE[0]]

    rows = [place for place in range(len(names)) if reached[place]]
    height = 0.3 * len(rows) + 1.3
    figure = Figure(figsize=(9, height))
    axes = figure.add_axes((0.36, 0.5 / height, 0.34, 0.3 * len(rows) / height))
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_axis_off()
    for y, place in enumerate(rows):
        look, share = looks[place], stopped[place] / reached[place]
        axes.barh(y, 1, height=0.72, color="#eee", edgecolor="#999", linewidth=0.6)
        axes.barh(y, share, height=0.72, color=look.colour, edgecolor="black", linewidth=0.6)
        number = "" if place == len(names) - 1 else f"{place + 1}  "
        axes.text(-0.03, y, f"{number}{names[place]}", ha="right", va="center", fontsize=9)
        words = f"{look.letter}  {look.name}: {stopped[place]:,} of {reached[place]:,}"
        axes.text(1.03, y, words, ha="left", va="center", fontsize=9)
    title = f"{instruction}, {chosen.source}: of the states that reach a check, which share ends there"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=11, weight="bold")
    figure.text(0.36, 0.2 / height, "full bar: all states that reach this check", fontsize=8, color="#555")
    stops = ", ".join(f"{names[place]} ends {stopped[place]:,}" for place in rows[:-1] if stopped[place])
    sentence = f"{instruction} by {chosen.source}: of {reached[0]:,} possible states, {stops}; {stopped[-1]:,} succeed."
    return Picture(figure, sentence)
