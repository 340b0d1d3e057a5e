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
from .functions import raised_text, signature_problem
from .limit import Ending, Stopped, run
from .result import Check, not_yet
from .sentences import counterexample, progress_text, quoted, verdict_in

_AXES = ("CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "VMX")
_FLAG_BITS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "OF": 11}
_ALL_FLAGS = sum(1 << bit for bit in _FLAG_BITS.values())
_LENGTH = {"VMXON": 4, "VMXOFF": 3}
_HELD = (
    "A Vcpu holds CR0, CR4, EFER, RFLAGS, CS and VMX operation; the operand, the pointer and its region, other fixed "
    "bits, and what the firmware wrote are ready here, and there is no nested guest. Modes in which the processor "
    "faults before a VM exit are left out, since no handler runs there."
)
_UD, _GP = QueuedException(6), QueuedException(13, 0)


def check_handler(answer: object, ladder: Ladder, seconds: float) -> Check:
    """Compare a handler `f(vcpu)` with a ladder: outcome, flags, VMX operation afterwards, and its return value.

    Each state is tried twice, with the six flags clear and with all of them set, so that flags that should have been
    written are noticed.

    >>> import nvmx
    >>> check_handler(nvmx.kvm2011.handle_vmon, nvmx.ladder("VMXON", "kvm-2011"), 10).passed
    True
    >>> print(check_handler(nvmx.kvm2011.handle_vmon, nvmx.ladder("VMXON", "intel"), 10).message)
    VMXON, ready: you end in success, but leave RFLAGS alone (all six flags were set before); it is success: no check \
stands in the way.
    """
    if not callable(answer):
        return not_yet(f"{quoted(answer)} is not a function: write def my_handler(vcpu), which returns 1.")
    problem = signature_problem(answer, "vcpu")
    if problem:
        return not_yet(problem)
    cases = [(state, flags) for state in _held(ladder) for flags in (_ALL_FLAGS, 0)]
    says: list[str] = []

    def work() -> None:
        for state, flags in cases:
            says.append(_difference(answer, verdict_in(ladder, state), flags))

    ending, prints = run(work, seconds)
    notes = (_HELD, *([f"Your handler runs, and {prints}"] if prints else []))
    if ending is not Ending.IN_TIME:
        if ending is Ending.LEFT_BEHIND:
            notes = (*notes, "It could not be stopped and still runs: restart the kernel once you have fixed it.")
        verdict = verdict_in(ladder, cases[len(says)][0])
        return counterexample(verdict, None, f"your handler does not come to an end ({seconds:g} seconds)", notes=notes)
    wrong = [number for number, text in enumerate(says) if text]
    total = len(cases) // 2
    if wrong:
        progress = progress_text(total - len({number // 2 for number in wrong}), total)
        verdict = verdict_in(ladder, cases[wrong[0]][0])
        return counterexample(verdict, says[wrong[0]], says[wrong[0]], progress, notes)
    by = "" if ladder.source == "intel" else f", by {ladder.source}"
    return Check(
        True, f"right in all {total} states that a Vcpu can hold{by}: outcome, flags, VMX operation.", notes=notes
    )


def _held(ladder: Ladder) -> list[Mapping[str, Value]]:
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
    instruction = verdict.ladder.instruction
    vcpu = Vcpu.from_state(**verdict.state)
    vcpu.instruction_length = _LENGTH[instruction]
    vcpu.rflags |= flags
    vcpu.exit_rip = vcpu.rip
    before = Vcpu.from_state(**verdict.state)
    try:
        returned = handler(vcpu)
    except Stopped:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the reader's
        return f"your handler {raised_text(error, handler)}"
    if returned is None:
        return "your handler returns None: is `return 1` missing?"
    if returned != 1:
        return f"your handler returns {quoted(returned)}, and 0 leaves it to user space: return 1"
    try:
        return _ends_wrongly(vcpu, before, verdict, flags)
    except Exception as error:  # noqa: BLE001 - a register may hold anything now
        return f"your handler leaves the virtual CPU broken ({type(error).__name__}: {error})"


def _ends_wrongly(vcpu: Vcpu, before: Vcpu, verdict: Verdict, flags: int) -> str:
    for name in ("cr0", "cr4", "efer", "cs"):
        if getattr(vcpu, name) != getattr(before, name):
            return f"you change vcpu.{name}, which neither instruction does"
    moved = vcpu.rip - vcpu.exit_rip
    if moved not in (0, vcpu.instruction_length):
        return f"you move RIP by {moved} bytes; the instruction has {vcpu.instruction_length}"
    if vcpu.exception is not None and moved:
        return "you queue an exception and move RIP, so the fault would name the wrong instruction"
    if vcpu.exception is None and not moved:
        return "you neither queue an exception nor move RIP, so the guest executes the instruction for ever"
    fault = {_UD: "#UD", _GP: "#GP(0)"}.get(vcpu.exception) if vcpu.exception else None
    if vcpu.exception is not None and fault is None:
        return f"you queue exception {vcpu.exception.nr} with error code {vcpu.exception.error_code}"
    written = vcpu.rflags & _ALL_FLAGS
    said = fault or _refusal(written) or "success"
    on = verdict.after["vmx"] == "root"
    outcome = verdict.outcome
    if said != outcome and not (fault is None and said == "success" and outcome not in ("#UD", "#GP(0)")):
        return f"you say {said}"
    if vcpu.rflags & ~_ALL_FLAGS != before.rflags & ~_ALL_FLAGS:
        return "you change bits of RFLAGS that are no flags of VMsucceed and VMfail"
    expected = flags
    for name, value in verdict.flags.items():
        expected = expected & ~(1 << _FLAG_BITS[name]) | value << _FLAG_BITS[name]
    if written != expected:
        if outcome != "success" and vcpu.nested.vmxon == before.nested.vmxon and written == flags:
            return f"you move RIP without setting flags, which means success ({_were(flags)})"
        if written == flags:
            return f"you end in {said}, but leave RFLAGS alone ({_were(flags)})"
        right = [name for name, bit in _FLAG_BITS.items() if expected >> bit & 1]
        mine = [name for name, bit in _FLAG_BITS.items() if written >> bit & 1]
        return f"you leave {_set(mine)}; after {outcome} it is {_set(right)} ({_were(flags)})"
    if bool(vcpu.nested.vmxon) != on:
        return f"you leave vcpu.nested.vmxon = {vcpu.nested.vmxon}; it must be {on}"
    return ""


def _refusal(written: int) -> str:
    """Return the VMfail that these flags mean, or ""."""
    for name in ("VMfailInvalid", "VMfailValid"):
        if written == sum(value << _FLAG_BITS[flag] for flag, value in BY_OUTCOME[name].flags.items()):
            return name
    return ""


def _were(flags: int) -> str:
    return "all six flags were set before" if flags else "all six flags were clear before"


def _set(names: list[str]) -> str:
    return f"{' '.join(names)} set" if names else "no flag set"
