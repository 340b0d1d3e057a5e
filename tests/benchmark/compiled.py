"""The compiled loop of vmxon.c, built with the machine's C compiler at -O2."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZES = (5, 2, 2, 2, 2, 2, 2, 2, 2, 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


class CompiledLoop:
    """Intel's VMXON over every state of its 21 axes; `folder` takes the library. Needs COMPILER."""

    def __init__(self, folder: Path) -> None:
        library = folder / "vmxon.so"
        source = Path(__file__).with_name("vmxon.c")
        subprocess.run([str(COMPILER), "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        self._every_state = ctypes.CDLL(str(library)).every_state
        self._every_state.argtypes = [ctypes.c_void_p]
        self._every_state.restype = None

    def __call__(self) -> NDArray[np.uint8]:
        """Return codes into OUTCOMES, one dimension per axis, in a fresh array."""
        out = np.empty(SIZES, dtype=np.uint8)
        self._every_state(out.ctypes.data)
        return out
