"""The command `nvmx` and its commands, each of which is loaded when it is called."""

import sys
from importlib import import_module

import click

# Where each command is; `nvmx --help` lists them in this order.
_HOMES = {
    "explain": "explain_command", "verdict": "verdict_command", "sources": "row_commands", "axes": "row_commands",
    "ladder": "row_commands", "diff": "table_commands", "table": "table_commands", "suite": "table_commands",
    "page": "page_command", "practice": "practice_command", "lab": "lab_command", "doctor": "machine_commands",
    "bochs": "machine_commands",
}  # fmt: skip


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - Click's signature
        if cmd_name not in _HOMES:
            return None
        found: click.Command = getattr(import_module(f"{__package__}.{_HOMES[cmd_name]}"), cmd_name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(sys.modules[__name__.partition(".")[0]].__version__)
def nvmx() -> None:
    """A guest executes VMXON or VMXOFF in this state: what happens, and why?

    \b
    nvmx explain oops.txt               why did it fail?  From a log, a dump, or a message
    nvmx verdict VMXON intel cpl=3      how does it end in this state?
    nvmx doctor                         what does this machine say?
    nvmx practice state                 problems to practise on, with answers
    nvmx lab                            the lessons, in JupyterLab

    INSTRUCTION is VMXON or VMXOFF; SOURCE is an id from `nvmx sources`, such as intel or kvm-2011.  A state
    is written as NAME=VALUE, by the names in `nvmx axes` or by registers (cr4=0x2020), or in one piece, as it
    is printed with every answer: 'VMXON/intel?cpl=3&cr4_vmxe=0'.

    Exit status: 0, or 2 if something is wrong with what was asked; explain and doctor have more.
    """
