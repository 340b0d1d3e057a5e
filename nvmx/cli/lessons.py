"""The lessons that come with nvmx, and how they get into a folder without touching anyone's work."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from ..model.errors import InvalidValue

START = "00-start-here.ipynb"
_RECORD = ".nvmx-lessons.json"  # in the folder: the digest of each lesson as it was put there last


def shipped() -> list[Path]:
    """Return the lessons, in order: in an installed package its folder `lessons`, in a checkout `notebooks`.

    >>> shipped()[0].name
    '00-start-here.ipynb'
    """
    package = Path(__file__).parents[1]
    installed = package / "lessons"
    return sorted((installed if installed.is_dir() else package.parent / "notebooks").glob("*.ipynb"))


def copy_lessons(folder: Path) -> Iterator[str]:
    """Copy the lessons into a folder, and yield a sentence for each file that is written or has a newer version.

    A lesson that is there and was not changed is brought up to date.  One that someone changed stays as it is; if nvmx
    has another version than the one that it was made from, that version goes beside it.
    Raises InvalidValue if nvmx came without lessons, or the folder cannot be used.
    """
    lessons = shipped()
    if not lessons:
        raise InvalidValue("nvmx lab: this nvmx was installed without its lessons")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidValue(f"nvmx lab: {folder} cannot be made: {error.strerror}") from None
    record = _read_record(folder)
    try:
        for lesson in lessons:
            content = lesson.read_bytes()
            if said := _put(folder / lesson.name, content, record.get(lesson.name)):
                yield said
            record[lesson.name] = _digest(content)
    finally:
        (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _put(target: Path, content: bytes, last: str | None) -> str:
    """Put a lesson into its place, or beside it; return what was done, or "" for nothing.

    `last` is the digest of what was put there before; None if that is not known.
    """
    if not _is_taken(target):
        _create(target, content)
        return f"{target.name}: copied"
    there = _digest(target.read_bytes()) if target.is_file() else ""
    new = _digest(content)
    if there == new:
        return ""
    if there == last:
        target.write_bytes(content)
        return f"{target.name}: brought up to date"
    if last == new:
        return f"{target.name}: changed by you, and left as it is"
    for beside in _names_beside(target):
        if not _is_taken(beside):
            _create(beside, content)
            return f"{target.name}: changed by you, and left as it is; the newer version is {beside.name}"
        if beside.is_file() and _digest(beside.read_bytes()) == new:
            return f"{target.name}: changed by you, and left as it is; the newer version is {beside.name}"
    raise AssertionError("there is always one more name")


def _names_beside(target: Path) -> Iterator[Path]:
    number = 1
    while True:
        word = "new" if number == 1 else f"new {number}"
        yield target.with_stem(f"{target.stem} ({word})")
        number += 1


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _create(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_record(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # then every lesson that differs counts as changed by someone
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}
