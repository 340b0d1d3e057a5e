"""The result of a kata: passed, or the simplest counterexample, with hints."""

from dataclasses import dataclass

from ...model.html import Markup, join, tag
from ...model.ladder import Rung
from ...model.state import State


@dataclass(frozen=True, repr=False)
class Check:
    """What is to be said about an answer.

    If it did not pass, `message` is the simplest counterexample, `state` its state (None: the answer is wrong in
    another way), `given` what the answer says there, `expected` what is right, and `rung` the check that decides (None:
    success).  `hints` are sentences, the shortest first; `progress` says how much is right already, and `notes` are
    about what is no mistake.  A Check is true if it passed.

    >>> import nvmx
    >>> found = nvmx.check({"cr4_vmxe": 1}, state={"cr4_vmxe": 0, "cpl": 3})
    >>> found.passed, found.rung.name, found.hint
    (False, 'CPL 0', 'Look at CPL.')
    """

    passed: bool
    message: str
    state: State | None = None
    given: object = None
    expected: object = None
    rung: Rung | None = None
    hints: tuple[str, ...] = ()
    progress: str = ""
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.passed

    @property
    def hint(self) -> str:
        """The shortest hint; "" if there is none."""
        return self.hints[0] if self.hints else ""

    @property
    def _headline(self) -> str:
        return f"{'Passed' if self.passed else 'Not yet'}: {self.message}"

    def __repr__(self) -> str:
        lines = [self._headline, self.progress, *self.notes]
        if self.hints:
            more = f" ({len(self.hints) - 1} more in .hints)" if len(self.hints) > 1 else ""
            lines.append(f"Hint: {self.hint}{more}")
        return "\n".join(line for line in lines if line)

    def _repr_html_(self) -> Markup:
        folded = [
            tag("details", tag("summary", f"Hint {number} of {len(self.hints)}"), tag("p", hint))
            for number, hint in enumerate(self.hints, 1)
        ]
        lead, _, rest = self._headline.partition(":")
        lines = [tag("p", line) for line in (self.progress, *self.notes) if line]
        sign = "✓" if self.passed else "✗"
        return join(tag("p", tag("b", f"{sign} {lead}"), f":{rest}", role="status"), *lines, *folded)


Check.__module__ = "nvmx"  # it presents itself under its public name


def not_yet(message: str, *hints: str, notes: tuple[str, ...] = ()) -> Check:
    """Return the result for an answer that cannot be compared yet; `message` gets a period if it needs one.

    >>> not_yet("there is no answer yet").message
    'there is no answer yet.'
    """
    return Check(False, message if message[-1] in ".?!" else f"{message}.", hints=hints, notes=notes)
