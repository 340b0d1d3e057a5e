"""The documents of the repository: CONTRIBUTING.md and docs/*.md.  Their links to files lead to the repository."""

import os
import re
from functools import partial
from pathlib import Path

from lessons import LESSONS

ROOT = Path(__file__).resolve().parents[3]
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def write(source: Path) -> None:
    """Write the documents under their own names, and name those in the start page's lists that are not there yet."""
    paths = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    names = {path: path.stem.lower() for path in paths}
    pages = {path: f"{name}.md" for path, name in names.items()}
    pages |= {ROOT / "notebooks" / f"{lesson}.ipynb": f"{lesson}.ipynb" for lesson in LESSONS}
    for path in paths:
        text = _LINK.sub(partial(_linked, path, pages), path.read_text(encoding="utf-8"))
        (source / pages[path]).write_text(text, encoding="utf-8")
    start = source / "index.md"
    text = start.read_text(encoding="utf-8")
    others = [name for name in names.values() if f"\n{name}\n" not in text]
    start.write_text(text.replace("DOCUMENTS", "\n".join(others)), encoding="utf-8")


def _linked(path: Path, pages: dict[Path, str], match: "re.Match[str]") -> str:
    """Return the link with its target on the site, or in the repository, whose address GitHub's workflow knows."""
    words, target = match.groups()
    if re.match(r"[a-z]+:|#", target):
        return match[0]
    file, _, section = target.partition("#")
    found = (path.parent / file).resolve()
    if found in pages:
        return f"[{words}](<{pages[found]}{'#' if section else ''}{section}>)"
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        at = os.environ.get("GITHUB_SHA", "HEAD")
        return f"[{words}](https://github.com/{repository}/blob/{at}/{found.relative_to(ROOT).as_posix()})"
    return words
