"""Sketches: one picture per idea, as one would draw it on a blackboard."""

from ...model.errors import InvalidType, unknown
from ..picture import Picture
from .exits import draw_exit, draw_twice
from .memory import draw_operand
from .processors import draw_levels, draw_operations, draw_two_processors
from .registers import draw_feature_control, draw_flags, draw_modes

SKETCHES = {
    "operations": draw_operations,
    "levels": draw_levels,
    "exit": draw_exit,
    "two-processors": draw_two_processors,
    "operand": draw_operand,
    "feature-control": draw_feature_control,
    "flags": draw_flags,
    "modes": draw_modes,
    "twice": draw_twice,
}


def sketch(name: str) -> Picture:
    """Draw one of the SKETCHES by its name.

    operations: VMX root and non-root operation, VM entry and VM exit; levels: who runs on whom in nested
    virtualization; exit: what happens when a guest executes VMXON; two-processors: the real one and the one that a
    hypervisor pretends; operand: where VMXON's operand leads; feature-control: the register that firmware locks;
    flags: RFLAGS bit by bit; modes: the five modes and the bits that make them; twice: how one state is executed.

    >>> sketch("levels").sentence.split(":")[0]
    'Nested virtualization, from the bottom'
    >>> sketch("levle")
    Traceback (most recent call last):
    nvmx.model.errors.UnknownName: sketch: 'levle' is not allowed; did you mean 'levels'? (allowed: 'operations', \
'levels', 'exit', 'two-processors', 'operand', 'feature-control', 'flags', 'modes', 'twice')
    """
    if not isinstance(name, str):
        raise InvalidType(f"sketch: {name!r} is not a string")
    if name not in SKETCHES:
        raise unknown("sketch", name, SKETCHES)
    return SKETCHES[name]()
