"""Run the guest on Bochs, without a screen: one process per core, each with a part of the cases and a time limit."""

import datetime
import os
import re
import selectors
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from ..model.errors import InvalidValue
from .cases import case_keys
from .image import build_image
from .log import CASE, Log, join_logs, read_log, shown
from .programs import OUTPUT, MachineError, call, need, started

MODEL = "corei7_skylake_x"
LIMIT = 300.0  # seconds
_SILENCE = 20.0  # seconds
_MOST_PROCESSES = 8
_MOST_TEXT = 1 << 23  # bytes; an image of as many cases as fit prints 5.4 million
# Paths are relative: Bochs runs in the folder of these files, whose name may have characters that it cannot read.
# The guest's lines come through a serial port, a pipe of their own; what Bochs draws or says goes elsewhere.  At one
# million instructions per second of its clock, the port is as fast as the guest, which waits for it after each letter.
CONFIGURATION = """\
config_interface: textconfig
display_library: term
romimage: file=nvmx.rom
megs: 32
cpu: model={model}, count=1, ips=1000000, reset_on_triple_fault=0
clock: sync=none
com1: enabled=1, mode=file, dev=guest
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
ata0: enabled=0
ata1: enabled=0
plugin_ctrl: unmapped=1, serial=1, biosdev=0, speaker=0, extfpuirq=0, parallel=0, gameport=0, iodebug=0
log: bochs.log
"""


def _ignore(_cases: int) -> None:
    """Report no progress."""


def run(*, model: str = MODEL, limit: float = LIMIT, progress: Callable[[int], object] = _ignore) -> Log:
    """Execute every case on Bochs' processor `model` and return the log.

    `limit` is in seconds; `progress` is called with how many more cases are done, from other threads, one at a time.
    Raises MachineError if a program is missing, Bochs stops or the time is over, LogError if its text is not whole,
    InvalidValue if `limit` is not a number of seconds or `model` not a name.

    >>> from nvmx import bochs
    >>> bochs.run(model="corei7_skylake_x")  # doctest: +SKIP
    <Log: 34864 executions on Bochs 2.7>

    (Skipped, since it takes half a minute and needs Bochs and nasm.)
    """
    _check(model, limit)
    parts = np.array_split(case_keys(), min(os.cpu_count() or 1, _MOST_PROCESSES))
    stop, lock = threading.Event(), threading.Lock()
    logs: dict[int, Log] = {}
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def report(cases: int) -> None:
        with lock:
            progress(cases)

    def work(part: int, image: bytes) -> None:
        try:
            logs[part] = run_image(image, model=model, limit=limit, progress=report, stop=stop)
        except BaseException as error:  # noqa: BLE001 - it is raised below
            ended.put(error)
        else:
            ended.put(None)

    images = [build_image(part) for part in parts]
    with ThreadPoolExecutor(len(parts)) as pool:
        try:  # around the submissions, too: the first run may be going on when we are told to stop
            for part, image in enumerate(images):
                pool.submit(work, part, image)
            for _ in images:
                if failed := _next(ended):
                    raise failed
        finally:
            stop.set()
    log = join_logs(logs[part] for part in range(len(images)))
    return Log({**log.header, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}, log.fields)


def run_image(
    image: bytes,
    *,
    model: str = MODEL,
    limit: float = 60,
    silence: float = _SILENCE,
    progress: Callable[[int], object] = _ignore,
    stop: threading.Event | None = None,
) -> Log:
    """Run one image on Bochs and return its log; a guest that prints nothing for `silence` seconds counts as hanging.

    Arguments and errors as for `run`; when `stop` is set, it ends with a MachineError.
    """
    _check(model, limit)
    program = need("bochs", "it executes the guest")
    with tempfile.TemporaryDirectory(prefix="nvmx-") as name:
        folder = Path(name)
        _, about = call([program, "--help"], folder, min(limit, 60))
        Path(folder, "nvmx.rom").write_bytes(image)
        Path(folder, "bochsrc").write_text(CONFIGURATION.format(model=model), encoding="ascii")
        command = [program, "-q", "-f", "bochsrc"]
        if "-rc" in about:
            # A Bochs with a debugger waits for orders; the only one is to go on.
            Path(folder, "go").write_text("c\n", encoding="ascii")
            command += ["-rc", "go"]
        os.mkfifo(folder / "guest")
        lines = []
        with started(command, folder, limit) as process:
            try:
                for line in _lines(process, folder / "guest", limit, silence, stop):
                    lines.append(line)
                    if CASE.fullmatch(line):
                        progress(1)
                    if line.startswith(("@end ", "@no VMX")):
                        break
                else:
                    raise MachineError(f"Bochs stopped before the guest had ended{_last_words(folder)}")
            except MachineError as error:
                last = next((shown(line) for line in reversed(lines) if line.startswith("@")), "nothing")
                raise MachineError(f"{error}; the last that the guest said: {last}") from None
    log = read_log(lines)
    version = re.search(r"Bochs x86 Emulator (\S+)", about)
    machine = f"Bochs {version[1] if version else 'of an unknown version'}"
    return Log({"machine": machine, "model": model, **log.header}, log.fields)


def _next(ended: "SimpleQueue[BaseException | None]") -> BaseException | None:
    """Wait for the next run that ends; an order to stop interrupts it.

    Python obeys a signal between two steps of the main thread.  One that comes just before a wait, or to another
    thread, does not end the wait, so no wait may be long.
    """
    while True:
        with suppress(Empty):
            return ended.get(timeout=0.2)


def _check(model: object, limit: object) -> None:
    if os.name != "posix":
        raise MachineError("Bochs is run on Linux and its like only; logs can be read anywhere")
    if not isinstance(limit, (int, float)) or not 0 < limit < float("inf"):
        raise InvalidValue(f"limit: {limit!r} is not a number of seconds")
    if not isinstance(model, str) or not re.fullmatch(r"\w+", model, re.ASCII):
        raise InvalidValue(f"model: {model!r} is not the name of a processor model (bochs --help cpu lists them)")


def _lines(
    process: "subprocess.Popen[bytes]", pipe: Path, limit: float, silence: float, stop: threading.Event | None
) -> Iterator[str]:
    """Yield the lines that come through the pipe; MachineError if none comes, or it takes too long, or has no end."""
    start = heard = time.monotonic()
    count, rest = 0, b""
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if stop and stop.is_set():
                    raise MachineError("stopped")
                if now - start > limit:
                    raise MachineError(f"the time limit of {limit:g} s is over")
                if now - heard > silence:
                    raise MachineError(f"the guest hangs: nothing came for {silence:g} s")
                if count > _MOST_TEXT:
                    raise MachineError(f"the guest prints without end: {count} bytes")
                ended = process.poll() is not None  # asked before reading, so that what was printed last is read, too
                data = os.read(descriptor, 1 << 16) if selector.select(0 if ended else 0.2) else b""
                if data:
                    heard = now
                    count += len(data)
                    *whole, rest = (rest + data).split(b"\n")
                    yield from (line.decode("latin-1") for line in whole)
                elif ended:
                    if rest:
                        yield rest.decode("latin-1")
                    return
                else:
                    time.sleep(0.02)  # a pipe that Bochs has closed is always ready
    finally:
        os.close(descriptor)


def _last_words(folder: Path) -> str:
    """What Bochs wrote about its own end, if anything."""
    for name in ("bochs.log", OUTPUT):
        path = Path(folder, name)
        if path.exists():
            panics = re.findall(r">>PANIC<< (.*)", path.read_text(encoding="utf-8", errors="replace"))
            if panics:
                return f" (Bochs: {shown(panics[-1])})"
    return ""
