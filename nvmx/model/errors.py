"""One way to refuse bad input: say what was given, what is allowed, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(what: str, given: object, allowed: Iterable[object]) -> ValueError:
    """Return the ValueError for a `given` that is not among the `allowed`, naming the nearest match."""
    choices = list(allowed)
    names = {str(choice).lower(): choice for choice in choices}
    asked = str(given).lower()
    near = [name for name in names if asked and name.startswith(asked)] or get_close_matches(
        asked, names, 1, cutoff=0.5
    )
    hint = f"; did you mean {names[near[0]]!r}?" if near else ""
    return ValueError(f"{what}: {given!r} is not allowed{hint} (allowed: {', '.join(map(repr, choices))})")
