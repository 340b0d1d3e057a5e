"""The whole explorer as one HTML file, which needs nothing else, or as a part of another page."""

from ..model.ladder import Ladder
from .scripts import module, rows_json

# The question is in the address after "#": a link holds it, and each change is a step in the browser's history.
_PART = """<div id="explorer"><p>This page needs JavaScript.</p></div>
<script type="application/json" id="rows">{rows}</script>
<script type="module">
{module}
{{
const rows = JSON.parse(document.getElementById("rows").textContent);
const COMPARED = ";compare=";
const read = () => {{
  const [address, compared] = location.hash.slice(1).split(COMPARED);
  const {{ instruction, source, values }} = parseAddress(rows, address);
  return {{ instruction, source, state: values, compare: compared ? decodeURIComponent(compared) : null }};
}};
const write = (question) => {{
  const compared = question.compare === null ? "" : COMPARED + encodeURIComponent(question.compare);
  return "#" + addressOf(rows, question) + compared;
}};
let first = {{}};
try {{
  if (location.hash.length > 1) first = read();
}} catch (error) {{
  console.warn("nvmx:", error);
}}
// The browser is slow to note an address, so the answer is painted first.
const show = (question) => requestAnimationFrame(() => setTimeout(() => history.pushState(null, "", write(question))));
const shown = explorer(document.getElementById("explorer"), rows, {{ ...first, onChange: show }});
addEventListener("popstate", () => {{
  if (location.hash === write(shown.question)) return;
  try {{
    shown.set(location.hash.length > 1 ? read() : {{ state: {{}}, compare: null }});
  }} catch (error) {{
    console.warn("nvmx:", error);
  }}
}});
}}
</script>
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nvmx: what happens to VMXON and VMXOFF?</title>
<style>
html {{ color-scheme: light dark }}
body {{ margin: 0; background: Canvas; color: CanvasText; font-family: system-ui, sans-serif }}
h1 {{ margin: 0; padding: .5rem .8rem 0; font-size: 1rem; font-weight: 600 }}
</style>
</head>
<body>
<main>
<h1>A guest executes VMXON or VMXOFF in this state: what happens, and why?</h1>
{part}</main>
</body>
</html>
"""


def page(*own: Ladder) -> str:
    """Return the explorer with all sources, and with your own ladders, as one HTML file.

    It opens from a file as well as from a server, or inside another page, and fetches nothing.  The address may hold a
    question: `explorer.html#VMXON/intel?cpl=3`.

    >>> page().startswith("<!doctype html>")
    True
    """
    return _PAGE.format(part=embedded(*own))


def embedded(*own: Ladder) -> str:
    """Return the same explorer as elements of another page, whose address then holds the question.

    >>> embedded().startswith('<div id="explorer">')
    True
    """
    return _PART.format(rows=rows_json(*own), module=module())
