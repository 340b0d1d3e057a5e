"""The editions: each module has a function `build(out)`, which fills an empty folder."""
