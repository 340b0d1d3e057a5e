"""Read the text that a command is about: a file, or standard input."""

import sys

from ..model.errors import InvalidValue


def text_of(name: str, command: str, hint: str = "") -> str:
    """Return a file's text, or that of standard input for "-"; bytes that are no UTF-8 become replacement characters.

    Raises InvalidValue in the name of the command if there is no such file; `hint` says what may have been meant.
    """
    try:
        if name == "-":
            if sys.stdin is None:
                raise InvalidValue(f"{command}: there is no standard input")
            data = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                data = file.read()
    except FileNotFoundError:
        raise InvalidValue(f"{command}: there is no file {name}{hint}") from None
    except IsADirectoryError:
        raise InvalidValue(f"{command}: {name} is a folder, not a file") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # as PowerShell's > writes it
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
