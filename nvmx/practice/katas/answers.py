"""Read an outcome that a reader's function returned or wrote: one of the outcomes, or what is wrong with it."""

import re
from difflib import get_close_matches

from ...model.outcome import OUTCOMES
from .sentences import quoted

_LETTERS = {re.sub("[^a-z]", "", name.lower()): name for name in OUTCOMES}
_LETTERS |= {"ok": "success", "vmsucceed": "success", "succeeds": "success", "exit": "VM exit", "vmexit": "VM exit"}


def read_outcome(given: object) -> tuple[str | None, str]:
    """Return the outcome that `given` is, and what is wrong with `given` ("": nothing).

    >>> read_outcome("#UD")
    ('#UD', '')
    >>> read_outcome("#GP")
    (None, "'#GP' is no outcome: did you mean '#GP(0)'?")
    """
    if isinstance(given, str):
        if given in OUTCOMES:
            return str(given), ""
        letters = re.sub("[^a-z]", "", given.lower())
        close = [letters] if letters in _LETTERS else get_close_matches(letters, _LETTERS, 1, cutoff=0.6)
        hint = f"did you mean {_LETTERS[close[0]]!r}?" if close else f"the outcomes are {', '.join(OUTCOMES)}"
        return None, f"{quoted(given)} is no outcome: {hint}"
    if given is None:
        return None, "None is no outcome: is a `return` missing?"
    if given is Ellipsis:
        return None, "... is to be replaced by an outcome"
    if hasattr(given, "close") and hasattr(given, "send"):
        given.close()  # so that Python does not warn that it was never awaited
        word = "yield" if hasattr(given, "__next__") else "async"
        return None, f"a function with `{word}` returns no outcome: write a plain one with `return`"
    if hasattr(given, "outcome"):
        return None, f"{quoted(given)} is no outcome, but its .outcome is"
    return None, f"{quoted(given)} is no outcome: return a string such as '#UD'"
