"""How long the command takes to start, against a command of Click's that does nothing; and how long a long log takes.

    python tests/benchmark/start.py

The two are started in turns, so that both meet the same machine.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 40
BARE = """
import click

@click.group()
def group(): pass

@group.command()
@click.argument("words", nargs=-1)
def nothing(words): click.echo("nothing")

group()
"""
NVMX = "import sys; from nvmx.cli import main; sys.exit(main())"
LINES = "[   12.345678] usb 1-1: new high-speed USB device number 5 using xhci_hcd\n" * 9_999
LOG = f"{LINES}[  123.456789] kvm: VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x0\n"


def seconds(*arguments: str, text: str = "") -> float:
    """Return how long a run of Python takes."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], input=text, capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    return time.perf_counter() - start


def main() -> None:
    """Print the medians in milliseconds, and the ratio."""
    seconds("-c", NVMX, "verdict", "VMXON", "intel")  # writes the bytecode
    pairs = [
        (seconds("-c", BARE, "nothing", "VMXON"), seconds("-c", NVMX, "verdict", "VMXON", "intel", "cpl=3"))
        for _ in range(ROUNDS)
    ]
    bare, verdict = (1000 * statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"a bare command of Click's {bare:.0f} ms, nvmx verdict {verdict:.0f} ms: {verdict / bare:.2f} times")
    log = [seconds("-c", NVMX, "explain", "-", text=LOG) for _ in range(5)]
    print(f"nvmx explain of 10,000 lines {1000 * statistics.median(log):.0f} ms")


if __name__ == "__main__":
    main()
