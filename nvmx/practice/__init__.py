"""Practice without end: problems of seven kinds, from a seed, with answers and reasons.

`making` makes a problem of one of the `kinds` with a `chooser`, at a `level`: most begin with a state that is drawn at
the boundary (`draw`), shown in words (`wording`) or as a program prints it (`printers`).  A problem (`task`) has blanks
(`blanks`), and `typed` reads what people write into them.  `page` prints problems, `gift` writes them for learning
platforms, `marking` compares a file of answers, `seeds` gives each student other numbers.  `reply` says what to answer
to a wrong choice, and `katas` checks what a reader writes.
"""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .making import KINDS, problem, problems
    from .task import Blank, Mark, Problem

__all__ = ["KINDS", "Blank", "Mark", "Problem", "problem", "problems"]

# A question or a kata needs none of the problems, and they need the readers of dumps.
__getattr__, __dir__ = attach(__name__, __all__, {"making": "KINDS problem problems", "task": "Blank Mark Problem"})
