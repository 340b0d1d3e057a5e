"""One page per instruction: its ladder by Intel's manual first, then the pictures and the sources."""

from collections.abc import Iterator
from pathlib import Path

import nvmx
from nvmx.ladders import all_sources, sources_of
from nvmx.model.html import Markup, badge, code_line, join, tag
from nvmx.model.instruction import BY_INSTRUCTION
from nvmx.model.ladder import Ladder, Rung
from nvmx.model.look import LOOK
from nvmx.plots.picture import Picture

from .markdown import picture, plain, table, write_page
from .notebooks import link

SOURCE = "intel"
_HEAD = ("check", "asks for", "otherwise", "who checks", "why", "where it is written", "how to look")
_LESSONS = {
    "VMXON": (
        ("01-what-does-vmxon-ask-for", "What is on the list?"),
        ("02-two-processors", "Who executes a guest's VMXON?"),
        ("04-the-map", "Where is the island of success?"),
        ("09-case-files", "VMXON faulted"),
        ("09-case-files", "VMXON ran, and refused"),
    ),
    "VMXOFF": (
        ("01-what-does-vmxon-ask-for", "What does VMXOFF ask for?"),
        ("02-two-processors", "Kata 2.2"),
        ("06-the-museum-of-wrong-answers", "Room 9"),
        ("09-case-files", "The end of VMX operation"),
    ),
}


def write(source: Path) -> None:
    """Write a page for each instruction, with its pictures."""
    for name, row in BY_INSTRUCTION.items():
        ladder = nvmx.ladder(name, SOURCE)
        write_page(
            source,
            name.lower(),
            "---\nhide-toc: true\n---",  # the ladder needs the room
            f"# {name}",
            f"The first check that fails decides how it ends. If none does: success. (VM-exit reason {row.exit_reason};"
            f" by {plain(all_sources()[SOURCE].title)}.)",
            str(table(_HEAD, [_cells(n, rung) for n, rung in enumerate(ladder.rungs, 1)], "ladder")),
            f"Try it in [the explorer](index.md), print [the poster of all axes](poster.md), or ask on the command"
            f" line: `nvmx verdict {name} {SOURCE} cpl=3`.",
            "## In pictures",
            *_pictures(source, ladder),
            "## In the course",
            "\n".join(f"- {link(*where)}" for where in _LESSONS[name]),
            "## By each source",
            "\n".join(_by_source(name, each) for each in sources_of(name)),
        )


def _cells(number: int, rung: Rung) -> tuple[object, ...]:
    outcome = join(badge(rung.outcome), rung.ending.removeprefix(rung.outcome))
    return number, tag("b", rung.name), outcome, rung.by, rung.reason, rung.source, _looks(rung)


def _looks(rung: Rung) -> Markup:
    """Return how to read each axis of the check; those of the mode belong to the question itself."""
    ways = [way for axis in rung.when if axis in LOOK for way in LOOK[axis].items()]
    lines = [join(tag("b", tool), " ", code_line(how)) for tool, how in dict.fromkeys(ways)]
    return tag("ul", *(tag("li", line) for line in lines)) if lines else Markup("")


def _pictures(source: Path, ladder: Ladder) -> Iterator[str]:
    name = ladder.instruction
    pictures: dict[str, Picture] = {
        "checks": nvmx.plots.checks(name, SOURCE),
        "map": nvmx.plots.map(name, SOURCE),
    }
    for kind, drawn in pictures.items():
        file = f"{name.lower()}-{kind}.svg"
        drawn.save(source / file)
        yield picture(file, drawn.sentence, caption=True)


def _by_source(name: str, source: str) -> str:
    row = all_sources()[source]
    count = len(nvmx.ladder(name, source).rungs)
    return f"- **{plain(row.title)}** (`{source}`, {row.date}): {count} checks. {plain(row.note)}"
