"""`nvmx doctor` and `nvmx bochs`: ask a processor."""

import click

from ..lazy import load
from .output import show, show_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--probe/--no-probe", default=True, show_default=True,
              help="Execute VMXON and VMXOFF in a child process, as an ordinary user may.")  # fmt: skip
def doctor(as_json: bool, probe: bool) -> int:
    """Say what this Linux machine shows about VMX.

    On every CPU, without a kernel module, and explained.  It reads CPUID, the kernel's flags, modules, parameters
    and messages, and as root the MSRs (`modprobe msr`).  Nothing is written.

    On x86-64 it executes VMXON and VMXOFF once per CPU, in a child process at CPL 3.  SIGILL or SIGSEGV tells
    CR4.VMXE and VMX operation.  Neither can succeed: VMXON is given a pointer that it refuses, and VMXOFF is
    left out if there is a version of the hypervisor that would let it pass.

    Exit status: as for `nvmx explain`; 2 if this is not Linux.
    """
    from ..doctor import as_json as json_of
    from ..doctor import as_text, examine

    found = examine(probe=probe)
    if as_json:
        show_json(json_of(found))
    else:
        show(as_text(found))
    return found.status


@click.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bochs(arguments: tuple[str, ...]) -> int:
    """Execute the instructions on Bochs."""
    status: int = load("nvmx.bochs.__main__", "nvmx bochs").program(list(arguments))
    return status
