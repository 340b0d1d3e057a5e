"""In the browser: what needs a package that is not there shows what it showed when the lesson was made.

This module goes into the page as a package of its own.  A cell below the title of each lesson calls `show`.
"""

import html
import json
import re
import sys
from collections.abc import Callable
from importlib.resources import files
from types import ModuleType
from typing import Any

from IPython import get_ipython

import nvmx.plots
from nvmx.lazy import MissingPackage, where_it_works

PICTURE = "This page cannot draw. The picture is from when this lesson was made."
_PICTURE = re.compile(r"""<img\b[^>]*>""")
_ATTRIBUTE = r"""\b{}=(["'])(.*?)\1"""


def show(lesson: str) -> None:
    """Do so in each cell that is as it was; in another one, say what is missing and where it works."""
    shell = get_ipython()
    recorded = _Recorded(lesson, shell.display_pub.publish)
    shell.events.register("pre_run_cell", recorded.begin)
    shell.set_custom_exc((MissingPackage,), recorded.replace)
    draw = nvmx.plots.__getattr__

    def drawn(name: str) -> Any:
        try:
            return draw(name)
        except MissingPackage:
            if recorded.pictures:
                return lambda *_, **__: recorded.picture()
            raise

    nvmx.plots.__dict__["__getattr__"] = drawn
    sys.modules.setdefault("pandas", _Pandas("pandas"))


class _Pandas(ModuleType):
    """Can be imported, since lessons do so at their beginning, and no more."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingPackage(where_it_works(f"pandas.{name}", "pandas"), name="pandas")


class _Picture:
    """A picture as the notebook holds it."""

    def __init__(self, png: str, sentence: str) -> None:
        self._png, self._sentence = png, sentence

    def __repr__(self) -> str:
        return self._sentence

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": self._png, "text/plain": self._sentence}
        return data, {"image/png": {"alt": self._sentence}}


class _Recorded:
    def __init__(self, lesson: str, publish: Callable[..., None]) -> None:
        self._publish = publish
        text = (files("nvmx") / "lessons" / f"{lesson}.ipynb").read_text(encoding="utf-8")
        cells = json.loads(text)["cells"]
        self._all = {"".join(each["source"]).strip(): each.get("outputs", []) for each in cells}
        self._outputs: list[Any] = []
        self.pictures: list[_Picture] = []

    def begin(self, about: Any) -> None:
        """Find what was recorded of the cell that is about to run."""
        self._outputs = self._all.get(about.raw_cell.strip(), [])
        self.pictures = [picture for output in self._outputs for picture in _pictures(output)]

    def picture(self) -> _Picture:
        """Return the next picture of the cell, and say that it was not drawn now: cells above may have changed."""
        self._publish({"text/html": f"<p><i>{PICTURE}</i></p>"})
        return self.pictures.pop(0)

    def replace(self, _shell: object, _kind: object, error: BaseException, *_: object, **__: object) -> None:
        """Show that in the place of the error."""
        words = [str(error), *(["When this lesson was made, the cell showed:"] if self._outputs else [])]
        self._publish({"text/html": "".join(f"<p><i>{html.escape(each)}</i></p>" for each in words)})
        for output in self._outputs:
            if output["output_type"] == "stream":
                print("".join(output["text"]), end="")
                continue
            data = {kind: _joined(held) for kind, held in output["data"].items() if "widget-view" not in kind}
            self._publish(data, output.get("metadata", {}))


def _joined(held: Any) -> Any:
    return "".join(held) if isinstance(held, list) else held


def _pictures(output: Any) -> list[_Picture]:
    data = output.get("data", {})
    if png := data.get("image/png"):
        return [_Picture(_joined(png), _joined(data["text/plain"]))]
    found = _PICTURE.findall(_joined(data.get("text/html", "")))
    return [_Picture(_value(each, "src").partition("base64,")[2], _value(each, "alt")) for each in found]


def _value(element: str, attribute: str) -> str:
    match = re.search(_ATTRIBUTE.format(attribute), element)
    return html.unescape(match[2]) if match else ""
