"""What real debuggers print about a state that our guest set up is read back to that state."""

import shutil

import pytest

import nvmx
from nvmx.dumps import Reading

from .transcripts import BOCHS_EXECUTED, BOCHS_SETTINGS, PROGRAMS, SETTINGS, Setting, bochs, gdb, qemu, recorded

RECORDED = list(recorded())
# What each command cannot show.
A20 = {"A20M"}  # Bochs and GDB
HIDDEN = {
    ("bochs", "log"): A20,
    ("bochs", "creg, sreg, r"): A20,
    ("bochs", "info cpu"): {"CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE", "EFER.LMA", "CS.L", "CPL", "A20M"},
    ("qemu", "info registers"): set(),
    ("gdb", "info registers"): A20,
    ("gdb", "p"): {"CR0.PE", "CR0.NE", "CR0.PG", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "A20M"},
    ("gdb", "monitor info registers"): set(),
}


def check(program: str, setting: Setting, command: str, text: str) -> Reading:
    reading = nvmx.read(text)
    known = {name: value for name, value in reading.known.items() if name in setting.axes}
    assert reading.refused is None
    assert known.items() <= setting.axes.items()
    for name, lines in reading.evidence.items():
        assert lines, name
        assert all(line.text in text for line in lines)
    hidden = HIDDEN.get((program, command))
    if hidden is not None:
        may_hide = set(hidden)
        if program != "qemu" and setting.mode in ("REAL", "VIRTUAL_8086"):
            may_hide.add("CPL")  # it follows from the mode alone
        if program == "gdb" and command == "info registers" and setting.axes["EFER.LMA"]:
            may_hide.add("CS.L")  # GDB shows no access rights
        assert setting.axes.keys() - known.keys() <= may_hide
        assert not known.keys() & hidden
    return reading


@pytest.mark.parametrize(("program", "name", "command", "text"), RECORDED, ids=[" ".join(row[:3]) for row in RECORDED])
def test_a_recorded_transcript_is_read_back_to_its_state(program: str, name: str, command: str, text: str) -> None:
    check(program, PROGRAMS[program][1][name], command, text)


def test_every_program_and_setting_is_recorded() -> None:
    wanted = {(program, name) for program, (_, settings) in PROGRAMS.items() for name in settings}
    assert {row[:2] for row in RECORDED} == wanted


def text_of(program: str, name: str, command: str) -> str:
    return next(text for *row, text in RECORDED if row == [program, name, command])


def test_bochs_message_and_state_are_one_fault() -> None:
    reading = nvmx.read(text_of("bochs-executed", "vmxon-vmxe-cpl-3", "log"))
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("#GP(0)",))
    assert {"CPL": 3, "CR4.VMXE": 1, "CR0.NE": 1, "EFER.LMA": 1, "CS.L": 1}.items() <= reading.known.items()


def test_bochs_says_nothing_about_ud_and_the_last_vector_is_not_the_first() -> None:
    session, log = (text_of("bochs-executed", "vmxon", command) for command in ("session", "log"))
    assert nvmx.read(log).instruction is None
    reading = nvmx.read(session + log)
    assert reading.instruction == "VMXON"
    assert "#GP(0)" not in reading.observed  # "3rd (13) exception" is what came of delivering #UD
    assert reading.known["CR4.VMXE"] == 0
    assert any("triple fault" in note for note in reading.notes)


@pytest.mark.parametrize("name", ["vmxon", "vmxoff", "vmxon-cpl-3"])
def test_qemu_log_names_the_first_exception_and_not_those_that_came_of_it(name: str) -> None:
    reading = nvmx.read(text_of("qemu-executed", name, "log"))
    assert reading.observed == ("#UD",)
    assert reading.instruction is None  # the log does not show the code
    assert reading.known["CR4.VMXE"] == 0


def test_two_processors_that_disagree_prove_nothing() -> None:
    reading = nvmx.read(text_of("qemu", "long-cpl-3", "info registers -a"))
    assert not {"CPL", "CR0.PG", "EFER.LMA"} & reading.known.keys()
    assert any("CPL" in note and "CPU 0: 3" in note and "CPU 1: 0" in note for note in reading.notes)


def installed(*programs: str) -> None:
    for program in (*programs, "nasm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("name", ["real-vmxe", "protected-16", "virtual-8086", "compatibility-cpl-3", "long-vmxe"])
def test_bochs_here(name: str) -> None:
    installed("bochs")
    for command, lines in bochs(BOCHS_SETTINGS[name]).items():
        check("bochs", BOCHS_SETTINGS[name], command, "\n".join(lines))


def test_bochs_here_executes_vmxon() -> None:
    installed("bochs")
    setting = BOCHS_EXECUTED["vmxon-vmxe"]
    reading = check("bochs-executed", setting, "log", "\n".join(bochs(setting)["log"]))
    assert (reading.instruction, reading.observed) == ("VMXON", ("#GP(0)",))


@pytest.mark.parametrize("name", ["real-a20m", "paged-32-cpl-3", "compatibility", "long-ne-0"])
def test_qemu_here(name: str) -> None:
    installed("qemu-system-x86_64")
    for command, lines in qemu(SETTINGS[name]).items():
        check("qemu", SETTINGS[name], command, "\n".join(lines))


@pytest.mark.parametrize("name", ["real", "virtual-8086", "long-cpl-1"])
def test_gdb_here(name: str) -> None:
    installed("qemu-system-x86_64", "gdb")
    for command, lines in gdb(SETTINGS[name]).items():
        check("gdb", SETTINGS[name], command, "\n".join(lines))
