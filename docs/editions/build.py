"""Build editions of the course from the committed notebooks; only pictures for slides are drawn again.

`uv run --group editions python docs/editions/build.py [STEP ...]` writes build/editions/STEP for each step named, or
for all.  A step is a module in `steps` with a function `build(out)`; its name is the step's.
"""

import shutil
import sys
import time
from importlib import import_module
from pkgutil import iter_modules

import steps
from steps import OUT

STEPS = tuple(module.name for module in iter_modules(steps.__path__))


def build(step: str) -> str:
    """Build one step into an empty folder; return what it took, in a line."""
    out = OUT / step
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    start = time.monotonic()
    import_module(f"steps.{step}").build(out)
    seconds = time.monotonic() - start
    files = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{step}: {len(files)} files, {size / 1e6:.1f} MB, {seconds:.1f} s, in {out}"


def main(names: list[str]) -> int:
    """Build the steps with these names, or all."""
    if wrong := [name for name in names if name not in STEPS]:
        print(f"no such edition: {', '.join(wrong)} (there are {', '.join(STEPS)})", file=sys.stderr)
        return 2
    for name in names or STEPS:
        print(build(name), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
