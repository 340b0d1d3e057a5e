"""The ladder, drawn as a ladder: which checks are made, in which order, and where one stops."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

from ..ladders import ladder as find_ladder
from ..model.axis import AXES, named_values
from ..model.errors import InvalidType, InvalidValue, unknown
from ..model.instruction import INSTRUCTIONS
from ..model.ladder import Ladder, Rung
from ..model.outcome import OUTCOMES
from ..model.verdict import Verdict, decide
from .canvas import GREY, INK, MARK, NORMAL, REAL, SMALL, WIDTH, Canvas
from .picture import Picture, outcome_keys

_TOP, _ROW = 0.82, 0.25  # inches: where the first rung is, and from one to the next
_END = "no check is left"


class _Step(NamedTuple):
    """One rung as it is drawn, or the end of the ladder (`rung` is None).

    `mark`: ticked, stopped, plain, grey, or to come (grey, and it does not tell yet how it ends).
    """

    number: int
    rung: Rung | None
    mark: str
    differs: bool = False

    @property
    def outcome(self) -> str:
        return self.rung.outcome if self.rung else "success"

    @property
    def name(self) -> str:
        return self.rung.name if self.rung else _END


def checks(
    instruction: str,
    source: str | Ladder,
    passed: int | None = None,
    stopped: object = None,
    beside: str | Ladder | None = None,
) -> Picture:
    """Draw the checks as the rungs of a ladder, from the top, each with how it ends the instruction.

    `passed`: the first so many are ticked; the others are grey and do not tell yet how they end.  None: neither.
    `stopped` marks the check that decides: a state such as `{"cpl": 3}`, a verdict, or the name of a check, an axis or
    a column; those above it are ticked.
    `beside` is another instruction, or another source: two ladders side by side, and what only one of them does, or
    does elsewhere, is marked.  Raises InvalidValue if `passed` is more than there are checks, and UnknownName if no
    check has the name.

    >>> checks("VMXOFF", "intel", passed=2)
    VMXOFF by intel, 9 checks from the top: the first 2 are ticked; 7 are still to come.
    >>> checks("VMXON", "intel", stopped={"cpl": 3}).sentence.split(". ")[1]
    'Stopped at check 8, CPL 0: #GP(0), because CPL = 3.'
    """
    first = find_ladder(instruction, source)
    second = None
    if beside is not None:
        other = (beside, source) if beside in INSTRUCTIONS else (instruction, beside)
        second = find_ladder(*other)
    ladders = [first] if second is None else [first, second]
    if passed is not None and not (type(passed) is int and 0 <= passed <= len(first.rungs)):
        raise InvalidValue(f"passed: {passed!r} is not a number from 0 to {len(first.rungs)}")
    ends = _ends(ladders, stopped)
    columns = [_steps(each, passed, end) for each, end in zip(ladders, ends, strict=True)]
    rows = [(step,) for step in columns[0]] if second is None else _side_by_side(*columns)
    sentence = " ".join(
        [_sentence(each, passed, end, second is not None) for each, end in zip(ladders, ends, strict=True)]
        + ([_difference(rows)] if second else [])
    )
    return _draw(ladders, ends, rows).picture(sentence)


class _End(NamedTuple):
    """Where a ladder stops: at the rung of this number (0: nowhere, success), and the cause, if a state is known."""

    number: int
    cause: str


def _ends(ladders: Sequence[Ladder], stopped: object) -> list[_End | None]:
    """Return where each ladder stops; None if nothing is asked, or if it has no such check."""
    if stopped is None:
        return [None for _ in ladders]
    if isinstance(stopped, Verdict):
        stopped = stopped.state
    if isinstance(stopped, Mapping):
        found = [decide(each, named_values(stopped)) for each in ladders]
        return [_End(_number(each.ladder, each.rung), each.cause) for each in found]
    if not isinstance(stopped, str):
        raise InvalidType(f"stopped: {stopped!r} is no state, verdict or name of a check")
    column = next((axis.name for axis in AXES if stopped in (axis.name, axis.keyword)), None)
    rungs = [
        next((rung for rung in each.rungs if rung.name == stopped or column in rung.when), None) for each in ladders
    ]
    if not any(rungs):
        raise unknown("check", stopped, [rung.name for rung in ladders[0].rungs])
    return [_End(_number(each, rung), "") if rung else None for each, rung in zip(ladders, rungs, strict=True)]


def _number(ladder: Ladder, rung: Rung | None) -> int:
    return ladder.number(rung) if rung else 0


def _steps(ladder: Ladder, passed: int | None, end: _End | None) -> list[_Step]:
    """Return the rungs with their marks, and the end of the ladder."""
    count = len(ladder.rungs)
    ticked = passed or 0
    at = None
    if end is not None:
        at = end.number or count + 1
        ticked = at - 1
    calm = "grey" if end is not None else "plain" if passed in (None, count) else "to come"
    steps = []
    for number, rung in enumerate([*ladder.rungs, None], 1):
        mark = "stopped" if number == at else "ticked" if number <= ticked else calm
        steps.append(_Step(number, rung, mark))
    return steps


def _side_by_side(left: Sequence[_Step], right: Sequence[_Step]) -> list[tuple[_Step | None, ...]]:
    """Return rows in which equal rungs of both stand beside each other; the others are marked."""

    def key(step: _Step) -> tuple[str, str]:
        return step.name, step.rung.ending if step.rung else ""

    matcher = SequenceMatcher(None, [key(step) for step in left], [key(step) for step in right], autojunk=False)
    rows: list[tuple[_Step | None, ...]] = []
    for what, a, b, c, d in matcher.get_opcodes():
        pairs = zip_longest(left[a:b], right[c:d])
        if what == "equal":
            rows += pairs
        else:
            rows += [tuple(step and step._replace(differs=True) for step in pair) for pair in pairs]
    return rows


def _draw(ladders: Sequence[Ladder], ends: Sequence[_End | None], rows: Sequence[tuple[_Step | None, ...]]) -> Canvas:
    two = len(ladders) == 2
    shown = sorted({OUTCOMES.index(step.outcome) for row in rows for step in row if step})
    instructions = list(dict.fromkeys(each.instruction for each in ladders))
    title = f"{' and '.join(instructions)}: the first check that fails decides"
    (end,) = ends if not two else (None,)
    if end and end.number and end.cause:
        title = f"{instructions[0]}: {ladders[0].rungs[end.number - 1].outcome}, because {end.cause}"
    height = _TOP + _ROW * len(rows) + 0.15 + (0.24 * (1 + (len(shown) > 5)) + 0.2 if two else 0)
    canvas = Canvas(height, title)
    for n, ladder in enumerate(ladders):
        left = n * WIDTH / 2
        rails = (left + 0.62, left + (3.25 if two else 4.6))
        canvas.text(
            rails[0], 0.56, f"{ladder.instruction} by {ladder.source} asks for", ha="left", color=GREY, size=SMALL
        )
        canvas.text(rails[1] + 0.08, 0.56, "if not" if two else "if not, it ends in", ha="left", color=GREY,
                    size=SMALL)  # fmt: skip
        places = [_TOP + _ROW * y for y, row in enumerate(rows) if row[n]]
        for x in rails:
            canvas.line((x, places[0] - 0.1), (x, places[-1] + 0.14), colour=INK, width=2)
        for y, row in enumerate(rows):
            step = row[n]
            if step is not None:
                _draw_step(canvas, step, _TOP + _ROW * y, rails, two=two)
    if two:
        canvas.figure.legend(handles=outcome_keys(shown), loc="lower center", ncols=5, frameon=False, fontsize=SMALL)
    return canvas


def _draw_step(canvas: Canvas, step: _Step, y: float, rails: tuple[float, float], *, two: bool) -> None:
    ink = GREY if step.mark in ("grey", "to come") else INK
    look: dict[str, Any] = {"color": ink, "weight": "bold" if step.mark == "stopped" else "normal"}
    look["size"] = SMALL if two else NORMAL
    if step.mark == "stopped" or step.differs:
        fill = MARK if step.mark == "stopped" else REAL
        canvas.cell(rails[0], y - 0.115, rails[1] - rails[0], 0.23, fill=fill, edge="none")
    canvas.line((rails[0], y + 0.125), (rails[1], y + 0.125), width=0.8)
    canvas.text(rails[0] - 0.5, y, {"ticked": "✓", "stopped": "►"}.get(step.mark, ""), **look)
    if step.differs:
        canvas.text(rails[0] - 0.35, y, "≠", **look)
    if step.rung:
        canvas.text(rails[0] - 0.06, y, str(step.number), ha="right", **look)
    canvas.text(rails[0] + 0.08, y, _short(step.name) if two else step.name, ha="left", **look)
    if step.mark == "to come":
        canvas.text(rails[1] + 0.08, y, "?", ha="left", **look)
        return
    canvas.ending(rails[1] + 0.08, y, step.outcome, grey=step.mark == "grey")
    if not two:
        canvas.text(rails[1] + 0.4, y, step.rung.ending if step.rung else "success", ha="left", **look)


def _short(name: str) -> str:
    """A check's name where there is less room."""
    return (
        name.replace("(a current VMCS)", "(VMCS)").replace("(no current VMCS)", "(no VMCS)").replace("VMX root", "root")
    )


