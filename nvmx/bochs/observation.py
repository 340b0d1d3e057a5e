"""How each state ended: as a processor's log has it, and as a ladder says it should; the two are compared here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.axis import BY_NAME, Value
from ..model.instruction import INSTRUCTIONS
from ..model.ladder import Ladder
from ..model.outcome import VMSUCCEED, flags_text
from ..model.registers import RFLAGS, state
from ..states.space import deciding_rungs
from .cases import KEY, Places, spans, unpack, values_at
from .image import CODE, SIX_FLAGS
from .log import Log, LogError

# As guest/guest.asm counts them.
STAGES = (
    "IA32_FEATURE_CONTROL does not take the value", "A20 does not take the value", "CR4 does not take the value",
    "CR0 does not take the value", "the VMXON that comes before fails", "the VMPTRLD that comes before fails",
    "VM entry fails", "executed",
)  # fmt: skip
_EXECUTED, _VM_ENTRY = len(STAGES), STAGES.index("VM entry fails") + 1
_ALLOWED = {"stage": len(STAGES), "after": 2, "before": 3, "a20m": 1}
NO_VECTOR, NO_EXIT = 0xFF, 0xFFFF
_UD, _GP, _PF, _BP = 6, 13, 14, 3
_EXITS = {"VMXON": 27, "VMXOFF": 26}


def aftermath(flags: str, vmx: str, current_vmcs: int) -> str:
    """What an execution leaves behind, in words."""
    return f"flags {flags}; then VMX {vmx}, {'a' if current_vmcs else 'no'} current VMCS"


@dataclass(frozen=True, repr=False)
class Endings:
    """How each of many states ends, one array a property: `outcome`, VM-instruction `error` (0: none), `flags` in
    words, and afterwards `vmx` and `current_vmcs`.  What is no outcome of the model's is told in words of its own.
    """

    outcome: NDArray[np.str_]
    error: NDArray[np.int64]
    flags: NDArray[np.str_]
    vmx: NDArray[np.str_]
    current_vmcs: NDArray[np.int64]

    def differ(self, other: "Endings") -> NDArray[np.bool_]:
        """Tell of each state whether the two end differently in any property."""
        different: NDArray[np.bool_] = np.zeros(len(self.outcome), dtype=bool)
        for name, mine in vars(self).items():
            different |= mine != getattr(other, name)
        return different

    def only(self, rows: NDArray[np.bool_]) -> "Endings":
        """These rows alone."""
        return Endings(*(column[rows] for column in vars(self).values()))

    def told(self, row: int) -> str:
        """One ending in words: `VMfailValid (error 15), flags ZF set; then VMX root, a current VMCS`."""
        error = f" (error {self.error[row]})" if self.error[row] else ""
        return f"{self.outcome[row]}{error}, {aftermath(self.flags[row], self.vmx[row], self.current_vmcs[row])}"


@dataclass(frozen=True, repr=False)
class Observed:
    """What a log says of one instruction's states: their `keys`, `places` of the axes' values and `endings`, and
    `refused`, the states that this processor could not be put into, counted by reason.
    """

    instruction: str
    keys: NDArray[np.int64]
    places: Places
    endings: Endings
    refused: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.endings.outcome)

    def only(self, rows: NDArray[np.bool_]) -> "Observed":
        """These rows alone."""
        places = {name: column[rows] for name, column in self.places.items()}
        return replace(self, keys=self.keys[rows], places=places, endings=self.endings.only(rows))

    @property
    def cells(self) -> tuple[NDArray[np.integer], ...]:
        """Where the states stand in an array of this instruction's `spans`."""
        return tuple(self.places[name] for name in spans(self.instruction))

    def state(self, row: int) -> dict[str, Value]:
        """The state in this row, by column name."""
        return values_at(self.places, row)

    def expected(self, chosen: Ladder) -> Endings:
        """How the same states end by a ladder."""
        rung = deciding_rungs(chosen, spans(self.instruction))[self.cells]
        success = rung == len(chosen.rungs)
        after = chosen.effect.after
        vmx = np.array(BY_NAME["VMX"].values)[self.places["VMX"]]
        vmcs = self.places["current_VMCS"]
        return Endings(
            np.array([*(each.outcome for each in chosen.rungs), "success"])[rung],
            np.array([*(each.error or 0 for each in chosen.rungs), 0])[rung],
            np.array([*(flags_text(each.flags) for each in chosen.rungs), flags_text(chosen.effect.flags)])[rung],
            np.where(success, str(after["VMX"]), vmx),
            np.where(success, after.get("current_VMCS", vmcs), vmcs),
        )


