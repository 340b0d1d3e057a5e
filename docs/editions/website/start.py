"""The first page: the explorer, and where to go from there."""

from pathlib import Path

from nvmx.web import embedded


def write(source: Path) -> None:
    """Put the explorer into docs/site/index.md, where it says so."""
    page = source / "index.md"
    # A blank line would end the HTML for Markdown; the text of the scripts does not need any.
    explorer = "\n".join(line for line in embedded().splitlines() if line.strip())
    (source / "explorer.html").write_text(explorer, encoding="utf-8")
    assert "explorer.html" in page.read_text(encoding="utf-8")
