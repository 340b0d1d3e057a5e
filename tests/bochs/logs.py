"""Logs for the tests: the recording, cut or altered."""

import numpy as np

import nvmx
from nvmx import bochs
from nvmx.bochs import cases


def altered(log: bochs.Log, case: int, **changes: int) -> bochs.Log:
    """The log with some fields of one case changed."""
    fields = {name: column.copy() for name, column in log.fields.items()}
    for name, value in changes.items():
        fields[name][case] = value
    return bochs.Log(log.header, fields)


def first(log: bochs.Log, count: int) -> bochs.Log:
    """The log of the first cases alone."""
    return bochs.Log(log.header, {name: column[:count] for name, column in log.fields.items()})


def with_header(log: bochs.Log, **header: str) -> bochs.Log:
    """The log with other lines in its header."""
    return bochs.Log({**log.header, **header}, log.fields)


def case_of(instruction: str, **axes: object) -> int:
    """Where the recording has the first run of this state."""
    state = nvmx.verdict(instruction, "intel", **axes).state.columns
    return int(np.flatnonzero(bochs.recording().fields["key"] == cases.key_of(instruction, state))[0])
