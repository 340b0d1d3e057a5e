"""`nvmx diff`, `nvmx table` and `nvmx suite`: what needs all states, and so pandas."""

import sys
from typing import TYPE_CHECKING

import click

from ..lazy import load
from ..model.axis import AXES
from .c_table import c_table
from .options import format_option
from .output import show_rows

if TYPE_CHECKING:
    import pandas as pd

_SCREEN = 40  # the rows of a large table that are shown as text

axes_option = click.option(
    "--axes", metavar="NAME,...", help="The axes that vary, others being ready.  Default: all that are read."
)


@click.command()
@click.argument("instruction")
@click.argument("a")
@click.argument("b")
@axes_option
@click.option("--states", is_flag=True, help="One row per state, instead of the shortest list of conditions.")
@click.option("--flags", is_flag=True, help="What is written to RFLAGS counts, too.")
@format_option("text", "csv", "json")
def diff(instruction: str, a: str, b: str, axes: str | None, states: bool, flags: bool, form: str) -> None:
    """Say where two sources differ (needs pandas).

    Over all possible states, in few lines, or with --states one by one.

    \b
    nvmx diff VMXON intel kvm-2011
    nvmx diff VMXON intel kvm-2018-06 --axes cpl --states --format csv
    """
    tables = load("nvmx.tables", "nvmx diff")
    _show_frame((tables.diff if states else tables.summary)(instruction, a, b, _names(axes), flags=flags), form)


@click.command()
@click.argument("instruction")
@click.argument("source")
@axes_option
@click.option("--possible", is_flag=True, help="Only the states that a processor can be in.")
@format_option("text", "csv", "json")
def table(instruction: str, source: str, axes: str | None, possible: bool, form: str) -> None:
    """List every state with its outcome (needs pandas).

    Text shows the first rows, CSV and JSON all of them.

    \b
    nvmx table VMXON intel --axes cpl,cr4_vmxe
    nvmx table VMXON kvm-2011 --possible --format csv
    """
    tables = load("nvmx.tables", "nvmx table")
    _show_frame(tables.table(instruction, source, _names(axes), possible or None), form)


@click.command()
@click.argument("instruction")
@click.argument("source")
@format_option("csv", "json", "c", "text")
def suite(instruction: str, source: str, form: str) -> None:
    """Write tests for a hypervisor (needs pandas).

    The smallest suite that shows every single mistake in the checks of a source.

    One row per state: the value of each axis, and the expected outcome, flags and error number.  The C table
    compiles on its own, and each of its rows names what differs from the ready state.

    \b
    nvmx suite VMXON intel --format c > vmxon_suite.c
    """
    tables = load("nvmx.tables", "nvmx suite")
    found = tables.suite(instruction, source)
    if form == "c":
        states = found[[axis.name for axis in AXES if axis.name in found]]
        print(c_table(instruction, source, states.to_dict("records")), end="")
    else:
        _show_frame(found, form)


def _names(axes: str | None) -> list[str] | None:
    return None if axes is None else [name.strip() for name in axes.split(",")]


def _show_frame(frame: "pd.DataFrame", form: str) -> None:
    if form == "csv":
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif form == "json":
        frame.to_json(sys.stdout, orient="records", force_ascii=True, lines=False, indent=1)
        print()
    elif frame.empty:
        print("no difference" if "when" in frame or "state" in frame else "no rows")
    else:
        rows = frame.head(_SCREEN).astype(object).where(frame.head(_SCREEN).notna(), None).to_numpy().tolist()
        show_rows(list(frame.columns), rows, form)
        if len(frame) > _SCREEN:
            print(f"... the first {_SCREEN} of {len(frame):,} rows; --format csv or json prints all")
