"""Random choices that are the same on every platform and in every version of Python."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chooser:
    """Chooses at random, from the words that it is given: the same words lead to the same choices, everywhere.

    Python keeps the numbers of `Random(text).random()` the same for ever, and nothing else of that class.

    >>> [Chooser("state", 1).below(100) for _ in range(2)], Chooser("state", 2).below(100)
    ([27, 27], 71)
    """

    def __init__(self, *words: object) -> None:
        self._random = Random("/".join(map(str, words)))  # noqa: S311 - exercises are no secrets

    def below(self, limit: int) -> int:
        """Return one of 0, 1, ... `limit` - 1."""
        return int(self._random.random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return all items, in any order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]

    def chance(self, one_in: int) -> bool:
        """Return True once in `one_in` times."""
        return self.below(one_in) == 0
