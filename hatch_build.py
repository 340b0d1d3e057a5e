"""The package page: the README with links that lead somewhere from there, and the project's addresses.

In the README links are relative, so that they are right in every fork and at every commit.  When a package is built,
they become absolute.  Where the repository is, GitHub's runner says in its environment; elsewhere nobody knows, and a
package that is built there shows words in the place of links.  An sdist keeps what it was built with.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:|#)([^()\s]+)\)")
_PICTURE = re.compile(r'<img src="(?!\w+:)([^"]+)"([^>]*)>\n*')


class PackagePage(MetadataHookInterface):  # type: ignore[misc,unused-ignore]  # hatchling may not be installed
    """Sets `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set both, unless an sdist has set them already."""
        if "readme" in metadata:
            return
        found = repository(os.environ)
        ref = revision(os.environ)
        text = page(Path(self.root, "README.md").read_text(encoding="utf-8"), found, ref)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        if found:
            metadata["urls"] = {
                "Repository": found,
                "Documentation": f"{found}/tree/{ref}/docs",
                "Lessons": f"{found}/tree/{ref}/notebooks",
                "Changelog": f"{found}/blob/{ref}/CHANGELOG.md",
                "Issues": f"{found}/issues",
            }


def repository(environment: Any) -> str:
    """Return the address of the repository that GitHub's runner names, or "" elsewhere."""
    name = environment.get("GITHUB_REPOSITORY")
    return f"{environment['GITHUB_SERVER_URL']}/{name}" if name else ""


def revision(environment: Any) -> str:
    """Return the tag that is built, or HEAD."""
    return str(environment["GITHUB_REF_NAME"]) if environment.get("GITHUB_REF_TYPE") == "tag" else "HEAD"


def page(readme: str, found: str, ref: str) -> str:
    """Return the README for a package page of the repository `found`; without one, without relative links."""
    parts = _FENCED.split(readme)
    return "".join(part if part.startswith("```") else _absolute(part, found, ref) for part in parts)


def _absolute(text: str, found: str, ref: str) -> str:
    if not found:
        return _LINK.sub(r"\1", _PICTURE.sub("", text))
    text = _PICTURE.sub(lambda each: each[0].replace(each[1], f"{found}/raw/{ref}/{each[1]}", 1), text)
    return _LINK.sub(rf"[\1]({found}/blob/{ref}/\2)", text)
