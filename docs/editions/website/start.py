"""The explorer of the start page."""

from pathlib import Path

from nvmx.web import embedded


def write(source: Path) -> None:
    """Write the explorer for docs/site/index.md, which includes it."""
    (source / "explorer.html").write_text(embedded(), encoding="utf-8")
