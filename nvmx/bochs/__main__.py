"""Execute VMXON and VMXOFF in every state that a guest can reach, and compare with a source."""

import argparse
import io
import os
import signal
import stat
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from ..lazy import exit_if_missing
from ..model.errors import NvmxError

with exit_if_missing("nvmx.bochs"):
    from tqdm import tqdm

    from ..ladders import find_source
    from .cases import case_keys
    from .conformance import agreement
    from .files import packed, read, recording
    from .image import build_image
    from .log import Log
    from .machine import LIMIT, MODEL, run

AGREES, DISAGREES, FAILED, INCONCLUSIVE = range(4)
_MORE = """\
Exit status: 0 if all agrees or deviates as documented, 1 if something else disagrees, 2 if something went wrong, 3 if
the processor could be put into too few of the states (less than a quarter).

A processor of your own (an Intel host with KVM and nested VMX):
  python -m nvmx.bochs --image nvmx.rom
  qemu-system-x86_64 -accel kvm -cpu host -m 64 -bios nvmx.rom -display none -debugcon file:vmx.log \\
    -device isa-debug-exit
  python -m nvmx.bochs --log vmx.log
(QEMU ends with status 1: that is how the device isa-debug-exit ends it.)
"""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says, and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a processor's name may have letters that a terminal lacks
    options = _options(arguments)
    try:
        return _image(options) if options.image else _comparison(options)
    except KeyboardInterrupt:
        _say("stopped")
    except (NvmxError, OSError) as error:
        _say(str(error))
    except Exception:  # noqa: BLE001 - whatever it was: status 1 would mean that the processor disagrees
        with suppress(OSError):
            traceback.print_exc()
    return FAILED


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m nvmx.bochs", description=__doc__, epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--source", default="intel", metavar="ID", help="what to compare with (default: intel)")
    parser.add_argument("--model", default=MODEL, metavar="CPU", help=f"Bochs' processor model (default: {MODEL})")
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="SECONDS",
                        help=f"give up after this (default: {LIMIT:g})")  # fmt: skip
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what was executed (.xz: compressed)")
    parser.add_argument("--force", action="store_true", help="let --record or --image replace a file that exists")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--log", type=Path, metavar="FILE", help="compare this log instead of running Bochs")
    other.add_argument("--recording", action="store_true", help="compare the recording instead of running Bochs")
    other.add_argument("--image", type=Path, metavar="FILE", help="only write the guest's image, with its cases")
    options = parser.parse_args(arguments)
    live = not (options.log or options.recording or options.image)
    if not live and (options.model != MODEL or options.limit != LIMIT):
        parser.error("--model and --limit are for a run on Bochs")
    if options.image and options.record:
        parser.error("--image executes nothing, so there is nothing to --record")
    if options.force and not (options.image or options.record):
        parser.error("--force is for --record or --image")
    return options


def _image(options: argparse.Namespace) -> int:
    with _new_file(options.image, force=options.force) as file:
        file.write(build_image(case_keys()))
    _print(f"{options.image}: {len(case_keys())} cases", sys.stdout)
    return AGREES


def _comparison(options: argparse.Namespace) -> int:
    find_source(options.source)
    if not options.record:
        return _compare(_log(options), options.source)
    with _new_file(options.record, force=options.force) as file:
        log = _log(options)
        status = _compare(log, options.source)  # first, so that it is not lost if writing fails
        file.write(packed(log, options.record))
    return status


def _log(options: argparse.Namespace) -> Log:
    if options.recording:
        return recording()
    if options.log:
        return read(options.log)
    with tqdm(total=len(case_keys()), unit=" cases", leave=False, disable=None) as bar:
        return run(model=options.model, limit=options.limit, progress=bar.update)


def _compare(log: Log, source: str) -> int:
    found = agreement(log, source)
    _print(found, sys.stdout)
    if found.count("disagree"):
        return DISAGREES
    return AGREES if found.conclusive else INCONCLUSIVE


@contextmanager
def _new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file for writing, before the work begins; if that fails, no file is left, and an old one is as it was."""
    existed = path.exists()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (0 if force else os.O_EXCL), 0o666)
    except FileExistsError:
        raise FileExistsError(f"{path} exists; --force replaces it") from None
    try:
        with open(descriptor, "wb") as file:
            yield file
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                file.truncate()  # the old file may have been longer
    except BaseException:
        if not existed:
            path.unlink(missing_ok=True)
        raise


def _say(text: str) -> None:
    with suppress(OSError):
        _print(f"nvmx.bochs: {text}", sys.stderr)


def _print(text: object, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except OSError:
        # Python would try to write the rest when it exits, fail again, and then change the exit status.
        with suppress(OSError), open(os.devnull, "w", encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
        raise


def program(arguments: list[str] | None = None) -> int:
    """Do what `main` does, as a program that may be told to stop: Bochs and its files are gone first."""
    for order in (getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)):
        if signal.getsignal(order) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(order, signal.default_int_handler)
    return main(arguments)


if __name__ == "__main__":
    sys.exit(program())
