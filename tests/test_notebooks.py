"""What nbval's comparison of outputs cannot see: that every cell ran, without an error, and the pictures."""

import base64
import io
import json
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import run_notebooks
from nbval.plugin import IPyNbCell
from pictures import flaw, flaws
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

import nvmx

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text(encoding="utf-8"))


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


def test_every_cell_was_executed_in_order(notebook: Any) -> None:
    cells = code_cells(notebook)
    assert cells
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_no_cell_is_empty_or_exempt_from_comparison(notebook: Any) -> None:
    for cell in code_cells(notebook):
        source = "".join(cell["source"])
        assert source.strip()
        assert "NBVAL" not in source
        assert not cell["metadata"].get("tags")


def test_no_output_is_an_error_or_stderr(notebook: Any) -> None:
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"


def pictures(notebook: Any) -> list[Any]:
    """The outputs that are pictures."""
    return [out for cell in code_cells(notebook) for out in cell["outputs"] if "image/png" in out.get("data", {})]


def test_pictures_that_are_swapped_or_replaced_are_noticed() -> None:
    notebook = json.loads((ROOT / "notebooks" / "04-the-map.ipynb").read_text(encoding="utf-8"))
    today = pictures(notebook)
    assert flaws(today, today) == [""] * len(today)
    assert flaws([*today[1:], today[0]], today) == ["another sentence"] * len(today)
    assert flaws(today[1:], today) == [f"{len(today) - 1} pictures, not {len(today)}"]
    other = {**today[0], "metadata": {"image/png": {"alt": "other"}}}
    assert flaws([other], today[:1]) == ["another text"]

    png = base64.b64decode("".join(today[0]["data"]["image/png"]))
    described = PngInfo()
    with Image.open(io.BytesIO(png)) as image, io.BytesIO() as mirrored, io.BytesIO() as small:
        described.add_text("Description", image.info["Description"])
        ImageOps.mirror(image).save(mirrored, "png", pnginfo=described)
        image.convert("RGB").reduce(2).save(small, "png", pnginfo=described)
        forged = [(mirrored.getvalue(), "another picture"), (small.getvalue(), "another size")]
    for one, words in ((b"not a png", "no image"), (png[:-5000], "no image"), *forged, (png, "")):
        assert flaw(one, png) == words


@pytest.mark.parametrize("same", [True, False])
def test_a_cell_whose_picture_is_another_fails(same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    today = pictures(json.loads((ROOT / "notebooks" / "04-the-map.ipynb").read_text(encoding="utf-8")))[:1]
    stored = deepcopy(today)
    if not same:
        stored[0]["metadata"]["image/png"]["alt"] = "other"
    monkeypatch.setattr(run_notebooks, "compare", lambda *_: True)
    cell = SimpleNamespace(comparison_traceback=[])
    assert IPyNbCell.compare_outputs(cell, today, stored) is same
    assert cell.comparison_traceback == ([] if same else ["another text"])


def test_the_picture_of_the_readme_is_of_today() -> None:
    """What `regenerate.py` draws."""
    drawn = nvmx.plots.checks("VMXON", "intel", stopped={"fc_lock": 0})
    assert not flaw((ROOT / ".github" / "vmxon-stopped.png").read_bytes(), drawn.png())


def test_nothing_in_it_is_of_this_machine_or_of_this_run(notebook: Any) -> None:
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    for cell in code_cells(notebook):
        assert "execution" not in cell["metadata"]
        assert str(ROOT) not in json.dumps(cell)
