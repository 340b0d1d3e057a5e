"""How long do all states take?  `uv run python tests/benchmark/outcomes.py` prints times, and ratios within this run.

It compares `nvmx.outcomes` with a compiled loop over the same states (vmxon.c, -O2), both into fresh arrays, in
batches of ten calls that take turns; and it times half of the states against all of them, for `outcomes` and `table`,
to show how they grow.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from compiled import COMPILER, CompiledLoop

import nvmx

ROUNDS = 15


def seconds(function: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        function()
    return (perf_counter() - start) / calls


def compare(name: str, a: Callable[[], object], b: Callable[[], object], calls: int = 10) -> None:
    """Time `a` and `b` in turn and print the medians for one call, and the median of the ratios b/a."""
    seconds(a, 1), seconds(b, 1)
    pairs = [(seconds(a, calls), seconds(b, calls)) for _ in range(ROUNDS)]
    first, second = (median(times) * 1e3 for times in zip(*pairs, strict=True))
    ratio = median(y / x for x, y in pairs)
    print(f"{name}: {first:.2f} ms and {second:.2f} ms; the second takes {ratio:.1f} times the first")


def main() -> int:
    if COMPILER is None:
        print("no C compiler found (cc, gcc or clang)")
        return 1
    axes = nvmx.ladder("VMXON", "intel").axes
    with tempfile.TemporaryDirectory() as folder:
        loop = CompiledLoop(Path(folder))
        same = (loop() == nvmx.outcomes("VMXON", "intel")).all()
        print(f"{loop().size:,} states; the loop and nvmx.outcomes agree on every one: {same}")
        compare("nvmx.outcomes, then the compiled loop", lambda: nvmx.outcomes("VMXON", "intel"), loop)
    compare("outcomes of half of the states, then of all", lambda: nvmx.outcomes("VMXON", "intel", axes[:-1]),
            lambda: nvmx.outcomes("VMXON", "intel"))  # fmt: skip
    compare("table of half of the states, then of all", lambda: nvmx.table("VMXON", "intel", axes[:-1]),
            lambda: nvmx.table("VMXON", "intel"), calls=1)  # fmt: skip
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
