"""`nvmx lab`: the lessons, and JupyterLab to work with them."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from ..lazy import MissingPackage
from .lessons import START, copy_lessons
from .output import show


@click.command()
@click.argument("folder", default="nvmx-lessons", type=click.Path(file_okay=False, path_type=Path))
@click.option("--no-open", is_flag=True, help="Only copy the lessons.")
@click.option("--no-browser", is_flag=True, help="Start JupyterLab without a browser; it prints its address.")
@click.option("--allow-root", is_flag=True, help="Let JupyterLab run as root.")
def lab(folder: Path, no_open: bool, no_browser: bool, allow_root: bool) -> int:
    """Copy the lessons into a folder, and open them in JupyterLab.

    FOLDER is nvmx-lessons if none is named.  A lesson that you changed is never written over: if there is a newer
    version, it is put beside yours.

    \b
    nvmx lab
    nvmx lab ~/vmx --no-open
    """
    said = list(copy_lessons(folder))
    for line in said:
        show(line)
    show(f"The lessons are in {folder.resolve()}{'' if said else ', all as they were'}; begin with {START}.")
    if no_open:
        return 0
    if find_spec("jupyterlab") is None:
        raise MissingPackage(
            'to open them, nvmx lab needs jupyterlab, which is not installed: pip install "nvmx[lab]"',
            name="jupyterlab",
        )
    options = [*(["--no-browser"] if no_browser else []), *(["--allow-root"] if allow_root else [])]
    return _wait(subprocess.Popen([sys.executable, "-m", "jupyterlab", START, *options], cwd=folder))


def _wait(program: subprocess.Popen[bytes]) -> int:
    """Wait until a program ends, and return its exit status; Ctrl-C goes to it alone, since it asks what is meant."""
    while True:
        try:
            return program.wait()
        except KeyboardInterrupt:
            pass
