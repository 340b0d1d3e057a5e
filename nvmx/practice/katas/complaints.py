"""What is wrong with a function before its answers are looked at: its arguments, and what it raises."""

import inspect
import linecache
from collections.abc import Callable

from ...model.axis import AXES
from .sentences import key_hint, quoted

_LONGEST = 200  # of what an exception says, in characters


def raised_text(error: BaseException, function: object) -> str:
    """Say what a function raised, and in which line.

    >>> raised_text(ValueError("no"), print)
    'raises ValueError: no'
    """
    if isinstance(error, NotImplementedError):
        return "is not written yet (it raises NotImplementedError)"
    if isinstance(error, KeyError) and error.args:
        said = f"the state has no {quoted(error.args[0])} ({key_hint(error.args[0])})"
    else:
        try:
            said = " ".join(str(error).split())[:_LONGEST]
        except Exception:  # noqa: BLE001 - it is the reader's class
            said = ""
    text = f"raises {type(error).__name__}" + (f": {said}" if said else "")
    return f"{text}{_line_of(error, function)}"


def _line_of(error: BaseException, function: object) -> str:
    """Return the last line of the reader's own code in the traceback, in brackets; "" if there is none."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    found = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if code is not None and file == code.co_filename:
            line = linecache.getline(file, trace.tb_lineno).strip()
            found = f" (line {trace.tb_lineno}{f': {line}' if line else ''})"
        trace = trace.tb_next
    return found


def signature_problem(function: Callable[..., object], argument: str) -> str:
    """Say why a function cannot be called with one argument; "" if it can, or if that is unknown.

    >>> signature_problem(lambda cpl, cr0_ne: "#UD", "state")
    'your function is called with one argument, the state as a dict: write def my_function(state), and in it \
state["cpl"]'
    """
    try:
        parameters = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    keywords = {axis.keyword for axis in AXES}
    axes = [name for name in parameters.parameters if name in keywords] if argument == "state" else []
    try:
        parameters.bind(None)
    except TypeError:
        pass
    else:
        if not axes:
            return ""
    kind = "the state as a dict" if argument == "state" else "the virtual CPU"
    example = f', and in it state["{(axes or ["cpl"])[0]}"]' if argument == "state" else ""
    return f"your function is called with one argument, {kind}: write def my_function({argument}){example}"
