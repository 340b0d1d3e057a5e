"""The text that the guest prints: read and checked line by line, and written back.

A log is text.  Lines that begin with `@` belong to it and come in this order; all other lines are ignored:

    @host machine Bochs 2.7      who ran the guest, with what and when: any number of names, or none
    @nvmx log 3                  here the guest begins
    @processor Intel(R) ...      then @key, @vmx_basic, @width, @fixed_bits, @wrong_bits and @cases
    @0000 00600000 8 06 ...      one line per case: its fields, in hexadecimal
    @end 8830 67CDE64A           the number of cases, and the CRC-32 of the guest's lines before this one
    @host_sum 1D9AE2C4           only if there are host lines: the CRC-32 of these and of the line `@end`

The guest cannot know who runs it, and what the host says decides which deviations are excused.  So the host's lines
have a checksum of their own, which includes the guest's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..model.errors import InvalidType, InvalidValue
from ..model.frozen import FrozenDict

TITLE = "@nvmx log 3"
# Field and hexadecimal digits, as guest/boot.asm prints them.
FIELDS = {
    "id": 4, "key": 8, "stage": 1, "vector": 2, "error": 4, "flags": 5, "moved": 4, "exit_reason": 4, "vm_error": 2,
    "after": 1, "cr0": 8, "cr4": 8, "efer": 4, "cs": 4, "ss": 4, "feature_control": 1, "a20m": 1, "before": 1,
}  # fmt: skip
CASE = re.compile("@" + " ".join(f"[0-9A-F]{{{digits}}}" for digits in FIELDS.values()))
_GUEST = ("processor", "key", "vmx_basic", "width", "fixed_bits", "wrong_bits")
_NUMBERS = {"fixed_bits": 4, "wrong_bits": 2}  # lines that hold so many numbers of eight digits
_LONGEST = 60  # characters of a line in a message


class LogError(InvalidValue):
    """A log that cannot be trusted; the message says where and why."""


@dataclass(frozen=True, eq=False, repr=False)
class Log:
    """What one processor did: a `header`, and `fields` with one array of integers each.  Nothing in it can be changed.

    The header holds what the guest printed, `processor` (its brand string), `key`, and in hexadecimal `vmx_basic`,
    `width` (of physical addresses, in bits), `fixed_bits` (IA32_VMX_CR0_FIXED0, CR0_FIXED1, CR4_FIXED0, CR4_FIXED1) and
    `wrong_bits` (of CR0 and CR4: what MOV accepts although these forbid it, PE, NE, PG and VMXE left out); and what its
    host added: `machine` (an emulator and its version), `model`, `date`.  Raises LogError if one of the guest's is
    missing, or if anything could not be printed.

    >>> from nvmx import bochs
    >>> log = bochs.recording()
    >>> log
    <Log: 34864 executions on Bochs 2.7>
    >>> log.header["processor"]
    'Intel(R) Core(TM) i7-7800X CPU @ 3.50GHz'
    >>> int(log.fields["vector"][0])  # 6 is #UD
    6
    """

    header: Mapping[str, str]
    fields: Mapping[str, NDArray[np.int64]]

    def __post_init__(self) -> None:
        for name in (*_GUEST, *self.header):
            _check_header(name, self.header.get(name))
        fields = {name: _frozen(name, self.fields.get(name)) for name in FIELDS}
        numbers = fields["id"]
        if any(len(column) != len(numbers) for column in fields.values()):
            raise LogError("log: its fields differ in length")
        if (numbers != np.arange(len(numbers))).any():
            raise LogError("log: its cases are not numbered from 0")
        header = {name: " ".join(value.split()) for name, value in self.header.items()}  # brand strings are padded
        object.__setattr__(self, "header", FrozenDict(header))
        object.__setattr__(self, "fields", FrozenDict(fields))

    def __len__(self) -> int:
        return len(self.fields["id"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Log):
            return NotImplemented
        return self.header == other.header and all(np.array_equal(self.fields[n], other.fields[n]) for n in FIELDS)

    def __hash__(self) -> int:
        return hash((self.header, len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Log, (self.header, dict(self.fields))

    @property
    def host(self) -> dict[str, str]:
        """The part of the header that the guest's host added."""
        return {name: value for name, value in self.header.items() if name not in _GUEST}

    @property
    def fixed_bits(self) -> dict[str, int]:
        """What control registers must be in VMX operation, by the name of the MSR that `nvmx.state` takes.

        >>> from nvmx import bochs
        >>> hex(bochs.recording().fixed_bits["cr4_fixed0"])
        '0x2000'
        """
        names = ("cr0_fixed0", "cr0_fixed1", "cr4_fixed0", "cr4_fixed1")
        return {name: int(word, 16) for name, word in zip(names, self.header["fixed_bits"].split(), strict=True)}

    @property
    def name(self) -> str:
        """What executed it: an emulator with its version, or else the processor."""
        return self.header.get("machine") or self.header["processor"]

    def __repr__(self) -> str:
        return f"<Log: {len(self)} executions on {self.name}>"


