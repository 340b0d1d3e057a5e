"""Small pieces of Markdown and HTML that the generated pages share."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from nvmx.model.html import join, tag

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$])")


def plain(text: str) -> str:
    r"""Return text that means itself in Markdown.

    >>> plain("a_b | #UD")
    'a\\_b \\| \\#UD'
    """
    return _SPECIAL.sub(r"\\\1", text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> str:
    """Return a table in HTML whose rows become blocks on a narrow screen: each cell knows the name of its column."""
    return str(
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
            tag("tbody", *(tag("tr", *_cells(head, row)) for row in rows)),
            **{"class": f"stacked {name}"},
        )
    )


def _cells(head: Sequence[str], row: Sequence[object]) -> list[str]:
    # The line ends keep the words of two cells apart in the index of the site's search.
    return [join(tag("td", cell, data_label=label), "\n") for label, cell in zip(head, row, strict=True)]


def picture(file: str, sentence: str, *, caption: bool = False) -> str:
    """Return a picture with its sentence for those who cannot see it, and below it for everybody if `caption`."""
    kind, below = ("figure", f"\n\n{plain(sentence)}") if caption else ("image", "")
    return f"```{{{kind}}} {file}\n:alt: {json.dumps(sentence, ensure_ascii=False)}{below}\n```"


def write_page(folder: Path, name: str, *blocks: str) -> None:
    """Write a page of Markdown."""
    (folder / f"{name}.md").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
