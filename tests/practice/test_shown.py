"""The command `nvmx practice` and the controls of `nvmx.lab.practice`."""

from pathlib import Path

import pytest

import nvmx
from nvmx.cli import main
from nvmx.practice import KINDS, problem


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["practice", *arguments])
    return status, *capsys.readouterr()


def test_a_page_names_its_arguments_and_its_problem(capsys: pytest.CaptureFixture[str]) -> None:
    status, text, said = run(capsys, "state", "-s", "17", "-n", "2", "--level", "3")
    assert (status, said) == (0, "")
    assert text.startswith("ARG kind state\nARG seed 17\nARG count 2\nARG level 3\n")
    assert "1. nvmx practice state -s 17 --level 3\n" in text
    assert run(capsys, "state", "-s", "17", "-n", "2", "--level", "3", "-c")[1].count("-->") == text.count("-->")
    assert "--> ?" not in run(capsys, "state", "-c")[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_is_found_by_its_name(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    found = problem(kind, 5, 2)
    text = run(capsys, *found.name.split()[2:])[1]
    assert found.question in text


def test_a_page_with_answers_is_checked_by_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "answers.txt"
    page = run(capsys, "sequence", "-s", "3", "--final", "-c")[1]
    file.write_text(page)
    status, text, said = run(capsys, "--check", str(file))
    assert (status, said) == (0, "nvmx: 3 of 3 right\n")
    assert text.count(": right. ") == 3
    file.write_text(page.replace("1b", "1b  --> nowhere\n#"))
    status, text, said = run(capsys, "--check", str(file))
    assert (status, said) == (1, "nvmx: 2 of 3 right\n")
    assert "'nowhere' is none of the choices; please write one of off, root" in text
    file.write_text("gp\n")
    assert "no problem is named in this file" in run(capsys, "--check", str(file))[2]
    assert run(capsys, "state", "-s", "17", "--check", str(file))[1].startswith("1a   gp: right. ")
    assert "practice: there is no file" in run(capsys, "state", "--check", str(tmp_path / "none"))[2]


def test_users_and_worksheets(capsys: pytest.CaptureFixture[str]) -> None:
    mine = run(capsys, "state", "--user", "ada", "--secret", "2026")[1]
    assert "ARG user ada (exercise 1)" in mine
    assert "2026" not in mine
    assert mine != run(capsys, "state", "--user", "bob", "--secret", "2026")[1]
    assert "belong together" in run(capsys, "state", "--user", "ada")[2]
    sheet = run(capsys, "--worksheet", "--user", "ada", "--secret", "2026")[1]
    assert sheet.startswith("Worksheet of ada\n")
    assert "10. nvmx practice" in sheet
    assert run(capsys, "--worksheet", "--html", "-n", "2")[1].count("<section>") == 2
    assert run(capsys, "stat")[0] == 2


def test_practice_in_a_notebook() -> None:
    found = nvmx.lab.practice("state", seed=17)
    first = found.problem
    found.fields[0].value = "success"
    found.check.click()
    assert [mark.status for mark in found.marks] == ["wrong", "missing"]
    assert "check 15 asks for FEATURE_CONTROL locked" in found.reply.value
    found.show.click()
    assert "#GP(0)" in found.reply.value
    found.more.click()
    assert found.problem.seed == 18
    assert found.reply.value == ""
    assert [each.value for each in found.fields] == [""] * len(found.problem.blanks)
    again = nvmx.lab.practice("state", seed=17)._repr_mimebundle_()
    assert again["text/plain"] == str(first)
    assert "<details>" in again["text/html"]
    before, _, after = again["text/html"].partition("<details>")
    assert "check 15" not in before
    assert "check 15" in after
    found.close()
