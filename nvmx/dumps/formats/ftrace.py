"""KVM's trace points: a guest's VMXON or VMXOFF as a VM exit, and the exception that KVM injects.

Source: arch/x86/kvm/trace.h, 2.6.32 to 6.18.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Event, Fact, Fault, Understood
from ..line import Line

_TASK = re.compile(r"(\S+-\d+) +(?:\([^)]*\) +)?\[\d+\]")
_EXIT = re.compile(r"\bkvm_exit: +(?:vcpu (\d+) )?reason (\w+)")
_INJECTED = re.compile(r"\bkvm_inj_exception: +#?([A-Z]{2})\b(?: ?\((?:0x)?([0-9a-f]+)\))?")
_REASONS = {"VMON": "VMXON", "VMXON": "VMXON", "VMOFF": "VMXOFF", "VMXOFF": "VMXOFF"}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield each exit for VMXON or VMXOFF, with the exception that was injected before the guest ran again."""
    waiting: dict[str, tuple[Line, Block, str]] = {}  # the last exit of each task
    for line in lines:
        text = line.text
        if "kvm_" not in text:
            continue
        found = _TASK.search(text)
        task = found[1] if found else ""
        if match := _EXIT.search(text):
            yield from _not_injected(waiting.pop(task, None))
            yield Understood(line, Block("system"))
            if name := _REASONS.get(match[2]):
                waiting[task] = line, Block("fault", "guest"), name
        elif match := _INJECTED.search(text):
            if task in waiting:
                _, block, name = waiting.pop(task)
                error = int(match[2], 16) if match[2] else None
                yield Fault(line, block, f"#{match[1]}", error, name)
            else:
                yield Understood(line, Block("system"))
        elif "kvm_entry:" in text:
            yield Understood(line, Block("system"))
    for each in waiting.values():
        yield from _not_injected(each)


def _not_injected(exit_: tuple[Line, Block, str] | None) -> Iterator[Fact]:
    if exit_:
        line, block, name = exit_
        note = f"the guest executed {name}, and the trace does not show that KVM injected an exception"
        yield Event(line, block, name, True, (), note)
