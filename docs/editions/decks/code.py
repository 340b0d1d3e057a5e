"""Python in colours that can be read from the last row."""

from bs4 import Tag
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from tree import parsed

_FORMATTER = HtmlFormatter(nowrap=True, style="vs")
STYLE = _FORMATTER.get_style_defs(".code")


def highlighted(source: str) -> Tag:
    """Return code as an element."""
    return parsed(f'<pre class="code">{highlight(source.strip(), PythonLexer(), _FORMATTER)}</pre>').find_all("pre")[0]
