"""The reference card: one side of A4, made from the rows; typst sets it."""

from pathlib import Path

from paper.card import card


def build(out: Path) -> None:
    """Write card.pdf."""
    (out / "card.pdf").write_bytes(card())
