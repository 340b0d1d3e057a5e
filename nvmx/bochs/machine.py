"""Run the guest on Bochs, without a screen: one process a core, each with a part of the cases and a time limit."""

import datetime
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .cases import case_keys
from .image import build_image
from .log import CASE, Log, join_logs, read_log
from .programs import MachineError, call, need

MODEL = "corei7_skylake_x"
LIMIT = 300.0  # seconds
_SILENCE = 20.0
_MOST_PROCESSES = 8
_CONFIGURATION = """\
config_interface: textconfig
display_library: term
romimage: file="{image}"
megs: 32
cpu: model={model}, count=1, ips=50000000, reset_on_triple_fault=0
clock: sync=none
port_e9_hack: enabled=1
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
ata0: enabled=0
ata1: enabled=0
plugin_ctrl: unmapped=1, biosdev=0, speaker=0, extfpuirq=0, parallel=0, serial=0, gameport=0, iodebug=0
log: "{folder}/bochs.log"
"""


def _ignore(_cases: int) -> None:
    """Report no progress."""


def run(*, model: str = MODEL, limit: float = LIMIT, progress: Callable[[int], object] = _ignore) -> Log:
    """Execute every case on Bochs' processor `model` and return the log.

    `limit` is in seconds; `progress` is called with how many more cases are done, from other threads, one at a time.
    Raises MachineError where a program is missing, Bochs stops or the time is over, LogError where its text is not
    whole, ValueError for a limit that is none.
    """
    parts = np.array_split(case_keys(), min(os.cpu_count() or 1, _MOST_PROCESSES))
    stop, lock = threading.Event(), threading.Lock()

    def report(cases: int) -> None:
        with lock:
            progress(cases)

    images = [build_image(part) for part in parts]
    with ThreadPoolExecutor(len(parts)) as pool:
        waiting = [pool.submit(run_image, image, model=model, limit=limit, progress=report, stop=stop)
                   for image in images]  # fmt: skip
        try:
            done, _ = wait(waiting, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    failed = next((error for each in done if (error := each.exception())), None)
    if failed:
        raise failed
    log = join_logs(each.result() for each in waiting)
    return Log({**log.said, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}, log.fields)


def run_image(
    image: bytes,
    *,
    model: str = MODEL,
    limit: float = 60,
    silence: float = _SILENCE,
    progress: Callable[[int], object] = _ignore,
    stop: threading.Event | None = None,
) -> Log:
    """Run one image on Bochs and return its log; `silence` seconds without a line count as a guest that hangs."""
    if os.name != "posix":
        raise MachineError("Bochs is run on Linux and its like only; logs can be read anywhere")
    if not 0 < limit < float("inf"):
        raise ValueError(f"limit: {limit!r} is no number of seconds")
    program = need("bochs", "it executes the guest")
    with tempfile.TemporaryDirectory(prefix="nvmx-") as folder:
        rom = Path(folder, "nvmx.rom")
        rom.write_bytes(image)
        settings = Path(folder, "bochsrc")
        settings.write_text(_CONFIGURATION.format(image=rom, folder=folder, model=model), encoding="utf-8")
        command = [program, "-q", "-f", str(settings)]
        if "-rc" in _help(program):
            # A Bochs with a debugger waits for orders; the only one is to go on.
            Path(folder, "go").write_text("c\n", encoding="utf-8")
            command += ["-rc", str(Path(folder, "go"))]
        lines: list[str] = []
        with _process(command, folder, limit) as process:
            try:
                for line in _lines(process, limit, silence, stop):
                    lines.append(line)
                    if CASE.fullmatch(line):
                        progress(1)
                    if line.startswith(("@end ", "@no VMX")):
                        break
                else:
                    raise MachineError(f"Bochs stopped before the guest had ended{_last_words(folder)}")
            except MachineError as error:
                last = next((line for line in reversed(lines) if line.startswith("@")), "nothing")
                raise MachineError(f"{error}; the last that the guest said: {last}") from None
    log = read_log(lines)
    version = next((found[1] for line in lines if (found := re.search(r"Bochs x86 Emulator (\S+)", line))), "unknown")
    return Log({"machine": f"Bochs {version}", "model": model, **log.said}, log.fields)


@contextmanager
def _process(command: list[str], folder: str, limit: float) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, which is gone afterwards; without a screen, Bochs heeds nothing but SIGKILL."""
    with Path(folder, "stderr").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            env={**os.environ, "TERM": "vt100"}, start_new_session=True,
        )  # fmt: skip
        try:
            if sys.platform == "linux":
                # Should we be killed ourselves, a guest that hangs must not run on for ever.
                import resource

                with suppress(ProcessLookupError):
                    resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 1))
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout:
                process.stdout.close()


def _lines(
    process: "subprocess.Popen[bytes]", limit: float, silence: float, stop: threading.Event | None
) -> Iterator[str]:
    """The lines that a process prints, as they come; raises MachineError when it is silent or takes too long."""
    pipe: Any = process.stdout
    end = time.monotonic() + limit
    quiet_until = time.monotonic() + silence
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if stop and stop.is_set():
                raise MachineError("stopped")
            if time.monotonic() > end:
                raise MachineError(f"the time limit of {limit:g} s is over")
            if time.monotonic() > quiet_until:
                raise MachineError(f"the guest hangs: nothing came for {silence:g} s")
            if not selector.select(0.2):
                continue
            data = os.read(pipe.fileno(), 1 << 16)
            if not data:
                if rest:
                    yield rest.decode("latin-1")
                return
            quiet_until = time.monotonic() + silence
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode("latin-1")


@cache
def _help(program: str) -> str:
    return call([program, "--help"], check=False)


def _last_words(folder: str) -> str:
    """What Bochs wrote of its own end, if anything."""
    for name in ("bochs.log", "stderr"):
        path = Path(folder, name)
        if path.exists():
            panics = re.findall(r">>PANIC<< (.*)", path.read_text(encoding="utf-8", errors="replace"))
            if panics:
                return f" (Bochs: {panics[-1]})"
    return ""
