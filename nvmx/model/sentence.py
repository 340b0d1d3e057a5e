"""What sentences about values share."""

from collections.abc import Iterable, Mapping


def values_text(values: Mapping[str, object], between: str = ", ") -> str:
    """Return axes (by column name) with their values.

    >>> values_text({"CPL": 3, "SMX": 0}, " and ")
    'CPL = 3 and SMX = 0'
    """
    return between.join(f"{name} = {value}" for name, value in values.items())


def listed(words: Iterable[object], conjunction: str = "and") -> str:
    """Return words as a sentence lists them.

    >>> listed([1, 2, 3], "or")
    '1, 2 or 3'
    """
    *others, last = map(str, words)
    return f"{', '.join(others)} {conjunction} {last}" if others else last
