"""What a processor did in one state, as plainly as it can be told."""

from dataclasses import dataclass

import numpy as np

from ..ladders import ladder
from ..model.axis import named_values
from ..model.box import matches
from ..model.state import State
from ..model.verdict import decide
from .cases import key_of
from .files import recording
from .known import OUT_OF_REACH
from .log import Log
from .observation import NO_EXIT, NO_VECTOR, aftermath, observe, refusal


@dataclass(frozen=True)
class Execution:
    """One state of one instruction on a processor, executed twice (see `nvmx.bochs.cases`).

    `outcome` and `flags` come from both runs, the rest from the first.  `vector` and `error_code` are of the exception,
    3 standing for the INT3 behind an instruction that completed, None for a VM exit, of which `exit_reason` is the
    number.  `moved` is how far the saved RIP went beyond the instruction's first byte (INT3 included).  `error` is the
    VM-instruction error, or None.
    """

    instruction: str
    state: State
    outcome: str
    error: int | None
    flags: str
    vmx: str
    current_vmcs: int
    vector: int | None
    error_code: int | None
    exit_reason: int | None
    moved: int

    @property
    def told(self) -> str:
        """How it ended and what was noted, in words, but for the outcome."""
        if self.vector is None:
            how = f"VM exit with reason {self.exit_reason}"
        elif self.outcome in ("success", "VMfailInvalid", "VMfailValid"):
            how = "it completed"
        else:
            how = f"vector {self.vector}, error code {self.error_code}"
        error = f", VM-instruction error {self.error}" if self.error is not None else ""
        return f"{how}{error}; {aftermath(self.flags, self.vmx, self.current_vmcs)}"

    def __repr__(self) -> str:
        return f"<{self.instruction} executed: {self.outcome} — {self.told}>"


def ask(instruction: str, log: Log | None = None, /, **axes: object) -> Execution:
    """Return what the processor of `log` (None: the recording) did in one state; what is not named is ready.

    Raises TypeError or ValueError for what does not exist, and ValueError, with the reason, for a state that no
    processor can be in or that was out of reach.
    """
    if log is not None and not isinstance(log, Log):
        raise TypeError(f"log: {log!r} is no Log (axes are given by name, such as cpl=3)")
    found = decide(ladder(instruction, "intel"), named_values(axes))
    if not found.possible:
        raise ValueError(f"no processor can be in this state: {found.impossible} (nearest: {found.way_to_nearest})")
    state = dict(found.state.columns)
    for row in OUT_OF_REACH:
        if matches(row.when, state):
            raise ValueError(f"this state was not executed: {row.reason}")
    log = recording() if log is None else log
    key = key_of(instruction, state)
    rows = np.flatnonzero(log.fields["key"] == key)
    part = next(each for each in observe(log) if each.instruction == instruction)
    place = np.flatnonzero(part.keys == key)
    if not len(rows):
        raise ValueError("this state was not executed: the log does not hold it")
    if not len(place):
        raise ValueError(f"this state was not executed: {refusal(log, int(rows[0]))}")
    ends = part.endings
    at, raw = int(place[0]), {name: int(column[rows[0]]) for name, column in log.fields.items()}
    exception = raw["vector"] != NO_VECTOR
    return Execution(
        instruction, State(state), str(ends.outcome[at]), int(ends.error[at]) or None, str(ends.flags[at]),
        str(ends.vmx[at]), int(ends.current_vmcs[at]), raw["vector"] if exception else None,
        raw["error"] if exception else None, raw["exit_reason"] if raw["exit_reason"] != NO_EXIT else None,
        raw["moved"],
    )  # fmt: skip
