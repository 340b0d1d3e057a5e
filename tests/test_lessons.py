"""`nvmx lab`: the lessons get into a folder, and nobody's work is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nvmx.cli import ERROR, lessons, main

NAMES = [path.name for path in lessons.shipped()]
FIRST = NAMES[0]
NEWER = f"{Path(FIRST).stem} (new).ipynb"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One lesson, as if it were the only one that nvmx ships; a test may give it another version."""
    path = tmp_path / "shipped" / FIRST
    path.parent.mkdir()
    path.write_text("one")
    monkeypatch.setattr(lessons, "shipped", lambda: [path])
    return path


def copy(folder: Path) -> list[str]:
    return [said.partition(": ")[2] for said in lessons.copy_lessons(folder)]


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.ipynb")}


def test_all_lessons_are_copied_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b c"
    assert main(["lab", str(folder), "--no-open"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *(f"{name}: copied" for name in NAMES),
        f"The lessons are in {folder}; begin with {FIRST}.",
    ]
    assert {path.name: path.read_bytes() for path in folder.glob("*.ipynb")} == {
        path.name: path.read_bytes() for path in lessons.shipped()
    }
    assert main(["lab", str(folder), "--no-open"]) == 0
    assert capsys.readouterr().out == f"The lessons are in {folder}, all as they were; begin with {FIRST}.\n"


def test_what_nobody_changed_is_brought_up_to_date(source: Path, tmp_path: Path) -> None:
    copy(tmp_path / "mine")
    source.write_text("two")
    assert copy(tmp_path / "mine") == ["brought up to date"]
    assert texts(tmp_path / "mine") == {FIRST: "two"}


def test_what_someone_changed_stays(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy(mine)
    (mine / FIRST).write_text("my work")
    assert copy(mine) == ["changed by you, and left as it is"]
    assert texts(mine) == {FIRST: "my work"}
    source.write_text("two")
    left = f"changed by you, and left as it is; the newer version is {NEWER}"
    assert copy(mine) == [left]
    assert texts(mine) == {FIRST: "my work", NEWER: "two"}
    source.write_text("three")
    (mine / NEWER).write_text("more of my work")
    assert copy(mine) == [left.replace("(new)", "(new 2)")]
    assert texts(mine) == {FIRST: "my work", NEWER: "more of my work", NEWER.replace("(new)", "(new 2)"): "three"}


@pytest.mark.parametrize("record", [None, "{", "[]", '{"other": 1}'])
def test_without_a_record_what_differs_is_someones_work(source: Path, tmp_path: Path, record: str | None) -> None:
    mine = tmp_path / "mine"
    copy(mine)
    path = mine / ".nvmx-lessons.json"
    path.unlink()
    if record is not None:
        path.write_text(record)
    (mine / FIRST).write_text("perhaps my work")
    for _ in range(2):
        assert copy(mine)[0].startswith("changed by you")
        assert texts(mine)[FIRST] == "perhaps my work"
    source.write_text("perhaps my work")
    assert copy(mine) == []


def test_a_link_and_a_folder_of_that_name_stay(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / FIRST).symlink_to(tmp_path / "nowhere")
    (mine / NEWER).mkdir()
    assert copy(mine)[0].endswith("(new 2).ipynb")
    assert not (tmp_path / "nowhere").exists()
    assert (mine / NEWER.replace("(new)", "(new 2)")).read_text() == source.read_text()


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["lab", str(tmp_path / "file" / "x"), "--no-open"]) == ERROR
    assert "cannot be made" in capsys.readouterr().err


def test_without_jupyterlab_the_lessons_are_there_and_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    assert main(["lab", str(tmp_path)]) == ERROR
    assert capsys.readouterr().err.endswith('which is not installed: pip install "nvmx[lab]"\n')
    assert sorted(texts(tmp_path)) == NAMES


def test_jupyterlab_is_started_in_the_folder(tmp_path: Path) -> None:
    """With a stand-in for JupyterLab that says how it was called; the real one takes seconds, and stays."""
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "jupyterlab" / "__main__.py").write_text(
        "import json, os, sys; print(json.dumps([os.getcwd(), *sys.argv[1:]])); sys.exit(7)"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nvmx", "lab", "mine", "--no-browser", "--allow-root"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])},
    )  # fmt: skip
    assert done.returncode == 7
    called = json.loads(done.stdout.splitlines()[-1])
    assert called == [str(tmp_path / "mine"), FIRST, "--no-browser", "--allow-root"]
