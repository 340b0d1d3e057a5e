"""The modes of a processor, each of them several bits at once."""

from collections.abc import Mapping

from .axis import Value

# 16- and 32-bit code differ in CS.D, which no check reads.
MODES: dict[str, dict[str, Value]] = {
    "real-address": {"CR0.PE": 0, "CR0.PG": 0, "EFER.LMA": 0, "RFLAGS.VM": 0, "CS.L": 0, "CPL": 0},
    "virtual-8086": {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 0, "RFLAGS.VM": 1, "CS.L": 0, "CPL": 3},
    "protected, 16- or 32-bit": {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 0, "RFLAGS.VM": 0, "CS.L": 0},
    "compatibility": {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 0},
    "64-bit": {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1},
}
# These recognise a mode; the other bits above are only what choosing the mode sets.
MODE_AXES = ("CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L")


def mode_of(state: Mapping[str, Value]) -> str | None:
    """Return the mode of a state (by column name), or None if its bits belong to none.

    >>> mode_of({"CR0.PE": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 0})
    'compatibility'
    """
    for name, bits in MODES.items():
        if all(state[axis] == bits[axis] for axis in MODE_AXES):
            return name
    return None
