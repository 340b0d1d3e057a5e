"""The formats, in the order in which they are asked.

Each is a function that is given lines and yields facts.  A line about which one of FORMATS has yielded a fact is not
shown to the next ones.  Those of EVERYWHERE see all lines, whatever else is said about them.
"""

from collections.abc import Callable, Iterator, Sequence

from ..facts import Fact
from ..line import Line
from . import linux_oops, vendor

FORMATS: tuple[Callable[[Sequence[Line]], Iterator[Fact]], ...] = (linux_oops.facts,)
EVERYWHERE: tuple[Callable[[Sequence[Line]], Iterator[Fact]], ...] = (vendor.facts,)
