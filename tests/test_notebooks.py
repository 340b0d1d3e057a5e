"""What nbval's comparison of outputs cannot see: that every cell ran, without an error, and what the pictures show."""

import ast
import base64
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageOps
from PIL.PngImagePlugin import PngInfo

import nvmx
from nvmx.words import Word

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


@cache
def drawn_by(code: tuple[str, ...]) -> list[nvmx.plots.Picture]:
    """Run the cells; return the pictures that are the value of one, or belong to the word that is."""
    names: dict[str, Any] = {}
    values = []
    for cell in code:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102 - our own notebook
        if isinstance(last, ast.Expr):
            values.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))  # noqa: S307
    shown = [value.draw() if isinstance(value, Word) else value for value in values]
    return [value for value in shown if isinstance(value, nvmx.plots.Picture)]


def drawn(notebook: Any) -> list[nvmx.plots.Picture]:
    return drawn_by(tuple("".join(cell["source"]) for cell in code_cells(notebook))) if pictures(notebook) else []


def flaw(png: bytes, picture: nvmx.plots.Picture) -> str:
    """What is wrong with a PNG of this picture; "" if nothing is.

    Another version of matplotlib may draw a letter, a legend or the edge a little elsewhere.  So up to 2 % of the
    squares of 12 by 12 pixels may differ (0.6 % do between matplotlib 3.9 and 3.11), and the size by one pixel.
    """
    try:
        with Image.open(io.BytesIO(png)) as file:
            image, description = file.convert("L"), file.info.get("Description")
    except OSError:
        return "no image"
    if description != picture.sentence:
        return "another sentence"
    with Image.open(io.BytesIO(picture.png())) as file:
        expected = file.convert("L")
    if max(abs(a - b) for a, b in zip(image.size, expected.size, strict=True)) > 1:
        return "another size"
    width, height = (min(sizes) for sizes in zip(image.size, expected.size, strict=True))
    box = (0, 0, width, height)
    difference = ImageChops.difference(image.crop(box).reduce(12), expected.crop(box).reduce(12)).histogram()
    return "another picture" if sum(difference[48:]) > sum(difference) / 50 else ""


def flaws(notebook: Any) -> list[str]:
    outputs = pictures(notebook)
    assert len(outputs) == len(drawn(notebook))
    found = []
    for output, picture in zip(outputs, drawn(notebook), strict=True):
        text, alt = "".join(output["data"]["text/plain"]), output["metadata"]["image/png"]["alt"]
        png = base64.b64decode("".join(output["data"]["image/png"]))
        found.append(flaw(png, picture) or ("another text" if (text, alt) != (picture.sentence,) * 2 else ""))
    return found


def test_every_picture_is_the_one_that_its_cell_draws(notebook: Any) -> None:
    assert not any(flaws(notebook))


def test_pictures_that_are_swapped_or_replaced_are_noticed() -> None:
    notebook = json.loads((ROOT / "notebooks" / "04-the-map.ipynb").read_text(encoding="utf-8"))
    data = [output["data"] for output in pictures(notebook)]
    images = [each["image/png"] for each in data]
    for each, image in zip(data, images[1:] + images[:1], strict=True):
        each["image/png"] = image
    assert flaws(notebook) == ["another sentence"] * len(images)

    picture = drawn(notebook)[0]
    described = PngInfo()
    described.add_text("Description", picture.sentence)
    with Image.open(io.BytesIO(picture.png())) as image, io.BytesIO() as mirrored, io.BytesIO() as small:
        ImageOps.mirror(image).save(mirrored, "png", pnginfo=described)
        image.convert("RGB").reduce(2).save(small, "png", pnginfo=described)
        forged = [(mirrored.getvalue(), "another picture"), (small.getvalue(), "another size")]
    for png, words in (
        (b"not a png", "no image"),
        (picture.png()[:-5000], "no image"),
        *forged,
        (picture.png(), ""),
    ):
        assert flaw(png, picture) == words


def test_the_picture_of_the_readme_is_of_today() -> None:
    """What `regenerate.py` draws."""
    drawn = nvmx.plots.checks("VMXON", "intel", stopped={"fc_lock": 0})
    assert not flaw((ROOT / ".github" / "vmxon-stopped.png").read_bytes(), drawn)


def test_nothing_in_it_is_of_this_machine_or_of_this_run(notebook: Any) -> None:
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    for cell in code_cells(notebook):
        assert "execution" not in cell["metadata"]
        assert str(ROOT) not in json.dumps(cell)
