"""The core runs on Python alone; an extra installs what its part imports; what is missing is named."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
ALWAYS = {"click"}  # what is installed with nvmx itself
DISTRIBUTIONS = {"PIL": "pillow"}  # of a package with another name
FACES = ["nvmx", "nvmx.bochs", "nvmx.lab", "nvmx.plots"]


def python_alone(code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` where no package but nvmx can be imported."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
    return subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)


def test_the_core_runs_on_python_alone() -> None:
    done = python_alone("""
import nvmx
print(nvmx.verdict("VMXON", "intel", cpl=3).outcome)
print(nvmx.verdict("VMXON", "intel", **nvmx.state(cr0=0x80000031, cr4=0, efer=0x500)).outcome)
print(nvmx.verdict("VMXON", "intel", cpl=3).cause)
print(nvmx.step({}, "VMXON", "intel")[1]["VMX"])
print(len(nvmx.ladder("VMXON", "kvm-2011").rungs) > 1)
vcpu = nvmx.kvm2011.Vcpu.from_state(cpl=3)
print(nvmx.kvm2011.handle_exit(vcpu, 27), vcpu.outcome)
print(nvmx.practice.problem("state", seed=17).grade("gp")[0].status)
""")
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["#GP(0)", "#UD", "CPL = 3", "root", "True", "1 #GP(0)", "right"]


@pytest.mark.parametrize(
    ("code", "wanted", "extra"),
    [
        ("import nvmx; nvmx.outcomes", "nvmx.outcomes", "states"),
        ("import nvmx; nvmx.table", "nvmx.table", "tables"),
        ("from nvmx import diff", "nvmx.diff", "tables"),
        ("import nvmx; nvmx.plots.map", "nvmx.plots.map", "plots"),
        ("import nvmx.lab; nvmx.lab.explorer", "nvmx.lab.explorer", "lab"),
        ("from nvmx.bochs import ask", "nvmx.bochs.ask", "bochs"),
        ("import runpy; runpy.run_module('nvmx.bochs', run_name='__main__')", "nvmx.bochs", "bochs"),
    ],
)
def test_what_is_not_installed_is_named_with_its_remedy(code: str, wanted: str, extra: str) -> None:
    done = python_alone(code)
    sentence = rf'{re.escape(wanted)} needs \w+, which is not installed: pip install "nvmx\[{extra}\]"'
    assert re.search(sentence, done.stderr.splitlines()[-1])
    assert done.returncode == (2 if wanted == "nvmx.bochs" else 1)


def test_the_package_that_is_missing_is_named() -> None:
    code = "import sys; sys.modules['pandas'] = None; import nvmx; nvmx.outcomes; nvmx.table"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(
        'nvmx.table needs pandas, which is not installed: pip install "nvmx[tables]"'
    )


def test_a_page_in_a_browser_says_where_it_works_instead() -> None:
    done = python_alone("import sys; sys.platform = 'emscripten'; import nvmx; nvmx.outcomes")
    assert done.stderr.splitlines()[-1].endswith(
        "nvmx.outcomes needs numpy, which this page does not have. It works in JupyterLab on your own computer:"
        ' pip install "nvmx[lab]", then: nvmx lab'
    )


def requirements(names: list[str]) -> set[str]:
    """The distributions that these requirements name; for nvmx[extra], those of the extra."""
    found: set[str] = set()
    for requirement in names:
        name, extras = re.fullmatch(r"([\w-]+)(?:\[(.*?)\])?.*", requirement).groups()  # type: ignore[union-attr]
        if name == "nvmx":
            found |= requirements([each for extra in extras.split(",") for each in EXTRAS[extra]])
        else:
            found.add(name)
    return found


GRAPH = grimp.build_graph("nvmx", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None)
PARTS = sorted(GRAPH.find_children("nvmx"))


def external(part: str) -> set[str]:
    """The packages that a part imports, itself or by another part that it imports; Python's own are left out."""
    seen: set[str] = set()
    waiting = {part}
    while waiting:
        module = waiting.pop()
        seen.add(module)
        if module.startswith("nvmx"):
            waiting |= (GRAPH.find_modules_directly_imported_by(module) | GRAPH.find_descendants(module)) - seen
    found = {each for each in seen if not each.startswith("nvmx")} - sys.stdlib_module_names
    return {DISTRIBUTIONS.get(each, each) for each in found}


@pytest.mark.parametrize("part", PARTS)
def test_an_extra_installs_what_its_part_imports(part: str) -> None:
    extra = EXTRAS.get(part.removeprefix("nvmx."), [])
    assert external(part) <= requirements(extra) | ALWAYS
    added = requirements([each for each in extra if not each.startswith("nvmx[")])
    assert added - {"jupyterlab"} <= external(part)


def test_all_extras_belong_to_a_part() -> None:
    assert EXTRAS.keys() - {part.removeprefix("nvmx.") for part in PARTS} == {"all", "test"}
    assert requirements(EXTRAS["all"]) == {"jupyterlab"}.union(*map(external, PARTS)) - ALWAYS
    assert requirements(PROJECT["project"]["dependencies"]) == ALWAYS == external("nvmx.cli")


def imported(path: Path) -> Iterator[str]:
    """The top-level names of what a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", [*FACES, "nvmx.kvm2011", "nvmx.practice", "nvmx.web"])
def test_every_public_function_has_an_example(name: str) -> None:
    package = import_module(name)
    functions = [getattr(package, name) for name in package.__all__ if inspect.isfunction(getattr(package, name))]
    assert functions
    assert [function.__name__ for function in functions if ">>> " not in (function.__doc__ or "")] == []


def test_what_the_tests_import_is_declared() -> None:
    own = {path.stem for folder in ("tests", "notebooks") for path in (ROOT / folder).rglob("*.py")} | {"nvmx"}
    needed = {name for path in (ROOT / "tests").rglob("*.py") for name in imported(path)}
    distributions = packages_distributions()
    declared = requirements(EXTRAS["test"]) | ALWAYS | {"playwright"}  # the browser's tests are skipped without it
    for name in sorted(needed - own - sys.stdlib_module_names):
        assert declared & {each.lower() for each in distributions.get(name, [name])}, name


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_is_loaded_from_where_it_is_typed(face: str) -> None:
    """`__all__`, the imports for type checkers and the lazy ones say the same."""
    package = import_module(face)
    init = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in ast.walk(init)
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module != "lazy"
        for alias in node.names
    }
    assert set(homes) == set(package.__all__) == set(dir(package))
    for name, home in homes.items():
        found = getattr(package, name)
        assert found is (getattr(import_module(f"{face}.{home}"), name) if home else import_module(f"{face}.{name}"))


def test_the_tests_run_where_nothing_can_be_written() -> None:
    """Otherwise pytest's warning about its cache is an error like any other, and ends the run with a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-o", "cache_dir=/dev/null/cache", "--doctest-modules",
         "nvmx/model/outcome.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
