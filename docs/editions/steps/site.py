"""The site: docs/site, the notebooks with their outputs, the documents, and the pages made from rows, by Sphinx.

Editions that are built already become part of it.
"""

import shutil
import tempfile
from pathlib import Path

from sphinx.cmd.build import build_main
from website import (
    accessible,
    api,
    documents,
    downloads,
    glossary,
    instructions,
    messages,
    notebooks,
    poster,
    run,
    start,
)

from nvmx.web import enhance

ROOT = Path(__file__).parents[3]


def build(out: Path) -> None:
    """Write the site into `out`; raise RuntimeError if Sphinx warns, as it does of a link that leads nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "site"
        shutil.copytree(ROOT / "docs" / "site", source)
        for part in (notebooks, documents, start, glossary, messages, instructions, poster, api):
            part.write(source)
        downloads.write(source, out.parent)
        (source / "_static" / "nvmx.js").write_text(enhance(), encoding="utf-8")
        doctrees = Path(folder) / "doctrees"
        if build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", str(doctrees), str(source), str(out)]):
            raise RuntimeError("Sphinx warned")
    for page in out.glob("*.html"):
        page.write_text(accessible.fixed(page.read_text(encoding="utf-8")), encoding="utf-8")
    downloads.copy(out.parent, out)
    run.add(out, out.parent / "lite")
    shutil.rmtree(out / "_sources", ignore_errors=True)
    (out / ".buildinfo").unlink(missing_ok=True)
    (out / ".nojekyll").touch()  # GitHub Pages leaves out folders such as _static otherwise
