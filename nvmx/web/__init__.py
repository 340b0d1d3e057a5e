"""The model in a web page: the rows as JSON, and ES modules, which read them there and need no build step.

`model.js` answers.  It holds no rule of its own: whatever it answers follows from the rows, and the tests hold its
answers equal to Python's.  `explorer.js` shows the answer and everything that changes it, each part of it in a module
with that part's name; `style.js` has all of its style.
"""

from .document import embedded, page
from .export import rows
from .scripts import enhance, module

__all__ = ["embedded", "enhance", "module", "page", "rows"]
