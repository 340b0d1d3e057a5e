"""Links on paper: an address gets a number and stands at the end; a lesson is called by its number."""

import re

from bs4 import Tag
from tree import element

_LESSON = re.compile(r"^(\d\d)-[\w-]+\.ipynb")
_NAMED = re.compile(r"lesson|^\d|^kata", re.IGNORECASE)


class Links:
    """The links of a tree, which `write` makes readable on paper."""

    def __init__(self, tree: Tag) -> None:
        self._tree = tree
        self._addresses: list[str] = []

    def write(self) -> None:
        """Number the addresses, unwrap the links within the course, and append the list."""
        for link in self._tree.find_all("a"):
            target = str(link["href"])
            if re.match(r"[a-z]+:", target):
                if target not in self._addresses:
                    self._addresses.append(target)
                link["number"] = str(self._addresses.index(target) + 1)
                continue
            lesson = _LESSON.match(target)
            if lesson and not _NAMED.search(link.get_text()):
                link.append(f" (lesson {int(lesson[1])})")
            link.unwrap()
        if self._addresses:
            listed = element("addresses", *(element("address", each) for each in self._addresses))
            self._tree.extend([element("h2", "Addresses"), listed])
