"""How long every public call takes, here and in another checkout, in one run.

    python tests/benchmark/calls.py [OTHER_CHECKOUT]

Each call is timed in fresh processes that take turns, first cold (what it loads is not counted), then warm.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 5
# The first statement prepares; the second is timed.
CALLS = {
    "verdict": ("", "nvmx.verdict('VMXON', 'intel', cpl=3, cr4_vmxe=0)"),
    "verdict, impossible": ("", "nvmx.verdict('VMXON', 'intel', rflags_vm=1).nearest"),
    "repair": ("v = nvmx.verdict('VMXON', 'intel', cpl=3, cr4_vmxe=0, fc_lock=0)", "v.repair()"),
    "repair to #PF": ("v = nvmx.verdict('VMXON', 'intel', cpl=3, cr0_pg=0, smx=1)", "v.repair('#PF')"),
    "step": ("", "nvmx.step({'cpl': 3}, 'VMXON', 'intel')"),
    "state": ("", "nvmx.state(cr0=0x80000031, cr4=0x2020, efer=0x500)"),
    "Ladder": ("x = nvmx.ladder('VMXON', 'intel')", "nvmx.Ladder('VMXON', 'mine', x.rungs, x.effect)"),
    "outcomes": ("", "nvmx.outcomes('VMXON', 'intel')"),
    "table, all": ("", "nvmx.table('VMXON', 'intel')"),
    "table, kvm-2011": ("", "nvmx.table('VMXON', 'kvm-2011')"),
    "diff": ("", "nvmx.diff('VMXON', 'kvm-2011', 'intel')"),
    "summary": ("", "nvmx.summary('VMXON', 'kvm-2022-10', 'intel')"),
    "witnesses": ("", "nvmx.witnesses('VMXON', 'xen', 'intel')"),
    "distinguish": ("", "nvmx.distinguish('VMXON', ['xen', 'bochs', 'intel'])"),
    "mutants": ("", "nvmx.mutants('VMXON', 'intel')"),
    "suite": ("", "nvmx.suite('VMXON', 'intel')"),
    "run": ("", "nvmx.run(['VMXON', ('CR4.VMXE', 0), 'VMXOFF'], 'xen')"),
    "executed": ("", "nvmx.executed('VMXON', 'intel')"),
    "bochs.agreement": ("log = nvmx.bochs.recording()", "nvmx.bochs.agreement(log)"),
    "bochs.ask": ("", "nvmx.bochs.ask('VMXON', cpl=3)"),
    "axes": ("", "nvmx.axes()"),
    "sources": ("", "nvmx.sources()"),
    "impossible": ("", "nvmx.impossible()"),
    "permissions": ("", "nvmx.permissions()"),
    "plots.map": ("", "nvmx.plots.map('VMXON', 'intel').png()"),
    "plots.ladder": ("", "nvmx.plots.ladder('VMXON', 'intel').png()"),
    "plots.history": ("", "nvmx.plots.history().png()"),
    "plots.diff": ("", "nvmx.plots.diff('VMXON', 'kvm-2018-06', 'intel').png()"),
    "plots.graph": ("", "nvmx.plots.graph('xen').png()"),
    "plots.agreement": ("", "nvmx.plots.agreement('VMXON').png()"),
    "lab.explorer": ("", "nvmx.lab.explorer('VMXON', 'intel')"),
    "lab.predict": ("", "nvmx.lab.predict('VMXON', 'intel', cpl=3)"),
    "lab.history": ("", "nvmx.lab.history()"),
}
TIMER = """
import json, sys, time
import nvmx, nvmx.plots, nvmx.lab, nvmx.bochs, nvmx.tables, ipywidgets, pandas, matplotlib.figure
found = {}
for name, (setup, call) in json.loads(sys.argv[1]).items():
    scope = {"nvmx": nvmx}
    exec(setup, scope)
    code = compile(call, name, "eval")
    times = []
    while len(times) < 3 or (sum(times) < 0.3 and len(times) < 200):
        start = time.perf_counter()
        eval(code, scope)
        times.append(time.perf_counter() - start)
    found[name] = (times[0], min(times))
print(json.dumps(found))
"""


def measure(checkout: Path) -> dict[str, tuple[float, float]]:
    """Return the seconds of the first and of the fastest call."""
    ran = subprocess.run(
        [sys.executable, "-c", TIMER, json.dumps(CALLS)],
        capture_output=True, text=True, check=True, cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)},
    )  # fmt: skip
    found: dict[str, tuple[float, float]] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Print one row per call: milliseconds cold and warm, and the ratio to the other checkout."""
    here = Path(__file__).parents[2]
    checkouts = [here, *(Path(path).resolve() for path in sys.argv[1:2])]
    rounds = [[measure(checkout) for checkout in checkouts] for _ in range(ROUNDS)]
    print(
        f"{'milliseconds, median of ' + str(ROUNDS):26} {'cold':>9} {'warm':>9}"
        + "   other: cold, warm, ratios" * (len(checkouts) - 1)
    )
    for name in CALLS:
        medians = [
            [1000 * statistics.median(found[n][name][kind] for found in rounds) for kind in (0, 1)]
            for n in range(len(checkouts))
        ]
        line = f"{name:26} {medians[0][0]:9.2f} {medians[0][1]:9.3f}"
        if len(checkouts) > 1:
            cold, warm = (mine / other for mine, other in zip(*medians, strict=True))
            line += f"   {medians[1][0]:9.2f} {medians[1][1]:9.3f}   {cold:5.2f} {warm:5.2f}"
        print(line)


if __name__ == "__main__":
    main()
