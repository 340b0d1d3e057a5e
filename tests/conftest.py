"""Shared by the tests: how they are run, the handlers of kvm-2011 as a function, and a source with one instruction."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kvm2011_contract
import numpy as np
import pytest
import run_notebooks

import nvmx
from nvmx.ladders import all_sources


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker per core for the whole suite; none if files are named, since those are done before a worker starts."""
    return None if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval compare pictures, too.

    Where Python may not write bytecode, give the many that tests start a folder of this run for it."""
    run_notebooks.configure(config)
    if sys.dont_write_bytecode and "PYTHONPYCACHEPREFIX" not in os.environ:
        folder = tempfile.mkdtemp(prefix="nvmx-bytecode-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
    # Two workers that import the same at the same time would both compile it: the second begins at the other end.
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        config.args.reverse()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run the slow tests, too, of which others try a part")


# A worker takes one file after the other, so those that take longest come first: then all workers end at once.
LONGEST = (
    "test_browser.py", "test_machine.py", "web/test_explorer.py", "web/test_model.py", "test_mutants.py",
    "test_plots.py", "test_explain.py", "test_sharpness.py", "test_notebooks.py", "test_compare.py", "test_kvm2011.py",
    "test_ladders.py", "test_random_ladders.py", "test_random_comparisons.py", "test_readme.py", ".ipynb",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    folders = config.getini("testpaths")

    def place(item: pytest.Item) -> tuple[int, int]:
        file = item.nodeid.partition("::")[0]
        folder = file.partition("/")[0]
        return (
            next((n for n, name in enumerate(LONGEST) if file.endswith(name)), len(LONGEST)),
            folders.index(folder) if folder in folders else len(folders),
        )

    items.sort(key=place)
    if not config.getoption("exhaustive"):
        for item in items:
            if item.get_closest_marker("exhaustive"):
                item.add_marker(pytest.mark.skip(reason="runs with --exhaustive; another test tries a part of it"))


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> int:
    """How many times as much the tests try that try a part."""
    return 8 if request.config.getoption("exhaustive") else 1


@pytest.fixture(scope="session")
def kvm2011_outcomes() -> Callable[[str, dict[str, Any]], tuple[Any, Any]]:
    """Outcome codes and error numbers (none) of the handlers in many states, given as one array per axis.

    If the processor does not let the instruction reach the handler (a LOCK prefix or a register operand; no protected
    mode; virtual-8086 or compatibility mode) the outcome is #UD.
    """

    def outcomes(instruction: str, states: dict[str, Any]) -> tuple[Any, Any]:
        names = [name for name in states if name in kvm2011_contract.AXES]
        answers: dict[tuple[Any, ...], str] = {}
        codes = []
        other = (states["LOCK"] == 1) | ((states["operand"] == "register") & (instruction == "VMXON"))
        for refused, *values in zip(other, *(states[name] for name in names), strict=True):
            state = dict(zip(names, values, strict=True))
            compatibility = state["EFER.LMA"] == 1 and state["CS.L"] == 0
            if refused or state["CR0.PE"] == 0 or state["RFLAGS.VM"] == 1 or compatibility:
                codes.append(nvmx.OUTCOMES.index("#UD"))
                continue
            key = tuple(values)
            if key not in answers:
                vcpu = nvmx.kvm2011.Vcpu.from_state(**state)
                assert nvmx.kvm2011.handle_exit(vcpu, kvm2011_contract.EXIT_REASON[instruction]) == 1
                answers[key] = vcpu.outcome
            codes.append(nvmx.OUTCOMES.index(answers[key]))
        return np.array(codes), np.zeros(len(codes), dtype=int)

    return outcomes


@pytest.fixture
def vmxon_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of a source that has a ladder for VMXON alone, in a file of its own."""
    (tmp_path / "vmxon_only.py").write_text(
        "from nvmx.ladders.hypervisor import end_to_end\n"
        "from nvmx.ladders.source import Source\n"
        "VMXON = end_to_end('VMXON', 'vmxon-only', 'nowhere', 'CPL 0')\n"
        "SOURCES = (Source('vmxon-only', 'VMXON only', '2026-11', 'nowhere', 'A note.', (VMXON,)),)\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(nvmx.ladders, "__path__", [*nvmx.ladders.__path__, str(tmp_path)])
        all_sources.cache_clear()
        yield "vmxon-only"
    all_sources.cache_clear()
