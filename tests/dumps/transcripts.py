"""What the debuggers of Bochs, QEMU and GDB print about a processor that our guest has brought into a known state.

`python tests/dumps/transcripts.py` runs them all and writes the folder transcripts/ anew; the tests read that folder,
so that they need none of these programs, and run the programs that are there.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvmx.bochs.machine import CONFIGURATION, MODEL
from nvmx.bochs.programs import call, need
from nvmx.model.axis import Value

FOLDER = Path(__file__).parent / "transcripts"
_SOURCE = Path(__file__).parent / "states.asm"
_LIMIT = 20.0  # seconds
_SIGN = "BX={}5a"  # what the guest puts into EBX when it is there
_TITLE = "@@@@ "  # in front of what one command printed about one setting
_STEPS = 30_000  # more than the guest needs to get there

VMXON = "0F3h,0Fh,0C7h,34h,24h"  # VMXON [rSP]
VMXOFF = "0Fh,01h,0C4h"


@dataclass(frozen=True)
class Setting:
    """A state for the guest to bring the processor into, and the code that it executes there, if any."""

    mode: str
    ring: int = 0
    ne: int = 1
    vmxe: int = 0
    a20m: int = 0
    code: str = ""

    @property
    def axes(self) -> dict[str, Value]:
        """What is true of the processor then."""
        paging = self.mode in ("PAGED_32", "VIRTUAL_8086", "COMPATIBILITY", "LONG_64")
        return {
            "CR0.PE": int(self.mode != "REAL"),
            "CR0.NE": self.ne,
            "CR0.PG": int(paging),
            "CR4.VMXE": self.vmxe,
            "EFER.LMA": int(self.mode in ("COMPATIBILITY", "LONG_64")),
            "RFLAGS.VM": int(self.mode == "VIRTUAL_8086"),
            "CS.L": int(self.mode == "LONG_64"),
            "CPL": 3 if self.mode == "VIRTUAL_8086" else self.ring,
            "A20M": self.a20m,
        }


SETTINGS = {
    "real": Setting("REAL", ne=0),
    "real-a20m": Setting("REAL", a20m=1),
    "protected-16": Setting("PROTECTED_16", ne=0),
    "protected-32": Setting("PROTECTED_32"),
    "paged-32-cpl-3": Setting("PAGED_32", ring=3),
    "virtual-8086": Setting("VIRTUAL_8086"),
    "compatibility": Setting("COMPATIBILITY"),
    "compatibility-cpl-3": Setting("COMPATIBILITY", ring=3),
    "long": Setting("LONG_64"),
    "long-ne-0": Setting("LONG_64", ne=0),
    "long-cpl-1": Setting("LONG_64", ring=1),
    "long-cpl-3": Setting("LONG_64", ring=3),
}
# QEMU's own processor has no VMX: there, a guest cannot set CR4.VMXE, and VMXON and VMXOFF are always #UD.
BOCHS_SETTINGS = SETTINGS | {
    "real-vmxe": Setting("REAL", vmxe=1),
    "paged-32-vmxe": Setting("PAGED_32", vmxe=1, ne=0),
    "long-vmxe": Setting("LONG_64", vmxe=1),
    "long-vmxe-cpl-3": Setting("LONG_64", vmxe=1, ring=3),
}
EXECUTED = {
    "vmxon": Setting("LONG_64", code=VMXON),
    "vmxoff": Setting("LONG_64", code=VMXOFF),
    "vmxon-cpl-3": Setting("LONG_64", ring=3, code=VMXON),
}
BOCHS_EXECUTED = EXECUTED | {
    "vmxon-vmxe": Setting("LONG_64", vmxe=1, code=VMXON),
    "vmxon-vmxe-cpl-3": Setting("LONG_64", vmxe=1, ring=3, code=VMXON),
    "vmxon-compatibility": Setting("COMPATIBILITY", vmxe=1, code=VMXON),
}


def image(setting: Setting, folder: Path) -> str:
    """Assemble the guest for this setting; return the file's name, in `folder`."""
    values = {name.upper(): value for name, value in vars(setting).items() if value != ""}
    options = [f"-D{name}={value}" for name, value in values.items()]
    command = [need("nasm", "the guest is assembled with it"), "-f", "bin", "-w+all", "-w+error", "-o", "nvmx.rom"]
    status, output = call([*command, *options, str(_SOURCE)], folder)
    if status:
        raise RuntimeError(output)
    return "nvmx.rom"


def bochs(setting: Setting) -> dict[str, list[str]]:
    """Return what Bochs' debugger prints, by command, and its log."""
    with tempfile.TemporaryDirectory(prefix="nvmx-") as name:
        folder = Path(name)
        image(setting, folder)
        # The log has what the processor says, and its state when it ends in a triple fault.
        configuration = CONFIGURATION.format(model=MODEL)
        for level in ("info", "error"):
            configuration = configuration.replace(f"{level}: action=ignore", f"{level}: action=report")
        Path(folder, "bochsrc").write_text(configuration, encoding="ascii")
        Path(folder, "commands").write_text(f"s {_STEPS}\ncreg\nsreg\nr\ninfo cpu\nq\n", encoding="ascii")
        program = need("bochs", "it executes the guest")
        _, output = call([program, "-q", "-f", "bochsrc", "-rc", "commands"], folder, _LIMIT)
        log = Path(folder, "bochs.log").read_text("utf-8", "replace").splitlines()
    session = "Next at t" + output.partition("Next at t")[2]
    found = {"log": [line for line in log if "[CPU" in line and not line.startswith("00000000000")]}
    if setting.code:
        return found | {"session": session.splitlines()}
    lines = session.splitlines()
    at = [number for number, line in enumerate(lines) if line == "CPU0:"]
    vectors = next(number for number, line in enumerate(lines) if line.startswith("status  word"))
    return found | {"creg, sreg, r": lines[: at[1]], "info cpu": lines[at[1] : vectors]}


