"""What a processor did in one state."""

from dataclasses import dataclass

import numpy as np

from ..ladders import ladder
from ..model.axis import BY_NAME, Value, named_values
from ..model.box import matches
from ..model.errors import InvalidValue
from ..model.state import State
from ..model.verdict import decide
from .cases import CODE, OUT_OF_REACH, SKIPPED, key_of
from .files import recording
from .log import Log, check_log
from .observation import NO_EXIT, NO_VECTOR, WITH_ERROR_CODE, Ending, observe, refusal, run_of


@dataclass(frozen=True, repr=False)
class Execution:
    """One state in which a processor executed an instruction, twice (see `nvmx.bochs.cases`).

    `ending` is read from both runs, the rest from the first.  `vector` and `error_code` are those of the exception, 3
    being the INT3 after an instruction that completed; the vector is None for a VM exit, of which `exit_reason` is the
    number, and the error code for what has none.  `moved` is how far the saved RIP is from the instruction's first byte
    (INT3 included).
    """

    instruction: str
    state: State
    ending: Ending
    vector: int | None
    error_code: int | None
    exit_reason: int | None
    moved: int

    @property
    def outcome(self) -> str:
        """One of OUTCOMES, or a description if it was none of them."""
        return self.ending.outcome

    @property
    def error(self) -> int | None:
        """The VM-instruction error number, or None."""
        return self.ending.error

    @property
    def flags(self) -> str:
        """What happened to RFLAGS, in words."""
        return self.ending.flags

    @property
    def vmx(self) -> str:
        """VMX operation afterwards."""
        return self.ending.vmx

    @property
    def current_vmcs(self) -> int:
        """1 if there is a current VMCS afterwards."""
        return self.ending.current_vmcs

    @property
    def description(self) -> str:
        """How it ended and what was noted, in words."""
        if self.vector is None:
            how = f"VM exit with reason {self.exit_reason}"
        elif self.outcome in ("success", "VMfailInvalid", "VMfailValid"):
            how = "it completed"
        else:
            code = "no error code" if self.error_code is None else f"error code {self.error_code}"
            how = f"vector {self.vector}, {code}"
        error = f", VM-instruction error {self.error}" if self.error is not None else ""
        return f"{how}{error}; {self.ending.aftermath}"

    def __repr__(self) -> str:
        return f"<{self.instruction} executed: {self.outcome} ({self.description})>"


def ask(instruction: str, log: Log | None = None, /, **axes: object) -> Execution:
    """Return what the processor of `log` (None: of the recording) did in one state; axes not named are ready.

    Raises UnknownName for an instruction, axis or value that does not exist, and InvalidValue, with the reason, for a
    state that no processor can be in or that was not executed.

    >>> from nvmx import bochs
    >>> bochs.ask("VMXOFF", vmx="off").outcome
    '#UD'
    >>> execution = bochs.ask("VMXON", cpl=3)
    >>> execution.outcome, execution.vector, execution.error_code
    ('#GP(0)', 13, 0)
    """
    log = recording() if log is None else check_log(log)
    verdict = decide(ladder(instruction, "intel"), named_values(axes))
    if instruction not in CODE:
        raise InvalidValue(f"the guest does not execute {instruction} (only {', '.join(CODE)})")
    if not verdict.possible:
        raise InvalidValue(f"{verdict.objection} (nearest: {verdict.way_to_nearest})")
    state = verdict.state.columns
    for row in (*OUT_OF_REACH, *SKIPPED):
        if matches(row.when, state):
            raise InvalidValue(f"this state was not executed: {row.why(log.header)}")
    observed = observe(log)[instruction]
    key = key_of(instruction, state)
    cases = np.flatnonzero(log.fields["key"] == key)
    if not len(cases):
        raise InvalidValue("this state was not executed: the log does not hold it")
    run = run_of(log, int(cases[0]))
    rows = np.flatnonzero(observed.keys == key)
    if not len(rows):
        raise InvalidValue(f"this state was not executed: {refusal(run)}")
    exception = run.vector != NO_VECTOR
    return Execution(
        instruction,
        verdict.state,
        observed.endings[int(rows[0])],
        run.vector if exception else None,
        run.error if run.vector in WITH_ERROR_CODE else None,
        run.exit_reason if run.exit_reason != NO_EXIT else None,
        run.moved,
    )


def outcomes_seen(instruction: str, log: Log) -> tuple[str, ...]:
    """Return each way in which the instruction ended in a log: outcomes, or descriptions of what was none.

    >>> sorted(outcomes_seen("VMXOFF", recording()))
    ['#GP(0)', '#UD', 'VM exit', 'success']
    """
    return tuple(dict.fromkeys(ending.outcome for ending in observe(log)[instruction].endings.distinct))


def closest(log: Log, execution: Execution, outcome: str) -> dict[str, Value] | None:
    """Return what to change in the state of an execution to see `outcome`, by column name; None: it was not seen.

    Of the states in which the log has that outcome, it is the closest one; of several, the first executed.

    >>> closest(recording(), ask("VMXON", cpl=3), "success")
    {'CPL': 0}
    """
    observed = observe(log)[execution.instruction]
    wanted = [n for n, ending in enumerate(observed.endings.distinct) if ending.outcome == outcome]
    rows = np.flatnonzero(np.isin(observed.endings.numbers, wanted))
    if not len(rows):
        return None
    state = execution.state.columns
    codes = {name: column[rows] for name, column in observed.codes.items()}
    changes = sum((codes[name] != BY_NAME[name].values.index(state[name])).astype(int) for name in codes)
    row = int(np.argmin(changes))
    there = {name: BY_NAME[name].values[int(column[row])] for name, column in codes.items()}
    return {name: value for name, value in there.items() if value != state[name]}
