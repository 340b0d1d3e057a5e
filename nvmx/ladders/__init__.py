"""All ladders.  Each file in this folder that defines `SOURCES` adds its sources."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..model.errors import unknown
from ..model.instruction import instruction_name
from ..model.ladder import Ladder
from .source import Source


@cache
def all_sources() -> dict[str, Source]:
    """Return every source by its id, in the order of their dates; raise ValueError if two have the same id."""
    found: dict[str, Source] = {}
    for module in iter_modules(__path__):
        for source in getattr(import_module(f"{__name__}.{module.name}"), "SOURCES", ()):
            if source.id in found:
                raise ValueError(f"two sources have the id {source.id!r}")
            found[source.id] = source
    return dict(sorted(found.items(), key=lambda item: (item[1].date, item[0])))


def find_source(given: object) -> Source:
    """Return the source with this id, or raise TypeError or ValueError."""
    if not isinstance(given, str):
        raise TypeError(f"source: {given!r} is neither a source's id nor a Ladder")
    if given not in all_sources():
        raise unknown("source", given, all_sources())
    return all_sources()[given]


def sources_of(instruction: str) -> list[str]:
    """Return the ids of the sources that have a ladder for this instruction, in the order of their dates."""
    return [each.id for each in all_sources().values() if any(it.instruction == instruction for it in each.ladders)]


def ladder(instruction: str, source: str | Ladder) -> Ladder:
    """Return the ladder of `source` (an id, or a Ladder of your own) for "VMXON" or "VMXOFF".

    Raises TypeError or ValueError, naming what is allowed.
    """
    instruction_name(instruction)
    if isinstance(source, Ladder):
        if source.instruction != instruction:
            raise ValueError(f"source: the Ladder given is for {source.instruction}, not for {instruction}")
        return source
    held = {each.instruction: each for each in find_source(source).ladders}
    if instruction not in held:
        raise unknown(f"instruction for {source}", instruction, held)
    return held[instruction]
