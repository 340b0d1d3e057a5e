"""Run what a reader wrote: within a time limit, and without its prints.

It runs in a thread, so that this works in any thread of any system, and while the function sleeps.  A thread that is
late gets an exception again and again, which `except Exception` does not catch, and a bare `except` in a loop not
always.  What still goes on (a loop inside `try` with a bare `except` inside another loop) is left
behind: the check says so, and the rest of the session goes on.  A single call into C that never returns, such as
`sum(itertools.count())`, cannot be stopped, and in Pyodide, which has no threads, there is no limit.
"""

import contextvars
import ctypes
import io
import sys
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from enum import Enum

_TICK = 0.01  # seconds between two looks at a thread that runs
_TRY, _TRIES, _SHORTEST = 0.0005, 2000, 1e-5  # for one that does not stop: at least a second
_KEPT_LINES, _KEPT_WIDTH = 3, 100


class Stopped(BaseException):
    """Time is up."""


class Ending(Enum):
    """How a run ended: in time, stopped, or still going on."""

    IN_TIME = 0
    STOPPED = 1
    LEFT_BEHIND = 2


class Prints(io.TextIOBase):
    """A stream that keeps the first lines, and counts them all.

    >>> prints = Prints()
    >>> for number in range(5): print("line", number, file=prints)
    >>> prints.text
    'prints (5 lines; the first ones are shown): line 0 | line 1 | line 2'
    """

    def __init__(self) -> None:
        self._kept, self._lines = "", 0

    def writable(self) -> bool:
        """Say that `print` may write here."""
        return True

    def write(self, text: str, /) -> int:
        """Take a text."""
        if self._lines < _KEPT_LINES and len(self._kept) < _KEPT_LINES * _KEPT_WIDTH:
            self._kept += text[: _KEPT_LINES * _KEPT_WIDTH]
        self._lines += text.count("\n")
        return len(text)

    @property
    def text(self) -> str:
        """What was printed, in a sentence; "" if nothing was."""
        if not self._kept.strip():
            return ""
        kept = [line[:_KEPT_WIDTH] for line in self._kept.splitlines()[:_KEPT_LINES]]
        more = f" ({self._lines:,} lines; the first ones are shown)" if self._lines > _KEPT_LINES else ""
        return f"prints{more}: {' | '.join(kept)}"


def run(work: Callable[[], None], seconds: float) -> tuple[Ending, str]:
    """Call `work`, and return how it ended and what it printed; what it raises is raised here.

    >>> run(lambda: print("hello"), 1)
    (<Ending.IN_TIME: 0>, 'prints: hello')
    """
    prints = Prints()
    raised: list[BaseException] = []
    ended: list[bool] = []
    context = contextvars.copy_context()

    def body() -> None:
        try:
            try:
                context.run(work)
            finally:
                ended.append(True)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    with redirect_stdout(prints), redirect_stderr(prints):
        thread = threading.Thread(target=body, daemon=True, name="kata")
        ending = Ending.IN_TIME
        try:
            thread.start()
        except RuntimeError:  # there are no threads
            body()
        else:
            deadline = time.monotonic() + seconds
            try:
                while thread.is_alive() and time.monotonic() < deadline:
                    thread.join(_TICK)
                if not ended:
                    ending = _stop(thread, ended)
            except BaseException:
                _stop(thread, ended)
                raise
    if raised:
        raise raised[0]
    return ending, prints.text


def _stop(thread: threading.Thread, ended: list[bool]) -> Ending:
    """Raise Stopped in a thread until it ends, or until that has been tried for long enough.

    An exception arrives between two bytecodes; that threads change places often makes it arrive at many of them, and so
    sooner or later outside the `try` of a loop.
    """
    interval, hook = sys.getswitchinterval(), threading.excepthook
    # A second exception can arrive when the first one has ended the thread.
    threading.excepthook = lambda given: None if given.exc_type is Stopped else hook(given)
    sys.setswitchinterval(_SHORTEST)
    try:
        for _ in range(_TRIES):
            if ended or not thread.is_alive():
                thread.join()
                return Ending.STOPPED
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stopped))
            thread.join(_TRY)
        return Ending.STOPPED if ended else Ending.LEFT_BEHIND
    finally:
        sys.setswitchinterval(interval)
        threading.excepthook = hook
