"""Which states lead to which, as boxes and arrows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from ..ask import Event, execute
from ..model.errors import InvalidValue
from ..model.instruction import READY
from ..model.ladder import Ladder
from ..model.state import State
from .canvas import SMALL, WIDTH
from .picture import Picture, add_panel

_STEPS: tuple[object, ...] = ("VMXON", "VMXOFF", ("CR4.VMXE", 0), ("CR4.VMXE", 1))
_HALF_WIDTH, _HALF_HEIGHT = 1.5, 0.85  # of a box

Point = tuple[float, float]


class Edge(NamedTuple):
    """A step that leads from one state to another (both by their number), in words."""

    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Reached:
    """The states that a source reaches: `nodes`, the `edges` between them, and what `stays` in which of them."""

    nodes: list[State]
    edges: list[Edge] = field(default_factory=list)
    stays: dict[int, list[str]] = field(default_factory=dict)


def explore(source: str | Ladder) -> Reached:
    """Execute VMXON, VMXOFF and the writes to CR4.VMXE that change it, in the ready state and all that follow."""
    reached = Reached([State(READY["VMXON"])])
    nodes = reached.nodes
    for here, state in enumerate(nodes):  # grows on the way
        for step in _STEPS:
            if isinstance(step, tuple) and state[step[0]] == step[1]:
                continue
            (event,) = execute([step], source, state)
            words = _words(event, flags=isinstance(step, str))
            if event.state == state:
                reached.stays.setdefault(here, []).append(words)
                continue
            if event.state not in nodes:
                nodes.append(event.state)
            reached.edges.append(Edge(here, nodes.index(event.state), words))
    return reached


def _words(event: Event, *, flags: bool) -> str:
    """How a step ended; an instruction that succeeds should write flags, so it is said if it does not."""
    alone = flags and event.outcome == "success" and event.flags == "left alone"
    return f"{event.step}: {event.outcome}{', flags left alone' if alone else ''}"


def graph(source: str | Ladder) -> Picture:
    """Draw where VMXON, VMXOFF and writes to CR4.VMXE lead from the ready state: states as boxes, changes as arrows.

    What changes nothing is written inside the box; a dashed box is a state that no processor can be in.  Raises
    InvalidValue if it is not known how the source treats writes to CR4, and if a Ladder leads to states that differ in
    more than VMX and CR4.VMXE: for these there is no place.

    >>> graph("intel").sentence.split("; ")[:2]
    ['intel: from ready, VMXON, VMXOFF and writes to CR4.VMXE reach 3 states', \
'VMXON: success leads from VMX off, VMXE 1 to VMX root, VMXE 1']
    """
    name = source.source if isinstance(source, Ladder) else source
    reached = explore(source)
    if len({_spot(state) for state in reached.nodes}) < len(reached.nodes):
        raise InvalidValue(f"graph: {name} leads to states that differ in more than VMX and CR4.VMXE")
    figure = Figure(figsize=(WIDTH, 4.6))
    panel = add_panel(figure, (0, 0, WIDTH, 4.1), (0, 9), (0, 4.5))
    for n, state in enumerate(reached.nodes):
        _draw_state(panel, state, reached.stays.get(n, []))
    for edge in reached.edges:
        start, end = _spot(reached.nodes[edge.start]), _spot(reached.nodes[edge.end])
        _draw_arrow(panel, start, end, edge.words.replace(": ", ":\n").replace(", flags", "\nflags"))
    figure.text(0.02, 0.92, f"VMXON, VMXOFF and writes to CR4.VMXE under {name}", fontsize=12, weight="bold")
    return Picture(figure, _sentence(name, reached))


def _sentence(name: str, reached: Reached) -> str:
    impossible = sum(not state.possible for state in reached.nodes)
    ways = "; ".join(
        f"{edge.words} leads from {_brief(reached.nodes[edge.start])} to {_brief(reached.nodes[edge.end])}"
        for edge in reached.edges
    )
    return (
        f"{name}: from ready, VMXON, VMXOFF and writes to CR4.VMXE reach {len(reached.nodes)} states"
        f"{f', {impossible} of which no processor can be in' if impossible else ''}; {ways}."
    )


def _brief(state: State) -> str:
    return f"VMX {state['VMX']}, VMXE {state['CR4.VMXE']}"


def _spot(state: State) -> Point:
    """Where the middle of a state's box is."""
    return 1.65 if state["VMX"] == "off" else 7.0, 3.5 if state["CR4.VMXE"] else 0.95


def _draw_state(panel: Axes, state: State, stays: Sequence[str]) -> None:
    x, y = _spot(state)
    corner, size = (x - _HALF_WIDTH, y - _HALF_HEIGHT), (2 * _HALF_WIDTH, 2 * _HALF_HEIGHT)
    line = "solid" if state.possible else "dashed"
    panel.add_patch(Rectangle(corner, *size, facecolor="#f2f2f2", edgecolor="black", linestyle=line))
    title = f"VMX {state['VMX']}, CR4.VMXE {state['CR4.VMXE']}"
    panel.text(x, y + 0.55, title, ha="center", va="center", weight="bold", fontsize=10)
    notes = [*stays] if state.possible else [*stays, "(no processor can be here)"]
    panel.text(x, y - 0.15, "\n".join(notes), ha="center", va="center", fontsize=SMALL)


def _draw_arrow(panel: Axes, start: Point, end: Point, words: str) -> None:
    """Draw an arrow between two boxes that are side by side or one above the other; the way back is beside it."""
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        way = 1 if x1 > x0 else -1
        ends = (x0 + _HALF_WIDTH * way, y0 + 0.25 * way), (x1 - _HALF_WIDTH * way, y1 + 0.25 * way)
        place, across, up = ((x0 + x1) / 2, y0 + 0.35 * way), "center", "bottom" if way > 0 else "top"
    else:
        way = 1 if y1 > y0 else -1
        x = x0 + 0.25 * way
        ends = (x, y0 + _HALF_HEIGHT * way), (x, y1 - _HALF_HEIGHT * way)
        place, across, up = (x + 0.12 * way, (y0 + y1) / 2), "left" if way > 0 else "right", "center"
    panel.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=14, color="black"))
    panel.text(*place, words, fontsize=SMALL, ha=across, va=up)
