"""What is asked, as words on a command line: `VMXON/intel?cpl=3`, or `cpl=3 cr4=0x2020`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..model.address import parse_address
from ..model.axis import BY_NAME, Value, find_axis
from ..model.errors import InvalidValue, unknown
from ..model.instruction import INSTRUCTIONS
from ..model.registers import state

REGISTERS = tuple(name for name in state.__kwdefaults__ or ())
_SMALL = ("physical_width", "revision")  # registers that are usually written in decimal


@dataclass(frozen=True)
class Question:
    """An instruction and a source (None: not named), and the values of axes by keyword.

    >>> Question("VMXON", "intel", {"cpl": 3})
    Question(instruction='VMXON', source='intel', axes={'cpl': 3}, doubts=())
    """

    instruction: str | None = None
    source: str | None = None
    axes: Mapping[str, Value] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()  # what may have been meant otherwise


def is_question(word: str) -> bool:
    """Return whether a word on the command line is a text form or NAME=VALUE, and so is not the name of a file.

    >>> [is_question(word) for word in ("VMXON/intel?cpl=3", "cpl=3", "dmesg.txt", "./cpl=3")]
    [True, True, False, False]
    """
    name, is_setting, _ = word.partition("=")
    return _is_address(word) or bool(is_setting and name.replace(".", "_").isidentifier())


def _is_address(word: str) -> bool:
    instruction, _, rest = word.lstrip("#").partition("/")
    return instruction in INSTRUCTIONS and bool(rest) and "/" not in rest


def read_question(words: Iterable[str]) -> Question:
    """Read text forms and NAME=VALUE; the name is that of an axis (keyword or column) or of a register of `nvmx.state`.

    Raises UnknownName for another name, and InvalidValue if a word is neither, or something is named twice.

    >>> read_question(["VMXON/intel?cpl=3", "cr4=0x2020"])
    Question(instruction='VMXON', source='intel', axes={'cr4_vmxe': 1, 'cpl': 3}, doubts=())
    """
    instruction: str | None = None
    source: str | None = None
    settings: list[tuple[str, str]] = []
    for word in words:
        if _is_address(word):
            if instruction:
                raise InvalidValue(f"{word!r}: {instruction}/{source} is named already")
            instruction, source, axes = parse_address(word)
            settings += [(name, str(value)) for name, value in axes.items()]
        else:
            settings.append(_setting(word))
    given: dict[str, Value] = {}
    doubts = []
    for setting, text in settings:
        name = _name(setting)
        if name in given:
            raise InvalidValue(f"{name} is named twice")
        given[name], doubt = _value(name, text)
        doubts += doubt
    return Question(instruction, source, state(**given), tuple(doubts))  # type: ignore[arg-type]


def _setting(word: str) -> tuple[str, str]:
    name, is_setting, text = word.partition("=")
    if not is_setting:
        raise InvalidValue(f"{word!r} is not NAME=VALUE, such as cpl=3 or cr4=0x2020")
    return name, text


def _name(given: str) -> str:
    """Return the keyword of an axis, or the name of a register."""
    if given.lower() in REGISTERS:
        return given.lower()
    keywords = [axis.keyword for axis in BY_NAME.values()]
    if given in BY_NAME or given in keywords:
        return find_axis(given).keyword
    raise unknown("axis or register", given, [*keywords, *REGISTERS])


def _value(name: str, text: str) -> tuple[Value, list[str]]:
    """Return a value, and what may have been meant otherwise."""
    is_register = name in REGISTERS
    try:
        number = int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        if not is_register:
            return text, []
        raise InvalidValue(f"{name}: {text!r} is not a number (hexadecimal: 0x2020)") from None
    if is_register and name not in _SMALL and number > 9 and text.isdecimal():
        return number, [f"{name}={text} was read as a decimal number ({number:#x}); hexadecimal is written 0x{text}"]
    return number, []
