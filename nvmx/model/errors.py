"""The family of errors, and one way to refuse a name: say what was given, what is allowed, and the closest name."""

from collections.abc import Iterable


class NvmxError(Exception):
    """The base class of every error that this package raises on purpose.

    >>> import nvmx
    >>> try:
    ...     nvmx.verdict("VMXON", "intel", cpl=4)
    ... except nvmx.NvmxError as error:
    ...     print(error)
    value of CPL: 4 is not allowed (allowed: 0, 1, 2, 3)
    """


class InvalidValue(NvmxError, ValueError):
    """A value of the right type that makes no sense here."""


class InvalidType(NvmxError, TypeError):
    """An argument of the wrong type."""


class UnknownName(InvalidValue):
    """A name or value that does not exist."""


class OutsideDomain(UnknownName):
    """A value that the axis has, but about which this source says nothing."""


def unknown(what: str, given: object, allowed: Iterable[object], kind: type[UnknownName] = UnknownName) -> UnknownName:
    """Return the error for a `given` that is not among the `allowed`; it names the closest match.

    >>> print(unknown("source", "kvm2011", ["intel", "kvm-2011"]))
    source: 'kvm2011' is not allowed; did you mean 'kvm-2011'? (allowed: 'intel', 'kvm-2011')
    """
    from difflib import get_close_matches  # slow to load, and so only if something is refused

    choices = list(allowed)
    names = {str(choice).lower(): choice for choice in choices}
    asked = str(given).lower()
    close = [name for name in names if asked and name.startswith(asked)]
    close = close or get_close_matches(asked, names, 1, cutoff=0.5)
    hint = f"; did you mean {names[close[0]]!r}?" if close else ""
    return kind(f"{what}: {given!r} is not allowed{hint} (allowed: {', '.join(map(repr, choices))})")
