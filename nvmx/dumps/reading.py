"""What a text says: a reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..ask import explain_known
from ..model.axis import Value, named_values
from ..model.explanation import Explanation
from ..model.frozen import FrozenDict
from ..model.instruction import INSTRUCTIONS
from ..model.ladder import Ladder
from .line import Line


@dataclass(frozen=True)
class Reading:
    """What a text says about one instruction and the state in which it was executed, and nothing that it does not say.

    instruction  "VMXON", "VMXOFF", the name of another instruction, or None if the text names none
    executed     True (it ran: it faulted, failed or succeeded), False (software refused before), None (unknown)
    observed     what was seen of it, as `nvmx.explain` takes it: ("#GP(0)",)
    known        the axes that the lines prove: {column name: value}, in table order
    evidence     for each known axis, the lines that prove it
    notes        sentences for people, each with the line that it rests on
    refused      why the text cannot be used (AMD's SVM, a dump that contradicts itself), or None
    ignored      how many lines were not understood; blank ones are not counted
    excluded     for some axes that are not known, values that the bytes of the instruction rule out
    """

    instruction: str | None = None
    executed: bool | None = None
    observed: tuple[str, ...] = ()
    known: Mapping[str, Value] = field(default_factory=FrozenDict)
    evidence: Mapping[str, tuple[Line, ...]] = field(default_factory=FrozenDict)
    notes: tuple[str, ...] = ()
    refused: str | None = None
    ignored: int = 0
    excluded: Mapping[str, tuple[Value, ...]] = field(default_factory=FrozenDict)

    def explain(self, source: str | Ladder = "intel", instruction: str | None = None, **axes: object) -> Explanation:
        """Explain what the text shows: as `nvmx.explain` does, with what is known from the text and by name.

        The instruction is that of the text, or VMXON if the text names none or another one.  Its bytes are taken for
        granted (no LOCK prefix, no register operand) unless the text shows others.  What was seen counts if the text
        does not name another instruction.  An axis given by name wins over the text.

        >>> import nvmx
        >>> reading = nvmx.read("VMXON raises #GP. CR4=0x2020, CR0=0x80000031, FEATURE_CONTROL=5")
        >>> [suspect.rung.name for suspect in reading.explain(cpl=0, a20m=0, smx=0, operand="mapped").suspects]
        ['other fixed bits valid']
        """
        asked = instruction or (self.instruction if self.instruction in INSTRUCTIONS else "VMXON")
        given = named_values(axes)
        remarks = [
            f"{name} = {value} was given, but the text says {self.known[name]}"
            for name, value in given.items()
            if self.known.get(name, value) != value
        ]
        known = named_values({**self.known, **given})
        evidence = {name: tuple(map(str, lines)) for name, lines in self.evidence.items() if name not in given}
        named = instruction if self.instruction is None else self.instruction
        about = {
            "named": named, "executed": self.executed, "evidence": FrozenDict(evidence), "objection": self.refused,
            "remarks": (*self.notes, *remarks), "decoded": True,
            "excluded": {name: values for name, values in self.excluded.items() if name not in given},
        }  # fmt: skip
        if not known and not self.observed and self.instruction is None and self.refused is None:
            about["objection"] = f"nothing in this text says anything about {asked}"
        found = explain_known(asked, source, known, self.observed, **about)
        if named is None and found.is_ruled_out:
            # Whatever raised it was not this instruction.
            about["remarks"] = (*self.notes, *remarks, f"{' and '.join(self.observed)} cannot be of {asked} here")
            return explain_known(asked, source, known, **about)
        return found
