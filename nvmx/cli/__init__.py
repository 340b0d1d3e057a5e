"""The command `nvmx`: ask from a shell.

`group` says which commands there are and where: each is loaded when it is called, so that a verdict takes little more
than Click itself.  `options`, `question` and `text_file` read what is asked, `output` prints, `c_table` writes a test
suite in C.
"""

import sys
from collections.abc import Sequence

import click

from ..model.errors import NvmxError
from .group import nvmx
from .output import fitting_letters, give_up_on, is_broken_pipe, say

ERROR, READER_GONE, STOPPED = 2, 141, 130  # the latter two as a shell counts SIGPIPE and SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status; never a traceback.

    >>> main(["verdict", "VMXON", "intel", "cpl=4"])
    2
    """
    if sys.stdout is None:  # it was closed
        say("there is no standard output")
        return ERROR
    with fitting_letters():
        try:
            status = _run(list(sys.argv[1:] if arguments is None else arguments))
            sys.stdout.flush()
        except (click.Abort, KeyboardInterrupt):
            return STOPPED
        except click.ClickException as error:
            _refuse(error)
        except NvmxError as error:
            say(str(error))
        except OSError as error:
            give_up_on(sys.stdout)
            if is_broken_pipe(error):
                return READER_GONE
            say(str(error))
        except MemoryError:
            say("out of memory; fewer axes make fewer states (--axes cpl,cr4_vmxe), and so does --possible")
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            say(f"this is a bug in nvmx: {type(error).__name__}: {error} (python -X dev -m nvmx ... shows where)")
        else:
            return status
    return ERROR


def _run(arguments: list[str]) -> int:
    """Run a command.  Click's own `main` would end the program if the reader goes away."""
    try:
        with nvmx.make_context("nvmx", arguments) as context:
            return nvmx.invoke(context) or 0
    except click.exceptions.Exit as ended:  # --help and --version
        return ended.exit_code


def _refuse(error: click.ClickException) -> None:
    """Say what is wrong with the command line; if there is none, show the help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message(), file=sys.stderr)
        return
    say(error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        print(f"Try '{context.command_path} --help'.", file=sys.stderr)
