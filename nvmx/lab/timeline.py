"""The history: a slider over the versions of a source, and what each one changed."""

from collections.abc import Iterable

import ipywidgets as widgets

from ..states.history import Version, versions
from .column import Column
from .page import version_page
from .slider import Slider


class History(Column):
    """A `slider` over the ids of the versions, and a `page` about the one chosen."""

    def __init__(self, found: list[Version]) -> None:
        # All pages are made at once, so that the slider only has to show one.
        self.pages = {version.source.id: version_page(version, n, len(found)) for n, version in enumerate(found)}
        self.slider = Slider("version", self.pages)
        self.page = widgets.HTML()
        self.slider.observe(self._show, "value")
        super().__init__([self.slider, self.page])
        self._show()

    def _show(self, _change: object = None) -> None:
        self.page.value = self.pages[self.slider.value]

    def static(self) -> tuple[str, str]:
        """Return which version is chosen, and its page."""
        return f"History at {self.slider.value}", self.page.value


def history(instruction: str = "VMXON", ids: Iterable[str] | None = None) -> History:
    """Return a slider over the versions: the checks, what changed in them, and the states made right or wrong.

    `ids` names the sources in order; None: KVM's, by date.  Raises an error if a source does not exist, is named twice
    or has no ladder for the instruction, and if there is none.

    >>> history("VMXON", ["kvm-2011", "kvm-2013"]).slider.options
    ['kvm-2011', 'kvm-2013']
    """
    return History(versions(instruction, ids))
