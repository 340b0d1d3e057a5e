"""Shared by the tests: the seed's handlers as a function over many states."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import seed_contract

import nvmx


@pytest.fixture(scope="session")
def seed() -> Callable[[str, dict[str, Any]], tuple[Any, Any]]:
    """Outcome codes and error numbers (none) of the handlers on many states, one array a column.

    Where the processor does not let the instruction reach the handler (a register operand; no protected mode;
    virtual-8086 or compatibility mode) the outcome is #UD.
    """

    def outcomes(instruction: str, states: dict[str, Any]) -> tuple[Any, Any]:
        names = [name for name in states if name in seed_contract.SEED_AXES]
        answers: dict[tuple[Any, ...], str] = {}
        codes = []
        for register, *values in zip(states["operand"] == "register", *(states[name] for name in names), strict=True):
            state = dict(zip(names, values, strict=True))
            compatibility = state["EFER.LMA"] == 1 and state["CS.L"] == 0
            if (
                (register and instruction == "VMXON")
                or state["CR0.PE"] == 0
                or state["RFLAGS.VM"] == 1
                or compatibility
            ):
                codes.append(nvmx.OUTCOMES.index("#UD"))
                continue
            key = tuple(values)
            if key not in answers:
                vcpu = nvmx.kvm2011.Vcpu.from_state(**state)
                assert nvmx.kvm2011.handle_exit(vcpu, seed_contract.EXIT_REASON[instruction]) == 1
                answers[key] = vcpu.outcome
            codes.append(nvmx.OUTCOMES.index(answers[key]))
        return np.array(codes), np.zeros(len(codes), dtype=int)

    return outcomes
