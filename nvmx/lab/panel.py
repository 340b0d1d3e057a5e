"""The explorer: controls that set a state, and beside them what that state leads to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets

from ..ladders import ladder as find_ladder
from ..ladders import sources_of
from ..model.axis import BY_NAME, Axis, Value, named_axes, named_values
from ..model.errors import OutsideDomain, unknown
from ..model.instruction import INSTRUCTIONS, READY
from ..model.ladder import Ladder, common_domains
from ..model.modes import MODES, mode_of
from ..model.verdict import Verdict, decide
from .column import Column, close_all
from .page import nearest_state, short_page, verdict_page

_NO_MODE, _NOTHING = "none: see beside", "nothing"


class Explorer(Column):
    """Controls (by keyword in `controls`) that only set values, and a `page` that shows the `verdict` on them.

    With `axes`, only these have controls, and the page is short.
    """

    def __init__(self, given: Ladder, axes: Iterable[str] | None) -> None:
        self._axes = None if axes is None else named_axes(axes)
        self.ladder = self._given = given
        self._other: Ladder | None = None
        self._own = _own_name(given)
        instructions = [given.instruction] if self._own else INSTRUCTIONS
        self._busy = True
        self._touched: str | None = None
        self.controls: dict[str, widgets.Widget] = {}
        self.instruction = _choice("instruction", instructions, given.instruction)
        self.source = _choice("source", self._sources(), self._own or given.source)
        self.compare = _choice("compare with", [_NOTHING, *self._sources()], _NOTHING)
        self.mode = _choice("mode", [*MODES, _NO_MODE], _NO_MODE)
        self.repair = _button("Apply the repair", "make the smallest change that leads to success", self._repair)
        self.possible = _button("Nearest possible state", "go to the nearest state that a processor can be in",
                                self._go_possible)  # fmt: skip
        self.reset = _button("Start again", "go back to the state in which every check passes", self._start_again)
        self.page = widgets.HTML()
        self._left = widgets.VBox(layout=widgets.Layout(flex="0 1 auto", max_width="20em"))
        for control in (self.instruction, self.source, self.compare):
            control.observe(self._change_ladder, "value")
        self.mode.observe(self._change_mode, "value")
        buttons = _row([self.repair, self.possible, self.reset])
        right = widgets.VBox([buttons, self.page], layout=widgets.Layout(flex="1 1 24em", margin="0 0 0 1em"))
        top = [] if self._axes is not None else [_row([self.instruction, self.source, self.compare])]
        super().__init__([*top, _row([self._left, right])])
        self._show_controls({})
        self._busy = False
        self._show()

    @property
    def state(self) -> dict[str, Value]:
        """What the controls hold, by keyword."""
        return {keyword: _value(control) for keyword, control in self.controls.items()}

    @property
    def verdict(self) -> Verdict:
        """The verdict on the state that the controls hold; the axis that was changed last is kept, if possible."""
        return self._decide(self.ladder)

    def set(self, state: Mapping[str, object]) -> None:
        """Set several axes at once, by keyword or column name: all of them or, if one cannot be set, none.

        An axis that the ladder does not read is left out.  Raises UnknownName for an axis or a value that does not
        exist, and for one that the controls do not offer.
        """
        changes = named_values(state)
        for name, value in changes.items():
            control = self.controls.get(BY_NAME[name].keyword)
            if control is not None and value not in _values(control):
                raise unknown(f"value of {name}", value, _values(control), OutsideDomain)
            if control is None and name in self.ladder.reads and value != READY[self.ladder.instruction][name]:
                raise unknown("control", BY_NAME[name].keyword, self.controls)
        self._apply(changes)

    def static(self) -> tuple[str, str]:
        """Return the verdict, and the page."""
        return repr(self.verdict), self.page.value

    def _decide(self, ladder: Ladder) -> Verdict:
        return decide(ladder, named_values(self.state), kept=None if self._touched is None else {self._touched})

    def _compared(self) -> Verdict | None:
        return None if self._other is None else self._decide(self._other)

    def _apply(self, changes: Mapping[str, Value]) -> None:
        """Make those changes (by column name) that the controls can make."""
        with self._together():
            for name, value in changes.items():
                control = self.controls.get(BY_NAME[name].keyword)
                if control is not None and value in _values(control):
                    control.value = value

    def _can_reach(self, state: Mapping[str, Value]) -> bool:
        """Whether the controls can set this state (by keyword), on the axes that the ladder reads."""
        now, read = self.verdict.state, {BY_NAME[name].keyword for name in self.ladder.reads}
        return all(
            value in _values(self.controls[keyword]) if keyword in self.controls else keyword not in read
            for keyword, value in state.items()
            if value != now[keyword]
        )

    def _show_controls(self, state: Mapping[str, Value]) -> None:
        """Make a control for each axis, in groups that share a register; keep the values in `state`."""
        ladders = [self.ladder] if self._other is None else [self.ladder, self._other]
        read = {name for ladder in ladders for name in ladder.axes}
        names = [name for name in BY_NAME if name in read] if self._axes is None else self._axes
        replaced = [each for each in self._left.children if each is not self.mode]
        groups: dict[str, list[widgets.Widget]] = {}
        self.controls = {}
        for name, values in common_domains(ladders, names).items():
            axis = BY_NAME[name]
            ready = READY[self.ladder.instruction][name]
            value = state.get(axis.keyword, ready)
            control = _control(axis, values, value if value in values else ready)
            control.observe(lambda _change, name=name: self._changed(name), "value")
            self.controls[axis.keyword] = control
            groups.setdefault(name.split(".")[0], []).append(control)
        self._left.children = [*([self.mode] if self._has_mode() else []), *map(_row, groups.values())]
        for each in replaced:
            close_all(each)

    def _has_mode(self) -> bool:
        return {"cr0_pe", "efer_lma", "rflags_vm", "cs_l"} <= self.controls.keys()

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Change several controls, then show the page once."""
        if self._busy:
            yield
            return
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            self._show()

    def _changed(self, name: str) -> None:
        if not self._busy:
            self._touched = name
            self._show()

    def _change_mode(self, change: Mapping[str, Any]) -> None:
        if not self._busy:
            self._touched = None
            self._apply(MODES.get(change["new"], {}))

    def _change_ladder(self, _change: object) -> None:
        if self._busy:
            return
        state = self.state
        with self._together():
            if self.ladder.instruction != self.instruction.value:
                before, after = READY[self.ladder.instruction], READY[self.instruction.value]
                for name in BY_NAME:  # each instruction is ready in another state
                    if before[name] != after[name]:
                        state.pop(BY_NAME[name].keyword, None)
                ids = self._sources()
                source, compared = self.source.value, self.compare.value
                self.source.options = ids
                self.compare.options = [_NOTHING, *ids]
                self.source.value = source if source in ids else "intel"
                self.compare.value = compared if compared in ids else _NOTHING
            self.ladder = self._find(self.source.value)
            self._other = None if self.compare.value == _NOTHING else self._find(self.compare.value)
            self._touched = None
            self._show_controls(state)

    def _sources(self) -> list[str]:
        """The sources that know the chosen instruction, the reader's own first."""
        ids = sources_of(self.instruction.value)
        return [self._own, *ids] if self._own else ids

    def _find(self, source: str) -> Ladder:
        return self._given if source == self._own else find_ladder(self.instruction.value, source)

    def _repair(self, _button: object) -> None:
        changes = named_values(self.verdict.repair() or {})
        self._touched = None
        self._apply(changes)

    def _go_possible(self, _button: object) -> None:
        nearest = nearest_state(self.verdict, self._compared()).columns
        self._touched = None
        self._apply(nearest)

    def _start_again(self, _button: object) -> None:
        self._touched = None
        self._apply(READY[self.ladder.instruction])

    def _show(self) -> None:
        verdict = self.verdict
        other = self._compared()
        self._busy = True
        self.mode.value = mode_of(verdict.state.columns) or _NO_MODE
        self._busy = False
        repair = verdict.repair()
        self.repair.disabled = verdict.outcome == "success" or repair is None or not self._can_reach(repair)
        self.possible.disabled = verdict.possible or not self._can_reach(nearest_state(verdict, other))
        if self._axes is None:
            self.page.value = verdict_page(verdict, other)
        else:
            self.page.value = short_page(verdict, [BY_NAME[name] for name in self._axes])


