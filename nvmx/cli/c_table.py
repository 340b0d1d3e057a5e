"""A test suite as a table in C, for a hypervisor's own tests."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ..ask import verdict
from ..model.axis import AXES
from ..model.instruction import READY
from ..model.outcome import OUTCOMES, TABLE, UNTOUCHED, flags_text
from ..model.verdict import Verdict, changes_text

_FLAGS = tuple(dict.fromkeys(flags_text(flags) for flags in (UNTOUCHED, *(outcome.flags for outcome in TABLE))))
_WORDS = {axis.keyword for axis in AXES if isinstance(axis.values[0], str)}  # the axes whose values are names
_TEMPLATE = """\
/*
 * {instruction} by {source}: few states that show every mistake in its checks.
 * Made by: nvmx suite {instruction} {source} --format c
 *
 * Each row is a state: set it up, execute {instruction}, and compare.  `differs` names what differs from the ready
 * state, in which every check passes.  What each axis means: nvmx axes --format csv.  Several of these tables fit in
 * one program.
 */

#ifndef NVMX_CASE
#define NVMX_CASE

{enums}

struct nvmx_case {{
    const char *differs;
{fields}
    enum nvmx_outcome outcome;
    enum nvmx_flags flags; /* CF, PF, AF, ZF, SF and OF in RFLAGS afterwards */
    unsigned int error;    /* the VM-instruction error number, or 0 */
}};

#endif

extern const struct nvmx_case {name}[{count}];
extern const unsigned int {name}_count;

const unsigned int {name}_count = {count};
const struct nvmx_case {name}[{count}] = {{
    /* {columns} */
{rows}
}};
"""


def c_table(instruction: str, source: str, states: Sequence[Mapping[str, object]]) -> str:
    """Write a test suite in C99, which is C++, too; each of the `states` names the axes that the source reads.

    >>> print(c_table("VMXON", "intel", [{"CPL": 3}, {"CPL": 0}]))  # doctest: +ELLIPSIS
    /*
    ...
    const struct nvmx_case nvmx_vmxon_intel[2] = {
    ...
        {"CPL 0 -> 3", NVMX_OPERAND_MAPPED, 0, 1, 1, 1, 1, 1, 1, 0, 1, 3, NVMX_VMX_OFF, ..., NVMX_GP_0, ..., 0},
        {"nothing", NVMX_OPERAND_MAPPED, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, NVMX_VMX_OFF, ..., NVMX_SUCCESS, ..., 0},
    };
    <BLANKLINE>
    """
    enums = [_enum(axis.keyword, axis.values, axis.keyword) for axis in AXES if axis.keyword in _WORDS]
    fields = [
        f"    {f'enum nvmx_{axis.keyword}' if axis.keyword in _WORDS else 'unsigned char'} {axis.keyword};"
        f" /* {axis.where} */"
        for axis in AXES
    ]
    return _TEMPLATE.format(
        instruction=instruction, source=source, name=f"nvmx_{instruction}_{source}".lower().replace("-", "_"),
        enums="\n\n".join([*enums, _enum("outcome", OUTCOMES), _enum("flags", _FLAGS, "flags")]),
        fields="\n".join(fields), count=len(states),
        columns=", ".join(["differs", *(axis.keyword for axis in AXES), "outcome", "flags", "error"]),
        rows="\n".join(_row(verdict(instruction, source, **state)) for state in states),
    )  # fmt: skip


def _row(found: Verdict) -> str:
    state = found.state.columns
    cells = [f'"{changes_text(READY[found.ladder.instruction], state) or "nothing"}"']
    for axis in AXES:
        value = state[axis.name]
        cells.append(_constant(axis.keyword, value) if axis.keyword in _WORDS else str(value))
    cells += [_constant("", found.outcome), _constant("flags", flags_text(found.flags)), str(found.error or 0)]
    return f"    {{{', '.join(cells)}}},"


def _enum(what: str, values: Iterable[object], prefix: str = "") -> str:
    constants = ",\n".join(f"    {_constant(prefix, value)}" for value in values)
    return f"enum nvmx_{what} {{\n{constants}\n}};"


def _constant(prefix: str, value: object) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(value))
    return "_".join(re.findall(r"[^\W_]+", f"nvmx {prefix} {words}")).upper()
