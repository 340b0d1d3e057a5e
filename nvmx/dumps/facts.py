"""Facts: what a format finds in its lines, as raw things.  None of them says what a bit means: `claims` does.

Each fact has the `line` that it rests on, and the `block` of lines that it belongs to.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .line import Line

# "machine": the processor that executes the instruction.  "guest": the virtual processor that a hypervisor describes.
# "host": the processor below that guest.  "user": user code that called the kernel.  "later": a repetition, or what
# came after.  "any": what people write, about the machine or about the guest.  If a text has values of a machine and of
# a guest, those count where the instruction was executed, or else the guest's; "host", "user" and "later" never count.
Role: TypeAlias = Literal["machine", "guest", "any", "host", "user", "later"]


@dataclass(eq=False, slots=True)
class Block:
    """Lines that describe one processor at one moment.

    `kind` is "fault" (registers at an exception: the first such block of a text decides), "registers" (a snapshot: all
    such blocks must agree) or "system" (what does not change from one moment to the next: MSRs, CPUID, messages).
    `cpu` is the processor's number, if the text has one.
    """

    kind: Literal["fault", "registers", "system"]
    role: Role = "machine"
    cpu: int | None = None


@dataclass(frozen=True, slots=True)
class _Fact:
    line: Line
    block: Block


@dataclass(frozen=True, slots=True)
class Register(_Fact):
    """A register's value by lower-case name: cr0, cr2, cr4, efer, rflags, rip, cs (a selector), rax to r15.

    32-bit registers have their 64-bit names.  Also: cs_rights and ss_rights (in any form that
    `nvmx.model.registers.rights_form` knows), fs_base, gs_base, cpl, a20 (1: the A20 line is enabled), physical_width,
    vmxon_pointer, revision (the first 32 bits of the VMXON region), current_vmptr.  A guest's cr0 and cr4 are what the
    guest itself sees.
    """

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Msr(_Fact):
    """The value of a model-specific register."""

    index: int
    value: int


@dataclass(frozen=True, slots=True)
class Mode(_Fact):
    """The processor's mode: a name in `nvmx.model.modes.MODES`, "long" (64-bit or compatibility) or "legacy"
    (protected, and not long: it may be virtual-8086 mode).
    """

    mode: str


@dataclass(frozen=True, slots=True)
class Says(_Fact):
    """Words that name the value of an axis (by column name).  A register that shows the bit wins over words."""

    axis: str
    value: int | str


@dataclass(frozen=True, slots=True)
class Symbol(_Fact):
    """The function that the instruction pointer is in: a hint about the instruction, and no proof."""

    name: str


@dataclass(frozen=True, slots=True)
class Code(_Fact):
    """The bytes of code from the instruction pointer on."""

    code: bytes


@dataclass(frozen=True, slots=True)
class Fault(_Fact):
    """An exception in this block: "#GP", "#UD", "#SS", "#PF" or another name, with its error code if it is known.

    `instruction` names what raised it if the text says so in words; otherwise the block's `Code` decides.
    """

    exception: str
    error: int | None = None
    instruction: str | None = None


@dataclass(frozen=True, slots=True)
class Event(_Fact):
    """What a message says about an instruction: which, whether it was executed, and what was observed.

    `observed` holds observations as `nvmx.explain` takes them.  `note` is a sentence for people, without line number.
    `blames` names the register that the message holds to be the cause, such as "FEATURE_CONTROL".  A `person`'s words
    lose against the bytes at the instruction pointer and against what a program says.
    """

    instruction: str | None
    executed: bool | None
    observed: tuple[str, ...] = ()
    note: str = ""
    blames: str = ""
    person: bool = False


@dataclass(frozen=True, slots=True)
class Vendor(_Fact):
    """Whose processor it is ("Intel", "AMD", ...), and the word that says so."""

    vendor: str
    word: str


@dataclass(frozen=True, slots=True)
class Note(_Fact):
    """A sentence for people about this line, without line number."""

    text: str


@dataclass(frozen=True, slots=True)
class Understood(_Fact):
    """The line belongs to the format, and has nothing to say about a state."""


Fact: TypeAlias = Register | Msr | Mode | Says | Symbol | Code | Fault | Event | Vendor | Note | Understood
