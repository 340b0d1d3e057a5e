"""The sentences about a state that all sorts of katas share, and the counterexample that is made of them."""

from collections.abc import Iterable, Mapping, Sequence

from ...model.axis import AXES, BY_NAME, Value, find_axis, named_values
from ...model.box import matches
from ...model.errors import NvmxError
from ...model.instruction import READY, not_ready
from ...model.ladder import Ladder, Rung
from ...model.rules import complete
from ...model.sentence import listed
from ...model.state import State
from ...model.verdict import Verdict, cause_text
from .result import Check

_WIDEST = 80  # of something of the reader's that is quoted, in characters


def quoted(thing: object) -> str:
    """Return what a reader gave, short enough for a sentence, whatever its `repr` does.

    >>> quoted("x" * 100)[-5:]
    'x ...'
    """
    try:
        text = " ".join(repr(thing).split())
    except Exception:  # noqa: BLE001 - it is the reader's class
        text = f"a {type(thing).__name__}"
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 4]} ..."


def state_text(instruction: str, state: Mapping[str, Value]) -> str:
    """Say what differs from the ready state (`state` by column name).

    >>> state_text("VMXON", {**READY["VMXON"], "CR0.NE": 0})
    'VMXON, ready except for CR0.NE = 0'
    """
    changed = not_ready(instruction, state)
    return f"{instruction}, ready" + (f" except for {changed}" if changed != "ready" else "")


def right_text(verdict: Verdict) -> str:
    """Say how it ends, and why: `#GP(0), because CR0.NE = 0 (check 12)`.

    >>> import nvmx
    >>> right_text(nvmx.verdict("VMXON", "intel", cr0_ne=0))
    '#GP(0), because CR0.NE = 0 (check 12)'
    """
    if verdict.rung is None:
        return "success, since no check stands in the way"
    return f"{verdict.ending}, because {verdict.cause} (check {verdict.ladder.number(verdict.rung)})"


def verdict_in(ladder: Ladder, state: Mapping[str, Value], kept: Iterable[str] = ()) -> Verdict:
    """Return the verdict in a complete state, by column name; the closest possible state has the same `kept` axes."""
    rung, *masked = ladder.firing(state) or (None,)
    return Verdict(ladder, State(state), rung, tuple(each for each in masked if each), frozenset(kept))


def hints_for(verdict: Verdict) -> tuple[str, ...]:
    """Return hints about one state, the shortest first."""
    rung, state = verdict.rung, verdict.state
    ready = READY[verdict.ladder.instruction]
    if rung is None:
        changed = [name for name, value in state.columns.items() if value != ready[name]]
        if not changed:
            return ("Look at the ready state.", "Here every check passes: which of yours fires?")
        return (
            f"Look at {listed(changed)}.",
            "Here every check passes: which of yours fires?",
            f"By {verdict.ladder.source}, {listed(changed)} alone {_is_are(changed)} no reason to refuse.",
        )
    named = [name for name in rung.when if state.columns[name] != ready[name]] or list(rung.when)
    second = (
        f"{1 + len(verdict.masked)} checks fire here: which of them comes first?"
        if verdict.masked
        else "Which of your checks fires here?"
    )
    third = f"Check {verdict.ladder.number(rung)} asks for {rung.name}: {rung.reason}."
    return f"Look at {listed(named)}.", second, third


def _is_are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def counterexample(
    verdict: Verdict,
    given: object,
    says: str,
    *,
    right: str = "",
    hints: tuple[str, ...] | None = None,
    progress: str = "",
    notes: tuple[str, ...] = (),
) -> Check:
    """Return the result for an answer that is wrong in one state; `says` is what it does there, as a clause.

    `right` and `hints` are what is right, and how to find it; None: those of the verdict.
    """
    instruction, state = verdict.ladder.instruction, verdict.state
    sentence = f"{state_text(instruction, state.columns)}: {says}; {ends_in(verdict, right)}."
    hints = hints_for(verdict) if hints is None else hints
    return Check(False, sentence, state, given, verdict.ending, verdict.rung, hints, progress, notes)


def ends_in(verdict: Verdict, right: str = "") -> str:
    """Say how it ends, and by whom if that is not the manual.

    >>> import nvmx
    >>> ends_in(nvmx.verdict("VMXON", "xen", cpl=1))
    'by xen it is #GP(0), because CPL = 1 (check 8)'
    """
    by = "" if verdict.ladder.source == "intel" else f"by {verdict.ladder.source} "
    return f"{by}it is {right or right_text(verdict)}"


