"""The explorer as a widget: the page draws it and answers clicks by itself, and Python sees and sets everything."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import Dict, Instance, List, TraitType, observe, validate

from ..ladders import ladder as find_ladder
from ..ladders import sources_of
from ..model.axis import BY_NAME, Value, named_axes, named_values
from ..model.errors import InvalidType, OutsideDomain, unknown
from ..model.instruction import BY_INSTRUCTION, READY, instruction_name
from ..model.ladder import Ladder, common_domains
from ..model.modes import MODE_AXES, MODES
from ..model.rules import complete, nearest_possible
from ..model.state import State
from ..model.verdict import Verdict, decide
from ..web import module, rows
from .column import close_all
from .page import brief_page, full_page, live

_GLUE = (
    Path(__file__)
    .with_name("widget.js")
    .read_text("utf-8")
    .replace('import { explorer } from "../web/explorer.js";\n', "")
)


class Explorer(AnyWidget):
    """The checks of a source with controls for what they look at, and the `verdict` on the `state` that these hold.

    The traits `instruction`, `source`, `compare` (None: with nothing) and `state` can be set, observed and linked, and
    change with each click; `verdict` follows them.  With `axes`, only these have controls, and the page is short.
    """

    instruction: Any = TraitType()
    source: Any = TraitType()
    compare: Any = TraitType(None, allow_none=True)
    state: Any = TraitType()
    verdict = Instance(Verdict, read_only=True)

    _esm = module() + _GLUE
    _rows = Dict().tag(sync=True)
    _axes: Any = List(allow_none=True).tag(sync=True)
    # All that is asked is one trait, so that neither Python nor the page ever sees half of a change.
    _question = Dict().tag(sync=True)
    # The columns that were changed last, which the closest possible state keeps; it comes with the question.
    _touched: Any = List().tag(sync=True)

    def __init__(self, given: Ladder, axes: Iterable[str] | None, compare: str | Ladder | None) -> None:
        self._own: dict[str, Ladder] = {}
        self._sent: list[Ladder] | None = None
        names = None if axes is None else list(named_axes(axes))
        instruction = _instruction(given.instruction, names)
        source, other = self._name(given), None if compare is None else self._name(find_ladder(instruction, compare))
        self._axes = names
        self._ask(instruction, source, other, READY[instruction])
        super().__init__()

    @property
    def ladder(self) -> Ladder:
        """The ladder of `source`."""
        return self._find(self.instruction, self.source)

    @property
    def compared(self) -> Verdict | None:
        """The verdict of the source that is compared with, or None."""
        return None if self.compare is None else self._decide(self.compare)

    @property
    def sources(self) -> list[str]:
        """What `source` and `compare` can be: your own ladders, and the ids of all sources with this instruction."""
        own = [name for name, each in self._own.items() if each.instruction == self.instruction]
        return [*own, *sources_of(self.instruction)]

    def set(self, state: Mapping[str, object] | None = None, /, **axes: object) -> None:
        """Set several axes at once, by keyword or column name: all of them or, if one cannot be set, none.

        An axis that is not named keeps its value, unless no ladder here reads it and the state would be impossible.
        Raises UnknownName for an axis or a value that does not exist, and for one that the controls do not offer.

        >>> panel = explorer("VMXON", "intel")
        >>> panel.set(cpl=3, cr0_ne=0)
        >>> panel.state
        State(cr0_ne=0, cpl=3)
        """
        self.state = self._with(named_values({**(state or {}), **axes}), self.state.columns)

    def static(self) -> tuple[str, str]:
        """Return what stands in for the widget, as text and as HTML, where no kernel runs.

        The HTML says in `data-nvmx` what it stands for, so that a page with the right script can make it live.
        """
        verdict, ready = self.verdict, READY[self.instruction]
        data = {
            "instruction": self.instruction,
            "source": self.source,
            "compare": self.compare,
            "axes": self._axes,
            "state": {name: value for name, value in verdict.state.columns.items() if value != ready[name]},
        }
        if {self.source, self.compare} & self._own.keys():
            data["rows"] = rows(*self._ladders, others=False)
        page = full_page(verdict, self.compared) if self._axes is None else brief_page(verdict, self._axes)
        return repr(self), live(page, data)

    def close(self) -> None:
        """Close the widget, in Python and in the page."""
        if self.comm is not None:
            close_all(self.layout)
        super().close()

    def __repr__(self) -> str:
        return repr(self.verdict)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        text, html = self.static()
        return {**data, "text/plain": text, "text/html": html}, metadata

    @validate("instruction")
    def _check_instruction(self, proposal: Any) -> str:
        return _instruction(proposal.value, self._axes)

    @validate("source", "compare")
    def _check_source(self, proposal: Any) -> str | None:
        given = proposal.value
        if given is None and proposal.trait.name == "compare":
            return None
        if isinstance(given, str) and given in self._own:
            return given
        return self._name(find_ladder(self.instruction, given))

    @validate("state")
    def _check_state(self, proposal: Any) -> State:
        given = proposal.value
        if isinstance(given, State) and given is self.verdict.state:
            return given  # the page asks it, which may have had to change what has no control
        if isinstance(given, State):
            return self._with(given.columns, given.columns)
        if not isinstance(given, Mapping):
            raise InvalidType(f"state: {given!r} is not a mapping of axes to values, such as {{'cpl': 3}}")
        return self._with(named_values(given), READY[self.instruction])

    def _with(self, changes: Mapping[str, Value], state: Mapping[str, Value]) -> State:
        """Return the state with these changes; what nobody reads follows.  Raises if the controls cannot make them."""
        ladders, ready = self._ladders, READY[self.instruction]
        for name, allowed in common_domains(ladders, changes).items():
            if changes[name] not in allowed:
                raise unknown(f"value of {name}", changes[name], allowed, OutsideDomain)
        read = {name for each in ladders for name in each.reads}
        offered = read if self._axes is None else _offered(self._axes)
        for name in read.difference(offered):
            if changes.get(name, ready[name]) != ready[name]:
                raise unknown("control", BY_NAME[name].keyword, [BY_NAME[each].keyword for each in offered])
        return State(complete({**state, **changes}, {*changes, *read}))

    @observe("instruction", "source", "compare", "state")
    def _set_in_python(self, _change: object) -> None:
        instruction, before = self.instruction, self._question["instruction"]
        known, state = self.sources, self.state.columns
        source = self.source if self.source in known else "intel"  # a source may lack a ladder for the instruction
        compare = self.compare if self.compare in known else None
        if instruction != before:  # each is ready in another state
            ready = READY[instruction]
            state = {
                name: value if ready[name] == READY[before][name] else ready[name] for name, value in state.items()
            }
        self._ask(instruction, source, compare, state)

    @observe("_question")
    def _follow(self, change: Any) -> None:
        """Take over what is asked, whether the page or Python asked it."""
        question = change.new
        with self.hold_trait_notifications():
            self.instruction, self.source = question["instruction"], question["source"]
            self.compare = question["compare"]
            verdict = self._decide(self.source)
            self.set_trait("verdict", verdict)
            self.state = verdict.state

    def _ask(self, instruction: str, source: str, compare: str | None, state: Mapping[str, Value]) -> None:
        """Ask this, here and in the page; first send it the ladders, if they are not there yet."""
        ladders = self._chosen(instruction, source, compare)
        names = BY_INSTRUCTION[instruction].axes
        if any(state[name] not in allowed for name, allowed in common_domains(ladders, names).items()):
            state = nearest_possible(state, (), [box for each in ladders for box in each.outside_domain])
        needed = ladders if self._axes is not None else [_called(each, name) for name, each in self._own.items()]
        with self.hold_sync():
            if needed != self._sent:
                self._sent, self._rows = needed, rows(*needed, others=self._axes is None)
            asked = {
                "instruction": instruction,
                "source": source,
                "compare": compare,
                "state": {name: state[name] for name in names},
            }
            if asked != self._question:
                before = self._question.get("state", state)  # at first there is none
                self._touched = [name for name in names if before.get(name) != state[name]]
                self._question = asked

    def _decide(self, source: str) -> Verdict:
        return decide(self._find(self.instruction, source), self._question["state"], self._touched)

    @property
    def _ladders(self) -> list[Ladder]:
        return self._chosen(self.instruction, self.source, self.compare)

    def _chosen(self, instruction: str, source: str, compare: str | None) -> list[Ladder]:
        """The ladder of the source, and of the one compared with, by the names that they have here."""
        return [_called(self._find(instruction, name), name) for name in (source, compare) if name is not None]

    def _find(self, instruction: str, source: str) -> Ladder:
        return self._own[source] if source in self._own else find_ladder(instruction, source)

    def _name(self, given: Ladder) -> str:
        """What a ladder is called here: one of your own may have the name of another."""
        known = sources_of(given.instruction)
        if given.source in known and given == find_ladder(given.instruction, given.source):
            return given.source
        for name, each in self._own.items():
            if each == given:
                return name
        name = given.source
        while name in known or name in self._own:
            name += " (own)"
        self._own[name] = given
        return name


def _called(ladder: Ladder, name: str) -> Ladder:
    return ladder if ladder.source == name else replace(ladder, source=name)


def _offered(axes: list[str]) -> list[str]:
    """Return what the brief form can set: it also has the modes, if it has all of the axes by which one knows them."""
    modes = MODES.values() if set(MODE_AXES) <= set(axes) else ()
    return list(dict.fromkeys([*axes, *(name for bits in modes for name in bits)]))


def _instruction(given: object, axes: Iterable[str] | None) -> str:
    """Return `given` if it is an instruction that has all of the axes."""
    name = instruction_name(given)
    allowed = BY_INSTRUCTION[name].axes
    for each in axes or ():
        if each not in allowed:
            raise unknown(f"axis of {name}", each, allowed)
    return name


def explorer(
    instruction: str = "VMXON",
    source: str | Ladder = "kvm-2011",
    axes: Iterable[str] | None = None,
    compare: str | Ladder | None = None,
) -> Explorer:
    """Return controls in the ready state, with the verdict, the checks and a map beside them.

    `axes` names the only axes that get a control, for a shorter page; None: those that the ladder reads.  With all of
    CR0.PE, EFER.LMA, RFLAGS.VM and CS.L, there is a button for each mode, too.  `compare` is a second source, whose
    checks are shown as well.  Raises UnknownName if the instruction, a source or an axis does not exist.

    >>> panel = explorer("VMXON", "intel")
    >>> panel.set(cpl=3)
    >>> panel.verdict.outcome
    '#GP(0)'
    """
    return Explorer(find_ladder(instruction, source), axes, compare)
