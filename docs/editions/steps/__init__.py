"""The editions: each module has a function `build(out)`, which fills an empty folder in `OUT`."""

from pathlib import Path

OUT = Path(__file__).parents[3] / "build" / "editions"