def _check_header(name: object, value: object) -> None:
    if value is None:
        raise LogError(f"log: it does not say its {name}")
    if not isinstance(name, str) or not re.fullmatch("[a-z_]+", name):
        raise LogError(f"log: {shown(str(name))} is not a name for a line of its header")
    # Latin-1, so that every byte that a guest prints is one character; printable, so that no terminal obeys it.
    if not isinstance(value, str) or not value.isprintable() or max(value, default="") > "\xff":
        raise LogError(f"log: its {name} is not one line of printable Latin-1 text: {shown(str(value))}")
    count = _NUMBERS.get(name)
    if count and not re.fullmatch(" *[0-9A-F]{8}" * count, value):
        raise LogError(f"log: its {name} is not {count} numbers of 8 hexadecimal digits: {shown(value)}")


def _frozen(name: str, given: Any) -> NDArray[np.int64]:
    """Return a field as an array that nobody can make writable again."""
    if given is None:
        raise LogError(f"log: it has no field {name}")
    column = np.asarray(given)
    if column.ndim != 1 or not np.issubdtype(column.dtype, np.integer):
        raise LogError(f"log: its field {name} is not an array of integers")
    if len(column) and not 0 <= column.min() <= column.max() < 16 ** FIELDS[name]:
        raise LogError(f"log: its field {name} has more than {FIELDS[name]} hexadecimal digits, or a sign")
    return np.frombuffer(column.astype(np.int64).tobytes(), dtype=np.int64)


def check_log(given: object) -> Log:
    """Return `given` if it is a Log, or raise InvalidType."""
    if not isinstance(given, Log):
        raise InvalidType(f"log: {shown(repr(given))} is not a Log; nvmx.bochs.read(path) returns one")
    return given


def shown(text: str) -> str:
    r"""Quote text from elsewhere for a message: escaped, and cut if it is long.

    >>> print(shown(chr(7) + "a" * 100))
    '\x07aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'...
    """
    return f"{text[:_LONGEST]!a}{'...' if len(text) > _LONGEST else ''}"


