"""Which states lead to which, as boxes and arrows."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from ..ask import execute
from ..model.instruction import READY
from ..model.ladder import Ladder
from ..model.state import State
from .picture import Picture


def graph(source: str | Ladder) -> Picture:
    """Draw where VMXON, VMXOFF and writes to CR4.VMXE lead from the ready state: states as boxes, changes as arrows.

    What changes nothing stands in the box.  A dashed box is a state that no processor can be in.
    Raises TypeError or ValueError, also where the source's treatment of writes is unknown.
    """
    name = source.source if isinstance(source, Ladder) else source
    moves: list[object] = ["VMXON", "VMXOFF", ("CR4.VMXE", 0), ("CR4.VMXE", 1)]
    start = State(READY["VMXON"])
    nodes, edges, stays = [start], list[tuple[int, int, str]](), dict[int, list[str]]()
    for here, state in enumerate(nodes):
        for move in moves:
            if not isinstance(move, str) and state["CR4.VMXE"] == move[1]:  # type: ignore[index]
                continue
            (event,) = execute([move], source, state)
            flags = ", flags left alone" if event.outcome == "success" and event.flags == "left alone" else ""
            words = f"{event.step}: {event.outcome}{flags if isinstance(move, str) else ''}"
            if event.state == state:
                stays.setdefault(here, []).append(words)
                continue
            if event.state not in nodes:
                nodes.append(event.state)
            edges.append((here, nodes.index(event.state), words))
    figure = Figure(figsize=(9, 5))
    axes = figure.add_axes((0, 0, 1, 0.9))
    axes.set_xlim(0, 9.7)
    axes.set_ylim(0, 4.5)
    axes.set_axis_off()
    where = {(state["VMX"], state["CR4.VMXE"]): n for n, state in enumerate(nodes)}
    spots = {n: (1.75 if vmx == "off" else 7.25, 3.4 if vmxe else 1.0) for (vmx, vmxe), n in where.items()}
    for n, state in enumerate(nodes):
        x, y = spots[n]
        line = "solid" if state.possible else "dashed"
        axes.add_patch(
            Rectangle((x - 1.55, y - 0.75), 3.1, 1.5, facecolor="#f2f2f2", edgecolor="black", linestyle=line)
        )
        title = f"VMX {state['VMX']}, CR4.VMXE {state['CR4.VMXE']}"
        axes.text(x, y + 0.5, title, ha="center", va="center", weight="bold", fontsize=10)
        note = stays.get(n, []) + ([] if state.possible else ["(no processor can be here)"])
        axes.text(x, y - 0.15, "\n".join(note), ha="center", va="center", fontsize=8)
    for a, b, words in edges:
        _arrow(axes, spots[a], spots[b], words.replace(": ", ":\n").replace(", flags", "\nflags"))
    figure.text(0.02, 0.93, f"VMXON, VMXOFF and writes to CR4.VMXE under {name}", fontsize=12, weight="bold")
    odd = [state for state in nodes if not state.possible]
    sentence = (
        f"{name}: from ready, VMXON, VMXOFF and writes to CR4.VMXE reach {len(nodes)} states"
        f"{f', {len(odd)} of which no processor can be in' if odd else ''}; "
        + "; ".join(f"{words} leads from {_where(nodes[a])} to {_where(nodes[b])}" for a, b, words in edges)
        + "."
    )
    return Picture(figure, sentence)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], words: str) -> None:
    """An arrow between two boxes that stand beside or above each other; the way back runs beside it."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        way = 1 if x1 > x0 else -1
        ends = (x0 + 1.55 * way, y0 + 0.25 * way), (x1 - 1.55 * way, y1 + 0.25 * way)
        place, across, up = ((x0 + x1) / 2, y0 + 0.35 * way), "center", "bottom" if way > 0 else "top"
    else:
        way = 1 if y1 > y0 else -1
        ends = (x0 + way, y0 + 0.75 * way), (x1 + way, y1 - 0.75 * way)
        place, across, up = (x0 + way + 0.12, (y0 + y1) / 2), "left", "center"
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=14, color="black"))
    axes.text(*place, words, fontsize=8, ha=across, va=up)


def _where(state: State) -> str:
    return f"VMX {state['VMX']}, VMXE {state['CR4.VMXE']}"
