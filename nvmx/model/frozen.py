"""A dict that cannot be changed, so that rows and answers can be shared, cached, hashed and pickled."""

from collections.abc import Hashable
from typing import Any, NoReturn, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that refuses every change; make a `dict(...)` of it to get one that can be changed.

    >>> box = FrozenDict(CPL=(1, 2, 3))
    >>> box["CPL"] = (3,)
    Traceback (most recent call last):
    TypeError: this mapping cannot be changed; make a dict of it first
    """

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("this mapping cannot be changed; make a dict of it first")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)
