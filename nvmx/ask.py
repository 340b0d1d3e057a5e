"""Ask a source, by its id: one state, one step, or a program of instructions and register writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .ladders import find_source, ladder, sources_of
from .model.address import is_address, parse_address
from .model.axis import AXES, Value, find_axis, find_value, named_values
from .model.box import matches
from .model.errors import InvalidType, InvalidValue, OutsideDomain
from .model.instruction import BY_INSTRUCTION, INSTRUCTIONS, instruction_name
from .model.ladder import Ladder
from .model.outcome import UNTOUCHED, flags_text
from .model.rules import RULES, Rule
from .model.state import State
from .model.verdict import Verdict, decide

if TYPE_CHECKING:
    from .model.explanation import Explanation

WRITABLE = ("CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE")


def verdict(instruction: str, source: str | Ladder | None = None, /, **axes: object) -> Verdict:
    """Return how the instruction ends by `source` in one state.

    Axes are named by keyword or by column name.  An axis that is not named is ready if the ladder reads it; if not, it
    takes any value that makes the state possible.  Instead of instruction and source, a state's text form may be given.

    >>> verdict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    <VMXON, intel: #UD, because CR4.VMXE = 0; check 4 asks for CR4.VMXE set>
    >>> verdict("VMXON/intel?cpl=3").outcome
    '#GP(0)'
    """
    if source is None and is_address(instruction):
        instruction, source, axes = _parse_question(instruction, axes)
    return decide(ladder(instruction, source), named_values(axes))  # type: ignore[arg-type]  # None is refused there


def explain(instruction: str, source: str | Ladder = "intel", observed: object = None, **axes: object) -> "Explanation":
    """Return how the instruction can end if only these axes are known, and which checks can be the one that decided.

    A check is among them if it decides in at least one possible state that agrees with the axes and with what was
    `observed`: an outcome, `"fault"`, RFLAGS afterwards (`0x203`), a VM-instruction error number (`15`), `"VMREAD
    returned"`, or a list of these.  Instead of instruction and source, a state's text form may be given.

    >>> explain("VMXON", observed="#GP(0)", cpl=0, cr0_ne=1, cr0_pg=1, a20m=0, fc_lock=1, smx=0, operand="mapped")
    <VMXON, intel: #GP(0); 2 checks can be the one that refuses (seen: #GP(0))>
    >>> explain("VMXON/intel?cr4_vmxe=0&cr0_pe=1&lock=0&operand=mapped").outcomes
    ('#UD',)
    """
    if is_address(instruction):
        instruction, source, axes = _parse_question(instruction, axes)
    return explain_known(instruction, source, named_values(axes), observed)


def explain_known(
    instruction: str, source: str | Ladder, known: Mapping[str, Value], observed: object = None, **about: Any
) -> "Explanation":
    """Return what `explain` does for axes by column name; `about` are the fields of an Explanation on the text read.

    >>> explain_known("VMXOFF", "intel", {"VMX": "off"}, named="VMXOFF", executed=False).outcomes
    ('#UD',)
    """
    # A verdict does not need them, and a command that asks for one starts a twentieth sooner without.
    from .model.explanation import Explanation
    from .model.observed import observations

    decider = ladder(instruction, source)
    decider.check_domain(known)
    seen = observations(observed)
    own = BY_INSTRUCTION[decider.instruction].axes
    remarks = [f"{name} says nothing about {decider.instruction}" for name in known if name not in own]
    about = {"named": decider.instruction, "executed": True if seen else None} | about
    about["remarks"] = (*about.get("remarks", ()), *remarks)
    found = Explanation(decider, {name: known[name] for name in known if name in own}, seen, **about)
    if not found.is_ruled_out:
        return found
    others = [each for each in sources_of(decider.instruction) if _agrees(ladder(decider.instruction, each), found)]
    by = f"it can end like this by: {', '.join(others)}" if others else "by no source can it end like this"
    return replace(found, remarks=(*found.remarks, by))


def _agrees(other: Ladder, found: "Explanation") -> bool:
    try:
        other.check_domain(found.known)
    except OutsideDomain:
        return False
    return bool(replace(found, ladder=other).outcomes)


def _parse_question(text: str, axes: Mapping[str, object]) -> tuple[str, str, dict[str, object]]:
    """Return the parts of a state's text form, with further axes."""
    instruction, source, found = parse_address(text)
    return instruction, source, dict(named_values({**found, **axes}))


def step(state: Mapping[str, object], instruction: str, source: str | Ladder, /) -> tuple[Verdict, State]:
    """Execute the instruction once, in `state` (axes as for `verdict`): return the verdict and the state afterwards.

    >>> found, after = step({}, "VMXON", "intel")
    >>> found.outcome, after
    ('success', State(vmx='root'))
    """
    found = decide(ladder(instruction, source), _named_state(state))
    return found, found.after


