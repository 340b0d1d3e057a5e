"""The guest on Bochs: a fresh run, and that nothing that goes wrong there hangs, stays behind or passes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample import some

import nvmx
from nvmx import bochs
from nvmx.bochs import __main__ as main_module
from nvmx.bochs import cases, conformance, encoding, image, machine, programs
from nvmx.bochs.__main__ import AGREES, FAILED
from nvmx.bochs.log import FIELDS, read_log
from nvmx.bochs.observation import STAGES
from nvmx.model.axis import BY_NAME

from .logs import case_of

INSTALLED = all(shutil.which(program) for program in ("bochs", "nasm"))
posix = pytest.mark.skipif(os.name != "posix", reason="Bochs is run on Linux and its like only")
live = pytest.mark.skipif(not INSTALLED, reason="Bochs or nasm is not installed")
ENTRY = image.ENTRY.itemsize
COMMAND = [sys.executable, "-m", "nvmx.bochs"]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test, in which programs have theirs; its name has characters that Bochs cannot read."""
    folder = tmp_path / "a $HOME \"quoted\" 'name', #1"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def left_behind(folder: Path) -> list[str]:
    """What works or lies in this folder: command lines of processes, names of files."""
    found = [path.name for path in folder.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def test_where_this_is_built_bochs_is_installed() -> None:
    assert INSTALLED or "CI" not in os.environ


# ---- the guest ------------------------------------------------------------------------------------------------------
def test_what_assembly_and_python_both_count_is_the_same() -> None:
    guest = Path(image.__file__).parent / "guest"
    text, boot = ((guest / name).read_text(encoding="utf-8") for name in ("guest.asm", "boot.asm"))
    sizes = {"resd 1": "<u4", "resw 1": "<u2", "resb 8": "<u8"}
    entry = re.findall(r"^\.(\w+): +(res\w \d)", text, re.MULTILINE)
    assert [(name, sizes[size]) for name, size in entry] == [
        (name, image.ENTRY[name].str) for name in image.ENTRY.names or ()
    ]
    stages = re.findall(r"^(?:AT_\w+|EXECUTED) +equ (\d)", text, re.MULTILINE)
    assert [int(number) for number in stages] == list(range(1, len(STAGES) + 1))
    (operands,) = re.findall(r"^operands:\n +dq +(.*)", boot, re.MULTILINE)
    assert tuple(operands.split(", ")) == encoding.ADDRESSES
    printed = re.findall(r"field   (?:current \+ case\.)?(\w+), (\d)", boot)
    names = [name.removesuffix("_read").replace("fc", "feature_control") for name, _ in printed]
    assert dict(zip(names, (int(digits) for _, digits in printed), strict=True)) == FIELDS


def test_the_guest_calls_numbers_by_their_names() -> None:
    guest = Path(image.__file__).parent / "guest"
    bare = re.compile(r"\b[0-9][0-9A-F]*h\b")
    for name in ("enter.asm", "catch.asm", "launch.asm"):
        code = [line.split(";")[0] for line in (guest / name).read_text(encoding="utf-8").splitlines()]
        assert [line for line in code if bare.search(line)] == []


def test_there_is_room_for_no_more_cases_than_a_number_tells_apart() -> None:
    with pytest.raises(bochs.LogError, match="not the key of a case"):
        bochs.build_image(np.array([-1]))
    with pytest.raises(ValueError, match="16 bits"):
        bochs.build_image(np.zeros(0x10000, dtype=np.int64))


def small_image(code: bytes = b"", count: int = 4) -> bytes:
    """An image of a few cases at CPL 0; `code` replaces the third's instruction."""
    keys = bochs.recording().fields["key"][case_of("VMXON") :][:count]
    made = bytearray(bochs.build_image(keys))
    if code:
        made[3 * ENTRY - 8 : 3 * ENTRY] = code.ljust(8, b"\xcc")
    return bytes(made)


@live
def test_an_operand_faults_by_itself_in_every_mode() -> None:
    """POPCNT is allowed in every mode, so there it shows what VMXON may not come to see."""
    codes = cases.codes_of(cases.case_keys())
    ready = nvmx.verdict("VMXON", "intel").state.columns
    varied = {"operand", "CR0.PE", "CR0.PG", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "VMX", "current_VMCS"}
    wanted = codes["instruction"] == 0
    for name in set(BY_NAME) - varied:
        wanted &= codes[name] == BY_NAME[name].values.index(ready[name])
    keys = cases.case_keys()[wanted]
    made = bytearray(bochs.build_image(keys))
    for case in range(len(keys)):
        made[made.index(b"\x0f\xc7", (case + 1) * ENTRY - 8) + 1] = 0xB8
    log = machine.run_image(bytes(made))
    assert set(log.fields["stage"]) == {len(STAGES)}
    operands = np.array(BY_NAME["operand"].values)[codes["operand"][wanted]]
    modes = encoding.modes({name: column[wanted] for name, column in codes.items()})
    vectors = {"mapped": 3, "register": 3, "unmapped": 14, "gp-fault": 13, "ss-fault": 12}
    assert log.fields["vector"].tolist() == [vectors[name] for name in operands]
    assert all(set(operands[modes == mode]) == set(vectors) for mode in range(len(encoding.MODES)))
    faults = np.isin(operands, ("gp-fault", "ss-fault"))
    assert not log.fields["error"][faults].any()
    assert not log.fields["moved"][faults].any()


@live
def test_the_guest_finds_bits_that_mov_lets_be_wrong() -> None:
    """Those with axes of their own can be, so it must find them if told to look at them, too."""
    assert machine.run_image(small_image()).header["wrong_bits"] == "00000000 00000000"
    made = small_image()
    for own, fewer in ((0x80000021, 0x00000001), (0x2000, 0)):  # TEST EDX, which comes once for each register
        assert made.count(b"\xf7\xc2" + own.to_bytes(4, "little")) == 1
        made = made.replace(b"\xf7\xc2" + own.to_bytes(4, "little"), b"\xf7\xc2" + fewer.to_bytes(4, "little"))
    assert machine.run_image(made).header["wrong_bits"] == "80000020 00002000"


@live
def test_one_image_holds_all_cases() -> None:
    """Bochs loads no more than 2 MiB; it is one image where there is one core, and for other processors."""
    assert len(bochs.build_image(cases.case_keys())) <= 1 << 21


# ---- a run ----------------------------------------------------------------------------------------------------------
@live
@pytest.mark.exhaustive
def test_a_fresh_run_is_the_recording(own_folder: Path, tmp_path: Path, log: bochs.Log) -> None:
    path = tmp_path / "fresh.log.xz"
    done = subprocess.run([*COMMAND, "--record", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == AGREES, done.stderr
    fresh = bochs.read(path)
    assert done.stdout.splitlines()[-1] == bochs.agreement(fresh).line
    assert not left_behind(own_folder)
    if fresh.name == log.name:
        for name in FIELDS:
            assert int((fresh.fields[name] != log.fields[name]).sum()) == 0, name


@live
def test_a_fresh_run_of_some_states_is_the_recording(
    own_folder: Path,
    tmp_path: Path,
    log: bochs.Log,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A fourth of the states whose two runs printed something that no state before it did, and some of the others."""
    printed = [log.fields[name].reshape(-1, 2) for name in FIELDS if name not in ("id", "key")]
    _, chosen = np.unique(np.hstack(printed), axis=0, return_index=True)
    assert 2000 < len(chosen) < 4000
    chosen = np.union1d(chosen[::4], np.arange(0, len(log) // 2, 90))
    runs = np.stack([2 * chosen, 2 * chosen + 1], axis=1).ravel()
    for module in (machine, conformance, main_module):
        monkeypatch.setattr(module, "case_keys", lambda: log.fields["key"][runs])
    path = tmp_path / "fresh.log"
    assert main_module.main(["--record", str(path)]) == AGREES
    fresh = bochs.read(path)
    assert capsys.readouterr().out.splitlines()[-1] == bochs.agreement(fresh).line
    assert not left_behind(own_folder)
    assert len(fresh) == len(runs)
    if fresh.name == log.name:
        for name in FIELDS.keys() - {"id"}:
            assert int((fresh.fields[name] != log.fields[name][runs]).sum()) == 0, name


@live
def test_a_small_image_runs(own_folder: Path) -> None:
    done: list[int] = []
    log = machine.run_image(small_image(), progress=done.append)
    assert len(log) == sum(done) == 4
    assert set(log.host) == {"machine", "model"}
    assert not left_behind(own_folder)


@live
def test_the_guest_prints_on_a_debug_port_if_there_is_one(tmp_path: Path) -> None:
    """As on QEMU with -debugcon; the runs above and below are through a serial port."""
    settings = machine.CONFIGURATION.format(model=machine.MODEL)
    assert settings.count("com1: enabled=1, mode=file, dev=guest") == settings.count("serial=1") == 1
    settings = settings.replace("com1: enabled=1, mode=file, dev=guest", "port_e9_hack: enabled=1")
    settings = settings.replace("serial=1", "serial=0")
    (tmp_path / "bochsrc").write_text(settings)
    (tmp_path / "nvmx.rom").write_bytes(small_image())
    (tmp_path / "go").write_text("c\n")
    debugger = ["-rc", "go"] if "-rc" in programs.call(["bochs", "--help"], tmp_path)[1] else []
    _, printed = programs.call(["bochs", "-q", "-f", "bochsrc", *debugger], tmp_path)
    through_serial = machine.run_image(small_image())
    guest = {name: value for name, value in through_serial.header.items() if name not in through_serial.host}
    assert read_log(printed.splitlines()) == bochs.Log(guest, through_serial.fields)


@live
def test_a_processor_without_a_brand_string_has_a_name(own_folder: Path) -> None:
    with pytest.raises(bochs.LogError, match=r"\('GenuineIntel without a brand string'\) has no VMX to ask"):
        machine.run_image(small_image(), model="pentium")
    assert not left_behind(own_folder)


def run_inside(folder: Path, prepare: str) -> "subprocess.CompletedProcess[str]":
    """Run the small image after these shell commands, in namespaces in which root can do no more than its user."""
    (folder / "small.rom").write_bytes(small_image())
    python = """
import os, sys
from pathlib import Path
from nvmx.bochs import machine
try:
    os.openpty()
    print("a pseudo-terminal can be had")
except OSError:
    pass
print(machine.run_image(Path(sys.argv[1]).read_bytes()))
"""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{prepare} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody have namespaces of their own")
    command = [*inside, sys.executable, "-c", python, str(folder / "small.rom")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@live
def test_no_pseudo_terminal_is_needed(own_folder: Path, tmp_path: Path) -> None:
    done = run_inside(tmp_path, "mount -t tmpfs none /dev/pts && mount --bind /dev/null /dev/ptmx")
    assert done.stdout.startswith("<Log: 4 executions on Bochs "), done.stderr
    assert not left_behind(own_folder)


@live
def test_a_limit_of_processor_time_below_ours_is_respected(own_folder: Path, tmp_path: Path) -> None:
    done = run_inside(tmp_path, "ulimit -t 30")  # ours is 61; nobody in there may raise it
    assert done.stdout.splitlines()[-1].startswith("<Log: 4 executions on Bochs "), done.stderr
    assert not left_behind(own_folder)


@live
@pytest.mark.parametrize("limit", [1e19, 1e300])
def test_a_limit_of_many_years_is_no_error(limit: float) -> None:
    assert len(machine.run_image(small_image(), limit=limit)) == 4


@live
def test_a_guest_that_hangs_is_stopped(own_folder: Path) -> None:
    with pytest.raises(bochs.MachineError, match=r"the guest hangs: nothing came for 2 s; .* said: '@0001 "):
        machine.run_image(small_image(b"\xeb\xfe"), silence=2)
    assert not left_behind(own_folder)


@live
def test_a_run_without_end_is_stopped(own_folder: Path) -> None:
    with pytest.raises(bochs.MachineError, match=r"the time limit of 1 s is over"):
        machine.run_image(small_image(b"\xeb\xfe"), limit=1)
    assert not left_behind(own_folder)


# The program, with another thread that takes the signals: then none ends a wait of the main thread, as if it had come
# just before the wait.
ANOTHER_THREAD = """import runpy, signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
runpy.run_module("nvmx.bochs", run_name="__main__")"""


@live
@pytest.mark.parametrize(
    ("order", "program"),
    [
        *some(2, ((order, COMMAND) for order in ("SIGINT", "SIGHUP", "SIGTERM", "SIGQUIT"))),
        ("SIGINT", [sys.executable, "-c", ANOTHER_THREAD]),
    ],
    ids=["SIGINT", "SIGHUP", "SIGTERM", "SIGQUIT", "SIGINT to another thread"],
)
def test_a_run_that_is_told_to_stop_leaves_nothing_behind(
    order: str, program: list[str], own_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "vmx.log"

    def heed() -> None:
        signal.signal(getattr(signal, order), signal.SIG_DFL)  # in the background, a shell lets programs ignore some

    command = [*program, "--record", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as run:
        while not any("bochsrc" in each for each in left_behind(own_folder)):
            time.sleep(0.05)
            assert run.poll() is None
        run.send_signal(getattr(signal, order))
        assert run.communicate(timeout=20)[1].splitlines()[-1] == "nvmx.bochs: stopped"
    assert run.returncode == FAILED
    assert not left_behind(own_folder)
    assert not path.exists()


@live
def test_one_part_that_fails_ends_the_run(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = iter([small_image(b"\xeb\xfe"), small_image(b"\x0f\x01\x1f")])
    ends: list[str] = []

    def watched(image: bytes, **settings: Any) -> bochs.Log:
        try:
            return run_image(image, **settings)
        except bochs.MachineError as error:
            ends.append(str(error))
            raise

    run_image = machine.run_image
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(machine, "build_image", lambda _keys: next(images))
    monkeypatch.setattr(machine, "run_image", watched)
    with pytest.raises(bochs.MachineError, match="Bochs: 'exception"):
        machine.run()
    assert any(end.startswith("stopped") for end in ends)
    assert not left_behind(own_folder)


@live
def test_a_guest_that_brings_the_processor_down_is_reported() -> None:
    with pytest.raises(bochs.MachineError, match=r"Bochs stopped before the guest had ended \(Bochs: 'exception"):
        machine.run_image(small_image(b"\x0f\x01\x1f"))  # LIDT from memory that holds no such table


@live
def test_a_table_out_of_order_is_noticed() -> None:
    made = bytearray(small_image())
    second, third = slice(ENTRY, 2 * ENTRY), slice(2 * ENTRY, 3 * ENTRY)
    made[second], made[third] = made[third], made[second]
    with pytest.raises(bochs.LogError, match="case 1 of 4 is expected, not '@0002 "):
        machine.run_image(bytes(made))


@live
def test_an_unknown_processor_model_is_reported() -> None:
    with pytest.raises(bochs.MachineError, match="Bochs stopped before the guest had ended"):
        machine.run_image(small_image(), model="i4004")


# ---- a Bochs that is none -------------------------------------------------------------------------------------------
@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a shell script in the place of Bochs: what it does when asked for help, and when not."""

    def put(asked_for_help: str, run: str) -> None:
        path = tmp_path / "bin" / "bochs"
        path.parent.mkdir()
        path.write_text(f'#!/bin/sh\nif [ "$1" = --help ]; then\n{asked_for_help}\nelse\n{run}\nfi\n')
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    return put


HEADER = """\
@nvmx log 3
@processor Some CPU
@key run=0,1
@vmx_basic 0000000000000000
@width 28
@fixed_bits 80000021 FFFFFFFF 00002000 000027FF
@wrong_bits 00000000 00000000
@cases 0000
"""
PRINTS = f"exec cat > guest <<end\n{HEADER}@end 0000 {zlib.crc32(HEADER.encode()):08X}\nend"


@posix
@pytest.mark.parametrize(
    ("asked_for_help", "name"),
    [("echo Bochs x86 Emulator 9.9", "Bochs 9.9"), ("exit 3", "Bochs of an unknown version"), ("yes", "Bochs of an")],
)
def test_the_version_is_the_program_s_own(
    asked_for_help: str, name: str, fake: Callable[[str, str], None], own_folder: Path
) -> None:
    fake(asked_for_help, PRINTS)
    assert machine.run_image(b"").name.startswith(name)
    assert not left_behind(own_folder)


@posix
@pytest.mark.parametrize(
    ("asked_for_help", "run", "words"),
    some(
        2,
        [
            ("exec sleep 60", "", "--help did not end within 1 s"),
            ("", "exec sleep 60", "the time limit of 1 s is over; the last that the guest said: nothing"),
            ("", "", r"Bochs stopped before the guest had ended; the last that the guest said: nothing"),
            ("", "yes", "Bochs stopped before the guest had ended"),
            (
                "",
                f"yes @{'0' * 2000} > guest",
                "the guest prints without end: .* bytes; the last that .*: '@0{59}'...$",
            ),
            ("", "head -c 999999999 /dev/zero > guest", "the guest prints without end"),
            (
                "",
                "echo @nvmx > guest; exec sleep 60",
                "the time limit of 1 s is over; the last that the guest said: '@nvm",
            ),
            ("", "printf '@no\\033]0;x' > guest", r"had ended; the last that the guest said: '@no\\x1b]0;x'"),
            ("", "echo '>>PANIC<< \033]0;x'", r"had ended \(Bochs: '(\\x1b|\\\\033)\]0;x'\)"),
            ("", PRINTS.replace("Some", "Another"), "@end after 0 cases, with a checksum that fits"),
        ],
    ),
)
def test_a_program_that_is_no_bochs_is_an_error_and_is_gone(
    asked_for_help: str, run: str, words: str, fake: Callable[[str, str], None], own_folder: Path
) -> None:
    fake(asked_for_help or ":", run or ":")
    with pytest.raises(nvmx.NvmxError, match=words):
        machine.run_image(b"", limit=1 if "1 s" in words else 60)
    assert not left_behind(own_folder)


@posix
def test_a_program_that_fails_is_reported(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('no such label', file=sys.stderr); sys.exit(3)"]
    assert programs.call(command, tmp_path) == (3, "no such label\n")
