"""Read a report: which instruction is it about, was it executed, how did it end, and which checks can be the one?"""

from collections.abc import Callable, Mapping, Sequence

from ...dumps import Reading
from ...ladders import ladder as find_ladder
from ...model.axis import Value
from ...model.explanation import Explanation
from ...model.instruction import INSTRUCTIONS, READY
from ...model.observed import FAULTS, observations
from ...model.registers import FEATURE_CONTROL
from ...model.sentence import values_text
from ...model.state import State
from ..blanks import checks_blank, outcomes_blank
from ..chooser import Chooser
from ..draw import Drawn, draw_state
from ..level import Level
from ..printers import Report, bochs, can_print, dump_vmcs, linux_oops, oops, qemu, report
from ..task import Blank, Problem
from ..typed import read_choice, read_yes

_SUSPECTS = {1: 2, 2: 2, 3: 3, 4: 3, 5: 4}  # how many checks can be left, by level
_WRMSR = "0f 30"
_OOPSES = ("#UD", "#GP(0)", "#SS(0)")
_EXECUTED = {True: "yes", False: "no", None: "unknown"}
_WORDS = {"#UD": "an invalid opcode fault (#UD)", "#GP(0)": "#GP(0)", "#SS(0)": "#SS(0)", "#PF": "#PF"}
_MESSAGES = (
    ("kvm: disabled by bios", {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
    ("kvm_intel: VMX not supported by CPU 2", {"CR4.VMXE": 0}),
)


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind: level 1 has oopses, level 2 also registers with a sentence, level 3 the rest."""
    makers: list[Callable[[Chooser, Drawn], Report | None]] = [_oops]
    if level.number > 1:
        makers.append(_post)
    if level.number > 2:
        makers += [_bochs, _vmcs, _message, _other]
    while True:
        maker = chooser.pick(makers)
        instruction = chooser.pick(level.instructions)
        drawn = draw_state(chooser, find_ladder(instruction, "intel"), level)
        found = maker(chooser, drawn)
        if found is None or found.reading.refused:
            continue
        problem = _problem(chooser, level, seed, drawn, found)
        if problem:
            return problem


def _oops(chooser: Chooser, drawn: Drawn) -> Report | None:
    state = drawn.state
    if not _is_kernel(state) or drawn.ending not in _OOPSES:
        return None
    found = linux_oops(chooser, drawn.ladder.instruction, state, drawn.ending)
    return report(f"{found.text}\n$ rdmsr 0x3a\n{_feature_control(state):x}") if chooser.chance(2) else found


def _post(chooser: Chooser, drawn: Drawn) -> Report | None:
    """Return what somebody writes who has an emulator's registers."""
    if drawn.ending not in FAULTS or not can_print("QEMU", drawn.state):
        return None
    instruction = drawn.ladder.instruction
    found = qemu(chooser, instruction, drawn.state)
    return report(f"{instruction} raises {_WORDS[drawn.ending]} in my kernel. (qemu) info registers just before:\n\n"
                  f"{found.text}\n\nFEATURE_CONTROL={_feature_control(drawn.state):#x}")  # fmt: skip


def _bochs(chooser: Chooser, drawn: Drawn) -> Report | None:
    return bochs(chooser, drawn.ladder.instruction, drawn.state) if can_print("Bochs", drawn.state) else None


def _vmcs(chooser: Chooser, drawn: Drawn) -> Report | None:
    return dump_vmcs(chooser, drawn.ladder.instruction, drawn.state) if can_print("dump_vmcs", drawn.state) else None


def _message(chooser: Chooser, drawn: Drawn) -> Report | None:
    """Return what the kernel says if it refuses before VMXON."""
    text, values = chooser.pick(_MESSAGES)
    fits = all(drawn.state.columns[name] == value for name, value in values.items())
    on = drawn.ladder.instruction == "VMXON" and drawn.state["VMX"] == "off"
    return report(f"[{chooser.below(90)}.{100_000 + chooser.below(900_000)}] {text}") if on and fits else None


def _other(chooser: Chooser, drawn: Drawn) -> Report | None:
    """Return an oops of another instruction: a WRMSR that faulted on the way to VMXON."""
    if not _is_kernel(drawn.state) or drawn.state["operand"] != "mapped" or drawn.ladder.instruction != "VMXON":
        return None
    return oops(chooser, drawn.state, "#GP(0)", "vmx_hardware_enable", _WRMSR)


def _is_kernel(state: State) -> bool:
    """Return whether the 64-bit kernel can have printed it; the bytes are those of the instruction."""
    bytes_fit = not state["LOCK"] and state["operand"] != "register"
    return state.mode == "64-bit" and state["CPL"] == 0 and state["VMX"] != "non-root" and bytes_fit


def _feature_control(state: State) -> int:
    return sum(int(state.columns[name]) << bit for name, bit in FEATURE_CONTROL.items())


def _problem(chooser: Chooser, level: Level, seed: int, drawn: Drawn, found: Report) -> Problem | None:
    reading, state = found.reading, drawn.state
    about = reading.instruction in (*INSTRUCTIONS, None)
    besides = _besides(chooser, level, drawn, reading) if about else {}
    if besides is None:
        return None
    lines = ["This was posted:", "", *(f"  {line}".rstrip() for line in found.text.splitlines()), ""]
    if besides:
        lines.append(f"Known besides: {values_text(besides)}")
    lines.append("The manual decides (intel). What is not shown can have any value.")
    instruction = reading.instruction or "none"
    blanks = [
        _words("The instruction (none: not named)", instruction, ("VMXON", "VMXOFF", "WRMSR", "RDMSR", "none"), ""),
        _executed(reading),
    ]
    if about:
        explained = explanation(reading, drawn.ladder.instruction, besides)
        blanks += _endings(explained)
    else:
        blanks.append(outcomes_blank("It ended in", _seen(reading), f"{instruction}, and not {INSTRUCTIONS[0]}"))
    shown = tuple(reading.known.items())
    facts = {"ladder": drawn.ladder, "state": state, "reading": reading, "besides": besides, "text": found.text}
    key = (instruction, reading.executed, reading.observed, shown, tuple(besides.items()))
    return Problem("read", seed, level.number, lines, blanks, key, facts=facts)


def explanation(reading: Reading, instruction: str, besides: Mapping[str, Value]) -> Explanation:
    """Return what follows from a text together with what is known besides.

    >>> from nvmx.dumps import read
    >>> explanation(read("VMXON raises #UD"), "VMXON", {"CR4.VMXE": 0}).outcomes
    ('#UD',)
    """
    return reading.explain("intel", instruction if reading.instruction is None else None, **besides)


def _besides(chooser: Chooser, level: Level, drawn: Drawn, reading: Reading) -> dict[str, Value] | None:
    """Return values that must be added so that only a few checks are left; None if that cannot be."""
    besides: dict[str, Value] = {}
    ready = READY[drawn.ladder.instruction]
    while True:
        found = explanation(reading, drawn.ladder.instruction, besides)
        if found.refused is not None:
            return None
        if len(found.suspects) <= _SUSPECTS[level.number]:
            return besides if found.suspects else None
        missing = list(found.missing)
        if not missing:
            return None
        # What is ready rules checks out, and leaves open what is not.
        name = chooser.pick([each for each in missing if drawn.state.columns[each] == ready[each]] or missing)
        besides[name] = drawn.state.columns[name]


def _seen(reading: Reading) -> Sequence[str]:
    return tuple(name for each in observations(reading.observed) for name in each.outcomes)


def _endings(explained: Explanation) -> list[Blank]:
    rungs = [each.rung for each in explained.suspects]
    why = explained.headline.partition(": ")[2]
    return [
        outcomes_blank("It ended, or can end, in (all that are left)", explained.outcomes, why),
        checks_blank("Checks that can have refused it", explained.ladder, rungs),
    ]


def _executed(reading: Reading) -> Blank:
    right = _EXECUTED[reading.executed]
    why = {
        "yes": "the text shows what it did", "no": "software refused before",
        "unknown": "the text does not say whether it ran",
    }[right]  # fmt: skip
    return Blank("Was it executed (yes, no, unknown)", right, why, read_yes,
                 lambda given: "" if given == right else f"{right}: {why}")  # fmt: skip


def _words(label: str, right: str, allowed: Sequence[str], why: str) -> Blank:
    return Blank(label, right, why, read_choice(allowed), lambda given: "" if given == right else right)
