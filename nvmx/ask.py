"""Ask a source: about one state, one step, or a program of VMXON, VMXOFF and writes to CR0 and CR4."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .ladders import find_source, ladder
from .model.axis import INSTRUCTIONS, READY, Value, find_axis, find_value, named_values
from .model.box import Box, matches
from .model.ladder import Ladder
from .model.outcome import UNTOUCHED, flags_text
from .model.rules import RULES
from .model.state import State
from .model.verdict import Verdict, decide

WRITABLE = ("CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE")


def verdict(instruction: str, source: str | Ladder, /, **axes: object) -> Verdict:
    """Return how the instruction ends by `source` in one state.

    Axes are named by keyword or by column name; what is not named has its ready value, except that what the ladder
    never reads is left open: it counts as whatever makes the state possible.  Raises TypeError or ValueError.
    """
    return decide(ladder(instruction, source), named_values(axes))


def step(state: Mapping[str, object], instruction: str, source: str | Ladder, /) -> tuple[Verdict, State]:
    """Execute the instruction once: return the verdict and the next state of the processor.

    Only success changes an axis: after a fault, VMfail or VM exit the guest's state stands as it was.  A ladder may
    lead where no processor gets: then the next state's `possible` is False and its `reason` says why.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"state: {state!r} is not a mapping of axes to values, such as {{'cpl': 3}}")
    found = decide(ladder(instruction, source), named_values(state))
    following = dict(found.state.columns)
    if found.rung is None:
        following |= found.ladder.effect.after
    return found, State(following)


@dataclass(frozen=True)
class Event:
    """One step of a program: what was executed, how it ended and why, the flags written, and the state after it."""

    step: str
    outcome: str
    stopped_by: str
    flags: str
    state: State


def execute(program: Iterable[object], source: str | Ladder, state: Mapping[str, object] | None = None) -> list[Event]:
    """Run a program: "VMXON", "VMXOFF", or a write such as ("CR4.VMXE", 0) to one of WRITABLE.

    Starts ready outside VMX operation, or in `state`.  A Ladder of one's own answers for its instruction, the manual
    for all else.  A write that leads where no processor can be is #GP(0), except
    where the source is known to let it through; writes in VMX non-root operation are not modelled.
    Raises TypeError or ValueError, also for a write under a source of which nothing is known about writes.
    """
    columns = {**READY["VMXON"], **named_values(state or {})}
    events = []
    for step in program:
        if isinstance(step, str):
            found = decide(ladder(step, _for(source, step)), columns)
            columns = dict(found.state.columns)
            if found.rung is None:
                columns |= found.ladder.effect.after
            end = found.rung.name if found.rung else ""
            events.append(Event(step, found.outcome, end, flags_text(found.flags), State(columns)))
        else:
            name, value = _write(step)
            refused = _refuses(source, columns, {**columns, name: value})
            columns = columns if refused else {**columns, name: value}
            end = "#GP(0)" if refused else "success"
            events.append(Event(f"{name} := {value}", end, refused, flags_text(UNTOUCHED), State(columns)))
    return events


def _for(source: str | Ladder, step: str) -> str | Ladder:
    """The source of this step: a Ladder of one's own knows one instruction, the manual answers the other."""
    return "intel" if isinstance(source, Ladder) and source.instruction != step and step in INSTRUCTIONS else source


def _write(step: object) -> tuple[str, Value]:
    if not isinstance(step, (tuple, list)) or len(step) != 2:
        raise TypeError(f"step: {step!r} is neither an instruction's name nor a pair such as ('CR4.VMXE', 0)")
    axis = find_axis(step[0])
    if axis.name not in WRITABLE:
        raise ValueError(f"step: {axis.name} is not allowed in a write (allowed: {', '.join(WRITABLE)})")
    return axis.name, find_value(axis, step[1])


def _refuses(source: str | Ladder, before: Mapping[str, Value], after: Mapping[str, Value]) -> str:
    """Why a write faults; '' where it does not."""
    if before["VMX"] == "non-root":
        raise ValueError("step: writes in VMX non-root operation are not modelled")
    lets: tuple[Box, ...] | None = () if isinstance(source, Ladder) else find_source(source).lets_through
    if lets is None:
        raise ValueError(f"step: nothing is known of how {source} treats writes to CR0 and CR4")
    if before["CPL"] != 0:
        return "CPL 0"
    if any(matches(box, after) for box in lets):
        return ""
    return next((rule.reason for rule in RULES if matches(rule.when, after) and not matches(rule.when, before)), "")