@lru_cache(maxsize=4)
def observe(log: Log) -> tuple[Observed, ...]:
    """Return what the log says of VMXON and of VMXOFF.

    Raises LogError where it was written for other axes, where a state lacks one of its two runs or was refused in one
    of them, where a field has a value that the guest cannot give, or where the processor was in another state.
    """
    if log.said["key"] != KEY:
        raise LogError("this log was written for other axes or values than the model has now; run the guest again")
    keys = log.fields["key"]
    if len(keys) % 2 or (keys[::2] & 1).any() or (keys[1::2] != keys[::2] + 1).any() or (np.diff(keys) <= 0).any():
        raise LogError("the cases do not come in pairs of runs, in order")
    for name, most in _ALLOWED.items():
        least = 1 if name == "stage" else 0
        _refuse((log.fields[name] < least) | (log.fields[name] > most), f"its {name} is none that the guest prints")
    stage = log.fields["stage"]
    _refuse(np.repeat(stage[::2] != stage[1::2], 2), "its two runs did not come equally far")
    executed = stage == _EXECUTED
    every = unpack(keys)
    _check_states(log, every, executed)
    places = {name: column[::2] for name, column in every.items()}
    endings = _endings(log, places["instruction"])
    found = []
    for code, instruction in enumerate(INSTRUCTIONS):
        mine = places["instruction"] == code
        whole = Observed(instruction, keys[::2], places, endings, {})
        reasons = [refusal(log, case) for case in (2 * np.flatnonzero(mine & ~executed[::2])).tolist()]
        refused = {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}
        found.append(replace(whole.only(mine & executed[::2]), refused=refused))
    return tuple(found)