@contextmanager
def _qemu(setting: Setting, folder: Path, *options: str) -> "Iterator[subprocess.Popen[str]]":
    program = need("qemu-system-x86_64", "it executes the guest")
    command = [program, "-machine", "pc,accel=tcg", "-m", "16", "-bios", image(setting, folder), "-display", "none",
               "-nodefaults", "-no-reboot", "-qmp", "stdio", *options]  # fmt: skip
    with Path(folder, "errors").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _ask(process: "subprocess.Popen[str]", command: str, **arguments: str) -> Any:
    """Send QEMU a command of its machine protocol and return the answer."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        message = json.loads(line)
        if "return" in message:
            return message["return"]
        if "error" in message:
            raise RuntimeError(str(message["error"]))
    raise RuntimeError(f"QEMU ended before it answered {command}")


def _monitor(process: "subprocess.Popen[str]", line: str) -> str:
    answer: str = _ask(process, "human-monitor-command", **{"command-line": line})
    return answer.replace("\r\n", "\n")


def qemu(setting: Setting) -> dict[str, list[str]]:
    """Return what QEMU's monitor prints about two processors, of which the second has not been started."""
    with tempfile.TemporaryDirectory(prefix="nvmx-") as name, _qemu(setting, Path(name), "-smp", "2") as process:
        _wait(process)
        return {
            "info registers": _short(_monitor(process, "info registers")),
            "info registers -a": _short(_monitor(process, "info registers -a")),
        }


def gdb(setting: Setting) -> dict[str, list[str]]:
    """Return what GDB prints that is connected to QEMU."""
    commands = ["set width 0", "target remote gdb", "info registers", "p/x $cr4", "p $cr0", "monitor info registers"]
    with (
        tempfile.TemporaryDirectory(prefix="nvmx-") as name,
        _qemu(setting, Path(name), "-chardev", "socket,path=gdb,server=on,wait=off,id=gdb", "-gdb", "chardev:gdb")
        as process,
    ):  # fmt: skip
        _wait(process)
        options = [part for command in ["set architecture i386:x86-64", *commands] for part in ("-ex", command)]
        program = need("gdb", "it asks QEMU")
        _, text = call([program, "-q", "-nx", "-batch", *options], Path(name), _LIMIT)
    lines = _short(text)
    values = next(number for number, line in enumerate(lines) if line.startswith("$1 ="))
    return {
        "info registers": lines[:values],
        "p": ["(gdb) p/x $cr4", lines[values], "(gdb) p $cr0", lines[values + 1]],
        "monitor info registers": ["(gdb) monitor info registers", *lines[values + 2 :]],
    }


def qemu_log(setting: Setting) -> dict[str, list[str]]:
    """Return QEMU's log of a guest without interrupt handlers, which ends in a triple fault."""
    with tempfile.TemporaryDirectory(prefix="nvmx-") as name:
        with _qemu(setting, Path(name), "-d", "int,cpu_reset", "-D", "log") as process:
            _ask(process, "qmp_capabilities")
            process.wait(_LIMIT)
        return {"log": _short(Path(name, "log").read_text("ascii"))}


def _wait(process: "subprocess.Popen[str]") -> None:
    """Wait until the guest has reached its state."""
    _ask(process, "qmp_capabilities")
    end = time.monotonic() + _LIMIT
    while time.monotonic() < end:
        registers = _monitor(process, "info registers")
        if any(_SIGN.format("0" * zeros) in registers for zeros in (6, 14)):
            return
    raise RuntimeError("the guest does not reach its state")


def _short(text: str) -> list[str]:
    """Leave out the registers of floating-point numbers and vectors, and what GDB says about itself."""
    left_out = ("FPR", "XMM", "FCW", "xmm", "warning: ", "determining ", "The target ", "[Inferior ")
    return [line for line in text.strip("\n").splitlines() if not line.startswith(left_out)]


PROGRAMS: Mapping[str, tuple[Callable[[Setting], dict[str, list[str]]], Mapping[str, Setting]]] = {
    "bochs": (bochs, BOCHS_SETTINGS),
    "bochs-executed": (bochs, BOCHS_EXECUTED),
    "qemu": (qemu, SETTINGS),
    "qemu-executed": (qemu_log, EXECUTED),
    "gdb": (gdb, SETTINGS),
}


def recorded() -> Iterator[tuple[str, str, str, str]]:
    """Yield program, setting, command and text of every transcript in the folder."""
    for program in PROGRAMS:
        text = Path(FOLDER, f"{program}.txt").read_text(encoding="ascii")
        for part in text.split(_TITLE)[1:]:
            title, _, lines = part.partition("\n")
            setting, _, command = title.partition(": ")
            yield program, setting, command, lines


def main() -> None:
    """Write all transcripts anew."""
    FOLDER.mkdir(exist_ok=True)
    for program, (run, settings) in PROGRAMS.items():
        with Path(FOLDER, f"{program}.txt").open("w", encoding="ascii") as file:
            for name, setting in settings.items():
                for command, lines in run(setting).items():
                    file.write(f"{_TITLE}{name}: {command}\n" + "".join(f"{line}\n" for line in lines))
        sys.stdout.write(f"{program}: {len(settings)} states\n")


if __name__ == "__main__":
    main()
