"""The benchmark's C is a third derivation of Intel's VMXON: it agrees on every state, too."""

import sys
from pathlib import Path

import pytest

import nvmx

sys.path.insert(0, str(Path(__file__).parent / "benchmark"))
from compiled import COMPILER, CompiledLoop


@pytest.mark.skipif(COMPILER is None, reason="no C compiler on the PATH")
def test_the_compiled_loop_agrees_on_every_state(tmp_path: Path) -> None:
    wrong = int((CompiledLoop(tmp_path)() != nvmx.outcomes("VMXON", "intel")).sum())
    assert wrong == 0
