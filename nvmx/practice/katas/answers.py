"""Read an outcome that a reader's function returned or wrote: one of the outcomes, or what is wrong with it."""

import re
from difflib import get_close_matches

from ...model.outcome import OUTCOMES
from .sentences import quoted

_LETTERS = {re.sub("[^a-z]", "", name.lower()): name for name in OUTCOMES}
_LETTERS |= {"ok": "success", "vmsucceed": "success", "succeeds": "success", "exit": "VM exit", "vmexit": "VM exit"}


def read_outcome(given: object) -> tuple[str | None, str]:
    """Return the outcome that `given` is, or None and `given` with what is wrong with it, as the end of a sentence.

    >>> read_outcome("#UD")
    ('#UD', '')
    >>> read_outcome("#GP")
    (None, "'#GP', which is no outcome (did you mean '#GP(0)'?)")
    """
    if isinstance(given, str):
        if given in OUTCOMES:
            return str(given), ""
        letters = re.sub("[^a-z]", "", given.lower())
        close = [letters] if letters in _LETTERS else get_close_matches(letters, _LETTERS, 1, cutoff=0.6)
        hint = f"did you mean {_LETTERS[close[0]]!r}?" if close else f"outcomes: {', '.join(OUTCOMES)}"
        return None, f"{quoted(given)}, which is no outcome ({hint})"
    if given is None:
        return None, "None, which is no outcome (is a `return` missing?)"
    if given is Ellipsis:
        return None, "..., which is still to be replaced by an outcome"
    if hasattr(given, "close") and hasattr(given, "send"):
        given.close()  # so that Python does not warn that it was never awaited
        word = "yield" if hasattr(given, "__next__") else "async"
        return None, f"a {type(given).__name__}, which is no outcome (write a plain function, without `{word}`)"
    if hasattr(given, "outcome"):
        return None, f"{quoted(given)}, which is no outcome (but its .outcome is)"
    return None, f"{quoted(given)}, which is no outcome (write a string such as '#UD')"
