"""What a cell of a notebook shows to readers who do not run it: its code, and what is printed in a fixed width."""

import ast
import re
import textwrap

TRY_AGAIN = " Try once more."  # how the reply to a first wrong answer ends
# Cells that end in one of these ask or show something that is on the page; the call itself says nothing more.
_ASKING = ("predict", "predict_cause", "guess", "explorer", "history", "practice")
_CALLS = {f"nvmx.lab.{name}" for name in _ASKING} | {"nvmx.glossary"}


def shown_code(source: str) -> str:
    r"""Return the code of a cell, without a last statement that only asks or shows what stands on the page.

    >>> shown_code("x = 1\nnvmx.lab.guess('How many?', x)")
    'x = 1'
    """
    last = ast.parse(source).body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) in _CALLS:
        source = "\n".join(source.splitlines()[: last.lineno - 1])
    return source.strip("\n")


def wrapped(text: str, width: int) -> str:
    r"""Return lines that are not too long; what is in columns goes on in the last one.

    >>> print(wrapped("  #UD  0123456789 0123456789", 20))
      #UD  0123456789
           0123456789
    """
    lines = []
    for line in text.splitlines():
        gap = max((found.end() for found in re.finditer(r"(?<=\S)  +", line[: width // 2])), default=0)
        lines += textwrap.wrap(line, width, subsequent_indent=" " * gap) or [""]
    return "\n".join(lines)
