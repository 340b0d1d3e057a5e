"""The README: its numbers are computed here, its commands and links exist; its Python runs as a doctest."""

import re
from pathlib import Path

import nvmx

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_number_in_the_text_is_computed() -> None:
    full, seed = nvmx.table("VMXON", "intel"), nvmx.table("VMXON", "kvm-2011")
    executed = nvmx.bochs.agreement(nvmx.bochs.recording(), "intel")
    counts = seed.loc[seed["possible"], "outcome"].value_counts()
    computed = {
        f"{number:,}"
        for number in (
            len(nvmx.ladder("VMXON", "intel").axes), len(full), int(full["possible"].sum()),
            executed.executed, executed.count("agree"), executed.count("as documented"),
            sum(executed.not_reachable.values()),
            len(seed), int(seed["possible"].sum()), counts["success"], counts["#UD"], counts["#GP(0)"],
        )
    }  # fmt: skip
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|width=\"\d+\"|src=\"[^\"]*\"", "", README, flags=re.DOTALL)
    text = re.sub(
        r"Python 3\.11|GPL-2\.0-only|BASIC bit 48|Bochs 2\.7|exit status 1|CF9h|"
        r"\(2011\)|kvm-2011|CR\d|#GP\(0\)|#SS\(0\)|IA32",
        "",
        text,
    )
    found = set(re.findall(r"\d[\d,]*\d|\d", text))
    assert found == computed


def test_the_picture_is_of_today() -> None:
    sentence = nvmx.plots.map("VMXON", "kvm-2011").sentence
    assert f'alt="{sentence}"' in README
    assert sentence.encode("latin-1") in (ROOT / ".github" / "vmxon-kvm-2011.png").read_bytes()


def test_every_file_that_is_named_is_there() -> None:
    names = set(re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"|(notebooks/[\w./-]+)|(tests/[\w./-]+)", README))
    files = {name for found in names for name in found if name}
    assert len(files) > 8
    for name in files:
        assert (ROOT / name).exists(), name


def test_the_commands_are_those_of_ci() -> None:
    assert "python3 -m pip install uv && python3 -m uv run pytest" in README
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 -m pip install" in script
    assert '"${uv[@]}" run pytest' in script


def test_every_expression_in_the_table_runs() -> None:
    expressions = re.findall(r"`(nvmx\.[^`]+)`", README)
    assert len(expressions) >= 10
    for expression in expressions:
        if ".save(" not in expression:
            eval(expression, {"nvmx": nvmx})  # noqa: S307 - our own README
