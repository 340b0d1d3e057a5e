"""`nvmx page`: the explorer as one HTML file."""

from pathlib import Path

import click

from ..web import page as whole_page


@click.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file to write.  Default: standard output.")
def page(output: str | None) -> None:
    """Write the explorer with all sources as one HTML file.

    It needs nothing else: it opens from a memory stick, a phone or a mail, and inside another page.  A link can
    hold a question, by its text form after "#".

    \b
    nvmx page -o explorer.html          then open explorer.html#VMXON/intel?cpl=3
    """
    if output is None:
        print(whole_page(), end="")
    else:
        Path(output).write_text(whole_page(), encoding="utf-8", newline="\n")
