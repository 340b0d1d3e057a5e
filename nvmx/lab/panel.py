"""The explorer: controls that set a state, and beside them what that state leads to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets

from ..ladders import all_sources, ladder, sources_of
from ..model.axis import BY_NAME, Axis, Value, named_axes, named_values
from ..model.instruction import INSTRUCTIONS, READY
from ..model.ladder import Ladder
from ..model.modes import MODES, mode_of
from ..model.verdict import Verdict, decide
from .page import brief, render

_WRAP = widgets.Layout(flex_flow="row wrap")
_NO_MODE, _NOTHING = "none: see beside", "nothing"


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Controls (by keyword in `controls`) that only set values, and a `page` that shows the `verdict` on them.

    With `axes`, only these have controls, and the page is brief.
    """

    def __init__(self, chosen: Ladder, axes: Iterable[str] | None) -> None:
        self.ladder = self._given = chosen
        self._other: Ladder | None = None
        self._brief = None if axes is None else named_axes(axes)
        self._busy = True
        self._touched: str | None = None
        self.controls: dict[str, widgets.Widget] = {}
        known = chosen.source in all_sources()
        self.instruction = _choice("instruction", INSTRUCTIONS if known else [chosen.instruction], chosen.instruction)
        self.source = _choice("source", self._sources(), chosen.source)
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
        buttons = widgets.HBox([self.repair, self.possible, self.reset], layout=_WRAP)
        right = widgets.VBox([buttons, self.page], layout=widgets.Layout(flex="1 1 24em", margin="0 0 0 1em"))
        below = widgets.HBox([self._left, right], layout=_WRAP)
        top = (
            []
            if self._brief is not None
            else [widgets.HBox([self.instruction, self.source, self.compare], layout=_WRAP)]
        )
        super().__init__([*top, below])
        self._show_controls({})
        self._busy = False
        self._show()

    @property
    def state(self) -> dict[str, Value]:
        """What the controls hold, by keyword."""
        return {keyword: _value(control) for keyword, control in self.controls.items()}

    @property
    def verdict(self) -> Verdict:
        """The verdict on the state that the controls hold; the axis that was changed last is kept, if that can be."""
        return self._decide(self.ladder)

    def set(self, state: Mapping[str, Value]) -> None:
        """Set many controls at once, by keyword; what has no control is left out."""
        with self._together():
            for keyword, value in state.items():
                if keyword in self.controls:
                    self.controls[keyword].value = value

    def _decide(self, chosen: Ladder) -> Verdict:
        return decide(chosen, named_values(self.state), kept=None if self._touched is None else {self._touched})

    def _show_controls(self, state: Mapping[str, Value]) -> None:
        """Make a control for each axis, in groups that share a register; keep the values in `state`."""
        ladders = [self.ladder] if self._other is None else [self.ladder, self._other]
        read = {name for each in ladders for name in each.axes}
        names = [name for name in BY_NAME if name in read] if self._brief is None else self._brief
        groups: dict[str, list[widgets.Widget]] = {}
        self.controls = {}
        for name in names:
            axis = BY_NAME[name]
            values = tuple(value for value in axis.values if all(value in each.domain(name) for each in ladders))
            value = state.get(axis.keyword, READY[self.ladder.instruction][name])
            control = _control(axis, values, value if value in values else READY[self.ladder.instruction][name])
            control.observe(lambda _change, name=name: self._changed(name), "value")
            self.controls[axis.keyword] = control
            groups.setdefault(name.split(".")[0], []).append(control)
        boxes = [widgets.HBox(group, layout=_WRAP) for group in groups.values()]
        self._left.children = ([self.mode] if self._has_mode() else []) + boxes

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
            bits = MODES.get(change["new"], {})
            self.set({BY_NAME[name].keyword: value for name, value in bits.items()})

    def _change_ladder(self, _change: object) -> None:
        if self._busy:
            return
        state = self.state
        with self._together():
            if self.ladder.instruction != self.instruction.value:
                state.pop("vmx", None)  # each instruction is ready in another VMX operation
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
        return ids if self._given.source in all_sources() else [self._given.source, *ids]

    def _find(self, source: str) -> Ladder:
        wanted = (self.instruction.value, source)
        return self._given if wanted == (self._given.instruction, self._given.source) else ladder(*wanted)

    def _repair(self, _button: object) -> None:
        self._touched = None
        self.set(self.verdict.repair() or {})

    def _go_possible(self, _button: object) -> None:
        nearest = self.verdict.nearest
        self._touched = None
        self.set(nearest)

    def _start_again(self, _button: object) -> None:
        self._touched = None
        self.set({BY_NAME[name].keyword: value for name, value in READY[self.ladder.instruction].items()})

    def _show(self) -> None:
        found = self.verdict
        other = None if self._other is None else self._decide(self._other)
        self._busy = True
        self.mode.value = mode_of(found.state.columns) or _NO_MODE
        self._busy = False
        self.repair.disabled = not (found.outcome != "success" and found.repair())
        self.possible.disabled = found.possible
        if self._brief is None:
            self.page.value = render(found, other)
        else:
            self.page.value = brief(found, [BY_NAME[name] for name in self._brief])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        # Where no kernel runs (a notebook read on a web page), the page stands in for the controls.
        shown = dict(super()._repr_mimebundle_(**kwargs) or {})
        return {**shown, "text/plain": repr(self.verdict), "text/html": self.page.value}


def _value(control: widgets.Widget) -> Value:
    return int(control.value) if isinstance(control, widgets.Checkbox) else control.value


def _control(axis: Axis, values: tuple[Value, ...], value: Value) -> widgets.Widget:
    hint = f"{axis.where}: {axis.meaning}"
    if values == (0, 1):
        layout = widgets.Layout(width="auto", min_width="9em", margin="2px 1em 2px 2px")
        return widgets.Checkbox(value=bool(value), description=axis.name, tooltip=hint, indent=False, layout=layout)
    return widgets.Dropdown(
        options=values, value=value, description=axis.name, tooltip=hint,
        layout=widgets.Layout(width="13em"), style={"description_width": "5em"},
    )  # fmt: skip


def _choice(name: str, options: Iterable[str], value: str) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=list(options), value=value, description=name,
        layout=widgets.Layout(width="19em"), style={"description_width": "7em"},
    )  # fmt: skip


def _button(text: str, hint: str, action: Any) -> widgets.Button:
    button = widgets.Button(description=text, tooltip=hint, layout=widgets.Layout(width="auto"))
    button.on_click(action)
    return button


def explorer(
    instruction: str = "VMXON", source: str | Ladder = "kvm-2011", axes: Iterable[str] | None = None
) -> Explorer:
    """Return controls in the ready state, with the verdict, the ladder and a small map beside them.

    `axes` names the only axes that get a control, for a briefer page; None: those that the ladder reads.
    Raises TypeError or ValueError for an instruction, a source or an axis that does not exist.
    """
    return Explorer(ladder(instruction, source), axes)
