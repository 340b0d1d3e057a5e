"""The README: its numbers are computed here, its Python is a doctest; in all texts, links and commands exist."""

import re
import tomllib
from pathlib import Path

import click
import pytest

import nvmx
from nvmx.cli.group import nvmx as group

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TEXTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]


def test_every_number_in_the_text_is_computed() -> None:
    full = nvmx.table("VMXON", "intel")
    executed = nvmx.bochs.agreement(nvmx.bochs.recording(), "intel")
    computed = {
        f"{number:,}"
        for number in (
            len(nvmx.ladder("VMXON", "intel").axes), len(full), int(full["possible"].sum()),
            executed.executed, executed.count("agree"), executed.count("as documented"),
            sum(executed.not_reachable.values()), sum(executed.skipped.values()),
        )
    }  # fmt: skip
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|width=\"\d+\"|(src|alt)=\"[^\"]*\"", "", README, flags=re.DOTALL)
    text = re.sub(
        r"Python 3\.11|GPL-2\.0-only|BASIC bit 48|Bochs 2\.7|exit status \d|CF9h|"
        r"\(2011\)|kvm-2011|A20\b|CR\d|#GP\(0\)|#SS\(0\)|IA32",
        "",
        text,
    )
    found = set(re.findall(r"\d[\d,]*\d|\d", text))
    assert found == computed


def test_every_source_is_named() -> None:
    """KVM's by the first and the last of them."""
    kvm = [source for source in nvmx.ladders.all_sources() if source.startswith("kvm-")]
    assert f"`{kvm[0]}` … `{kvm[-1]}`" in README
    assert [source for source in nvmx.ladders.all_sources() if source not in kvm and f"`{source}`" not in README] == []


def test_the_picture_is_of_today() -> None:
    sentence = nvmx.plots.checks("VMXON", "intel", stopped={"fc_lock": 0}).sentence
    assert f'alt="{sentence}"' in README
    assert sentence.encode("latin-1") in (ROOT / ".github" / "vmxon-stopped.png").read_bytes()


def test_every_file_that_is_named_is_there() -> None:
    names = set(re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"|(notebooks/[\w./-]+)|(tests/[\w./-]+)", README))
    files = {name for found in names for name in found if name}
    assert len(files) > 8
    for name in files:
        assert (ROOT / name).exists(), name


def anchors(text: str) -> set[str]:
    """What a link can point to in this text, after the #."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            file, _, anchor = target.partition("#")
            found = (path.parent / file) if file else path
            assert found.exists(), target
            assert not anchor or anchor in anchors(found.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("name", TEXTS)
def test_every_recipe_that_is_named_is_there(name: str) -> None:
    recipes = re.findall(r"^(\w+)[^:=\n]*:(?!=)", (ROOT / "justfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = (ROOT / name).read_text(encoding="utf-8")
    named = {recipe for words in re.findall(r"uv run just((?: \w+)*)", text) for recipe in words.split()}
    assert named <= set(recipes)


def test_every_extra_is_explained() -> None:
    for extra in PROJECT["project"]["optional-dependencies"]:
        assert f"`{extra}`" in README or extra == "test"


def test_the_layers_are_described_from_the_top() -> None:
    """As in pyproject.toml; those that share a layer in any order."""
    (contract,) = (each for each in PROJECT["tool"]["importlinter"]["contracts"] if each["id"] == "layers")
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    for layer in contract["layers"]:
        names = sorted(name.strip() for name in layer.split("|"))
        assert sorted(described[: len(names)]) == names
        described = described[len(names) :]
    assert not described


def test_the_commands_are_those_of_ci() -> None:
    assert "python3 -m pip install uv && python3 -m uv run pytest" in README
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 -m pip install" in script
    assert '"${uv[@]}" run pytest' in script
    assert '"${uv[@]}" run just check' in script


def test_every_expression_in_the_table_runs() -> None:
    expressions = re.findall(r"`(nvmx\.[^`]+)`", README)
    assert len(expressions) >= 10
    for expression in expressions:
        if ".save(" not in expression:
            eval(expression, {"nvmx": nvmx})  # noqa: S307 - our own README


def test_the_minutes_of_a_plan_for_a_class_add_up() -> None:
    text = (ROOT / "docs" / "class.md").read_text(encoding="utf-8")
    parts = [part for part in re.split(r"^##", text, flags=re.MULTILINE) if re.match(r"# \d+ minutes", part)]
    sums = [sum(map(int, re.findall(r"\| (\d+) \|$", part, flags=re.MULTILINE))) for part in parts]
    assert [int(part.split()[1]) for part in parts] == sums == [45, 90, 180]


@pytest.mark.parametrize("name", ["docs/class.md", "docs/notebook-ci.md"])
def test_every_command_in_a_page_for_others_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|bin/| {4})nvmx ([a-z]+)", text))
    assert named
    assert named <= set(group.list_commands(click.Context(group)))


def test_the_ini_of_the_page_is_ours() -> None:
    (shown,) = re.findall(r"```ini\n(.*?)```", (ROOT / "docs/notebook-ci.md").read_text(encoding="utf-8"), re.DOTALL)
    assert (ROOT / "tests" / "nbval.ini").read_text(encoding="utf-8").endswith(shown)
