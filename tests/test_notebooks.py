"""What a strict comparison of outputs cannot see: that there are outputs, in order, and that none is an error."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


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


def test_every_picture_comes_with_its_sentence(notebook: Any) -> None:
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            if "image/png" in output.get("data", {}):
                sentence = "".join(output["data"]["text/plain"])
                assert output["metadata"]["image/png"]["alt"] == sentence
                assert sentence.endswith(".")


def test_nothing_in_it_is_of_this_machine_or_of_this_run(notebook: Any) -> None:
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    for cell in code_cells(notebook):
        assert "execution" not in cell["metadata"]
        assert str(Path(__file__).parent.parent) not in json.dumps(cell)
