"""The contracts on imports (pyproject.toml) hold, and each of them is broken by what it forbids."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample import some

ROOT = Path(__file__).parent.parent
LINT = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache', '--no-logo'])"


def lint(folder: Path) -> tuple[int, str]:
    """Check the contracts of the package in `folder`: the exit status, and what was printed."""
    done = subprocess.run([sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and of its contracts, to break."""
    ignored = shutil.ignore_patterns("__pycache__", "*.xz", "*.asm")
    shutil.copytree(ROOT / "nvmx", tmp_path / "nvmx", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_hold() -> None:
    status, report = lint(ROOT)
    assert status == 0, report


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    some(
        2,
        [
            ("model/axis.py", "from .. import ladders", "nvmx.model is not allowed to import nvmx.ladders"),
            ("ladders/kvm.py", "from .. import kvm2011", "nvmx.ladders is not allowed to import nvmx.kvm2011"),
            ("kvm2011/vcpu.py", "from .. import ladders", "nvmx.kvm2011 is not allowed to import nvmx.ladders"),
            ("states/space.py", "from .. import tables", "nvmx.states is not allowed to import nvmx.tables"),
            ("model/box.py", "import numpy", "nvmx.model is not allowed to import numpy"),
            ("ask.py", "def f(): import pandas", "nvmx.ask is not allowed to import pandas"),
            ("model/axis.py", "from . import ladder", "No cycles are allowed in nvmx.model"),
            ("lab/page.py", "from .. import verdict", "nvmx.lab.page is not allowed to import nvmx"),
            ("extra.py", "", "nvmx.extra"),
        ],
    ),
)
def test_a_forbidden_import_is_found(copy: Path, module: str, line: str, complaint: str) -> None:
    with (copy / "nvmx" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    status, report = lint(copy)
    assert status == 1, report
    assert complaint in " ".join(report.split())


def names_of(init: Path) -> tuple[set[str], set[str]]:
    """What a package hands on besides modules (functions, classes, constants), and which modules it names."""
    names: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(ast.parse(init.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom) and node.level:
            (names if node.module else modules).update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names |= set(ast.literal_eval(node.value))
    return names - modules, modules


@pytest.mark.parametrize("init", sorted((ROOT / "nvmx").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_no_module_has_the_name_of_a_function_of_its_package(init: Path) -> None:
    """Importing `plots/history.py` would set `plots.history` to the module, and hide the function of that name."""
    names, modules = names_of(init)
    files = {path.stem if path.suffix == ".py" else path.name for path in init.parent.iterdir()}
    assert modules <= files
    assert not names & files
