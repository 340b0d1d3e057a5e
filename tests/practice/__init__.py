"""Practice: problems, their answers by a second derivation, and marks."""
