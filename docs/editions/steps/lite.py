"""The lessons as notebooks that run in the browser: JupyterLite with Pyodide, which stands beside the site."""

import json
import shutil
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from lite import app, notebooks, wheels
from packages import installed


def build(out: Path) -> None:
    """Write it, and about.json: which lessons run, and what a visit loads (until the check has measured it, all)."""
    app.write(out, wheels.LOADED_FIRST, pyodide=_pyodide, notebooks=notebooks.write)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file() and path.suffix != ".ipynb")
    about = {"lessons": notebooks.RUNS, "bytes": size, "seconds": None}
    (out / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _pyodide(folder: Path) -> None:
    """Copy what a browser loads of Pyodide, and add the packages."""
    source = installed("pyodide", PYODIDE_VERSION)
    folder.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"):
        shutil.copy(source / name, folder)
    wheels.write(folder)
