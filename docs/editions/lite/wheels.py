"""The packages of this edition: nvmx of this checkout, as_recorded, and the pure Python that the notebooks need.

Pyodide loads what its lock file names when a notebook imports it, so the lock names what is here and nothing else.
Versions are Pyodide's own, or for what it does not have those of this environment, whose extensions of JupyterLab must
fit them.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[3]
_RECORDED = "as_recorded"
# What the kernel loads before a notebook asks for anything, and what nvmx.lab needs.
_KERNEL = ("ipython", "jedi", "comm", "micropip", "packaging")
LOADED_FIRST = (*_KERNEL, "anywidget", "ipywidgets")
_FOR_JUPYTERLAB = {"jupyterlab-widgets", "widgetsnbextension"}  # files for JupyterLab, which are in its extensions


def write(folder: Path) -> None:
    """Put the wheels into Pyodide's folder, and replace its lock by one that names them."""
    path = folder / "pyodide-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    environment = {
        "sys_platform": "emscripten",
        "platform_system": "Emscripten",
        "os_name": "posix",
        "python_version": ".".join(lock["info"]["python"].split(".")[:2]),
        "python_full_version": lock["info"]["python"],
        "extra": "",
    }
    needs = _closure([*LOADED_FIRST, "nvmx"], lock["packages"], environment)
    pinned = [f"{name}=={_version(name, lock['packages'])}" for name in needs if name != "nvmx"]
    _run("pip", "download", "-qq", "--no-deps", "--only-binary=:all:", "--platform=any",
         f"--python-version={environment['python_version']}", f"--dest={folder}", *pinned)  # fmt: skip
    _run("hatchling", "build", "--target=wheel", f"--directory={folder}")
    _pack(folder)
    needs |= {canonicalize_name(_RECORDED): ["nvmx"]}
    wheels = {parse_wheel_filename(path.name)[0]: path for path in folder.glob("*.whl")}
    lock["packages"] = {name: _entry(wheels[canonicalize_name(name)], name, needs[name]) for name in sorted(needs)}
    path.write_text(json.dumps(lock, indent=1), encoding="utf-8")


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _pack(folder: Path) -> None:
    """Write as_recorded as a wheel."""
    about = f"{_RECORDED}-0.dist-info"
    with zipfile.ZipFile(folder / f"{_RECORDED}-0-py3-none-any.whl", "w") as wheel:
        wheel.write(Path(__file__).with_name(f"{_RECORDED}.py"), f"{_RECORDED}.py")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {_RECORDED}\nVersion: 0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def _closure(names: list[str], known: dict[str, Any], environment: dict[str, str]) -> dict[str, list[str]]:
    """Return the packages that these need, each with those that it needs itself."""
    found: dict[str, list[str]] = {}
    while names:
        name = names.pop()
        if name in found:
            continue
        if name in known:
            needs = known[name]["depends"]
        else:
            asked = map(Requirement, _own() if name == "nvmx" else requires(name) or ())
            needs = [each.name for each in asked if not each.marker or each.marker.evaluate(environment)]
        found[name] = [each for need in needs if (each := canonicalize_name(need)) not in _FOR_JUPYTERLAB]
        names += found[name]
    return found


def _own() -> list[str]:
    needs: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return needs


def _version(name: str, known: dict[str, Any]) -> str:
    return str(known[name]["version"]) if name in known else version(name)


def _entry(wheel: Path, name: str, depends: list[str]) -> dict[str, Any]:
    """Return what a lock says about a wheel."""
    with zipfile.ZipFile(wheel) as files:
        tops = {each.partition("/")[0] for each in files.namelist() if each.endswith(".py")}
    return {
        "name": name,
        "version": str(parse_wheel_filename(wheel.name)[1]),
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(top.removesuffix(".py") for top in tops),
        "depends": depends,
        "unvendored_tests": False,
    }
