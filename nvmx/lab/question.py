"""Questions: an outcome, a cause or a number to predict, with two tries and a reply to each; then the solution.

A question is described once: what is asked, and what to reply to each answer.  The widget shows that description, and
so does what stands in for it where no kernel runs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anywidget import AnyWidget
from traitlets import Dict, List, TraitType, Unicode, observe, validate

from ..ask import verdict
from ..model.axis import named_values
from ..model.errors import InvalidType, InvalidValue, unknown
from ..model.explanation import Explanation, suspect_cause
from ..model.html import Markup, badge, join, tag
from ..model.ladder import Ladder
from ..model.outcome import BY_OUTCOME, OUTCOMES, outcome_name
from ..model.sentence import values_text
from ..practice.reply import (
    cause_choice,
    cause_reply,
    manual_says,
    manual_text,
    outcome_reply,
    too_low_or_high,
    values_in_words,
)
from ..web import module
from .column import close_all

if TYPE_CHECKING:
    from ..bochs import Execution, Log

_GLUE = Path(__file__).with_name("quiz_widget.js").read_text("utf-8")
TRIES = 2


@dataclass(frozen=True)
class Choice:
    """One answer to choose: its name, its label, and the reply to it; the right one has none."""

    name: str
    label: str
    reply: str | None


class Prediction(AnyWidget):
    """A question with two tries: `choice` is the answer tried last, `answer` what was replied to it (HTML).

    To set `choice` is to try it.  With the first wrong one, `answer` says why it is wrong; with the second, or the
    right one, it has the solution.

    >>> question = predict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    >>> question.choice = "#GP(0)"
    >>> question.answer
    'Not so: #GP(0) would be right with CR4.VMXE = 1: CPL = 3 fails check 8, but check 4 (CR4.VMXE = 0) comes first. \
Try once more.'
    """

    choice: Any = TraitType(None, allow_none=True)

    _esm = module("dom", "quiz") + _GLUE.replace('import { quiz } from "../web/quiz.js";\n', "")
    _asked = Dict().tag(sync=True)
    _shows = Unicode().tag(sync=True)
    _tried: Any = List().tag(sync=True)

    def __init__(self, asked: Mapping[str, object], solution: Markup, shows: object) -> None:
        self.question = str(asked["question"])
        self._solution = solution
        super().__init__(_asked=dict(asked), _shows=_html(shows))

    @property
    def choices(self) -> tuple[str, ...]:
        """The names to choose from; empty if a number is asked for."""
        return tuple(name for name, *_ in self._asked["choices"] or ())

    @property
    def solved(self) -> bool:
        """Whether the solution is shown: after the right answer, or the second wrong one."""
        return any(map(self._is_right, self._tried)) or len(set(self._tried)) >= TRIES

    @property
    def answer(self) -> str:
        """What was replied to the last choice, as HTML; "" before the first."""
        if not self._tried:
            return ""
        last = self._tried[-1]
        if self._is_right(last):
            return str(self._asked["praise"])
        if self._asked["choices"]:
            replies = next(each for each in self._asked["choices"] if each[0] == last)
        else:
            replies = next(each for each in self._asked["bounds"] if each[0] is None or last < each[0])
        return str(replies[2 if self.solved else 1])

    def _is_right(self, answer: Any) -> bool:
        right = self._asked["right"]
        return bool(answer == right if isinstance(right, str) else right[0] <= answer <= right[1])

    @validate("choice")
    def _check_choice(self, proposal: Any) -> object:
        given = proposal.value
        if given is None:
            return None
        if self._asked["choices"]:
            if given not in self.choices:
                raise unknown("choice", given, self.choices)
        elif isinstance(given, (bool, str)) or not isfinite(given):
            raise InvalidType(f"choice: {given!r} is not a number")
        return given

    @observe("choice")
    def _try(self, change: Any) -> None:
        if change.new is None:
            self._tried = []
        elif self._tried[-1:] != [change.new]:
            self._tried = [*self._tried, change.new]

    @observe("_tried")
    def _follow(self, change: Any) -> None:
        self.choice = change.new[-1] if change.new else None

    def static(self) -> tuple[str, str]:
        """Return the question, and the question with its answer folded away: what stands in where no kernel runs.

        The HTML says in `data-nvmx-quiz` what is asked, so that a page with the right script can make it live.
        """
        labels = [tag("li", label) for *_, label in self._asked["choices"] or ()]
        shows = tag("div", Markup(self._shows), **{"class": "shows"}) if self._shows else ""
        page = join(
            tag("p", tag("b", self.question)),
            tag("ul", *labels) if labels else "",
            tag("details", tag("summary", "Answer"), tag("p", self._solution), shows),
        )
        data = json.dumps(self._asked, ensure_ascii=False, separators=(",", ":"))
        return self.question, tag("div", page, data_nvmx_quiz=data)

    def close(self) -> None:
        """Close the widget, in Python and in the page."""
        if self.comm is not None:
            close_all(self.layout)
        super().close()

    def __repr__(self) -> str:
        return self.question

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        text, html = self.static()
        return {**data, "text/plain": text, "text/html": html}, metadata


def predict(
    instruction: str,
    source: "str | Ladder | Log",
    /,
    *,
    choices: Iterable[str] | None = None,
    shows: object = None,
    **axes: object,
) -> Prediction:
    """Ask how the instruction ends in a state (axes as for `verdict`); the solution follows two tries.

    `choices` are the outcomes to offer (None: all in which the instruction can end by this source, and what Intel's
    manual says here), and `shows` is shown with the solution: text, or what a notebook can show.  `source` may be a
    processor's log; then the answer is what it did.  Raises InvalidType if no axis is named, InvalidValue if the right
    outcome is not among the choices, and otherwise what `verdict` raises, or `nvmx.bochs.ask` for a log.

    >>> question = predict("VMXON", "intel", cpl=3, choices=["success", "#UD", "#GP(0)"])
    >>> question.question
    'VMXON by intel, ready except for CPL = 3: how does it end?'
    >>> question.choice = "#UD"
    >>> question.answer
    'Not so: #UD would be right with CR4.VMXE = 0: check 4 asks for CR4.VMXE set, and passes here. Try once more.'
    """
    if not axes:
        raise InvalidType("predict: name at least one axis, such as cpl=3")
    if isinstance(source, (str, Ladder)):
        found = verdict(instruction, source, **axes)
        by, outcome = found.ladder.source, found.outcome
        ends = {"success", outcome, *(rung.outcome for rung in found.ladder.rungs if not rung.shadowed)}
        if manual := manual_says(instruction, found.state.columns):
            ends.add(manual.outcome)  # if it were not offered, that would tell that the source says something else
        solution = join(badge(outcome), f", because {found.reason}." if found.rung else f", {found.reason}.")
        replies = {
            name: None if name == outcome else outcome_reply(found, name) for name in _offered(outcome, choices, ends)
        }
    else:
        from ..bochs import Log  # needs numpy, and this module must work without it
        from ..bochs.execution import ask, outcomes_seen

        if not isinstance(source, Log):
            raise InvalidType(f"source: {source!r} is neither a source's id nor a Ladder nor a processor's Log")
        execution = ask(instruction, source, **axes)
        by, outcome = source.name, execution.outcome
        solution = join(badge(outcome), f", {execution.description}.")
        replies = {
            name: None if name == outcome else _executed_reply(source, execution, name)
            for name in _offered(outcome, choices, outcomes_seen(instruction, source))
        }
    asked = f"{instruction} by {by}, ready except for {values_text(named_values(axes))}: how does it end?"
    labels = {name: f"{name} – {BY_OUTCOME[name].meaning}" if name in BY_OUTCOME else name for name in replies}
    return _choose(asked, [Choice(name, labels[name], reply) for name, reply in replies.items()], solution, shows)


def _offered(outcome: str, choices: Iterable[str] | None, ends: Iterable[str]) -> list[str]:
    """Return the outcomes to offer, in the order of OUTCOMES; what is none of them comes last."""
    chosen = set(ends) if choices is None else {outcome_name(name) for name in _names(choices)}
    if outcome not in chosen:
        raise InvalidValue(f"choices: the right outcome is not among them ({', '.join(sorted(chosen))})")
    return [*(name for name in OUTCOMES if name in chosen), *sorted(chosen - {*OUTCOMES})]


def _names(choices: object) -> list[str]:
    if isinstance(choices, str) or not isinstance(choices, Iterable):
        raise InvalidType(f"choices: {choices!r} is not a list of names")
    return list(dict.fromkeys(choices))


def _executed_reply(log: "Log", execution: "Execution", outcome: str) -> str:
    """Reply to someone who says that the processor ended in `outcome`: in which state it did."""
    from ..bochs.execution import closest

    manual = manual_says(execution.instruction, execution.state.columns)
    lead = f"{manual_text(manual)}, but not what {log.name} did; " if manual and manual.outcome == outcome else ""
    change = closest(log, execution, outcome)
    if change is None:
        return f"{lead}in no state in which {log.name} executed {execution.instruction} did it end in {outcome}"
    return (
        f"{lead}{log.name} ended in {outcome} when {execution.instruction} was executed with {values_in_words(change)}"
    )


def predict_cause(explanation: Explanation, /, choices: Iterable[str], *, shows: object = None) -> Prediction:
    """Ask which check refused; `explanation` is what `nvmx.explain` returns, or `.explain()` of a reading.

    `choices` are names of axes (the checks that read them) or of checks; exactly one of them can be the cause.  `shows`
    as for `predict`.  Raises InvalidValue if none or several of them can be, and UnknownName if one does not exist.

    >>> import nvmx
    >>> report = nvmx.read("VMXON raises #GP. CR4=0x2020, CR0=0x80000031, FEATURE_CONTROL=1")
    >>> question = predict_cause(report.explain(cpl=0), ["CR4.VMXE", "FEATURE_CONTROL.vmx", "CR0.NE"])
    >>> question.choice = "CR0.NE"
    >>> question.answer
    'Not so: line 1 shows CR0.NE = 1, so check 12 passes. Try once more.'
    """
    if not isinstance(explanation, Explanation):
        raise InvalidType(f"explanation: {explanation!r} is not an Explanation; nvmx.explain returns one")
    suspects = {suspect.rung.name: suspect for suspect in explanation.suspects}
    offered = [cause_choice(explanation, name) for name in _names(choices)]
    right = [each for each in offered if any(rung.name in suspects for rung in each.rungs)]
    if len(right) != 1:
        causes = ", ".join(suspects) or "nothing can"
        raise InvalidValue(f"choices: exactly one must be what can be the cause, not {len(right)} of them ({causes})")
    who = f"{explanation.ladder.instruction} by {explanation.ladder.source}"
    seen = " and ".join(dict.fromkeys(each.text for each in explanation.observations))
    asked = f"{who}: {seen} was seen. Which check refused?" if seen else f"{who}: which check refuses?"
    right_suspects = [suspects[rung.name] for rung in right[0].rungs if rung.name in suspects]
    several = len(suspects) > len(right_suspects)
    solution = join(
        f"{right[0].name} {'can be' if several else 'is'} the cause: ",
        *(join("; or " if n else "", badge(each.rung.outcome), f" {'if' if each.open else 'because'} "
               f"{suspect_cause(each, explanation.known)}; check {each.number} asks for {each.rung.name} "
               f"({each.rung.reason}).", _repair(each.repair))
          for n, each in enumerate(right_suspects)),
    )  # fmt: skip
    options = [Choice(each.name, each.label, None if each is right[0] else cause_reply(explanation, each.name))
               for each in offered]  # fmt: skip
    return _choose(asked, options, solution, shows)


def _repair(repair: object) -> str:
    return "" if repair is None else f" Smallest repair: {repair}."


def guess(question: str, answer: float, /, *, shows: object = None, unit: str = "") -> Prediction:
    """Ask for a number; a reply says whether the guess is too low or too high, and how far.

    A guess of a whole number must be exact, of another one within 1 %.  `unit` is written behind it; `shows` as for
    `predict`.  Raises InvalidType if the answer is not a number.

    >>> question = guess("In how many states does it succeed?", 256, unit="states")
    >>> question.choice = 20
    >>> question.answer
    'Not so: too low: less than a tenth of it. Try once more.'
    """
    value: Any = answer.item() if hasattr(answer, "item") else answer
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise InvalidType(f"answer: {answer!r} is not a number")
    margin = 0 if value == int(value) else abs(value) / 100
    solution = join(tag("b", f"{value:,}", f" {unit}" if unit else ""), ".")
    bounds = [[None if bound == inf else bound, *_wrong(reply, solution)] for bound, reply in too_low_or_high(value)]
    asked = {"question": question, "choices": None, "bounds": bounds, "right": [value - margin, value + margin],
             "unit": unit, "praise": _right(solution)}  # fmt: skip
    return Prediction(asked, solution, shows)


def _choose(question: str, choices: Sequence[Choice], solution: Markup, shows: object) -> Prediction:
    if len(choices) < 2:
        raise InvalidValue("choices: there must be at least two")
    told = []
    right = ""
    for choice in choices:
        if choice.reply is None:
            right = choice.name
        replies = ("", "") if choice.reply is None else _wrong(choice.reply, solution)
        told.append([choice.name, *replies, choice.label])
    asked = {
        "question": question,
        "choices": told,
        "bounds": [],
        "right": right,
        "unit": "",
        "praise": _right(solution),
    }
    return Prediction(asked, solution, shows)


def _right(solution: Markup) -> Markup:
    return join(tag("b", "Right"), ": ", solution)


def _wrong(reply: str, solution: Markup) -> tuple[Markup, Markup]:
    """Return what to say to this wrong answer at the first try, and at the last."""
    said = join("Not so: ", reply, ". ")
    return join(said, "Try once more."), join(said, tag("b", "The answer"), ": ", solution)


def _html(shown: object) -> Markup:
    """Return what a notebook would show, as HTML."""
    if shown is None:
        return Markup()
    if isinstance(shown, str):
        return shown if isinstance(shown, Markup) else tag("p", shown)
    if hasattr(shown, "itertuples"):
        from .frame import Table  # needs pandas, which is here if there is a DataFrame

        shown = Table(shown)
    if hasattr(shown, "_repr_mimebundle_"):
        found = shown._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found, {})
        if "image/png" in data:
            alt = metadata.get("image/png", {}).get("alt", data.get("text/plain", ""))
            source = f"data:image/png;base64,{data['image/png']}"
            return tag("img", src=source, alt=alt, style="max-width:100%")
        if "text/html" in data:
            return Markup(data["text/html"])
    html = shown._repr_html_() if hasattr(shown, "_repr_html_") else None
    return tag("pre", repr(shown)) if html is None else Markup(html)
