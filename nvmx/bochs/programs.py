"""The programs that are not Python: find them, run them to their end, and say in a sentence what went wrong."""

import shutil
import subprocess

APT = "apt-get install -y --no-install-recommends bochs bochs-term bochsbios vgabios nasm"


class MachineError(RuntimeError):
    """A program is missing, or the machine did not do as asked."""


def call(command: list[str], *, check: bool = True) -> str:
    """Run a program to its end and return what it printed; raises MachineError where it hangs, or (`check`) fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=check)
    except subprocess.TimeoutExpired:
        raise MachineError(f"{command[0]} did not end within a minute") from None
    except subprocess.CalledProcessError as error:
        raise MachineError(f"{command[0]} failed: {error.stderr.strip()[:500]}") from None
    return done.stdout + done.stderr


def need(program: str, why: str) -> str:
    """Return the path of a program, or raise MachineError with what installs it."""
    found = shutil.which(program)
    if found is None:
        raise MachineError(f"{program} is not installed ({why}); on Debian: {APT}")
    return found
