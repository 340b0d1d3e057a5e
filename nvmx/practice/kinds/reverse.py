"""The reverse: the outcome is known, and all axes but one or two; which values are possible?"""

from collections.abc import Mapping, Sequence
from itertools import product

from ...model.axis import BY_NAME, Value
from ...model.ladder import Ladder
from ...model.rules import broken_rule
from ..chooser import Chooser
from ..draw import draw_ladder, draw_state
from ..level import Level
from ..task import Blank, Problem
from ..typed import read_values
from ..wording import in_bits

_NOTE = "Axes that are not named are ready (nvmx axes)."


def make(chooser: Chooser, level: Level, seed: int) -> Problem:
    """Return a problem of this kind; from level 3 on, two axes are asked for at once."""
    count = 2 if level.number > 2 else 1
    while True:
        drawn = draw_state(chooser, draw_ladder(chooser, level), level)
        ladder, state = drawn.ladder, drawn.state
        named = list(dict.fromkeys(name for rung in drawn.firing for name in rung.when)) or list(ladder.reads)
        first = chooser.pick(named)
        others = chooser.shuffled([name for name in ladder.reads if name != first])[: count - 1]
        names = sorted([first, *others], key=list(BY_NAME).index)
        endings = possible_endings(ladder, state.columns, names)
        right = [values for values, ending in endings.items() if ending == drawn.ending]
        if len(right) < len(endings) and all(_matters(endings, place) for place in range(count)):
            break
    asked = "/".join(names)
    lines = [
        f"{ladder.instruction} was executed; {ladder.source} decided, and it ended in {drawn.ending}.",
        "The state was:",
        *in_bits(ladder.instruction, state.columns, names),
        _NOTE,
        f"Which values can {' and '.join(names)} have had?"
        + (f" Write pairs {asked}, with a semicolon between them." if count > 1 else " Write all of them."),
    ]
    blank = _blank(asked, right, endings, drawn.ending, names)
    shown = tuple((name, value) for name, value in state.columns.items() if name not in names)
    facts = {"ladder": ladder, "state": state, "unknown": names, "ending": drawn.ending}
    return Problem("reverse", seed, level.number, lines, [blank], (ladder.source, drawn.ending, shown), facts=facts)


def possible_endings(ladder: Ladder, state: Mapping[str, Value], names: Sequence[str]) -> dict[tuple[Value, ...], str]:
    """Return how it ends for all values of some axes that make a possible state about which the source says something.

    >>> import nvmx
    >>> from nvmx.model.instruction import READY
    >>> possible_endings(nvmx.ladder("VMXON", "intel"), READY["VMXON"], ["CR4.VMXE"])
    {(0,): '#UD', (1,): 'success'}
    """
    found = {}
    for values in product(*(ladder.domain(name) for name in names)):
        changed = {**state, **dict(zip(names, values, strict=True))}
        if broken_rule(changed) is None:
            rung = ladder.deciding(changed)
            found[values] = rung.ending if rung else "success"
    return found


def _matters(endings: Mapping[tuple[Value, ...], str], place: int) -> bool:
    """Return whether two possible combinations that differ only in this axis end differently."""
    rests: dict[tuple[Value, ...], set[str]] = {}
    for values, ending in endings.items():
        rests.setdefault(values[:place] + values[place + 1 :], set()).add(ending)
    return any(len(each) > 1 for each in rests.values())


def _blank(
    asked: str, right: Sequence[tuple[Value, ...]], endings: Mapping[tuple[Value, ...], str], ending: str,
    names: Sequence[str],
) -> Blank:  # fmt: skip
    def text(values: Sequence[Value]) -> str:
        return "/".join(map(str, values))

    others = ", ".join(f"{text(values)}: {end}" for values, end in endings.items() if end != ending)
    possible = 1
    for name in names:
        possible *= len(BY_NAME[name].values)
    why = f"otherwise {others}" + ("; the rest is impossible" if len(endings) < possible else "")
    answer = "; ".join(map(text, right))

    def objection(given: frozenset[tuple[Value, ...]]) -> str:
        for values in sorted(given, key=text):
            if values not in endings:
                return f"{text(values)} makes a state that no processor can be in, or that the source does not know"
            if endings[values] != ending:
                return f"with {text(values)} it ends in {endings[values]}"
        missing = [text(values) for values in right if values not in given]
        return f"{', '.join(missing)} would do as well" if missing else ""

    return Blank(asked, answer, why, read_values(list(names)), objection)
