"""Rungs and ladders: the checks of one source, in order.  The first that fires decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .axis import BY_NAME, Value, find_value, named_values
from .box import Box, condition_text, make_box, matches, nearest
from .errors import InvalidType, InvalidValue, NvmxError, OutsideDomain, unknown
from .frozen import FrozenDict
from .html import html_table
from .instruction import READY, instruction_name
from .outcome import BY_OUTCOME, VMSUCCEED, flags_text, outcome_name
from .rules import BOXES

BY = ("decoder", "processor", "both", "handler")


@dataclass(frozen=True)
class Rung:
    """One check: it fires in every state of the box `when`, and ends the instruction with `outcome`.

    `name` says what the check asks for, `reason` why the instruction is refused, `source` where that is written.
    `by` says who checks: the "decoder" (it sees another instruction), the "processor" (before a VM exit), the
    hypervisor's "handler", or "both".  `error` is the VM-instruction error number, or None.  `shadowed` says why the
    rung stands there although it can never fire.  `checked=False` skips validation, for rungs wrong on purpose.

    >>> Rung("CPL 0", {"cpl": (1, 2, 3)}, "#GP(0)", "only the kernel may do this", "handler", "mine.c")
    Rung(name='CPL 0', when={'CPL': (1, 2, 3)}, outcome='#GP(0)', reason='only the kernel may do this', \
by='handler', source='mine.c', error=None, shadowed='')
    """

    name: str
    when: Mapping[str, Any]
    outcome: str
    reason: str
    by: str
    source: str
    error: int | None = None
    shadowed: str = ""
    checked: bool = field(default=True, repr=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "when", make_box(self.when))
            if self.checked:
                self._check()
        except NvmxError as error:
            raise type(error)(f"rung {self.name!r}: {error}") from None

    def _check(self) -> None:
        for name in ("name", "reason", "source", "shadowed"):
            if not isinstance(getattr(self, name), str):
                raise InvalidType(f"{name}: {getattr(self, name)!r} is not a string")
        if not self.name:
            raise InvalidValue("a rung must have a name")
        outcome_name(self.outcome)
        if self.by not in BY:
            raise unknown("by", self.by, BY)
        if not self.when:
            raise InvalidValue("a rung must name at least one axis")
        if self.outcome == "success":
            raise InvalidValue("success is what remains when no rung fires")
        if (self.error is not None) != (self.outcome == "VMfailValid"):
            raise InvalidValue("an error number belongs to VMfailValid, and to nothing else")
        if self.error is not None and (type(self.error) is not int or not 0 < self.error < 1 << 32):
            raise InvalidValue(f"error: {self.error!r} is not a positive 32-bit integer")

    @property
    def flags(self) -> Mapping[str, int]:
        """The RFLAGS bits that this ending writes; empty if it leaves RFLAGS alone."""
        return BY_OUTCOME[self.outcome].flags

    @property
    def ending(self) -> str:
        """How the rung ends the instruction: its outcome, with the error number if there is one."""
        return f"{self.outcome} (error {self.error})" if self.error is not None else self.outcome


@dataclass(frozen=True)
class Effect:
    """What success changes: the VMX operation afterwards, whether there is a current VMCS, and the flags written.

    `vmx` or `current_vmcs` is None if success leaves it as it was.  `others` are axes that it should not change, but
    does in some hypervisor, by column name or keyword.

    >>> Effect(vmx="root").after
    {'VMX': 'root', 'current_VMCS': 0}
    """

    vmx: str | None = None
    current_vmcs: int | None = 0
    flags: Mapping[str, int] = VMSUCCEED
    others: Mapping[str, Value] = FrozenDict()

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", FrozenDict(named_values(self.others)))
        if not isinstance(self.flags, Mapping):
            raise InvalidType(f"flags: {self.flags!r} is not a mapping such as {{'CF': 0}}")
        for flag, value in self.flags.items():
            if flag not in VMSUCCEED or value not in (0, 1):
                raise unknown("flag written", (flag, value), [(name, bit) for name in VMSUCCEED for bit in (0, 1)])
        object.__setattr__(self, "flags", FrozenDict(self.flags))
        for axis, setting in self.after.items():
            find_value(BY_NAME[axis], setting)

    @property
    def after(self) -> dict[str, Value]:
        """The axes that success sets, by column name."""
        after: dict[str, Value | None] = {"VMX": self.vmx, "current_VMCS": self.current_vmcs, **self.others}
        return {name: value for name, value in after.items() if value is not None}


@dataclass(frozen=True)
class Ladder:
    """The rungs of one `source` for one `instruction`, in order, and the `effect` if none of them fires.

    `narrow` holds, for an axis about some of whose values the source says nothing, the other values.  Raises
    InvalidValue, naming the rung, if two rungs share a name, or if `shadowed` is set although the rung can fire in a
    possible state, or not set although it cannot.
    `checked=False` skips that, for ladders wrong on purpose.

    >>> rung = Rung("CPL 0", {"cpl": (1, 2, 3)}, "#GP(0)", "only the kernel may do this", "handler", "mine.c")
    >>> Ladder("VMXON", "mine", [rung], Effect(vmx="root"))
    <Ladder VMXON mine: 1 rungs>
    """

    instruction: str
    source: str
    rungs: Sequence[Rung]  # kept as a tuple
    effect: Effect
    narrow: Mapping[str, Any] = field(default_factory=dict)
    checked: bool = field(default=True, repr=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        instruction_name(self.instruction)
        object.__setattr__(self, "rungs", tuple(self.rungs))
        object.__setattr__(self, "narrow", make_box(self.narrow) if self.narrow else FrozenDict())
        if self.checked:
            self._check()

    def number(self, rung: Rung) -> int:
        """Return the position of one of the rungs, counted from 1.

        >>> import nvmx
        >>> ladder = nvmx.ladder("VMXON", "intel")
        >>> ladder.number(ladder.rungs[3])
        4
        """
        return self.rungs.index(rung) + 1

    def _check(self) -> None:
        where = f"{self.instruction} ladder {self.source!r}"
        if not isinstance(self.source, str) or not self.source:
            raise InvalidType(f"source: {self.source!r} is not a name")
        if not isinstance(self.effect, Effect):
            raise InvalidType(f"{where}: effect: {self.effect!r} is not an Effect")
        ready = READY[self.instruction]
        for axis, kept in self.narrow.items():
            if ready[axis] not in kept:
                raise InvalidValue(f"{where}: narrow: {axis} must keep its ready value {ready[axis]!r}")
        earlier: list[Box] = []
        names: set[str] = set()
        for rung in self.rungs:
            if not isinstance(rung, Rung):
                raise InvalidType(f"{where}: {rung!r} is not a Rung")
            if rung.name in names:
                raise InvalidValue(f"{where}: two rungs have the name {rung.name!r}")
            names.add(rung.name)
            fires = nearest(ready, [*BOXES, *self.outside_domain, *earlier], inside=rung.when) is not None
            if not fires and not rung.shadowed:
                raise InvalidValue(f"{where}: rung {rung.name!r} can never fire; drop it, or say why it is `shadowed`")
            if fires and rung.shadowed:
                raise InvalidValue(f"{where}: rung {rung.name!r} says that it is shadowed, but it can fire")
            earlier.append(rung.when)

    def __hash__(self) -> int:  # cheap, since ladders are keys of caches
        return hash((self.instruction, self.source, len(self.rungs)))

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The axes that any rung or `narrow` names, and VMX, in table order."""
        named = {name for rung in self.rungs for name in rung.when} | {*self.narrow, "VMX"}
        return tuple(name for name in BY_NAME if name in named)

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The axes that a table spans by default: those of all rungs but the decoder's, and VMX, in table order.

        A register operand is the encoding of another instruction, not a state in which this one is executed.
        """
        named = {name for rung in self.rungs if rung.by != "decoder" for name in rung.when} | {"VMX"}
        return tuple(name for name in BY_NAME if name in named)

    @cached_property
    def outside_domain(self) -> tuple[Box, ...]:
        """Boxes that hold the states about which the source says nothing."""
        return tuple(
            FrozenDict({name: tuple(value for value in BY_NAME[name].values if value not in kept)})
            for name, kept in self.narrow.items()
        )

    def domain(self, name: str) -> tuple[Value, ...]:
        """The values of the axis `name` about which the source says something, in table order."""
        return tuple(self.narrow.get(name, BY_NAME[name].values))

    def check_domain(self, given: Mapping[str, Value]) -> None:
        """Raise OutsideDomain if the source says nothing about one of these values (by column name)."""
        for name, value in given.items():
            if value not in self.domain(name):
                raise unknown(f"value of {name} for {self.source}", value, self.domain(name), OutsideDomain)

    def firing(self, state: Mapping[str, Value]) -> tuple[Rung, ...]:
        """Return the rungs that fire in this state (by column name, complete), in order: the first decides."""
        return tuple(rung for rung in self.rungs if matches(rung.when, state))

    def deciding(self, state: Mapping[str, Value]) -> Rung | None:
        """Return the first rung that fires in this state (by column name, complete), or None for success."""
        return next((rung for rung in self.rungs if matches(rung.when, state)), None)

    def _repr_html_(self) -> str:
        return html_table(
            f"{self.instruction}, {self.source}: the first check that fires decides; if none does, success "
            f"(VMX {self.effect.vmx or 'as it was'}, flags {flags_text(self.effect.flags)})",
            ("check", "asks for", "fires if", "ends in", "checked by", "written in"),
            [
                (number, rung.name, condition_text(rung.when), rung.ending, rung.by, rung.source)
                for number, rung in enumerate(self.rungs, 1)
            ],
        )

    def __repr__(self) -> str:
        return f"<Ladder {self.instruction} {self.source}: {len(self.rungs)} rungs>"


def common_domains(ladders: Sequence[Ladder], axes: Iterable[str]) -> dict[str, tuple[Value, ...]]:
    """Return, for each of the axes, the values about which all the ladders say something, in table order."""
    return {
        name: tuple(value for value in BY_NAME[name].values if all(value in ladder.domain(name) for ladder in ladders))
        for name in axes
    }