def ends_sentence(verdict: Verdict) -> str:
    """Say in which state it ends how, and why."""
    return f"{state_text(verdict.ladder.instruction, verdict.state.columns)}: {ends_in(verdict)}."


def passed(verdict: Verdict, given: object, *notes: str) -> Check:
    """Return the result for a right answer about one state."""
    return Check(True, ends_sentence(verdict), verdict.state, given, verdict.ending, verdict.rung, notes=notes)


def all_right(count: int, ladder: Ladder) -> str:
    """Say that all states are right."""
    return f"right in all {count:,} possible states{'' if ladder.source == 'intel' else f', by {ladder.source}'}"


def progress_text(right: int, total: int) -> str:
    """Say how many states are right."""
    return f"Right in {right:,} of {total:,} states."


def named_state(given: object, what: str, fixed: Mapping[str, Value] | None = None) -> tuple[dict[str, Value], str]:
    """Return a state that a reader wrote, by column name, or a sentence about what is wrong with it.

    The axes that the task has `fixed` (by column name) are added; a state must not change them.

    >>> named_state({"cpl": 3}, "the state", {"VMX": "off"})
    ({'CPL': 3, 'VMX': 'off'}, '')
    >>> named_state({"vmx": "root"}, "the state", {"VMX": "off"})[1]
    'the state: VMX = root, but this kata asks for VMX = off'
    >>> named_state({"cr4vmxe": 0}, "the state")[1][:60]
    "the state: axis: 'cr4vmxe' is not allowed; did you mean 'cr4"
    """
    if not isinstance(given, Mapping):
        return {}, f'{what} is {quoted(given)}: write a dict of what differs from ready, such as {{"cpl": 3}}'
    try:
        named = named_values(given)
    except NvmxError as error:
        return {}, f"{what}: {shorter(str(error))}"
    for name, value in (fixed or {}).items():
        if named.setdefault(name, value) != value:
            return {}, f"{what}: {name} = {named[name]}, but this kata asks for {name} = {value}"
    return named, ""


def shorter(sentence: str) -> str:
    """Leave out the list of all axes: it is longer than the sentence."""
    head, allowed, _ = sentence.partition(" (allowed: ")
    return head if allowed and len(sentence) > 4 * _WIDEST else sentence


def complete_state(ladders: Sequence[Ladder], given: Mapping[str, Value], what: str) -> tuple[list[Verdict], str]:
    """Return each ladder's verdict in the state that a reader named, or a sentence about why there is none.

    >>> import nvmx
    >>> complete_state([nvmx.ladder("VMXON", "intel")], {"current_VMCS": 1}, "the state")[1]
    'the state: no processor can be in this state: outside VMX operation there is no current VMCS; possible with: \
VMX off -> root'
    """
    read = {name for ladder in ladders for name in ladder.reads}
    state = complete({**READY[ladders[0].instruction], **given}, {*given, *read})
    try:
        for ladder in ladders:
            ladder.check_domain(state)
    except NvmxError as error:
        return [], f"{what}: {error}"
    verdicts = [verdict_in(ladder, state, given) for ladder in ladders]
    if verdicts[0].objection:
        return [], f"{what}: {verdicts[0].objection}; possible with: {verdicts[0].way_to_nearest}"
    return verdicts, ""


def key_hint(key: object) -> str:
    """Say which key a reader probably meant who asked a state for `key`.

    >>> key_hint("CR4.VMXE"), key_hint("vmxe")
    ("write state['cr4_vmxe']", "did you mean 'cr4_vmxe'?")
    """
    from difflib import get_close_matches

    if not isinstance(key, str):
        return "its keys are the keywords of the axes, such as 'cpl'"
    if key in BY_NAME:
        return f"write state[{find_axis(key).keyword!r}]"
    keywords = [axis.keyword for axis in AXES]
    plain = key.lower().replace(".", "_").replace("-", "_")
    close = [each for each in keywords if plain in each] or get_close_matches(plain, keywords, 1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if plain and close else f"its keys are {', '.join(keywords)}"


def fires(rung: Rung, verdict: Verdict) -> str:
    """Say of a check whether it fires in a state, and because of what."""
    if matches(rung.when, verdict.state.columns):
        return f"it fires here, because {cause_text(rung, verdict.state)}"
    passes = [name for name, values in rung.when.items() if verdict.state.columns[name] not in values]
    return f"it passes here, because {' and '.join(f'{name} = {verdict.state.columns[name]}' for name in passes)}"
