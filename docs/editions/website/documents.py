"""The documents of the repository: docs/*.md and CONTRIBUTING.md.  What they link to outside the site is in the source."""

import os
import re
from pathlib import Path

from .notebooks import LESSONS

ROOT = Path(__file__).parents[3]
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def write(source: Path) -> None:
    """Write the documents under their own names."""
    documents = {path.resolve(): path.stem for path in [*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"]}
    pages = documents | {ROOT / "notebooks" / f"{lesson}.ipynb": lesson for lesson in LESSONS}
    for path, name in documents.items():
        text = _LINK.sub(lambda match, path=path: _linked(match, path, pages), path.read_text(encoding="utf-8"))
        (source / f"{name.lower()}.md").write_text(text, encoding="utf-8")


def _linked(match: "re.Match[str]", path: Path, pages: dict[Path, str]) -> str:
    """Return the link with its target on the site, or in the repository, whose address GitHub's workflow knows."""
    words, target = match.groups()
    if re.match(r"[a-z]+:|#", target):
        return match[0]
    file, _, section = target.partition("#")
    found = (path.parent / file).resolve()
    if found in pages:
        suffix = ".ipynb" if found.suffix == ".ipynb" else ".md"
        return f"[{words}](<{pages[found].lower()}{suffix}{'#' if section else ''}{section}>)"
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        at = os.environ.get("GITHUB_SHA", "HEAD")
        return f"[{words}](https://github.com/{repository}/blob/{at}/{found.relative_to(ROOT).as_posix()})"
    return words
