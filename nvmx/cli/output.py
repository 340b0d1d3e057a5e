"""What is printed: text, CSV or JSON; colours and letters as the terminal allows."""

import codecs
import errno
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from click import style

from ..model.outcome import OUTCOMES

# What a terminal that lacks these letters gets instead.
_PLAIN = {"→": "->", "–": "-", "—": "-", "…": "...", "§": "section ", "✓": "x", "×": "x", "“": '"', "”": '"', "’": "'",
          "≥": ">=", "≤": "<=", "≠": "!=", "·": ".", "■": "#", "□": "-"}  # fmt: skip
_HUES = dict(zip(OUTCOMES, ("green", "red", "yellow", "yellow", "magenta", "cyan", "blue", "white"), strict=True))


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in letters), error.end


codecs.register_error("nvmx.plain", _plain)


@contextmanager
def fitting_letters() -> Iterator[None]:
    """Inside, letters that a terminal lacks are written in others that it has."""
    changed = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            changed.append((stream, stream.errors))
            stream.reconfigure(errors="nvmx.plain")
    try:
        yield
    finally:
        for stream, errors in changed:
            with suppress(OSError, ValueError):  # it may be closed, or full
                stream.reconfigure(errors=errors)


def show(text: str) -> None:
    """Print an answer; on a terminal, outcomes are coloured, unless NO_COLOR is set."""
    print(_coloured(text) if _has_colours(sys.stdout) else text)


def say(text: str) -> None:
    """Print a remark or an error, which is not part of the answer."""
    with suppress(OSError):
        print(f"nvmx: {text}", file=sys.stderr, flush=True)  # nothing, if it was closed


def show_json(found: object) -> None:
    """Print `found` as JSON."""
    import json

    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(found, indent=2, ensure_ascii=not unicode))


def show_rows(
    head: Sequence[str], rows: Iterable[Sequence[object]], form: str, *, only: Sequence[str] | None = None
) -> None:
    """Print a table as text, CSV or JSON (one object per row); text may show `only` some columns."""
    rows = list(rows)
    if form == "json":
        show_json([dict(zip(head, row, strict=True)) for row in rows])
    elif form == "csv":
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([[_cell(value) for value in row] for row in rows])
    else:
        kept = [head.index(name) for name in only or head]
        show(aligned([head[n] for n in kept], [[row[n] for n in kept] for row in rows]))


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as text whose columns stand below each other.

    >>> print(aligned(["axis", "ready"], [["CR4.VMXE", 1], ["CPL", 0]]))
    axis      ready
    CR4.VMXE  1
    CPL       0
    """
    cells = [list(map(str, head)), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return " | ".join(map(str, value))
    return str(value)


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _coloured(text: str) -> str:
    names = "|".join(re.escape(name) for name in sorted(OUTCOMES, key=len, reverse=True))
    return re.sub(names, lambda found: style(found[0], fg=_HUES[found[0]], bold=True), text)


def give_up_on(stream: TextIO) -> None:
    """Drop what `stream` could not write; Python would try again when it exits, and change the exit status."""
    with suppress(OSError, ValueError), open(os.devnull, "w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())


def is_broken_pipe(error: OSError) -> bool:
    """Return whether the reader went away (Windows says EINVAL).

    >>> is_broken_pipe(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    True
    """
    return error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)
