"""`python -m nvmx.bochs`, as far as no program but Python is needed."""

import json
import lzma
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nvmx import bochs
from nvmx.bochs import programs
from nvmx.bochs.__main__ import AGREES, DISAGREES, FAILED, main

from .logs import altered, case_of


def nvmx_bochs(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nvmx.bochs", *arguments]


def test_the_command_line(tmp_path: Path, log: bochs.Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--recording"]) == AGREES
    assert capsys.readouterr().out.splitlines()[-1] == bochs.agreement(log).line
    assert main(["--recording", "--source", "kvm-2011"]) == DISAGREES
    assert "says nothing about them" in capsys.readouterr().out
    assert main(["--recording", "--source", "kvm2011"]) == FAILED
    assert "did you mean 'kvm-2011'" in capsys.readouterr().err
    assert main(["--log", str(tmp_path / "none")]) == FAILED
    path = tmp_path / "wrong.log"
    bochs.save(altered(log, case_of("VMXON"), vector=13), path)
    assert main(["--log", str(path)]) == DISAGREES
    for wrong in (["--recording", "--model", "ryzen"], ["--image", str(path), "--record", str(path)], ["--force"]):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == FAILED


def test_a_file_is_written_only_where_none_is(
    tmp_path: Path, log: bochs.Log, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vmx.log"
    assert main(["--recording", "--record", str(path)]) == AGREES
    assert bochs.read(path) == log
    longer = b"precious" * 400_000
    path.write_bytes(longer)
    for option in (["--image", str(path)], ["--recording", "--record", str(path)]):
        assert main(option) == FAILED
        assert f"{path} exists; --force replaces it" in capsys.readouterr().err
        assert path.read_bytes() == longer
    assert main(["--recording", "--record", str(path), "--force"]) == AGREES
    assert bochs.read(path) == log
    assert b"precious" not in path.read_bytes()


def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--record", str(tmp_path / "nowhere" / "vmx.log")]) == FAILED
    assert "No such file or directory" in capsys.readouterr().err


def test_if_nothing_comes_of_it_no_file_is_left_and_an_old_one_stays(tmp_path: Path) -> None:
    path, none = tmp_path / "vmx.log", tmp_path / "none"
    assert main(["--log", str(none), "--record", str(path)]) == FAILED
    assert not path.exists()
    path.write_text("precious")
    assert main(["--log", str(none), "--record", str(path), "--force"]) == FAILED
    assert path.read_text() == "precious"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_result_is_not_lost_if_the_log_cannot_be_written(log: bochs.Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--recording", "--record", "/dev/full", "--force"]) == FAILED
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == bochs.agreement(log).line
    assert "No space left on device" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("both", [False, True])
def test_a_result_that_cannot_be_printed_is_an_error(both: bool) -> None:
    with Path("/dev/full").open("wb") as full:
        command = nvmx_bochs("--recording")
        done = subprocess.run(command, stdout=full, stderr=full if both else subprocess.PIPE, text=True, check=False)
    assert done.returncode == FAILED
    if not both:
        assert done.stderr == "nvmx.bochs: [Errno 28] No space left on device\n"


def test_a_reader_that_goes_away_is_an_error() -> None:
    with subprocess.Popen(nvmx_bochs("--recording"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert run.stderr.read() == "nvmx.bochs: [Errno 32] Broken pipe\n"
    assert run.returncode == FAILED


def test_a_terminal_that_lacks_letters_is_no_error(log: bochs.Log, tmp_path: Path) -> None:
    path = tmp_path / "vmx.log"
    bochs.save(bochs.Log({**log.header, "processor": "Prozessor für alle"}, log.fields), path)
    done = subprocess.run(
        nvmx_bochs("--log", str(path)), capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.returncode == AGREES
    assert done.stdout.startswith("Prozessor f\\xfcr alle (")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited with Linux' means")
def test_a_small_file_cannot_take_all_memory(tmp_path: Path) -> None:
    packer = lzma.LZMACompressor(preset=0)
    path = tmp_path / "vmx.log.xz"
    path.write_bytes(b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(256)), packer.flush()]))

    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))

    done = subprocess.run(
        nvmx_bochs("--log", str(path)), capture_output=True, text=True, check=False,
        preexec_fn=little_memory,
    )  # fmt: skip
    assert done.returncode == FAILED
    assert done.stderr == f"nvmx.bochs: {path} is larger than a log can be\n"


def test_whatever_goes_wrong_is_not_taken_for_a_disagreement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exhausted() -> bochs.Log:
        raise MemoryError("no more")

    monkeypatch.setattr("nvmx.bochs.__main__.recording", exhausted)
    assert main(["--recording"]) == FAILED
    assert "MemoryError: no more" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-1", "inf", "nan"])
def test_a_limit_is_a_number_of_seconds(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--limit", limit]) == FAILED
    assert f"limit: {float(limit)} is not a number of seconds" in capsys.readouterr().err


def test_a_model_is_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "pentium, count=4"]) == FAILED
    assert "model: 'pentium, count=4' is not the name of a processor model" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["bochs", "nasm"])
def test_a_missing_program_is_one_sentence(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing == "bochs":
        if not shutil.which("nasm"):
            pytest.skip("nasm is not installed")
        (tmp_path / "nasm").symlink_to(shutil.which("nasm") or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"nvmx.bochs: {missing} is not installed")
    assert err.endswith(f"{programs.APT}\n")


def test_the_commands_for_a_processor_of_ones_own_are_the_same_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = " ".join(capsys.readouterr().out.replace("\\\n", " ").split())
    command = re.search(r"qemu-system-x86_64 .*?isa-debug-exit", printed)
    assert command
    root = Path(__file__).parents[2]
    for name in ("README.md", "notebooks/08-ask-an-emulator.ipynb"):
        text = (root / name).read_text(encoding="utf-8")
        if name.endswith(".ipynb"):
            text = "".join(line for cell in json.loads(text)["cells"] for line in cell["source"])
        text = " ".join(text.replace("\\\n", " ").split())
        assert command[0] in text
        assert programs.APT in text
