"""A handler for the virtual CPU of the 2011 commit, compared with a ladder in all that such a CPU can hold."""

from collections.abc import Mapping
from typing import Any

from ...kvm2011 import QueuedException, Vcpu
from ...model.axis import Value
from ...model.errors import InvalidValue
from ...model.ladder import Ladder
from ...model.nearest_first import PossibleStates
from ...model.outcome import BY_OUTCOME
from ...model.verdict import Verdict
from .complaints import raised_text, signature_problem
from .functions import STILL_RUNS
from .limit import Ending, Stopped, run
from .result import Check, not_yet
from .sentences import all_right, counterexample, progress_text, quoted, verdict_in

_AXES = ("CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "VMX")
_BITS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "OF": 11}
_SIX = sum(1 << bit for bit in _BITS.values())
_LENGTH = {"VMXON": 4, "VMXOFF": 3}
_HELD = (
    "A Vcpu holds CR0, CR4, EFER, RFLAGS, CS and VMX operation; the operand, the pointer and its region, other fixed "
    "bits, and what the firmware wrote are ready here, and there is no nested guest. Modes in which the processor "
    "faults before a VM exit are left out, since no handler runs there."
)
_FAULTS = {QueuedException(6): "#UD", QueuedException(13, 0): "#GP(0)"}
_FLAG_HINTS = (
    "Look at RFLAGS.",
    "Success clears CF, PF, AF, ZF, SF and OF; VMfailInvalid sets CF and clears the others; a fault leaves all alone.",
    "Write vcpu.rflags before skip_emulated_instruction(vcpu): the guest's next instruction looks at CF and ZF.",
)


