"""States in words, as a problem shows them."""

from collections.abc import Collection, Mapping

from ..model.axis import BY_NAME, Value
from ..model.instruction import BY_INSTRUCTION, READY, not_ready
from ..model.modes import MODE_AXES, mode_of
from ..model.sentence import values_text

# What a processor does, as people say it; these bits are always shown.
_ALWAYS = (*MODE_AXES, "CPL", "VMX", "current_VMCS")
_OPERATION = {"off": "outside VMX operation", "root": "in VMX root operation", "non-root": "in VMX non-root operation"}
READY_NOTE = "What is not named is ready: as in a kernel whose instruction is about to succeed (nvmx axes)."


def in_words(instruction: str, state: Mapping[str, Value], unknown: Collection[str] = ()) -> list[str]:
    """Return a state (by column name) as lines; nothing is said about the axes in `unknown` but that.

    >>> for line in in_words("VMXON", {**READY["VMXON"], "CPL": 3, "CR4.VMXE": 0}, ["SMX"]):
    ...     print(line)
    The processor is in 64-bit mode at CPL 3, outside VMX operation.
    Not ready: CR4.VMXE = 0
    Not known: SMX
    """
    privilege = "" if "CPL" in unknown else f" at CPL {state['CPL']}"
    operation = "" if "VMX" in unknown else f", {_OPERATION[str(state['VMX'])]}"
    if operation and "current_VMCS" not in unknown:
        operation += ", with a current VMCS" if state["current_VMCS"] else ""
    mode = f"{mode_of(state)} mode".replace("protected, 16- or 32-bit mode", "protected mode (16- or 32-bit code)")
    return [f"The processor is in {mode}{privilege}{operation}.", *_rest(instruction, state, unknown)]


def in_bits(instruction: str, state: Mapping[str, Value], unknown: Collection[str] = ()) -> list[str]:
    """Return a state (by column name) as lines of bits; each axis in `unknown` has a question mark.

    >>> print(in_bits("VMXON", {**READY["VMXON"], "CR4.VMXE": 0}, ["CPL"])[0])
    CR0.PE = 1, EFER.LMA = 1, RFLAGS.VM = 0, CS.L = 1, CPL = ?, VMX = off, current_VMCS = 0
    """
    names = [*_ALWAYS, *(name for name in BY_NAME if name in unknown and name not in _ALWAYS)]
    bits = ", ".join(f"{name} = {'?' if name in unknown else state[name]}" for name in names)
    return [bits, *_rest(instruction, state, unknown, ask=False)]


def not_shown(instruction: str, state: Mapping[str, Value], shown: Collection[str]) -> list[str]:
    """Return the lines about what a report does not show: the axes that are not ready, and VMX operation.

    >>> not_shown("VMXON", {**READY["VMXON"], "SMX": 1}, ["CPL"])
    ['Besides: VMX = off, current_VMCS = 0, SMX = 1']
    """
    ready = READY[instruction]
    names = [
        name
        for name in BY_INSTRUCTION[instruction].axes
        if name not in shown and (name in ("VMX", "current_VMCS") or state[name] != ready[name])
    ]
    return [f"Besides: {values_text({name: state[name] for name in names})}"]


def brief(instruction: str, state: Mapping[str, Value]) -> str:
    """Return what differs from the ready state (by column name) in one line.

    >>> brief("VMXON", {**READY["VMXON"], "CS.L": 0, "CPL": 3}), brief("VMXON", READY["VMXON"])
    ('compatibility mode, CPL = 3', 'ready')
    """
    mode = mode_of(state)
    other = not_ready(instruction, {name: value for name, value in state.items() if name not in MODE_AXES})
    if mode == mode_of(READY[instruction]):
        return other
    word = f"{str(mode).partition(',')[0]} mode"
    return word if other == "ready" else f"{word}, {other}"


def _rest(instruction: str, state: Mapping[str, Value], unknown: Collection[str], *, ask: bool = True) -> list[str]:
    ready = READY[instruction]
    told = [name for name in _ALWAYS if name != "current_VMCS" or "VMX" not in unknown or not ask]
    off = {
        name: state[name]
        for name in BY_INSTRUCTION[instruction].axes
        if name not in told and name not in unknown and state[name] != ready[name]
    }
    lines = [f"Not ready: {values_text(off)}"] if off else []
    return (
        [*lines, f"Not known: {', '.join(name for name in BY_NAME if name in unknown)}"] if unknown and ask else lines
    )
