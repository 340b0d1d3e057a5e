"""What a processor did: the fields of a log are checked, and the two runs of each state are read as one ending."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..model.axis import BY_NAME, Value
from ..model.frozen import FrozenDict
from ..model.instruction import BY_INSTRUCTION
from ..model.outcome import VMSUCCEED, flags_text
from ..model.registers import RFLAGS, state
from ..states.listing import States
from .cases import CODE, KEY, all_codes, codes_of, domains
from .encoding import INT3, instructions
from .image import SIX_FLAGS
from .log import Log, LogError

# As guest/guest.asm counts them, from 1.
STAGES = (
    "IA32_FEATURE_CONTROL does not take the value", "A20 does not take the value", "CR4 does not take the value",
    "CR0 does not take the value", "the VMXON that comes before fails", "the VMPTRLD that comes before fails",
    "VM entry fails", "executed",
)  # fmt: skip
_EXECUTED, _VM_ENTRY = len(STAGES), STAGES.index("VM entry fails") + 1
_MOST = {"after": 2, "a20m": 1, "before": 3}
_VMX_BEFORE = ("off", "root", "root", "non-root")  # by the field `before`
_IN_GUEST = 3
NO_VECTOR, NO_EXIT = 0xFF, 0xFFFF
_EXIT_BY_EXCEPTION = 0
_BP, _UD, _SS, _GP, _PF = 3, 6, 12, 13, 14
WITH_ERROR_CODE = (8, 10, 11, _SS, _GP, _PF, 17, 21)

Row = TypeVar("Row", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an instruction ends in one state, as it was observed or as a ladder says.

    `outcome` is one of the model's, or says what happened instead; `error` is the VM-instruction error number of
    VMfailValid, or None; `flags` says what happens to RFLAGS; `vmx` and `current_vmcs` are the state afterwards.

    >>> print(Ending("VMfailValid", 15, "ZF set", "root", 1))
    VMfailValid (error 15), flags ZF set; then VMX root, a current VMCS
    """

    outcome: str
    error: int | None
    flags: str
    vmx: str
    current_vmcs: int

    @property
    def aftermath(self) -> str:
        """What it leaves behind, in words."""
        return f"flags {self.flags}; then VMX {self.vmx}, {'a' if self.current_vmcs else 'no'} current VMCS"

    def __str__(self) -> str:
        error = f" (error {self.error})" if self.error is not None else ""
        return f"{self.outcome}{error}, {self.aftermath}"


@dataclass(frozen=True, eq=False)
class Endings:
    """How each of many states ends.  Few endings differ, so each is held once: state n has `distinct[numbers[n]]`."""

    distinct: tuple[Ending, ...]
    numbers: NDArray[np.intp]

    def __post_init__(self) -> None:
        self.numbers.flags.writeable = False

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: int) -> Ending:
        return self.distinct[int(self.numbers[row])]

    def only(self, rows: NDArray[np.bool_]) -> "Endings":
        """Return the endings of these states alone."""
        return Endings(self.distinct, self.numbers[rows])

    def differ(self, other: "Endings") -> NDArray[np.bool_]:
        """Return, for each state, whether the two endings differ in anything."""
        unlike = np.array([[mine != theirs for theirs in other.distinct] for mine in self.distinct], dtype=bool)
        return unlike.reshape(len(self.distinct), len(other.distinct))[self.numbers, other.numbers]

    def column(self, name: str) -> list[Any]:
        """Return one property of every state's ending, such as `outcome`."""
        values = [getattr(ending, name) for ending in self.distinct]
        return [values[number] for number in self.numbers.tolist()]


