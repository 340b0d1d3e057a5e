"""Run every notebook and write it back with its minutes and outputs; draw the README's picture.

`uv run python notebooks/regenerate.py` writes the same bytes each time it runs in one environment: no times, no widget
state, widget models numbered from 0.
"""

import sys
from pathlib import Path
from typing import Any

import minutes
import nbformat
from nbclient import NotebookClient

import nvmx

HERE = Path(__file__).parent
PICTURE = HERE.parent / ".github" / "vmxon-stopped.png"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def regenerate(path: Path) -> None:
    """Execute the notebook in its own folder and write it in place."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
        record_timing=False, store_widget_state=False, coalesce_streams=True,
    ).execute()  # fmt: skip
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    models: dict[str, str] = {}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            view: dict[str, Any] = output.get("data", {}).get(
                WIDGET_VIEW, {}
            )
            if view:
                view["model_id"] = models.setdefault(
                    view["model_id"], f"{len(models):032x}"
                )
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    path.write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Regenerate all; the command line may name notebooks, to do only those."""
    minutes.write()
    for path in [Path(name) for name in sys.argv[1:]] or sorted(
        HERE.glob("*.ipynb")
    ):
        regenerate(path)
        print(path.name)
    if not sys.argv[1:]:
        # A register that the firmware left unlocked, which is common.
        stopped = nvmx.plots.checks(
            "VMXON", "intel", stopped={"fc_lock": 0}
        )
        stopped.save(PICTURE)
        print(PICTURE.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
