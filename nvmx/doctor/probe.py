"""The experiment that every user may do: execute VMXON or VMXOFF at CPL 3, and look at the signal.

`child` does it, in a process of its own.
"""

import json
import platform
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.errors import NvmxError

# The numbers that Linux has on x86-64, whatever system this module is read on.
_SIGNALS = {4: "SIGILL", 5: "SIGTRAP", 7: "SIGBUS", 11: "SIGSEGV"}
_SI_KERNEL = 128
_BAD_ADDRESS = (1, 2)  # SEGV_MAPERR, SEGV_ACCERR
_SECONDS = 60
_CHILD = Path(__file__).with_name("child.py")


class NoProbe(NvmxError):
    """The experiment cannot be done here."""


@dataclass(frozen=True)
class Signal:
    """What executing an instruction raised on one CPU, or why it was not executed."""

    name: str = ""
    code: int = 0
    address: int = 0
    at_instruction: bool = False
    rflags: int | None = None  # if no signal was raised
    problem: str = ""

    @property
    def outcome(self) -> str | None:
        """The outcome that this signal stands for, or None if it stands for none.

        >>> Signal("SIGILL", 2, 0x1000, True).outcome, Signal("SIGSEGV", 128).outcome, Signal("SIGBUS").outcome
        ('#UD', '#GP(0)', None)
        """
        if self.name == "SIGILL" and self.at_instruction:
            return "#UD"
        if self.name == "SIGSEGV" and self.code == _SI_KERNEL and not self.address:
            return "#GP(0)"
        return "#PF" if self.name == "SIGSEGV" and self.code in _BAD_ADDRESS else None

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        if not self.name:
            return f"no signal, RFLAGS {self.rflags:#x}"
        return f"{self.name}, {self.outcome}" if self.outcome else f"{self.name}, code {self.code}: no known meaning"


def why_not_here() -> str:
    """Return why the experiment cannot be done on this system, or ""."""
    if sys.platform != "linux":
        return "the experiment needs Linux"
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"{platform.machine()} processors have neither VMXON nor VMXOFF"
    if struct.calcsize("P") != 8:
        return "the experiment needs a 64-bit Python: a 32-bit program always gets #UD on a 64-bit kernel"
    return ""


def executed(instruction: str, cpus: Sequence[int]) -> dict[int, Signal]:
    """Execute VMXON or VMXOFF once on each CPU, in a child process; raises NoProbe if that cannot be done."""
    answers = _answers([[cpu, instruction] for cpu in cpus])
    return {cpu: _signal(answer) for cpu, answer in zip(cpus, answers, strict=True)}


def cpuid(cpus: Sequence[int], leaves: Sequence[int]) -> dict[int, dict[int, tuple[int, ...]]]:
    """Execute CPUID on each CPU: EAX, EBX, ECX and EDX of each leaf; raises NoProbe."""
    tasks: list[list[int | str]] = [[cpu, "CPUID", leaf] for cpu in cpus for leaf in leaves]
    found: dict[int, dict[int, tuple[int, ...]]] = {cpu: {} for cpu in cpus}
    for (cpu, _, leaf), answer in zip(tasks, _answers(tasks), strict=True):
        if "registers" in answer:
            found[int(cpu)][int(leaf)] = tuple(answer["registers"])  # type: ignore[arg-type]
    return found


def _answers(tasks: Sequence[Sequence[int | str]]) -> list[Mapping[str, object]]:
    """Let the child do the tasks; what it did not come to is a problem, too."""
    if reason := why_not_here():
        raise NoProbe(reason)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_CHILD), json.dumps(tasks)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoProbe(f"the child process could not do it: {error}") from None
    found: list[Mapping[str, object]] = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode and not found:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise NoProbe(f"the child process could not do it: {last[0]}")
    lost: Mapping[str, object] = {"error": f"the child process ended with status {done.returncode}"}
    return found + [lost] * (len(tasks) - len(found))


def _signal(answer: Mapping[str, object]) -> Signal:
    if "error" in answer:
        return Signal(problem=str(answer["error"]))
    if "rflags" in answer:
        return Signal(rflags=int(str(answer["rflags"])))
    number, code, address = (int(str(answer[name])) for name in ("signal", "code", "address"))
    return Signal(_SIGNALS.get(number, f"signal {number}"), code, address, bool(answer["at_instruction"]))