def _own_name(ladder: Ladder) -> str | None:
    """What a reader's own ladder is called in the lists of sources, which may hold its name; None: it is not own."""
    if ladder.source not in sources_of(ladder.instruction):
        return ladder.source
    return None if ladder == find_ladder(ladder.instruction, ladder.source) else f"{ladder.source} (own)"


def _value(control: widgets.Widget) -> Value:
    return int(control.value) if isinstance(control, widgets.Checkbox) else control.value


def _values(control: widgets.Widget) -> tuple[Value, ...]:
    return (0, 1) if isinstance(control, widgets.Checkbox) else tuple(control.options)


def _control(axis: Axis, values: tuple[Value, ...], value: Value) -> widgets.Widget:
    hint = f"{axis.where}: {axis.meaning}"
    if values == (0, 1):
        layout = widgets.Layout(width="auto", min_width="9em", margin="2px 1em 2px 2px")
        return widgets.Checkbox(value=bool(value), description=axis.name, tooltip=hint, indent=False, layout=layout)
    return _dropdown(axis.name, values, value, "13em", "5em", tooltip=hint)


def _choice(name: str, options: Iterable[str], value: str) -> widgets.Dropdown:
    return _dropdown(name, options, value, "19em", "7em")


def _dropdown(
    name: str, options: Iterable[Value], value: Value, width: str, name_width: str, **more: str
) -> widgets.Dropdown:
    dropdown = widgets.Dropdown(
        options=list(options), value=value, description=name, layout=widgets.Layout(width=width),
        style={"description_width": name_width}, **more,
    )  # fmt: skip
    dropdown.observe(_refuse_none, "value")
    return dropdown


def _refuse_none(change: Mapping[str, Any]) -> None:
    """Put a value back that was set to None: a Dropdown allows that, but None is neither a source nor a state."""
    if change["new"] is None:
        change["owner"].value = change["old"]
        raise unknown(change["owner"].description, None, change["owner"].options)


def _row(children: Iterable[widgets.Widget]) -> widgets.Widget:
    alone, *others = children
    return widgets.HBox([alone, *others], layout=widgets.Layout(flex_flow="row wrap")) if others else alone


def _button(text: str, hint: str, action: Any) -> widgets.Button:
    button = widgets.Button(description=text, tooltip=hint, layout=widgets.Layout(width="auto"))
    button.on_click(action)
    return button


def explorer(
    instruction: str = "VMXON", source: str | Ladder = "kvm-2011", axes: Iterable[str] | None = None
) -> Explorer:
    """Return controls in the ready state, with the verdict, the ladder and a small map beside them.

    `axes` names the only axes that get a control, for a shorter page; None: those that the ladder reads.  Raises
    UnknownName if the instruction, the source or an axis does not exist.

    >>> panel = explorer("VMXON", "intel")
    >>> panel.controls["cpl"].value = 3
    >>> panel.verdict.outcome
    '#GP(0)'
    """
    return Explorer(find_ladder(instruction, source), axes)
