"""Read what people type as an answer: an outcome, a check, values of axes, yes or no, or a set of these."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ..model.axis import AXES, BY_NAME, Axis, Value
from ..model.ladder import Ladder, Rung
from ..model.outcome import OUTCOMES

T = TypeVar("T")
_SEPARATORS = re.compile(r"[,;|]|\band\b|\bor\b", re.IGNORECASE)
_SUCCESS = ("success", "succeeds", "succeed", "ok", "vmsucceed", "itsucceeds")
_NOTHING = ("none", "nothing", "no", "noone", "-", "nocheck", "empty", "{}", "0checks")
_YES = {"yes": "yes", "y": "yes", "true": "yes", "no": "no", "n": "no", "false": "no",
        "unknown": "unknown", "notknown": "unknown", "open": "unknown", "unclear": "unknown"}  # fmt: skip


class Unreadable(Exception):
    """What was typed is no answer of the kind that is wanted; the text says what is, in a kind sentence."""


def squeezed(text: str) -> str:
    """Return what counts in a typed word: no blanks, no case, no punctuation around it.

    >>> squeezed("  VM Exit. ")
    'vmexit'
    """
    return re.sub(r"\s+", "", text).strip("`'\".!").lower()


def read_ending(text: str) -> tuple[str, int | None]:
    """Read how an instruction ends: an outcome, perhaps with an error number (None: none was typed).

    >>> [read_ending(each) for each in ("gp", " #GP (0) ", "vmfail valid (error 15)", "succeeds")]
    [('#GP(0)', None), ('#GP(0)', None), ('VMfailValid', 15), ('success', None)]
    """
    word = squeezed(text).replace("#", "")
    number = re.search(r"\(?(?:,|error|err|number)*=?(\d{1,4})\)?$", word.removesuffix("(0)"))
    error = int(number[1]) if number else None
    bare = word.removesuffix("(0)")
    bare = bare[: number.start()] if number else bare
    for outcome in OUTCOMES:
        name = squeezed(outcome).lstrip("#").removesuffix("(0)")
        if bare in (name, f"{name}(0)", name.removeprefix("vm")):
            return outcome, error
    if bare in _SUCCESS and error is None:
        return "success", None
    if bare == "vmfail":
        raise Unreadable("VMfail has two forms: please say VMfailInvalid (CF) or VMfailValid (ZF)")
    raise Unreadable(f"'{text.strip()}' is no outcome I know; please write one of {', '.join(OUTCOMES)}")


def read_outcomes(text: str) -> frozenset[str]:
    """Read a set of outcomes, in any order.

    >>> sorted(read_outcomes("ud, gp or VM exit"))
    ['#GP(0)', '#UD', 'VM exit']
    """
    return frozenset(read_ending(part)[0] for part in _parts(text))


def read_choice(allowed: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of one of these words; its beginning is enough, if it fits only one.

    >>> read_choice(["kvm-2011", "xen"])(" XEN ")
    'xen'
    """

    def read(text: str) -> str:
        word = squeezed(text)
        found = [each for each in allowed if squeezed(each) == word]
        found = found or [each for each in allowed if word and squeezed(each).startswith(word)]
        if len(found) == 1:
            return found[0]
        raise Unreadable(f"'{text.strip()}' is none of the choices; please write one of {', '.join(allowed)}")

    return read


def read_yes(text: str) -> str:
    """Read yes, no or unknown.

    >>> read_yes("Y"), read_yes("not known")
    ('yes', 'unknown')
    """
    word = squeezed(text)
    if word not in _YES:
        raise Unreadable(f"'{text.strip()}' is neither yes nor no nor unknown; please write one of these")
    return _YES[word]


def read_checks(ladder: Ladder) -> Callable[[str], tuple[frozenset[Rung], ...]]:
    """Return a reader of checks, each by its number, its name, or an axis that it looks at; "none" is the empty set.

    What is read is, for each word, the rungs that it can mean.

    >>> import nvmx
    >>> [len(each) for each in read_checks(nvmx.ladder("VMXON", "intel"))("CPL, check 4, CR4.VMXE = 0, fc_lock")]
    [1, 1, 1, 1]
    """

    def one(text: str) -> frozenset[Rung]:
        word = squeezed(text).removeprefix("check").removeprefix("number")
        if number := re.fullmatch(r"(\d+)(?:\D.*)?", word):
            place = int(number[1])
            if not 1 <= place <= len(ladder.rungs):
                raise Unreadable(f"there is no check {place}: the ladder has the checks 1 to {len(ladder.rungs)}")
            return frozenset([ladder.rungs[place - 1]])
        found = [rung for rung in ladder.rungs if squeezed(rung.name) == word]
        axis = _axis(re.split(r"=|\bis\b", text)[0])
        if not found and axis:
            found = [rung for rung in ladder.rungs if axis.name in rung.when]
        if not found and len(word) > 2:
            found = [rung for rung in ladder.rungs if word in squeezed(rung.name)]
        if not found:
            asks = f"nvmx ladder {ladder.instruction} {ladder.source}"
            raise Unreadable(
                f"I know no check '{text.strip()}'; please write its number, its name, or the bit that it looks at"
                f" ({asks} lists them)"
            )
        return frozenset(found)

    def read(text: str) -> tuple[frozenset[Rung], ...]:
        if squeezed(text) in _NOTHING or squeezed(text) in _SUCCESS:
            return ()
        whole = [rung for rung in ladder.rungs if squeezed(rung.name) == squeezed(text)]
        return (frozenset(whole),) if whole else tuple(one(part) for part in _parts(text))

    return read