def group(rows: Iterable[Row]) -> tuple[tuple[Row, ...], NDArray[np.intp]]:
    """Return the distinct rows, in order of appearance, and for every row the number of its own among them.

    >>> distinct, numbers = group([(1, 2), (3, 4), (1, 2)])
    >>> distinct, numbers.tolist()
    (((1, 2), (3, 4)), [0, 1, 0])
    """
    index: dict[Row, int] = {}
    numbers = [index.setdefault(row, len(index)) for row in rows]
    return tuple(index), np.array(numbers, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Observed:
    """What a log says about one instruction.

    `states` are those in which it was executed, `keys` those of their first runs, `endings` how it ended in them.
    `refused` counts the states that this processor could not be put into, by reason.
    """

    states: States
    keys: NDArray[np.int64]
    endings: Endings
    refused: Mapping[str, int]

    def __post_init__(self) -> None:
        self.keys.flags.writeable = False

    def __len__(self) -> int:
        return len(self.endings)

    @property
    def codes(self) -> dict[str, NDArray[np.integer]]:
        """The code of each state's value, for every axis; an axis that the instruction does not have is ready."""
        return all_codes(self.states)

    def only(self, rows: NDArray[np.bool_]) -> "Observed":
        """Return the same of these states alone."""
        return replace(self, states=self.states[rows], keys=self.keys[rows], endings=self.endings.only(rows))


class Run(NamedTuple):
    """How one execution went: those fields of a log that say it, as the guest printed them."""

    stage: int
    vector: int
    error: int
    flags: int
    moved: int
    exit_reason: int
    vm_error: int
    after: int
    a20m: int
    before: int


def run_of(log: Log, case: int) -> Run:
    """Return what the log says about this case."""
    return Run(*(int(log.fields[name][case]) for name in Run._fields))


@lru_cache(maxsize=4)
def observe(log: Log) -> Mapping[str, Observed]:
    """Return what the log says, by instruction.

    Raises LogError if it was written for other axes, if a state lacks one of its two runs or was refused in only one of
    them, if fields contradict each other, or if the processor was in another state than the case asks for.

    >>> from nvmx import bochs
    >>> observed = observe(bochs.recording())["VMXON"]
    >>> len(observed), observed.endings[0].outcome
    (15808, '#UD')
    """
    if log.header["key"] != KEY:
        raise LogError("this log was written for other axes or values than the model has now; run the guest again")
    keys = log.fields["key"]
    if len(keys) % 2 or (keys[::2] & 1).any() or (keys[1::2] != keys[::2] + 1).any() or (np.diff(keys) <= 0).any():
        raise LogError("log: its cases do not come in pairs of runs, in order")
    runs, numbers = group(map(Run, *(log.fields[name].tolist() for name in Run._fields)))
    for number, run in enumerate(runs):
        _refuse(numbers == number if (why := contradiction(run)) else None, why)
    stage = log.fields["stage"]
    _refuse(np.repeat(stage[::2] != stage[1::2], 2), "its two runs did not come equally far")
    codes = codes_of(keys)
    _check_states(log, codes, stage == _EXECUTED)
    written, which = instructions(codes)
    lengths = np.array([len(code) for _, code in written])[which]
    found = {}
    for code, instruction in enumerate(CODE):
        cases = 2 * np.flatnonzero(codes["instruction"][::2] == code)
        executed = cases[stage[cases] == _EXECUTED]
        both = [each[rows].tolist() for rows in (executed, executed + 1) for each in (numbers, lengths)]
        pairs, ends = group(zip(*both, strict=True))
        endings = [decode(instruction, (runs[one], m), (runs[two], n)) for one, m, two, n in pairs]
        found[instruction] = Observed(
            States(instruction, domains(instruction), _table(codes, instruction, executed)),
            keys[executed],
            Endings(tuple(endings), ends),
            FrozenDict(Counter(refusal(runs[n]) for n in numbers[cases[stage[cases] != _EXECUTED]].tolist())),
        )
    return FrozenDict(found)


def _table(codes: Mapping[str, NDArray[np.int64]], instruction: str, cases: NDArray[np.intp]) -> NDArray[np.int8]:
    """Return the codes of these cases' states, as `States` holds them."""
    return np.stack([codes[name][cases] for name in domains(instruction)]).astype(np.int8)


def _refuse(wrong: NDArray[np.bool_] | None, why: str) -> None:
    if wrong is not None and wrong.any():
        raise LogError(f"case {int(np.argmax(wrong))} of the log: {why}")


def contradiction(run: Run) -> str:
    """Say what in these fields contradicts the rest, or is nothing that the guest prints; "" if all is well."""
    executed, in_guest = run.stage == _EXECUTED, run.before == _IN_GUEST
    exited, vector = run.exit_reason != NO_EXIT, run.vector != NO_VECTOR
    failed = run.vector == _BP and run.flags >> SIX_FLAGS["ZF"] & 1
    wrong = {
        "its stage has a value that the guest never prints": not 1 <= run.stage <= _EXECUTED,
        **{f"its {name} has a value that the guest never prints": getattr(run, name) > most
           for name, most in _MOST.items()},
        "a VM exit, but not in a guest": executed and exited and not in_guest,
        "in a guest, but no VM exit": executed and in_guest and not exited,
        "an exception is VM exit 0, and only an exception is":
            executed and in_guest and vector != (run.exit_reason == _EXIT_BY_EXCEPTION),
        "a VM exit, but no VM entry": exited and run.stage < _VM_ENTRY,
        "VM entry has failed in two ways": run.stage == _VM_ENTRY and exited and run.vm_error != 0,
        "an error code without an exception that has one": run.error != 0 and run.vector not in WITH_ERROR_CODE,
        "a VM-instruction error without VMfailValid":
            executed and run.vm_error != 0 and not (failed and run.after == 2 and not in_guest),
    }  # fmt: skip
    return next((why for why, is_so in wrong.items() if is_so), "")


def refusal(run: Run) -> str:
    """Say why the processor could not be put into the state of this case.

    >>> from nvmx import bochs
    >>> refusal(run_of(bochs.recording(), 0)._replace(stage=2))
    'A20 does not take the value'
    """
    reason = STAGES[run.stage - 1]
    if run.stage != _VM_ENTRY:
        return reason
    number = f"exit reason {run.exit_reason}" if run.exit_reason != NO_EXIT else f"VM-instruction error {run.vm_error}"
    return f"{reason} ({number})"


def decode(instruction: str, first_run: tuple[Run, int], second_run: tuple[Run, int]) -> Ending:
    """Return how a state ended, from its two runs; if these differ in more than the flags, the outcome says so.

    With each run comes the length of its instruction in bytes.
    """
    one, two = first_run[0], second_run[0]
    first, second = _outcome(instruction, *first_run), _outcome(instruction, *second_run)
    outcome = first if first == second else f"{first} and then {second}"
    failed = first == "VMfailValid"
    if one.after != two.after or (failed and one.vm_error != two.vm_error):
        outcome += ", the second time in another way"
    vmx = "off" if one.after == 0 else "non-root" if one.before == _IN_GUEST else "root"
    return Ending(outcome, one.vm_error if failed else None, _written(one.flags, two.flags), vmx, int(one.after == 2))


def _outcome(instruction: str, run: Run, length: int) -> str:
    """Name what ended an execution; if that is no outcome of the model's, describe it."""
    if run.vector == _BP and run.moved == length + len(INT3):
        carry, zero = (run.flags >> SIX_FLAGS[flag] & 1 for flag in ("CF", "ZF"))
        return ("success", "VMfailInvalid", "VMfailValid", "completed with CF and ZF set")[carry + 2 * zero]
    if run.moved == 0 and run.exit_reason == BY_INSTRUCTION[instruction].exit_reason:
        return "VM exit"
    if run.moved == 0 and run.error == 0 and run.vector in (_UD, _SS, _GP, _PF):
        return {_UD: "#UD", _SS: "#SS(0)", _GP: "#GP(0)", _PF: "#PF"}[run.vector]
    if run.vector == NO_VECTOR and run.exit_reason == NO_EXIT:
        return "nothing was noted: the machine was reset on its way"
    by = f"vector {run.vector} with error code {run.error}"
    if run.vector == NO_VECTOR:
        by = f"VM exit {run.exit_reason}"
    return f"{by}, RIP moved by {run.moved}"


def _written(first: int, second: int) -> str:
    """Say which flags were written: all were set before the first run and clear before the second, so a flag that ends
    the same in both was.
    """
    ends = {name: (first >> bit & 1, second >> bit & 1) for name, bit in SIX_FLAGS.items()}
    written = {name: one for name, (one, other) in ends.items() if one == other}
    if written.keys() == VMSUCCEED.keys() or all(end == (1, 0) for end in ends.values()):
        return flags_text(written)
    return ", ".join(f"{name} {end[0]}{end[1]}" for name, end in ends.items())


def _check_states(log: Log, asked: Mapping[str, NDArray[np.int64]], executed: NDArray[np.bool_]) -> None:
    """Check that the processor really was in the state that each executed case asks for.

    The guest reads its registers back.  What it cannot read it reports as requested: the access rights in real-address
    and virtual-8086 mode, and that it is in VMX non-root operation.
    """
    for name in ("cs", "ss"):
        _refuse(executed & (log.fields[name] & ~_RIGHTS != 0), f"its {name} is not access rights as a VMCS has them")
    columns = {**log.fields, "flags": log.fields["flags"] & 1 << RFLAGS["RFLAGS.VM"]}
    rows, numbers = group(zip(*(columns[name][executed].tolist() for name in _REGISTERS), strict=True))
    fixed_bits = tuple(log.fixed_bits.items())
    states = [_state(fixed_bits, *row) for row in rows]
    for name in states[0] if states else ():
        values = BY_NAME[name].values
        seen = np.array([values.index(state[name]) for state in states])[numbers]
        wrong = np.flatnonzero(asked[name][executed] != seen)
        if len(wrong):
            case = int(np.flatnonzero(executed)[wrong[0]])
            raise LogError(
                f"case {case} of the log: {name}={values[asked[name][case]]} was asked for, but the processor was at "
                f"{name}={values[seen[wrong[0]]]}"
            )


_RIGHTS = 0xF0FF  # bits of access rights; without 16, unusable, which neither CS nor SS is
_REGISTERS = ("flags", "cr0", "cr4", "efer", "cs", "ss", "feature_control", "a20m", "before")


@lru_cache(maxsize=1 << 13)  # other logs have the same registers
def _state(
    fixed_bits: tuple[tuple[str, int], ...],
    flags: int, cr0: int, cr4: int, efer: int, cs: int, ss: int, feature_control: int, a20m: int, before: int,
) -> dict[str, Value]:  # fmt: skip
    """Return the values of the axes, by column name, that these registers show."""
    given = state(
        cr0=cr0, cr4=cr4, efer=efer, rflags=flags, cs_access_rights=cs, ss_access_rights=ss,
        feature_control=feature_control, a20m=a20m, vmx=_VMX_BEFORE[before], current_vmcs=int(before >= 2),
        **dict(fixed_bits),
    )  # fmt: skip
    return {name: given[axis.keyword] for name, axis in BY_NAME.items() if axis.keyword in given}
