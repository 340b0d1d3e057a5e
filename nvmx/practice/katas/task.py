"""The task of a kata, and which sort of check it asks for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from ...ladders import ladder as find_ladder
from ...model.axis import named_axes, named_values
from ...model.errors import InvalidValue, unknown
from ...model.ladder import Ladder
from ...model.outcome import outcome_name
from .result import Check, not_yet
from .sentences import quoted

_ON = (None, "vcpu")


def check(
    answer: object,
    instruction: str = "VMXON",
    source: str | Ladder = "intel",
    *,
    axes: Iterable[str] | None = None,
    state: Mapping[str, object] | None = None,
    target: str = "success",
    differs_from: str | Ladder | None = None,
    outcome: str | None = None,
    kills: int | None = None,
    on: str | None = None,
    seconds: float = 10,
    **fixed: object,
) -> Check:
    """Check what you wrote against a source: passed, or the simplest counterexample, with hints.

    What is checked follows from the answer:

    - a function `f(state)` that returns an outcome, or rows such as `({"cpl": [1, 2, 3]}, "#GP(0)")`, or a Ladder: in
      every possible state, nearest to ready first.  `axes`: those that vary; None: those of a table.  `state` is a dict
      by keyword: `state["cpl"]`.  With `on="vcpu"`, a handler `f(vcpu)` for `nvmx.kvm2011.Vcpu`.
    - changes such as `{"cr4_vmxe": 1}`, with `state` (the broken one): a smallest repair that leads to `target`.
    - a dict of outcomes and states: one state for each outcome that the source can end in.
    - a state, with `differs_from` (another source): the two sources end differently there.
    - a number, or a DataFrame, with `outcome` and/or axes such as `cpl=0`: how many possible states, or which.
    - a list of states, or a DataFrame of them: a test suite that shows `kills` faults (None: all that any state shows).
    - a string, with `state`: the check that decides there (the name of an axis or of a check).

    An answer that makes no sense gets a sentence, and so does a function that raises, or that is not done in `seconds`.
    Raises what `nvmx.verdict` raises if the task itself makes no sense.

    >>> check(lambda state: "#UD" if state["cr4_vmxe"] == 0 else "success", axes=["cr4_vmxe", "cpl"])
    Not yet: VMXON, ready except for CPL = 1: you say success; it is #GP(0), because CPL = 1 (check 8).
    Right in 5 of 8 states.
    Hint: Look at CPL. (2 more in .hints)
    >>> check("CPL", state={"cpl": 3}).passed
    True
    """
    ladder = find_ladder(instruction, source)
    pinned = named_values(fixed)
    ladder.check_domain(pinned)
    wanted = None if axes is None else named_axes(axes)
    outcome_name(target)
    if outcome is not None:
        outcome_name(outcome)
    if on not in _ON:
        raise unknown("on", on, _ON)
    if kills is not None and (type(kills) is not int or kills < 1):
        raise InvalidValue(f"kills: {kills!r} is not a number of faults")

    if answer is None or answer is Ellipsis:
        return not_yet("there is no answer yet" if answer is Ellipsis else "the answer is None: is a `return` missing?")
    if on == "vcpu":
        from .vcpus import check_handler

        return check_handler(answer, ladder, seconds)
    table = _records(answer)
    wish = _wish(state, differs_from, kills, outcome)
    if wish and not isinstance(answer if table is None else table, wish[0]):
        return not_yet(f"{quoted(answer)} is not what this kata asks for: {wish[1]}")
    if isinstance(answer, Mapping):
        return _check_dict(answer, ladder, state, target, differs_from, fixed)
    if isinstance(answer, str):
        from .states import check_decider

        if state is None:
            return not_yet(f"{quoted(answer)} is a text, and this kata asks for something else")
        return check_decider(answer, ladder, named_values({**state, **fixed}))
    if isinstance(answer, Ladder) or (isinstance(answer, (list, tuple)) and not _is_suite(answer, kills)):
        from .rows import check_rows

        return check_rows(answer, ladder, wanted, pinned)
    if isinstance(answer, (list, tuple)) or (table is not None and not (outcome or pinned or wanted)):
        from .suites import check_suite

        return check_suite(answer if table is None else table, ladder, kills)  # type: ignore[arg-type]
    if callable(answer):
        from .functions import check_function

        return check_function(answer, ladder, wanted, pinned, seconds)
    from .listings import check_count, check_listing

    if table is not None:
        return check_listing(table, ladder, wanted, pinned, outcome)
    return check_count(answer, ladder, wanted, pinned, outcome)


def _wish(
    state: object, differs_from: object, kills: int | None, outcome: str | None
) -> tuple[tuple[type, ...], str] | None:
    """Return which types an answer can have if the task says so, and how to write one."""
    if differs_from is not None:
        return (Mapping,), 'one state, such as {"cpl": 3}'
    if state is not None:
        return (Mapping, str), "changes to the state, such as {\"cpl\": 0}, or the name of a check, such as 'CPL'"
    if kills is not None:
        return (list, tuple), 'a list of states, such as [{"cpl": 3}, {"cr4_vmxe": 0}]'
    if outcome is not None:
        return (list, SupportsIndex, float), "a number, or a DataFrame with one row for each state"
    return None


def _check_dict(
    answer: Mapping[object, object],
    ladder: Ladder,
    state: Mapping[str, object] | None,
    target: str,
    differs_from: str | Ladder | None,
    fixed: Mapping[str, object],
) -> Check:
    from .states import check_difference, check_each_outcome, check_repair

    if differs_from is not None:
        return check_difference(answer, ladder, find_ladder(ladder.instruction, differs_from), named_values(fixed))
    if state is not None:
        return check_repair(answer, ladder, named_values({**state, **fixed}), target)
    return check_each_outcome(answer, ladder, named_values(fixed))


def _is_suite(answer: Sequence[object], kills: int | None) -> bool:
    """Return whether a list holds states instead of rows; an empty one does if faults are to be killed."""
    return kills is not None or (len(answer) > 0 and all(isinstance(each, Mapping) for each in answer))


def _records(answer: object) -> list[dict[str, Any]] | None:
    """Return the rows of a DataFrame, or None: pandas itself need not be loaded."""
    kind = type(answer)
    if kind.__name__ != "DataFrame" or not kind.__module__.startswith("pandas"):
        return None
    rows: list[dict[str, Any]] = answer.to_dict("records")  # type: ignore[attr-defined]
    return rows
