"""What was seen of an instruction: an outcome, RFLAGS afterwards, an error number, or what the next VMREAD did."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .box import Box
from .errors import InvalidType, InvalidValue, unknown
from .frozen import FrozenDict
from .outcome import OUTCOMES, VMSUCCEED

FAULTS = ("#UD", "#GP(0)", "#SS(0)", "#PF")
COMPLETED = ("success", "VMfailInvalid", "VMfailValid")
_BITS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "OF": 11}
_ALWAYS_1, _ALWAYS_0 = 1 << 1, 1 << 3 | 1 << 5 | 1 << 15  # reserved bits of RFLAGS
_ERRORS = range(1, 32)
_SMALL_FLAGS = (2, 3)  # a bare number in _ERRORS is an error number, but for these: no flag, and CF
_IN_VMX = ("root", "non-root")
# VMREAD is #UD in these modes even in VMX operation, so there its #UD says nothing about VMX operation.
_VMREAD_EXISTS: tuple[Box, ...] = (
    FrozenDict({"VMX": _IN_VMX, "CR0.PE": (1,), "RFLAGS.VM": (0,), "EFER.LMA": (0,)}),
    FrozenDict({"VMX": _IN_VMX, "EFER.LMA": (1,), "CS.L": (1,)}),
)
_NUMBER = re.compile(r"(?:(rflags|eflags|error)\s*[:=]?\s*)?(0x[0-9a-f]{1,16}|[0-9a-f]{1,16})", re.IGNORECASE)
_FLAGS = re.compile(r"\b(CF|PF|AF|ZF|SF|OF)\s*=\s*([01])\b", re.IGNORECASE)


@dataclass(frozen=True)
class Observation:
    """One thing that was seen: it leaves the endings that agree with it, and excludes states afterwards.

    `outcomes` are those that can have been, `error` is the VM-instruction error number (None: not seen), `flags` are
    the six flags afterwards (empty: not seen), and no state afterwards lies in one of the boxes `never_after`.
    """

    text: str
    outcomes: tuple[str, ...] = OUTCOMES
    error: int | None = None
    flags: Mapping[str, int] = field(default_factory=FrozenDict)
    never_after: tuple[Box, ...] = ()

    def allows(self, outcome: str, error: int | None, flags: Mapping[str, int]) -> bool:
        """Return whether an ending with this outcome, error number and flags written agrees with what was seen."""
        if outcome not in self.outcomes or self.error not in (None, error):
            return False
        return all(self.flags.get(name, value) == value for name, value in flags.items())


_WORDS = {
    "fault": Observation("an exception", FAULTS),
    "failed": Observation("a failure", (*FAULTS, "VMfailInvalid", "VMfailValid")),
    "vmfail": Observation("VMfail", ("VMfailInvalid", "VMfailValid")),
    "completed": Observation("no exception", COMPLETED),
    "vmread returned": Observation("the next VMREAD returned", COMPLETED, never_after=(FrozenDict({"VMX": ("off",)}),)),
    "vmread #ud": Observation("the next VMREAD raised #UD", never_after=_VMREAD_EXISTS),
}
_ALLOWED = (*OUTCOMES, *_WORDS, "RFLAGS 0x203", "error 15")


def observations(given: object) -> tuple[Observation, ...]:
    """Return what was seen: None, one observation, or several.

    Each is an outcome (`"#GP(0)"`), `"fault"` (an exception, not known which), `"completed"` (none), `"VMfail"`,
    `"failed"` (an exception or VMfail), RFLAGS afterwards (`0x203`, `"RFLAGS 0x203"`, `"CF=1 ZF=0"`), a VM-instruction
    error number (`15`, `"error 15"`), `"VMREAD returned"` (the next VMREAD raised no #UD) or `"VMREAD #UD"`.  Raises
    InvalidType or InvalidValue for anything else.

    >>> [seen.outcomes for seen in observations(["RFLAGS 0x203", "VMfailInvalid"])]
    [('success', 'VMfailInvalid', 'VMfailValid'), ('VMfailInvalid',)]
    """
    if given is None:
        return ()
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        return tuple(_observation(each) for each in given)
    return (_observation(given),)


def _observation(given: object) -> Observation:
    if isinstance(given, Observation):
        return given
    if isinstance(given, str):
        return _from_text(given.strip())
    if isinstance(given, int) and not isinstance(given, bool):
        return _from_number(given, "", str(given))
    raise InvalidType(f"observed: {given!r} is not an outcome, RFLAGS or an error number")


def _from_text(text: str) -> Observation:
    lower = text.lower()
    for outcome in OUTCOMES:
        # "#GP" and "GP(0)" are written, too.
        if lower.lstrip("#").removesuffix("(0)") == outcome.lower().lstrip("#").removesuffix("(0)"):
            return Observation(outcome, (outcome,))
    if lower in _WORDS:
        return _WORDS[lower]
    flags = _FLAGS.findall(text)
    if flags and not _FLAGS.sub("", text).strip(" ,;"):
        values = FrozenDict({name.upper(): int(value) for name, value in flags})
        return Observation(f"{text} afterwards", COMPLETED, flags=values)
    number = _NUMBER.fullmatch(text)
    what = (number[1] or "").lower() if number else ""
    is_hexadecimal = number is not None and (number[2][:2].lower() == "0x" or what.endswith("flags"))
    if not number or not (is_hexadecimal or number[2].isdecimal()):
        raise unknown("observed", text, _ALLOWED)
    return _from_number(int(number[2], 16 if is_hexadecimal else 10), what, text)


def _from_number(number: int, what: str, text: str) -> Observation:
    flags = number & _ALWAYS_1 and not number & _ALWAYS_0 and 0 < number < 1 << 64
    if what == "error" or (not what and number in _ERRORS and number not in _SMALL_FLAGS):
        if number not in _ERRORS:
            raise InvalidValue(f"observed: {text} is not a VM-instruction error number (1 to {_ERRORS[-1]})")
        return Observation(f"VM-instruction error {number}", ("VMfailValid",), error=number)
    if not flags:
        raise InvalidValue(
            f"observed: {text} is not RFLAGS (bit 1 is always 1; bits 3, 5 and 15 are 0) nor an error number"
        )
    values = FrozenDict({name: number >> _BITS[name] & 1 for name in VMSUCCEED})
    names = " ".join(name for name, value in values.items() if value) or "none"
    return Observation(f"RFLAGS {number:#x} afterwards (flags set: {names})", COMPLETED, flags=values)