class _Reader:
    """The lines of a log that count, one after the other, and the CRC-32 of those that were taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        every = ((number, text.strip("\r\n")) for number, text in enumerate(lines, 1))
        self._lines = ((number, line) for number, line in every if line.startswith("@"))
        self._number, self._checksum = 0, 0
        self.line = ""  # the current one; empty at the end
        self._advance()

    def _advance(self) -> None:
        self._number, self.line = next(self._lines, (self._number, ""))

    def take(self, what: str, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """Return the match of the current line with `pattern`, and go on to the next; LogError if it does not match."""
        match = re.fullmatch(pattern, self.line)
        if not match:
            raise self.error(what)
        self._checksum = crc32(f"{self.line}\n".encode("latin-1", "replace"), self._checksum)
        self._advance()
        return match

    def checksum(self) -> int:
        """Return the CRC-32 of the lines taken since the last call."""
        checksum, self._checksum = self._checksum, 0
        return checksum

    def error(self, what: str) -> LogError:
        """Return the error that the current line is not `what` is expected there."""
        if self.line:
            return LogError(f"log, line {self._number}: {what} is expected, not {shown(self.line)}")
        if self._number:
            return LogError(f"the log breaks off after line {self._number}, where {what} is expected")
        return LogError("no log: the guest printed nothing")


def read_log(lines: Iterable[str]) -> Log:
    """Return the log in these lines; raises LogError if anything is missing, out of order or altered."""
    reader = _Reader(lines)
    host: dict[str, str] = {}
    while reader.line.startswith("@host "):
        names = "|".join(name for name in (*_GUEST, *host))
        name, value = reader.take("a new name with its value", f"@host (?!(?:{names}) )([a-z_]+) (.*)").groups()
        host[name] = value
    host_checksum = reader.checksum()

    reader.take(repr(TITLE), TITLE)
    guest: dict[str, str] = {}
    for name in _GUEST:
        if reader.line == "@no VMX":
            raise LogError(f"this processor ({shown(guest.get('processor', 'unknown'))}) has no VMX to ask")
        guest[name] = reader.take(f"@{name}", f"@{name} (.*)")[1]
    count = int(reader.take("@cases", "@cases ([0-9A-F]{4})")[1], 16)
    rows = []
    for number in range(count):
        what = f"case {number} of {count}"
        if not reader.line.startswith(f"@{number:04X} "):
            raise reader.error(what)
        rows.append([int(field, 16) for field in reader.take(what, CASE)[0][1:].split()])

    end = f"@end {count:04X} {reader.checksum():08X}"
    reader.take(f"@end after {count} cases, with a checksum that fits", end)
    if host:
        reader.take("@host_sum with a checksum that fits what the host says", _host_sum(host_checksum, end))
    if reader.line:
        raise reader.error("no more")
    columns = np.array(rows, dtype=np.int64).reshape(-1, len(FIELDS)).T
    return Log({**host, **guest}, dict(zip(FIELDS, columns, strict=True)))


def _host_sum(host_checksum: int, end: str) -> str:
    return f"@host_sum {crc32(end.encode(), host_checksum):08X}"


def write_log(log: Log) -> str:
    """Return the text of a log: what its host said, what the guest printed, and a checksum of all that."""
    host = "".join(f"@host {name} {value}\n" for name, value in log.host.items())
    head = "".join(f"@{name} {log.header[name]}\n" for name in _GUEST)
    digits = list(FIELDS.values())
    cases = "".join(
        "@" + " ".join(f"{value:0{width}X}" for value, width in zip(row, digits, strict=True)) + "\n"
        for row in zip(*(column.tolist() for column in log.fields.values()), strict=True)
    )
    guest = f"{TITLE}\n{head}@cases {len(log):04X}\n{cases}"
    end = f"@end {len(log):04X} {crc32(guest.encode('latin-1')):08X}"
    host_sum = f"{_host_sum(crc32(host.encode('latin-1')), end)}\n" if host else ""
    return f"{host}{guest}{end}\n{host_sum}"


def join_logs(parts: Iterable[Log]) -> Log:
    """Return the logs of one processor as one; raises LogError if their headers differ."""
    first, *rest = parts
    for part in rest:
        for name in {**first.header, **part.header}:
            ours, theirs = first.header.get(name), part.header.get(name)
            if ours != theirs:
                raise LogError(f"two parts of a run differ in their {name}: {ours!r} and {theirs!r}")
    fields = {name: np.concatenate([part.fields[name] for part in (first, *rest)]) for name in FIELDS}
    return Log(first.header, {**fields, "id": np.arange(len(fields["id"]))})
