"""The programs that are not Python: find them, run them within bounds, and say in a sentence what went wrong."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..model.errors import NvmxError

APT = "apt-get install -y --no-install-recommends bochs bochs-term bochsbios vgabios nasm"
OUTPUT = "output.txt"
# Limits of processor time (in seconds) and of what is written to a file (in 512 bytes), then the program in the shell's
# place.  A limit that is lower already is left as it is.
_BOUNDED = 'ulimit -t "$1"; ulimit -f 65536; shift; exec "$@"'


class MachineError(NvmxError, RuntimeError):
    """A program is missing, or the machine did not do as asked."""


def need(program: str, why: str) -> str:
    """Return the path of a program; raises MachineError, saying what installs it, if there is none."""
    found = shutil.which(program)
    if found is None:
        raise MachineError(f"{program} is not installed ({why}); on Debian: {APT}")
    return found


@contextmanager
def started(command: Sequence[str], folder: Path, limit: float) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program in `folder`, and kill it in the end if it still runs; what it prints goes to the file OUTPUT.

    `limit` is in seconds of processor time, and holds even if we are killed ourselves.  The program is in a session of
    its own, so that no key pressed at our terminal reaches it.
    """
    seconds = min(int(limit) + 1, 1 << 31)
    with Path(folder, OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _BOUNDED, "sh", str(seconds), *command], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "TERM": "vt100"}, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            # Drawing on a terminal, Bochs ignores every other signal.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def call(command: Sequence[str], folder: Path, limit: float = 60) -> tuple[int, str]:
    """Run a program in `folder` to its end; return its exit status and what it printed.

    Raises MachineError if it takes longer than `limit` seconds.
    """
    with started(command, folder, limit) as process:
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            raise MachineError(f"{' '.join(command[:2])} did not end within {limit:g} s") from None
    return status, Path(folder, OUTPUT).read_text(encoding="utf-8", errors="replace")
