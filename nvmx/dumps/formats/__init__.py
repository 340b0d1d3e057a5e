"""The formats, in the order in which they are asked.

Each is a function that is given lines and yields facts.  A line about which one of FORMATS has yielded a fact is not
shown to the next ones.  Those of ANY_TEXT are given what is left then, all of them the same lines.  Those of EVERYWHERE
see all lines, whatever else is said about them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..facts import Fact
from ..line import Line
from . import (
    assignments,
    bochs,
    bsd,
    cpuid,
    edk2,
    ftrace,
    gdb,
    hypervisors,
    illumos,
    kernels,
    kvm_unit_tests,
    linux_messages,
    linux_oops,
    macos,
    messages,
    prose,
    qemu,
    rdmsr,
    vendor,
    virtualbox,
    vmcs,
    windbg,
    xen,
)

Format: TypeAlias = Callable[[Sequence[Line]], Iterator[Fact]]

# A format whose lines are easily taken for those of another one comes before it.
FORMATS: tuple[Format, ...] = (
    qemu.facts,
    bochs.facts,
    bsd.facts,
    illumos.facts,
    macos.facts,
    gdb.facts,
    edk2.facts,
    virtualbox.facts,
    rdmsr.facts,
    cpuid.facts,
    vmcs.facts,
    xen.facts,
    ftrace.facts,
    kvm_unit_tests.facts,
    linux_messages.facts,
    linux_oops.facts,
    hypervisors.facts,
    messages.facts,
    windbg.facts,
    kernels.facts,
)
# These look for words and values in any text, and each of them may see something else in the same line.
ANY_TEXT: tuple[Format, ...] = (assignments.facts, prose.facts)
EVERYWHERE: tuple[Format, ...] = (vendor.facts,)
