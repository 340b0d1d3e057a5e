"""The reference card: one side, legible, with every row in it."""

from pathlib import Path
from typing import Any

from paper.card import about

from .sheets import Layout, check_sheet, text

_LAYOUT = Layout(side=8, top=7, bottom=7)


def check(folder: Path, _browser: Any, screenshots: Path) -> list[str]:
    """Return what is wrong with the card, and print what was counted."""
    path = folder / "card.pdf"
    wrong, _ = check_sheet(path, _LAYOUT, range(1, 2), screenshots)
    words, cells = text(path, _LAYOUT), sorted(set(_cells(about())))
    wrong += [f"card.pdf: not there: {each}" for each in cells if "".join(each.split()) not in words]
    print(f"card: {len(cells)} different texts of the rows are there")
    return wrong


def _cells(held: Any) -> list[str]:
    """Return the texts of the tables, however deep."""
    if isinstance(held, dict):
        tables = {key: value for key, value in held.items() if key in ("ladders", "outcomes", "axes", "rows")}
        return [cell for value in (tables or _shown(held)).values() for cell in _cells(value)]
    if isinstance(held, list | tuple):
        return [cell for value in held for cell in _cells(value)]
    return [held] if isinstance(held, str) else []


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("colour", "ink", "letter", "ready")}
