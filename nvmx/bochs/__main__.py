"""Execute VMXON and VMXOFF in every state that a guest can reach, and compare with a source."""

import argparse
import signal
import sys
from pathlib import Path

from ..lazy import exit_if_missing

with exit_if_missing("nvmx.bochs"):
    from tqdm import tqdm

    from ..ladders import find_source
    from .cases import case_keys
    from .conformance import agreement
    from .files import read, recording, save
    from .image import build_image
    from .machine import LIMIT, MODEL, run
    from .programs import MachineError

_OTHER = """\
A processor of your own (an Intel host with KVM and nested VMX):
  python -m nvmx.bochs --image nvmx.rom
  qemu-system-x86_64 -accel kvm -cpu host -m 64 -bios nvmx.rom -display none -debugcon file:vmx.log \\
    -device isa-debug-exit
  python -m nvmx.bochs --log vmx.log
(QEMU ends with status 1: that is how the device isa-debug-exit ends it.)
"""


def main(arguments: list[str] | None = None) -> int:
    """Return 0 where all agrees or deviates as documented, 1 where something else disagrees, 2 for an error."""
    parser = argparse.ArgumentParser(
        prog="python -m nvmx.bochs", description=__doc__, epilog=_OTHER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--source", default="intel", metavar="ID", help="what to compare with (default: intel)")
    parser.add_argument("--model", default=MODEL, metavar="CPU", help=f"Bochs' processor model (default: {MODEL})")
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="SECONDS",
                        help=f"give up after this (default: {LIMIT:g})")  # fmt: skip
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what was executed (.xz: compressed)")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--log", type=Path, metavar="FILE", help="compare this log instead of running Bochs")
    other.add_argument("--recording", action="store_true", help="compare the recording instead of running Bochs")
    other.add_argument("--image", type=Path, metavar="FILE", help="only write the guest's image, with its cases")
    chosen = parser.parse_args(arguments)
    live = not (chosen.log or chosen.recording or chosen.image)
    if not live and (chosen.model != MODEL or chosen.limit != LIMIT):
        parser.error("--model and --limit are for a run on Bochs")
    if chosen.image and chosen.record:
        parser.error("--image executes nothing, so there is nothing to --record")
    try:
        find_source(chosen.source)
        if chosen.image:
            chosen.image.write_bytes(build_image(case_keys()))
            print(f"{chosen.image}: {len(case_keys())} cases")
            return 0
        if not live:
            log = read(chosen.log) if chosen.log else recording()
        else:
            with tqdm(total=len(case_keys()), unit=" cases", leave=False, disable=None) as bar:
                log = run(model=chosen.model, limit=chosen.limit, progress=bar.update)
        if chosen.record:
            save(log, chosen.record)
        found = agreement(log, chosen.source)
    except KeyboardInterrupt:
        print("nvmx.bochs: stopped", file=sys.stderr)
        return 2
    except (MachineError, ValueError, OSError) as error:
        print(f"nvmx.bochs: {error}", file=sys.stderr)
        return 2
    print(found)
    return 1 if found.count("disagree") else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being told to stop, too, ends Bochs first
    sys.exit(main())