@dataclass(frozen=True)
class Event:
    """One step of a program: what was executed, its outcome, what caused it, the flags written, the state after it."""

    step: str
    outcome: str
    because: str
    flags: str
    state: State


def execute(program: Iterable[object], source: str | Ladder, state: Mapping[str, object] | None = None) -> list[Event]:
    """Run a program: each step is an instruction's name, or a write such as ("CR4.VMXE", 0) to one of WRITABLE.

    It starts in `state` (axes as for `verdict`), or in the ready state, outside VMX operation.  If `source` is a
    Ladder, it decides its own instruction, and the manual everything else.  A write that would lead to an impossible
    state is #GP(0), unless the source is known to allow it.  Raises InvalidValue for a write in VMX non-root operation,
    and for any write if it is unknown what the source does with it.  Not modelled: mistakes of a source in writes
    outside VMX operation; EFER.LME, so that setting CR0.PG never enters long mode.

    >>> for event in execute(["VMXON", ("CR4.VMXE", 0), "VMXOFF"], "xen"):
    ...     print(f"{event.step}: {event.outcome}")
    VMXON: success
    CR4.VMXE := 0: success
    VMXOFF: #UD
    """
    if not isinstance(source, Ladder):
        find_source(source)
    known: dict[str, Value] = {"VMX": "off", **(_named_state(state) if state is not None else {})}
    events = []
    for each in program:
        if isinstance(each, str):
            found = decide(ladder(each, _source_of_step(source, each)), known)
            known = dict(found.after.columns)
            events.append(Event(each, found.outcome, found.short_reason, flags_text(found.flags), found.after))
        else:
            name, value = _parse_write(each)
            before = {**{axis.name: axis.ready for axis in AXES}, **known}
            after = _after_write(before, name, value)
            refused = _why_refused(source, before, after, name)
            if refused:
                after = before
            known |= {axis: after[axis] for axis in after if after[axis] != before[axis]}
            outcome = "#GP(0)" if refused else "success"
            events.append(Event(f"{name} := {value}", outcome, refused, flags_text(UNTOUCHED), State(after)))
    return events


def _named_state(state: object) -> dict[str, Value]:
    if not isinstance(state, Mapping):
        raise InvalidType(f"state: {state!r} is not a mapping of axes to values, such as {{'cpl': 3}}")
    return named_values(state)


def _source_of_step(source: str | Ladder, instruction: str) -> str | Ladder:
    if isinstance(source, Ladder) and source.instruction != instruction_name(instruction):
        return "intel"
    return source


def _parse_write(given: object) -> tuple[str, Value]:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InvalidType(
            f"step: {given!r} is neither an instruction ({', '.join(INSTRUCTIONS)}) nor a pair such as ('CR4.VMXE', 0)"
        )
    axis = find_axis(given[0])
    if axis.name not in WRITABLE:
        raise InvalidValue(f"step: {axis.name} is not allowed in a write (allowed: {', '.join(WRITABLE)})")
    return axis.name, find_value(axis, given[1])


def _after_write(before: Mapping[str, Value], name: str, value: Value) -> dict[str, Value]:
    """Return the state that a write leads to, if it is not refused."""
    after = {**before, name: value}
    if name == "CR0.PG" and value == 0:
        # Code in compatibility mode leaves long mode like this (SDM Vol. 3, "Switching Out of IA-32e Mode Operation");
        # 64-bit code may not, and so keeps an EFER.LMA that makes the state impossible.
        if before["CS.L"] == 0:
            after["EFER.LMA"] = 0
        # Without paging there are no page faults.
        if before["operand"] == "unmapped":
            after["operand"] = "mapped"
    return after


def _why_refused(source: str | Ladder, before: Mapping[str, Value], after: Mapping[str, Value], name: str) -> str:
    """Return why the write of the axis `name` faults; "" if it does not."""
    if before["VMX"] == "non-root":
        raise InvalidValue("step: writes in VMX non-root operation are not modelled")
    allowed = () if isinstance(source, Ladder) else find_source(source).allowed_writes
    if allowed is None:
        raise InvalidValue(f"step: what {source} does with writes to CR0 and CR4 is unknown")
    if before["CPL"] != 0:
        return f"CPL = {before['CPL']}"
    excused = any(name in box and matches(box, after) for box in allowed)

    def forbids(rule: Rule) -> bool:
        # A hypervisor can forget what VMX operation demands, but the real processor looks at the rest.
        return matches(rule.when, after) and not matches(rule.when, before) and not (excused and "VMX" in rule.when)

    return next((rule.reason for rule in RULES if forbids(rule)), "")
