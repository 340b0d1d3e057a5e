"""`python -m nvmx.bochs` runs `command`, or says what to install first."""

import signal
import sys

from ..lazy import MissingPackage, load

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being told to stop, too, ends Bochs first
    try:
        command = load("nvmx.bochs.command", "nvmx.bochs")
    except MissingPackage as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    sys.exit(command.main())
