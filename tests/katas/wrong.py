"""Wrong solutions of the notebooks' katas, by the kata's id: at least five each, real bugs among them.

A wrong solution is the right one with some text replaced (each text must be there), or a whole cell.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrong:
    """A mistake in words; what the message must say (a part of it); and the text, by what is replaced or as a whole."""

    mistake: str
    says: str
    replace: dict[str, str] = field(default_factory=dict)
    cell: str = ""

    def text(self, solution: str) -> str:
        """The cell with the mistake, given the right solution."""
        if self.cell:
            return self.cell
        for old, new in self.replace.items():
            assert old in solution, f"{self.mistake}: {old!r} is not in the solution"
            solution = solution.replace(old, new)
        return solution


WRONG: dict[str, list[Wrong]] = {}
