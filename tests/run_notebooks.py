"""How nbval tests the notebooks: with their pictures, which it does not compare, and with one kernel for all.

A kernel takes two seconds of processor time to start and to import what the lessons use.  It forgets the names
and pandas' settings of the notebook before; with --exhaustive, each notebook has a kernel of its own.
"""

from typing import Any

import pytest
from nbval import plugin
from nbval.kernel import RunningKernel
from pictures import flaws

FORGET = """import sys
if "pandas" in sys.modules:
    sys.modules["pandas"].reset_option("^display")
%reset -f"""
compare = plugin.IPyNbCell.compare_outputs


def with_pictures(cell: Any, today: list[Any], outputs: list[Any], *more: Any) -> bool:
    """Compare as nbval does, and then the pictures."""
    if not compare(cell, today, outputs, *more):
        return False
    wrong = [each for each in flaws(outputs, today) if each]
    cell.comparison_traceback.extend(wrong)
    return not wrong


def configure(config: pytest.Config) -> None:
    """Change nbval: both names are looked up when a notebook is run."""
    plugin.IPyNbCell.compare_outputs = with_pictures
    if config.getoption("exhaustive", default=False):
        return
    kernels: list[RunningKernel] = []

    def kernel_without_names(*args: Any, **settings: Any) -> RunningKernel:
        if not kernels or not kernels[-1].is_alive():
            kernels.append(RunningKernel(*args, **settings))
            return kernels[-1]
        forget = kernels[-1].execute_cell_input(FORGET)
        kernels[-1].await_reply(forget, timeout=60)
        kernels[-1].await_idle(forget, timeout=60)
        return kernels[-1]

    def stop() -> None:
        for kernel in kernels:
            if kernel.is_alive():
                kernel.stop()

    plugin.RunningKernel = kernel_without_names
    plugin.IPyNbFile.teardown = lambda _: None
    config.add_cleanup(stop)