def are_these(given: Iterable[frozenset[Rung]], wanted: Sequence[Rung]) -> bool:
    """Return whether each word can mean one of the wanted rungs, and each of these is meant by a word."""
    words = list(given)
    return all(word & set(wanted) for word in words) and all(any(rung in word for word in words) for rung in wanted)


def read_changes(text: str) -> dict[str, Value]:
    """Read axes with their new values, by column name, in any order.

    >>> read_changes("cpl=0, CR4.VMXE 0 -> 1; vmx: root")
    {'CPL': 0, 'CR4.VMXE': 1, 'VMX': 'root'}
    """
    if squeezed(text) in _NOTHING:
        return {}
    text = re.sub(r"\s*(:=|->|→|=|:)\s*", lambda sign: "->" if sign[1] in ("->", "→") else "=", text)
    found: dict[str, Value] = {}
    for part in re.split(r"[,;\s]+|\band\b", text):
        if part and not part.isspace():
            _add(found, part, text)
    if not found:
        raise Unreadable("please write each change as NAME=VALUE, such as cpl=0 cr4_vmxe=1")
    return {name: value for name, value in found.items() if value is not None}


def _add(found: dict[str, Value], part: str, text: str) -> None:
    """Add one part of a list of changes: NAME=VALUE, or NAME OLD->NEW in two parts."""
    name, sign, value = part.partition("=")
    axis = _axis(name)
    if axis and not sign:  # the value follows
        found[axis.name] = None  # type: ignore[assignment]
        return
    waiting = next((name for name, value in found.items() if value is None), None)
    if axis is None and waiting:
        axis, value = BY_NAME[waiting], part
    if axis is None:
        raise Unreadable(f"I know no axis '{name.strip()}' in '{text.strip()}'; nvmx axes lists their names")
    if found.get(axis.name) is not None:
        raise Unreadable(f"{axis.name} is named twice")
    found[axis.name] = _value(axis, value.rpartition("->")[2])


def read_values(axes: Sequence[str]) -> Callable[[str], frozenset[tuple[Value, ...]]]:
    """Return a reader of a set of values of these axes; values that belong together have a slash between them.

    >>> sorted(read_values(["CPL"])("2, 1,3"))
    [(1,), (2,), (3,)]
    >>> sorted(read_values(["CR4.VMXE", "CPL"])("0/3; 0 / 2"))
    [(0, 2), (0, 3)]
    """
    known = [BY_NAME[name] for name in axes]

    def one(text: str) -> tuple[Value, ...]:
        parts = [part.rpartition("=")[2] for part in text.split("/")]
        if len(parts) != len(known):
            wanted = "/".join(axes)
            raise Unreadable(f"'{text.strip()}' has {len(parts)} values, and {len(known)} are wanted: {wanted}")
        return tuple(_value(axis, part) for axis, part in zip(known, parts, strict=True))

    def read(text: str) -> frozenset[tuple[Value, ...]]:
        if squeezed(text) in _NOTHING:
            return frozenset()
        parts = _parts(text)
        if len(known) == 1 and len(parts) == 1 and "=" not in text:
            parts = text.split()
        return frozenset(one(part) for part in parts)

    return read


def _value(axis: Axis, text: str) -> Value:
    word = squeezed(text)
    for value in axis.values:
        if squeezed(str(value)) == word:
            return value
    allowed = ", ".join(map(str, axis.values))
    raise Unreadable(f"'{text.strip()}' is no value of {axis.name}; please write one of {allowed}")


def _axis(text: str) -> Axis | None:
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    for axis in AXES:
        if word in (re.sub(r"[^a-z0-9]", "", axis.name.lower()), re.sub(r"[^a-z0-9]", "", axis.keyword)):
            return axis
    return None


def _parts(text: str) -> list[str]:
    parts = [part for part in _SEPARATORS.split(text.strip().strip("{}[]")) if part.strip()]
    if not parts:
        raise Unreadable("nothing is written here; please write your answer, or 'none' for an empty set")
    return parts
