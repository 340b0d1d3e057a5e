"""The rows: one file per source.  Each file here that defines `SOURCES` adds its sources."""

from functools import cache
from importlib import import_module

from ..model.errors import InvalidType, InvalidValue, unknown
from ..model.instruction import instruction_name
from ..model.ladder import Ladder
from .source import Source


@cache
def all_sources() -> dict[str, Source]:
    """Return every source by its id, in the order of their dates; raise InvalidValue if two have the same id."""
    from pkgutil import iter_modules  # slow to load, and not needed for one source

    found: dict[str, Source] = {}
    for module in iter_modules(__path__):
        for source in _sources_in(module.name):
            if source.id in found:
                raise InvalidValue(f"two sources have the id {source.id!r}")
            found[source.id] = source
    return dict(sorted(found.items(), key=lambda item: (item[1].date, item[0])))


def _sources_in(module: str) -> tuple[Source, ...]:
    sources: tuple[Source, ...] = getattr(import_module(f"{__name__}.{module}"), "SOURCES", ())
    return sources


def find_source(given: object) -> Source:
    """Return the source with this id, or raise InvalidType or UnknownName.

    >>> find_source("xen").title
    'Xen today'
    """
    if not isinstance(given, str):
        raise InvalidType(f"source: {given!r} is neither a source's id nor a Ladder")
    source = _in_its_own_file(given, tuple(__path__))
    if source is None and given not in all_sources():
        raise unknown("source", given, all_sources())
    return source or all_sources()[given]


@cache
def _in_its_own_file(given: str, _folders: tuple[str, ...]) -> Source | None:
    """Return the source from a file whose name its id begins with, or None; the other files need not be loaded."""
    words = given.split("-")
    for count in range(1, len(words) + 1):
        name = "_".join(words[:count])
        if name.isidentifier() and not name.startswith("_"):
            try:
                sources = _sources_in(name)
            except ModuleNotFoundError as error:
                if error.name != f"{__name__}.{name}":
                    raise
                continue
            for source in sources:
                if source.id == given:
                    return source
    return None


def sources_of(instruction: str) -> list[str]:
    """Return the ids of the sources that have a ladder for this instruction, in the order of their dates.

    >>> sources_of("VMXOFF")[:3]
    ['intel-2006', 'kvm-2011', 'xen-2011']
    """
    return [each.id for each in all_sources().values() if any(it.instruction == instruction for it in each.ladders)]


def ladder(instruction: str, source: str | Ladder) -> Ladder:
    """Return the ladder of `source` (an id, or a Ladder of your own) for this instruction.

    Raises UnknownName if the source has none, and InvalidValue if the Ladder given is for another instruction.

    >>> ladder("VMXON", "kvm-2011")
    <Ladder VMXON kvm-2011: 7 rungs>
    """
    instruction_name(instruction)
    if isinstance(source, Ladder):
        if source.instruction != instruction:
            raise InvalidValue(f"source: the Ladder given is for {source.instruction}, not for {instruction}")
        return source
    held = {each.instruction: each for each in find_source(source).ladders}
    if instruction not in held:
        raise unknown(f"instruction for {source}", instruction, held)
    return held[instruction]
