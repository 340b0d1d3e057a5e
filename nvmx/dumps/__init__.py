"""Read what people have: an oops, a debugger's registers, a dump of a VMCS, an MSR's value, a message.

`read` removes what stands around the lines (`line`) and what is no event (`wording`), asks every format for facts
(`formats`, `facts`), and turns the facts into what is known (`claims`, `judgement`): a `Reading`.  A format knows how a
program writes a value, and nothing about what the value means; `decode` knows instructions.

To add a format, write `formats/NAME.py` with a function

    def facts(lines: Sequence[Line]) -> Iterator[Fact]: ...

and add it to FORMATS in `formats/__init__.py`, or to ANY_TEXT, if it looks for words or values in any text.  It is
given the logical lines that no earlier format has understood (wrappers removed, wrapped lines joined, blank lines left
out), and yields facts of the kinds in `facts`.  Every fact has its line, and yielding one claims that line, so for a
line that belongs to the format and says nothing, yield `Understood`.  Registers of the same moment share one `Block`,
which has a kind ("fault", "registers" or "system"), a role ("machine", "guest", ...) and perhaps a processor number;
MSRs, CPUID and messages belong to a block of kind "system", one per processor number.  An exception is a `Fault` in the
block of its registers, together with the `Code` bytes from the instruction pointer on; what a message says about an
instruction is an `Event`.  A word that names an axis's value is `Says`, and loses against a register that shows it.  A
line that only looks similar must be left alone: what is not understood is counted.  Patterns must take linear time;
look for a fixed word first.
"""

from ..model.errors import InvalidType
from .facts import Fact
from .formats import ANY_TEXT, EVERYWHERE, FORMATS, Format
from .judgement import judge
from .line import Line, logical_lines
from .reading import Reading
from .wording import events

__all__ = ["Line", "Reading", "read"]


def read(text: str) -> Reading:
    """Return what a text says about VMXON or VMXOFF: any mixture of the formats known here, as people post it.

    Raises InvalidType if `text` is not a string.

    >>> reading = read('''
    ... general protection fault: 0000 [#1] SMP
    ... RIP: 0010:hardware_enable+0x100/0x1a0 [kvm_intel]
    ... Code: 84 c0 75 1c <f3> 0f c7 34 24 31 c0
    ... CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
    ... CR2: 00007f0000000000 CR3: 000000012345a001 CR4: 00000000003626e0
    ... ''')
    >>> reading.instruction, reading.observed, reading.known["CR4.VMXE"], reading.evidence["CR4.VMXE"][0].number
    ('VMXON', ('#GP(0)',), 1, 6)
    """
    if not isinstance(text, str):
        raise InvalidType(f"text: {type(text).__name__} is not a string")
    everything = logical_lines(text)
    lines = events(everything)
    dropped = len(everything) - len(lines)
    found: list[Fact] = [fact for facts in EVERYWHERE for fact in facts(lines)]
    stages: list[tuple[Format, ...]] = [*((facts,) for facts in FORMATS), ANY_TEXT]
    for stage in stages:
        new = [fact for facts in stage for fact in facts(lines)]
        if new:
            understood = {fact.line.number for fact in new}
            lines = [line for line in lines if line.number not in understood]
            found += new
    return judge(found, len(lines) + dropped)
