"""The scripts that run anywhere: all modules as one text, and one script that makes the stand-ins of a page live."""

import json
import re
from functools import cache
from pathlib import Path

from ..model.ladder import Ladder
from .export import rows

# In the order in which they import each other.
_NAMES = ("model", "style", "dom", "controls", "question", "answer", "checks", "registers", "map", "explorer")
_IMPORT = re.compile(r'^import [^;]* from "\./[a-z]+\.js";\n', re.MULTILINE)
# Comments on lines of their own, which are a third of the text.
_COMMENT = re.compile(r"^ */\*\*(?:(?!\*/)[\s\S])*\*/\n|^ *//[^\n]*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |function )", re.MULTILINE)
# A stand-in that asks for a source which is not here stays as it is.
_ENHANCE = """
const live = () => {
  for (const element of document.querySelectorAll("[data-nvmx], [data-nvmx-quiz]")) {
    if (element.shadowRoot) continue;
    try {
      if (element.dataset.nvmxQuiz) {
        enhanceQuiz(element);
        continue;
      }
      const { rows: own = rows, ...asked } = JSON.parse(element.dataset.nvmx);
      explorer(element, own, asked);
    } catch (error) {
      console.warn("nvmx:", error);
    }
  }
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", live);
else live();
"""


@cache
def module(*names: str) -> str:
    """Return the ES module that runs anywhere, as one text: `explorer` and all that `model.js` exports.

    `names` are other files to take, in the order in which they import each other.

    >>> "export function explorer(" in module(), "import {" in module()
    (True, False)
    """
    texts = [(Path(__file__).parent / f"{name}.js").read_text("utf-8") for name in names or _NAMES]
    return "".join(_COMMENT.sub("", _IMPORT.sub("", text)) for text in texts)


def rows_json(*own: Ladder) -> str:
    r"""Return `rows` as JSON that can stand inside a script: no "<" can end it.

    >>> "</script" in rows_json()
    False
    """
    text = json.dumps(rows(*own), ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def enhance(*own: Ladder) -> str:
    """Return one classic script that makes every stand-in of a page live: of explorers and of questions.

    An explorer's has the attribute `data-nvmx`, which holds the options of `explorer` as JSON: instruction, source,
    compare, axes, state; and the `rows` to read, if it asks for a ladder that is not in the script.  A question's has
    `data-nvmx-quiz`: what is asked, and the replies.

    >>> enhance().startswith("(() => {")
    True
    """
    body = _EXPORT.sub("", module(*_NAMES, "quiz"))
    return f'(() => {{\n"use strict";\n{body}\nconst rows = {rows_json(*own)};{_ENHANCE}}})();\n'
