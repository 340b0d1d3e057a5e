"""Load what needs more than Python when it is first asked for, and say what to install if that is missing."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from .model.errors import NvmxError


class MissingPackage(NvmxError, ModuleNotFoundError):
    """A part of nvmx needs a package that is not installed."""


def load(module: str, wanted: str) -> ModuleType:
    """Import `module` of nvmx, because of `wanted`; raises MissingPackage if it needs one that is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise _explained(error, module, wanted) from None


@contextmanager
def exit_if_missing(module: str) -> Iterator[None]:
    """Around the imports of a program: if a package is not installed, say so and exit with status 2."""
    try:
        yield
    except ModuleNotFoundError as error:
        explained = _explained(error, module, module)
        if explained is error:
            raise
        print(explained, file=sys.stderr)
        sys.exit(2)


def _explained(error: ModuleNotFoundError, module: str, wanted: str) -> ModuleNotFoundError:
    """Each part of nvmx that needs a package has an extra of its own name: nvmx[tables] is for nvmx.tables."""
    missing, part = str(error.name).partition(".")[0], module.split(".")[1]
    if missing == "nvmx":
        return error  # a mistake of ours
    if sys.platform == "emscripten":  # in a browser it cannot be installed
        return MissingPackage(where_it_works(wanted, missing), name=missing)
    sentence = f'{wanted} needs {missing}, which is not installed: pip install "nvmx[{part}]"'
    return MissingPackage(sentence, name=missing)


def where_it_works(wanted: str, missing: str) -> str:
    """Return what a page in a browser says about what it cannot do.

    >>> where_it_works("nvmx.table", "pandas")[:54]
    'nvmx.table needs pandas, which this page does not have'
    """
    return (
        f"{wanted} needs {missing}, which this page does not have. It works in JupyterLab on your own computer:"
        ' pip install "nvmx[lab]", then: nvmx lab'
    )


def attach(
    package: str, public: Sequence[str], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package whose names are loaded when they are first asked for.

    `homes` holds the names that each of its modules defines, separated by spaces; "" holds the modules themselves.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = load(f"{package}.{home_of[name] or name}", f"{package}.{name}")
        return getattr(module, name) if home_of[name] else module

    return get, lambda: sorted(public)
