"""The API: a page per public part of the package, from its docstrings."""

import inspect
from importlib import import_module
from pathlib import Path

_PARTS = ("nvmx", "nvmx.plots", "nvmx.lab", "nvmx.practice", "nvmx.web", "nvmx.bochs", "nvmx.kvm2011")


def write(source: Path) -> None:
    """Write a page for each part, and the list of them."""
    for part in _PARTS:
        (source / f"api-{part.rpartition('.')[2]}.rst").write_text(_page(part), encoding="utf-8")
    names = "\n".join(f"api-{part.rpartition('.')[2]}" for part in _PARTS)
    text = f"# API\n\nEach function has an example that the tests run.\n\n```{{toctree}}\n{names}\n```\n"
    (source / "api.md").write_text(text, encoding="utf-8")


def _page(part: str) -> str:
    module = import_module(part)
    lines = [part, "=" * len(part), "", f".. automodule:: {part}", "   :no-index:", ""]
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            lines += [f".. autoclass:: {part}.{name}", "   :members:", ""]
        elif inspect.isroutine(thing):
            lines += [f".. autofunction:: {part}.{name}", ""]
    return "\n".join(lines) + "\n"
