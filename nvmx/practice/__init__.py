"""Practice: problems without end, and katas, in which what a reader writes is checked."""
