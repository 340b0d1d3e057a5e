"""`nvmx explain`: from a text, or from what is known, to the answer."""

import sys
from collections.abc import Sequence
from dataclasses import replace

import click

from ..ask import explain as explained
from ..dumps import read
from ..model.errors import InvalidValue
from ..model.explanation import Explanation
from ..model.instruction import INSTRUCTIONS
from .options import ask
from .output import show, show_json
from .question import Question, is_question
from .text_file import text_of


@click.command()
@click.argument("words", nargs=-1, metavar="[FILE or -] [NAME=VALUE or STATE]...")
@click.option("--instruction", metavar="NAME", help="VMXON or VMXOFF.  Default: what the text says, or VMXON.")
@click.option("--source", metavar="ID", help="Whose checks.  Default: intel.")
@click.option("--observed", multiple=True, metavar="WHAT",
              help="What was seen: '#GP(0)', fault, RFLAGS afterwards (0x203), 'error 15', 'VMREAD returned', ...  "
                   "May be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def explain(
    words: tuple[str, ...], instruction: str | None, source: str | None, observed: tuple[str, ...], as_json: bool
) -> int:
    """Say why VMXON or VMXOFF failed.

    From a log, a register dump, a message, or what you know.  Only what the text shows, or you name, is known.
    The answer names every check that can still be the one, how to find out, and the smallest repair.  FILE is -
    for standard input, which is also read if nothing is named.

    \b
    nvmx explain oops.txt
    dmesg | nvmx explain
    nvmx explain --observed '#GP(0)' cpl=0 cr0=0x80050033 cr4=0x2020 feature_control=0x1
    nvmx explain 'VMXON/intel?cpl=3'

    Exit status: 0 if one check is left (or none: success), 3 if several are, 4 if the text is about something
    else (another instruction, AMD's SVM) or contradicts itself, 2 for an error.
    """
    files = [word for word in words if not is_question(word)]
    asked = ask([word for word in words if is_question(word)])
    if len(files) > 1:
        raise InvalidValue(f"explain: one file at a time (given: {', '.join(files)})")
    if not files and not words and not observed and instruction is None and sys.stdin and not sys.stdin.isatty():
        files = ["-"]
    if instruction and asked.instruction and instruction != asked.instruction:
        raise InvalidValue(f"explain: the state is about {asked.instruction}, and --instruction says {instruction}")
    if source and asked.source and source != asked.source:
        raise InvalidValue(f"explain: the state is about {asked.source}, and --source says {source}")
    asked = Question(instruction or asked.instruction, source or asked.source or "intel", asked.axes)
    if files:
        found = _explain_text(text_of(files[0], "explain", _hint(files[0])), asked, observed)
    elif words or observed or instruction:
        found = explained(asked.instruction or "VMXON", asked.source or "intel", observed or None, **asked.axes)
    else:
        raise InvalidValue("explain: nothing was given: name a file, - for standard input, or what is known (cpl=3)")
    if as_json:
        show_json(found.as_json())
    else:
        show(str(found))
    return found.status


def _explain_text(text: str, asked: Question, observed: Sequence[str]) -> Explanation:
    """Return the answer to a text; what was named on the command line wins, and what was observed is added."""
    reading = read(text)
    reading = replace(reading, observed=(*reading.observed, *observed))
    return reading.explain(asked.source or "intel", asked.instruction, **asked.axes)


def _hint(name: str) -> str:
    """Return what may have been meant if there is no such file."""
    return f" (the instruction: --instruction {name})" if name in INSTRUCTIONS else ""
