"""The model in a web page: the rows as JSON, and the ES module `model.js`, which reads them there.

`model.js` needs no other file and no build step.  It holds no rule of its own: whatever it answers follows from the
rows, and the tests hold its answers equal to Python's.
"""

from .export import rows

__all__ = ["rows"]
