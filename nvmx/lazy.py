"""Load what needs more than Python when it is first asked for, and say what to install if that is missing."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from .model.errors import NvmxError


class MissingPackage(NvmxError, ModuleNotFoundError):
    """A part of nvmx needs a package that is not installed."""


def load(module: str, wanted: str) -> ModuleType:
    """Import `module` of nvmx, because of `wanted`.

    Raises MissingPackage if it needs a package that is not installed. Each part of nvmx that needs any has an
    extra of the same name in pyproject.toml: `nvmx.tables` is installed by `nvmx[tables]`.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing, part = str(error.name).partition(".")[0], module.split(".")[1]
        if missing == "nvmx":
            raise
        sentence = f'{wanted} needs {missing}, which is not installed: pip install "nvmx[{part}]"'
        raise MissingPackage(sentence, name=missing) from None


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