def check_handler(answer: object, ladder: Ladder, seconds: float) -> Check:
    """Compare a handler `f(vcpu)` with a ladder: outcome, flags, VMX operation afterwards, and its return value.

    Each state is tried twice, with the six flags clear and with all of them set, so that flags that should have been
    written are noticed.

    >>> import nvmx
    >>> check_handler(nvmx.kvm2011.handle_vmon, nvmx.ladder("VMXON", "kvm-2011"), 10).passed
    True
    >>> print(check_handler(nvmx.kvm2011.handle_vmon, nvmx.ladder("VMXON", "intel"), 10).message)
    VMXON, ready: you say success, but leave RFLAGS alone (all six flags were set before); it is \
success, which clears all six flags.
    """
    if not callable(answer):
        return not_yet(f"{quoted(answer)} is not a function: write def my_handler(vcpu), which returns 1.")
    problem = signature_problem(answer, "vcpu")
    if problem:
        return not_yet(problem)
    cases = [(state, flags) for state in _held(ladder) for flags in (_SIX, 0)]
    says: list[str] = []

    def work() -> None:
        for state, flags in cases:
            says.append(_difference(answer, verdict_in(ladder, state), flags))

    ending, prints = run(work, seconds)
    notes = (_HELD, *([f"Your handler {prints}."] if prints else []))
    if ending is not Ending.IN_TIME:
        notes = (*notes, STILL_RUNS) if ending is Ending.LEFT_BEHIND else notes
        verdict = verdict_in(ladder, cases[len(says)][0])
        endless = f"your handler does not come to an end (in {seconds:g} seconds)"
        return counterexample(verdict, None, endless, hints=(), notes=notes)
    wrong = [number for number, text in enumerate(says) if text]
    total = len(cases) // 2
    if wrong:
        verdict = verdict_in(ladder, cases[wrong[0]][0])
        progress = progress_text(total - len({number // 2 for number in wrong}), total)
        about_flags = "flags were" in says[wrong[0]]
        right = f"{verdict.ending}, {_written_text(verdict.flags)}" if about_flags else ""
        hints = _FLAG_HINTS if about_flags else None
        return counterexample(
            verdict, says[wrong[0]], says[wrong[0]], right=right, hints=hints, progress=progress, notes=notes
        )
    return Check(True, f"{all_right(total, ladder)}, with flags and VMX operation afterwards.", notes=notes)


def _held(ladder: Ladder) -> list[dict[str, Value]]:
    """Return the possible states, nearest first, in which the handler is called and that registers can hold."""
    states = PossibleStates.of([ladder], _AXES)
    found = []
    for number in range(len(states)):
        state = states.columns(number)
        compatibility = state["EFER.LMA"] == 1 and state["CS.L"] == 0
        if state["CR0.PE"] == 0 or state["RFLAGS.VM"] == 1 or compatibility:
            continue
        try:
            Vcpu.from_state(**state)
        except InvalidValue:
            continue
        found.append(state)
    return found


def _difference(handler: Any, verdict: Verdict, flags: int) -> str:
    """Return what a handler does wrong in one state, as a clause; "" if nothing."""
    before = _vcpu(verdict, flags)
    vcpu = _vcpu(verdict, flags)
    try:
        returned = handler(vcpu)
    except Stopped:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reader's
        return f"your handler {raised_text(error, handler)}"
    if returned is None:
        return "your handler returns None: is `return 1` missing?"
    if not isinstance(returned, int) or returned != 1:
        return f"your handler returns {quoted(returned)}, and only 1 resumes the guest"
    try:
        return _confusion(vcpu, before) or _ending(vcpu, before, verdict)
    except Exception as error:  # noqa: BLE001 - a register may hold anything now
        return f"your handler leaves something strange in the virtual CPU ({type(error).__name__}: {error})"


def _vcpu(verdict: Verdict, flags: int) -> Vcpu:
    """Return a virtual CPU in the state of a verdict, just after the VM exit."""
    vcpu = Vcpu.from_state(**verdict.state)
    vcpu.rflags |= flags
    vcpu.instruction_length = _LENGTH[verdict.ladder.instruction]
    vcpu.exit_rip = vcpu.rip
    return vcpu


def _confusion(vcpu: Vcpu, before: Vcpu) -> str:
    """Return what no ending of an instruction looks like; "" if there is nothing of the kind."""
    for name in ("cr0", "cr4", "efer", "cs"):
        if getattr(vcpu, name) != getattr(before, name):
            return f"you change vcpu.{name}, which neither instruction does"
    if (vcpu.rflags ^ before.rflags) & ~_SIX:
        return "you change bits of RFLAGS other than CF, PF, AF, ZF, SF and OF"
    moved = vcpu.rip - before.rip
    if moved not in (0, before.instruction_length):
        return f"you move RIP by {moved} bytes, and the instruction has {before.instruction_length}"
    if vcpu.exception is None and not moved:
        return "you neither queue an exception nor move RIP, so the guest executes the instruction for ever"
    if vcpu.exception is not None and moved:
        return "you queue an exception and move RIP, so it would point behind the instruction"
    if vcpu.exception is not None and vcpu.exception not in _FAULTS:
        return f"you queue exception {vcpu.exception.nr} with error code {vcpu.exception.error_code}"
    return ""


def _ending(vcpu: Vcpu, before: Vcpu, verdict: Verdict) -> str:
    """Return in what the ending differs from the verdict; "" if in nothing."""
    written, stale = vcpu.rflags & _SIX, before.rflags & _SIX
    fault = _FAULTS[vcpu.exception] if vcpu.exception else ""
    expected = stale
    for flag, value in verdict.flags.items():
        expected = expected & ~(1 << _BITS[flag]) | value << _BITS[flag]
    fails = {_mask(BY_OUTCOME[name].flags): name for name in ("VMfailInvalid", "VMfailValid")}
    said = fault or fails.get(written, "success")
    if said != verdict.outcome and (fault or verdict.outcome in _FAULTS.values() or written != stale):
        return f"you say {said}"
    if written != expected:
        were = "set" if stale else "clear"
        how = "leave RFLAGS alone" if written == stale else f"leave {_set_text(written)}"
        return f"you say {said}, but {how} (all six flags were {were} before)"
    on = verdict.after["vmx"] == "root"
    if said != verdict.outcome:
        return f"you say {said}"
    if bool(vcpu.nested.vmxon) != on:
        return f"you say {said}, but leave vcpu.nested.vmxon = {vcpu.nested.vmxon}"
    return ""


def _mask(flags: Mapping[str, int]) -> int:
    return sum(value << _BITS[name] for name, value in flags.items())


def _set_text(written: int) -> str:
    names = [name for name, bit in _BITS.items() if written >> bit & 1]
    return f"{' '.join(names)} set" if names else "no flag set"


def _written_text(flags: Mapping[str, int]) -> str:
    """Say what an ending writes to RFLAGS.

    >>> _written_text(BY_OUTCOME["VMfailInvalid"].flags)
    'which sets CF and clears the other five flags'
    """
    if not flags:
        return "which leaves RFLAGS alone"
    names = [name for name, value in flags.items() if value]
    return f"which sets {names[0]} and clears the other five flags" if names else "which clears all six flags"