def _refuse(wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        raise LogError(f"case {int(np.argmax(wrong))} of the log: {why}")


def refusal(log: Log, case: int) -> str:
    """Why the processor could not be put into the state of this case."""
    stage, exit_reason, error = (int(log.fields[name][case]) for name in ("stage", "exit_reason", "vm_error"))
    if stage == _VM_ENTRY:
        number = f"VM-instruction error {error}" if exit_reason == NO_EXIT else f"exit reason {exit_reason}"
        return f"{STAGES[stage - 1]} ({number})"
    return STAGES[stage - 1]


def _endings(log: Log, instruction: NDArray[np.int64]) -> Endings:
    """How each state ended, from its two runs; where these differ in more than the flags, the outcome says so."""
    one, two = ({name: column[run::2] for name, column in log.fields.items()} for run in (0, 1))
    first, second = (
        _each(_outcome, instruction, *(run[name] for name in ("vector", "error", "exit_reason", "moved", "flags")))
        for run in (one, two)
    )
    outcome = np.where(first == second, first, np.char.add(np.char.add(first, " and then "), second))
    valid = first == "VMfailValid"
    unlike = (one["after"] != two["after"]) | (valid & (one["vm_error"] != two["vm_error"]))
    return Endings(
        np.where(unlike, np.char.add(outcome, ", the second time otherwise"), outcome),
        np.where(valid, one["vm_error"], 0),
        _each(_written, one["flags"], two["flags"]),
        np.select([one["after"] == 0, one["before"] == 3], ["off", "non-root"], "root"),
        (one["after"] == 2).astype(np.int64),
    )


def _each(function: Any, *columns: NDArray[np.int64]) -> NDArray[np.str_]:
    """Apply a function of numbers to each row, once for rows that are alike."""
    rows, where = np.unique(np.stack(columns), axis=1, return_inverse=True)
    words: NDArray[np.str_] = np.array([function(*row) for row in rows.T.tolist()] or [""])[where.ravel()]
    return words


def _outcome(instruction: int, vector: int, error: int, exit_reason: int, moved: int, flags: int) -> str:
    """Name what ended an execution; what no outcome of the model is, is told as it was."""
    name = INSTRUCTIONS[instruction]
    if vector == _BP and moved == len(CODE[name]) + 1:
        carry, zero = (flags >> SIX_FLAGS[flag] & 1 for flag in ("CF", "ZF"))
        return ("success", "VMfailInvalid", "VMfailValid", "completed with CF and ZF set")[carry + 2 * zero]
    if moved == 0 and exit_reason == _EXITS[name]:
        return "VM exit"
    if moved == 0 and error == 0 and vector in (_UD, _GP, _PF):
        return {_UD: "#UD", _GP: "#GP(0)", _PF: "#PF"}[vector]
    if vector == NO_VECTOR and exit_reason == NO_EXIT:
        return "nothing was noted: the machine was reset on its way"
    by = f"VM exit {exit_reason}" if vector == NO_VECTOR else f"vector {vector} with error code {error}"
    return f"{by}, RIP moved by {moved}"


def _written(first: int, second: int) -> str:
    """What is done to RFLAGS: a flag that ends alike, whether it was set or clear before, was written."""
    ends = {name: (first >> bit & 1, second >> bit & 1) for name, bit in SIX_FLAGS.items()}
    written = {name: one for name, (one, other) in ends.items() if one == other}
    if written.keys() == VMSUCCEED.keys() or all(end == (1, 0) for end in ends.values()):
        return flags_text(written)
    return ", ".join(f"{name} {end[0]}{end[1]}" for name, end in ends.items())


def _check_states(log: Log, places: Places, executed: NDArray[np.bool_]) -> None:
    """Hold the registers that the guest read back against the state that the case asked for.

    What it cannot read it states: the access rights of real-address and virtual-8086 mode, and that a VM exit came.
    """
    names = ("cr0", "cr4", "efer", "cs", "ss", "feature_control", "a20m", "before")
    mode = log.fields["flags"] & 1 << RFLAGS["RFLAGS.VM"]
    rows, where = np.unique(np.stack([mode, *(log.fields[name] for name in names)]), axis=1, return_inverse=True)
    found = [_state(*row) for row in rows.T.tolist()]
    for name in found[0] if found else ():
        asked = places[name]
        seen = np.array([BY_NAME[name].values.index(each[name]) for each in found])[where.ravel()]
        wrong = np.flatnonzero((asked != seen) & executed)
        if len(wrong):
            case = int(wrong[0])
            values = BY_NAME[name].values
            raise LogError(
                f"case {case} of the log: {name}={values[asked[case]]} was asked for, but the processor was at "
                f"{name}={values[seen[case]]}"
            )


@lru_cache(maxsize=4096)
def _state(
    flags: int, cr0: int, cr4: int, efer: int, cs: int, ss: int, feature_control: int, a20m: int, before: int
) -> dict[str, Value]:
    """The axes' values, by column name, that these registers show."""
    given = state(
        cr0=cr0, cr4=cr4, efer=efer, rflags=flags, cs_access_rights=cs, ss_access_rights=ss,
        feature_control=feature_control, a20m=a20m, vmx=("off", "root", "root", "non-root")[before],
        current_vmcs=int(before >= 2),
    )  # fmt: skip
    return {name: given[axis.keyword] for name, axis in BY_NAME.items() if axis.keyword in given}
