"""Programs from npm that tests need, installed once into the user's cache."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(*packages: str) -> Path:
    """The folder `node_modules` that holds these packages; the test is skipped if they cannot be had."""
    if not (npm := shutil.which("npm")):
        pytest.skip("no npm on the PATH")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "nvmx" / "-".join(each.strip("@").replace("/", "-") for each in packages)
    if not (folder / "complete").exists():
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", *packages]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(command, capture_output=True, check=True, timeout=60, cwd=folder)
            (folder / "complete").touch()
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"npm cannot install {' and '.join(packages)} here: {error}")
    return folder / "node_modules"
