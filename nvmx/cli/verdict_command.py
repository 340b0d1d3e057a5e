"""`nvmx verdict`."""

import click

from ..ask import verdict as decided
from ..model.verdict import Verdict, cause_text
from .options import ask, format_option
from .output import show, show_json, show_rows
from .question import is_question


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="INSTRUCTION SOURCE [NAME=VALUE]...")
@format_option("text", "csv", "json")
def verdict(words: tuple[str, ...], form: str) -> None:
    """Say how an instruction ends in one state.

    An axis that is not named is ready.

    \b
    nvmx verdict VMXON intel cpl=3
    nvmx verdict VMXON kvm-2011 cr0=0x80000031 cr4=0x2020 efer=0x500
    nvmx verdict 'VMXON/intel?cpl=3&cr4_vmxe=0'
    """
    plain = [word for word in words if not is_question(word)]
    asked = ask([word for word in words if is_question(word)])
    names = [*plain, *filter(None, (asked.instruction, asked.source))]
    if len(names) != 2:
        raise click.UsageError("an INSTRUCTION and a SOURCE are needed, such as: VMXON intel cpl=3")
    instruction, source = names
    found = decided(instruction, source, **asked.axes)
    if form == "json":
        show_json(_verdict_json(found))
    elif form == "csv":
        rows = [
            (number, mark, rung.name, rung.ending, cause_text(rung, found.state))
            for number, (rung, mark) in enumerate(found.steps, 1)
        ]
        show_rows(["check", "mark", "asks for", "otherwise", "this state"], rows, form)
    else:
        show(str(found))


def _verdict_json(found: Verdict) -> dict[str, object]:
    repair = found.repair() if found.rung else None
    return {
        "state": found.address,
        "instruction": found.ladder.instruction,
        "source": found.ladder.source,
        "outcome": found.outcome,
        "error": found.error,
        "flags": dict(found.flags),
        "check": found.rung.name if found.rung else None,
        "cause": found.cause or None,
        "reason": found.reason,
        "would also fail": [rung.name for rung in found.masked],
        "possible": found.possible,
        "axes": dict(found.state.columns),
        "after": dict(found.after.columns),
        "repair": None if repair is None else dict(repair.columns),
        "needs reset": bool(repair and repair.needs_reset),
    }
