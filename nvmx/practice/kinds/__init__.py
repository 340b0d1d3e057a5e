"""The kinds of problems: one file per kind, each with a function `make(chooser, level, ...)`."""
