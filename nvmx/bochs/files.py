"""Logs as files: plain text, or compressed where the name ends in .xz."""

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .log import Log, LogError, read_log, write_log

RECORDING = Path(__file__).parent / "recording.log.xz"


def read(path: str | os.PathLike[str]) -> Log:
    """Return the log in this file; raises LogError where it cannot be trusted, OSError where there is no file."""
    data = Path(path).read_bytes()
    if Path(path).suffix == ".xz":
        lzma = _lzma(path)
        try:
            data = lzma.decompress(data)
        except lzma.LZMAError as error:
            raise LogError(f"{path} is not a whole .xz file: {error}") from None
    return read_log(data.decode("latin-1").split("\n"))


def save(log: Log, path: str | os.PathLike[str]) -> None:
    """Write a log to this file."""
    data = write_log(log).encode("latin-1")
    if Path(path).suffix == ".xz":
        data = _lzma(path).compress(data, preset=9)
    Path(path).write_bytes(data)


def _lzma(path: str | os.PathLike[str]) -> ModuleType:
    try:
        return import_module("lzma")
    except ImportError:
        raise LogError(f"{path} cannot be used: this Python was built without lzma") from None


@cache
def recording() -> Log:
    """Return the log of a full run on Bochs that comes with this package."""
    return read(RECORDING)
