"""Packages from npm, which tests/web/npm.py installs once and keeps."""

import sys
from importlib import import_module
from pathlib import Path

_TESTS = Path(__file__).parents[2] / "tests" / "web"


def installed(package: str, version: str) -> Path:
    """Return the folder of a package; RuntimeError if npm cannot bring it."""
    sys.path.append(str(_TESTS))
    npm = import_module("npm")
    try:
        folder: Path = npm.installed(f"{package}@{version}")
    except npm.pytest.skip.Exception as reason:
        raise RuntimeError(str(reason)) from None
    return folder / package