def _sentence(ladder: Ladder, passed: int | None, end: _End | None, beside: bool) -> str:
    text = f"{ladder.instruction} by {ladder.source}, {len(ladder.rungs)} checks from the top"
    to_come = 0 if passed is None or end is not None else len(ladder.rungs) - passed
    numbered = [(f"{number} {rung.name}", rung.ending) for number, rung in enumerate(ladder.rungs, 1)]
    if passed == 0 and to_come:
        return f"{text}, none of them ticked yet: {', '.join(name for name, _ in numbered)}."
    if to_come:  # the names of all were in the first picture
        return f"{text}: the first {passed} are ticked; {to_come} are still to come."
    if end is not None and end.number and not beside:
        return f"{text}: {f'the first {end.number - 1} pass. ' if end.number > 1 else ''}{_stop_text(ladder, end)}"
    groups = groupby(numbered, lambda each: each[1])
    parts = [f"{', '.join(name for name, _ in group)}: {ending}" for ending, group in groups]
    text += f", and how it ends without: {'; '.join(parts)}; if none stops it, success."
    if end is not None:
        return f"{text} {_stop_text(ladder, end)}"
    return text if passed is None else f"{text} All are ticked."


def _stop_text(ladder: Ladder, end: _End) -> str:
    if not end.number:
        return "All checks pass: success."
    rung = ladder.rungs[end.number - 1]
    because = f", because {end.cause}" if end.cause else ""
    return f"Stopped at check {end.number}, {rung.name}: {rung.ending}{because}."


def _difference(rows: Sequence[tuple[_Step | None, ...]]) -> str:
    first, second = (sum(step.differs for row in rows for step in row[n : n + 1] if step) for n in (0, 1))
    same = sum(all(step and step.rung and not step.differs for step in row) for row in rows)
    return f"{same} checks are the same in both; marked: {first} of the first, {second} of the second."
