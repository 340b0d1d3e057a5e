"""Logs as files: plain text, or compressed if the name ends in .xz."""

import codecs
import os
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .log import Log, LogError, read_log, write_log

RECORDING = Path(__file__).parent / "recording.log.xz"
LARGEST = 1 << 26  # bytes of text; a log of all cases has 2 million
_MEMORY = 1 << 28  # bytes for decompressing; preset 9 needs a quarter of it


def read(path: str | os.PathLike[str]) -> Log:
    """Return the log in this file; raises LogError if it cannot be trusted, OSError if there is no such file.

    >>> from nvmx import bochs
    >>> bochs.read(bochs.files.RECORDING) == bochs.recording()
    True
    """
    with Path(path).open("rb") as file:
        data = file.read(LARGEST + 1)
    if Path(path).suffix == ".xz":
        data = _decompressed(path, data)
    if len(data) > LARGEST:
        raise LogError(f"{path} is larger than a log can be")
    # Latin-1 keeps every byte that a guest prints; a byte order mark is an editor's.
    return read_log(data.removeprefix(codecs.BOM_UTF8).decode("latin-1").split("\n"))


def _decompressed(path: str | os.PathLike[str], data: bytes) -> bytes:
    lzma = _lzma(path)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        text: bytes = unpacker.decompress(data, max_length=LARGEST + 1)
    except lzma.LZMAError as error:
        raise LogError(f"{path} is not an .xz file of a log: {error}") from None
    if len(text) <= LARGEST and not unpacker.eof:
        raise LogError(f"{path} is not a whole .xz file")
    if unpacker.unused_data:
        raise LogError(f"{path} goes on after the end of its .xz data")
    return text


def packed(log: Log, path: str | os.PathLike[str]) -> bytes:
    """Return the bytes to write for this log into a file of this name."""
    data = write_log(log).encode("latin-1")
    if Path(path).suffix == ".xz":
        data = _lzma(path).compress(data, preset=9)
    return data


def save(log: Log, path: str | os.PathLike[str]) -> None:
    """Write a log to this file, replacing what is there; compressed if the name ends in .xz.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from nvmx import bochs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vmx.log")
    ...     bochs.save(bochs.recording(), path)
    ...     bochs.read(path)
    <Log: 34864 executions on Bochs 2.7>
    """
    Path(path).write_bytes(packed(log, path))


def _lzma(path: str | os.PathLike[str]) -> ModuleType:
    try:
        return import_module("lzma")
    except ImportError:
        raise LogError(f"{path} cannot be used: this Python was built without lzma") from None


@cache
def recording() -> Log:
    """Return the log of a full run on Bochs that comes with this package.

    >>> from nvmx import bochs
    >>> bochs.recording().header["machine"]
    'Bochs 2.7'
    """
    return read(RECORDING)
