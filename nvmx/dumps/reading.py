"""What a text says: a reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model.axis import Value
from ..model.frozen import FrozenDict
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
    """

    instruction: str | None = None
    executed: bool | None = None
    observed: tuple[str, ...] = ()
    known: Mapping[str, Value] = field(default_factory=FrozenDict)
    evidence: Mapping[str, tuple[Line, ...]] = field(default_factory=FrozenDict)
    notes: tuple[str, ...] = ()
    refused: str | None = None
    ignored: int = 0
