"""JupyterLite, built small: its notebook application, three extensions, and Pyodide."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")
_PYODIDE = "@jupyterlite/pyodide-kernel-extension:kernel"


def write(
    out: Path, first: tuple[str, ...], *, pyodide: Callable[[Path], None], notebooks: Callable[[Path], None]
) -> None:
    """Build it in `out` with a kernel that loads the packages in `first` when it starts."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        (folder / "static").mkdir()
        pyodide(folder / "static" / "pyodide")
        notebooks(folder / "files")
        labextensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
        building = {
            "apps": ["notebooks"],
            "federated_extensions": [str(labextensions / name) for name in _EXTENSIONS],
            "ignore_sys_prefix": ["federated_extensions"],
            "no_libarchive": True,
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "output_dir": str(out),
        }
        kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": list(first)}}
        running = {
            "appName": "nvmx",
            "exposeAppInBrowser": True,  # the page around it opens the lesson and runs it
            "litePluginSettings": {_PYODIDE: kernel},
        }
        _write(folder / "jupyter_lite_config.json", {"LiteBuildConfig": building})
        _write(folder / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": running})
        subprocess.run(
            [sys.executable, "-m", "jupyterlite_core", "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )


def _write(path: Path, held: object) -> None:
    path.write_text(json.dumps(held), encoding="utf-8")
