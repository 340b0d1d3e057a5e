"""What the guest prints, line by line: read with suspicion, and written back.

A log is text.  Lines that begin with `@` are the guest's: `@nvmx log 1`, some of `@name value`, for each case one of
hexadecimal fields, and `@end` with the number of cases and the CRC-32 of all lines before it.  Whoever ran the guest
says `@host name value`, before all that and outside of the sum.  Every other line is somebody else's, and skipped.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

TITLE = "@nvmx log 1"
# Field and hexadecimal digits, as guest/boot.asm prints them.
FIELDS = {
    "id": 4, "key": 8, "stage": 1, "vector": 2, "error": 4, "flags": 5, "moved": 4, "exit_reason": 4, "vm_error": 2,
    "after": 1, "cr0": 8, "cr4": 4, "efer": 4, "cs": 4, "ss": 4, "feature_control": 1, "a20m": 1, "before": 1,
}  # fmt: skip
_HEADER = ("processor", "key", "vmx_basic", "width", "cases")
CASE = re.compile("@" + " ".join(f"[0-9A-F]{{{digits}}}" for digits in FIELDS.values()))


class LogError(ValueError):
    """A log that cannot be trusted: it says where and why."""


@dataclass(frozen=True, eq=False)
class Log:
    """What one processor did: `said` by the guest and by its host, and `fields`, one array of integers a field.

    `said` holds `processor` (its brand string), `key`, `vmx_basic` and `width` (of physical addresses, in bits), both
    hexadecimal; of a host: `machine` (an emulator and its version), `date`, `model`.
    """

    said: Mapping[str, str]
    fields: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.fields["id"])

    @property
    def name(self) -> str:
        """What executed it: an emulator with its version, or else the processor."""
        return self.said.get("machine") or self.said["processor"]

    def __repr__(self) -> str:
        return f"<Log: {len(self)} executions on {self.name}>"


def read_log(lines: Iterable[str]) -> Log:
    """Return the log in these lines; raises LogError where anything is missing, out of order or altered."""
    said: dict[str, str] = {}
    rows: list[list[int]] = []
    checksum = 0
    started = False
    for number, text in enumerate(lines, 1):
        line = text.strip("\r\n")
        if not line.startswith("@"):
            continue
        where = f"log, line {number}"
        word, _, rest = line[1:].partition(" ")
        if word == "host":
            name, _, value = rest.partition(" ")
            if started or name in _HEADER:
                raise LogError(f"{where}: a host cannot speak for the guest: {line[:60]!r}")
            said[name] = value
            continue
        if not started:
            if line != TITLE:
                raise LogError(f"{where}: it begins with {line!r} instead of {TITLE!r}")
            started = True
        elif line == "@no VMX":
            raise LogError(f"{where}: this processor ({said.get('processor', 'unknown')}) has no VMX to ask")
        elif word == "end":
            _check_end(where, rest, len(rows), said, checksum)
            columns = np.array(rows, dtype=np.int64).reshape(-1, len(FIELDS)).T
            return Log(said, dict(zip(FIELDS, columns, strict=True)))
        elif word in _HEADER:
            said[word] = " ".join(rest.split())
        elif CASE.fullmatch(line):
            row = [int(field, 16) for field in line[1:].split()]
            if row[0] != len(rows):
                raise LogError(f"{where}: case {row[0]} stands where case {len(rows)} is expected")
            rows.append(row)
        else:
            raise LogError(f"{where}: this is no line of a log: {line[:60]!r}")
        checksum = crc32(f"{line}\n".encode("latin-1", "replace"), checksum)
    if not started:
        raise LogError("no log: the guest printed nothing")
    raise LogError(f"the log breaks off after {len(rows)} of {_number(said.get('cases'))} cases")


def _check_end(where: str, rest: str, count: int, said: Mapping[str, str], checksum: int) -> None:
    missing = [name for name in _HEADER if name not in said]
    if missing:
        raise LogError(f"{where}: the log does not say its {missing[0]}")
    if rest.split()[:1] != [f"{count:04X}"] or said["cases"] != f"{count:04X}":
        raise LogError(f"{where}: {count} cases stand here, but {_number(said['cases'])} were announced")
    if rest.split()[1:] != [f"{checksum:08X}"]:
        raise LogError(f"{where}: the checksum is {checksum:08X}, not as announced: something was altered")


def _number(text: str | None) -> str:
    return str(int(text, 16)) if text and re.fullmatch("[0-9A-F]+", text) else "unknown"


def write_log(log: Log) -> str:
    """Return the text of a log, as the guest prints it, after what its host said."""
    host = "".join(f"@host {name} {value}\n" for name, value in log.said.items() if name not in _HEADER)
    said = {**log.said, "cases": f"{len(log):04X}"}
    head = f"{TITLE}\n" + "".join(f"@{name} {said[name]}\n" for name in _HEADER)
    widths = list(FIELDS.values())
    body = "".join(
        "@" + " ".join(f"{value:0{width}X}" for value, width in zip(row, widths, strict=True)) + "\n"
        for row in zip(*(column.tolist() for column in log.fields.values()), strict=True)
    )
    return f"{host}{head}{body}@end {len(log):04X} {crc32((head + body).encode('latin-1')):08X}\n"


def join_logs(parts: Iterable[Log]) -> Log:
    """Return logs of the same processor as one; raises LogError where they are not."""
    first, *rest = parts
    said = {name: value for name, value in first.said.items() if name != "cases"}
    for part in rest:
        for name, value in said.items():
            if part.said.get(name) != value:
                raise LogError(f"two parts of a run differ in their {name}: {value!r} and {part.said.get(name)!r}")
    fields = {name: np.concatenate([part.fields[name] for part in (first, *rest)]) for name in FIELDS}
    fields["id"] = np.arange(len(fields["id"]))
    return Log({**said, "cases": f"{len(fields['id']):04X}"}, fields)
