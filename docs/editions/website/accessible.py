"""What the theme and the outputs of notebooks lack for a screen reader, and axe-core reports."""

import re

_NAMES = {
    '<aside class="sidebar-drawer"': '<aside aria-label="Pages" class="sidebar-drawer"',
    '<aside class="toc-drawer"': '<aside aria-label="On this page" class="toc-drawer"',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
}
_EMPTY_HEAD = re.compile(r"<th\b([^>]*)>\s*</th>")
_SCOPE = re.compile(r""" scope=(["'])\w+\1""")


def fixed(page: str) -> str:
    """Return a page whose landmarks have names, whose headings have levels, and whose tables have no empty heads.

    >>> fixed("<tr><th scope='col'></th><th>outcome</th></tr>")
    '<tr><td></td><th>outcome</th></tr>'
    """
    for found, better in _NAMES.items():
        page = page.replace(found, better)
    return _EMPTY_HEAD.sub(lambda match: f"<td{_SCOPE.sub('', match[1])}></td>", page)
