"""The JavaScript here is type-checked (the types are in its comments), linted and formatted."""

import subprocess
from pathlib import Path

import pytest

from .npm import installed

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "nvmx").rglob("*.js"), *Path(__file__).parent.glob("*.js")])
PACKAGES = ("typescript@7.0.2", "@biomejs/biome@2.6.8")
TYPES = ["tsc", "--noEmit", "--allowJs", "--checkJs", "--strict", "--noUnusedLocals", "--noUnusedParameters",
         "--noImplicitReturns", "--target", "es2023", "--module", "es2022", "--moduleResolution", "bundler",
         "--lib", "es2023,dom,dom.iterable"]  # fmt: skip
LINT = ["biome", "check", "--line-width=120", "--indent-style=space"]


@pytest.fixture(scope="module")
def tools() -> Path:
    """Where the programs are."""
    return installed(*PACKAGES) / ".bin"


def run(tools: Path, command: list[str], files: list[Path]) -> tuple[int, str]:
    done = subprocess.run(
        [tools / command[0], *command[1:], *files], capture_output=True, encoding="utf-8", check=False, cwd=ROOT
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [TYPES, LINT], ids=lambda command: command[0])
def test_nothing_is_wrong(tools: Path, command: list[str]) -> None:
    status, report = run(tools, command, FILES)
    assert status == 0, report


@pytest.mark.parametrize(
    ("command", "text", "complaint"),
    [
        (TYPES, "/** @param {number} a */\nexport const f = (a) => a.length;\n", "Property 'length' does not exist"),
        (TYPES, "export const f = (a) => a;\n", "Parameter 'a' implicitly has an 'any' type"),
        (LINT, "export const f = (a) => a == 1;\n", "lint/suspicious/noDoubleEquals"),
        (LINT, "export const f = (a) => [a,a];\n", "Formatter would have printed"),
    ],
)
def test_a_mistake_is_found(tools: Path, tmp_path: Path, command: list[str], text: str, complaint: str) -> None:
    (tmp_path / "wrong.js").write_text(text)
    status, report = run(tools, command, [tmp_path / "wrong.js"])
    assert status != 0
    assert complaint in report
