"""Rungs and ladders: the checks of one source, in order; the first that matches decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from .axis import BY_NAME, READY, Value, instruction_name
from .box import Box, make_box, matches, nearest
from .errors import unknown
from .html import html_table
from .outcome import BY_OUTCOME, VMSUCCEED, flags_text, outcome_name
from .rules import BOXES

BY = ("decoder", "processor", "both", "handler")


@dataclass(frozen=True)
class Rung:
    """One check: it fires in every state of the box `when`, and ends the instruction with `outcome`.

    `name` is what the check asks for, `reason` why it fired; `error` is the VM-instruction error number or None.
    `by` tells who checks: the processor's "decoder" (it sees another instruction), the "processor" (before a VM exit),
    the hypervisor's "handler", or "both".  `shadowed` says that the rung can never fire, and why it stands there.
    Raises ValueError for an axis, a value or an outcome that does not exist.
    """

    name: str
    when: Mapping[str, Any]
    outcome: str
    reason: str
    by: str
    source: str
    error: int | None = None
    shadowed: str = ""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "when", make_box(self.when))
            outcome_name(self.outcome)
            if self.by not in BY:
                raise unknown("by", self.by, BY)
            if not self.when:
                raise ValueError("a rung must name at least one axis")
            if (self.error is not None) != (self.outcome == "VMfailValid"):
                raise ValueError("an error number belongs to VMfailValid, and to nothing else")
            if self.outcome == "success":
                raise ValueError("success is what remains when no rung fires")
        except (ValueError, TypeError) as error:
            raise type(error)(f"rung {self.name!r}: {error}") from None

    @property
    def flags(self) -> Mapping[str, int]:
        """The RFLAGS bits that this ending writes; empty where it leaves RFLAGS alone."""
        return BY_OUTCOME[self.outcome].flags


@dataclass(frozen=True)
class Effect:
    """What success does: the VMX operation that follows, whether a current VMCS remains, the flags written."""

    vmx: str
    current_vmcs: int | None = 0  # None: left as it was
    flags: Mapping[str, int] = field(default_factory=lambda: VMSUCCEED)

    @property
    def after(self) -> dict[str, Value]:
        """The axes that success sets, by column name."""
        vmcs: dict[str, Value] = {} if self.current_vmcs is None else {"current_VMCS": self.current_vmcs}
        return {"VMX": self.vmx, **vmcs}


@dataclass(frozen=True, eq=False)
class Ladder:
    """The rungs of one `source` for one instruction, in order, and the `effect` where none fires.

    `narrow` leaves out values of an axis that this source knows nothing of.  Raises ValueError, naming the rung, where
    two rungs share a name, or where a rung fires in no possible state without saying so (`shadowed`).
    """

    instruction: str
    source: str
    rungs: tuple[Rung, ...]
    effect: Effect
    narrow: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        instruction_name(self.instruction)
        object.__setattr__(self, "rungs", tuple(self.rungs))
        object.__setattr__(self, "narrow", make_box(self.narrow) if self.narrow else {})
        where = f"{self.instruction} ladder {self.source!r}"
        earlier: list[Box] = []
        names: set[str] = set()
        for rung in self.rungs:
            if rung.name in names:
                raise ValueError(f"{where}: two rungs have the name {rung.name!r}")
            names.add(rung.name)
            fires = nearest(READY[self.instruction], [*BOXES, *self.left_out, *earlier], inside=rung.when) is not None
            if not fires and not rung.shadowed:
                raise ValueError(f"{where}: rung {rung.name!r} can never fire; drop it, or say why it is `shadowed`")
            if fires and rung.shadowed:
                raise ValueError(f"{where}: rung {rung.name!r} says that it is shadowed, but it can fire")
            earlier.append(rung.when)

    @property
    def reads(self) -> tuple[str, ...]:
        """The axes that any rung names, and VMX, in table order."""
        named = {name for rung in self.rungs for name in rung.when} | {"VMX"}
        return tuple(name for name in BY_NAME if name in named)

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that a table spans when none are asked for: as `reads`, without what only the decoder looks at.

        A register operand is the encoding of another instruction, not a state in which this one is executed.
        """
        named = {name for rung in self.rungs if rung.by != "decoder" for name in rung.when} | {"VMX"}
        return tuple(name for name in BY_NAME if name in named)

    @property
    def left_out(self) -> tuple[Box, ...]:
        """The boxes of states that this source knows nothing of."""
        return tuple(
            {name: tuple(value for value in BY_NAME[name].values if value not in kept)}
            for name, kept in self.narrow.items()
        )

    def domain(self, name: str) -> tuple[Value, ...]:
        """The values of the axis `name` that this ladder knows, in table order."""
        return tuple(self.narrow.get(name, BY_NAME[name].values))

    def check_domain(self, given: Mapping[str, Value]) -> None:
        """Raise ValueError where `given` (by column name) has a value outside this source's narrowing."""
        for name, value in given.items():
            if value not in self.domain(name):
                raise unknown(f"value of {name} for {self.source}", value, self.domain(name))

    def deciding(self, state: Mapping[str, Value]) -> Rung | None:
        """The first rung that matches this state (complete, by column name), or None for success."""
        return next((rung for rung in self.rungs if matches(rung.when, state)), None)

    def firing(self, state: Mapping[str, Value]) -> tuple[Rung, ...]:
        """The rungs that match this state (complete, by column name), in order: the first decides."""
        return tuple(rung for rung in self.rungs if matches(rung.when, state))

    def _repr_html_(self) -> str:
        return html_table(
            f"{self.instruction}, {self.source}: the first rung that fires decides; if none does, success "
            f"(VMX {self.effect.vmx}, flags {flags_text(self.effect.flags)})",
            ("", "asks for", "fires when", "ends in", "checked by", "written in"),
            [
                (str(number), escape(rung.name), escape(condition(rung.when)), escape(ending(rung)), rung.by,
                 escape(rung.source))
                for number, rung in enumerate(self.rungs, 1)
            ],
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Ladder {self.instruction} {self.source}: {len(self.rungs)} rungs>"


def condition(box: Mapping[str, Sequence[Value]]) -> str:
    """Write a box as people read it: `CPL=1|2|3 and RFLAGS.VM=1`."""
    return " and ".join(f"{name}={'|'.join(map(str, values))}" for name, values in box.items())


def ending(rung: Rung) -> str:
    """Write how a rung ends the instruction: its outcome, with the error number where there is one."""
    return f"{rung.outcome} (error {rung.error})" if rung.error is not None else rung.outcome
