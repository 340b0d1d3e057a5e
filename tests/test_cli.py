"""The command `nvmx`: mostly in this process, because starting it again and again would take longer."""

import csv
import io
import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import nvmx
from nvmx.cli import ERROR, READER_GONE, STOPPED, main
from nvmx.cli.group import nvmx as group
from nvmx.dumps import read
from nvmx.ladders import all_sources
from nvmx.model.axis import AXES
from nvmx.model.instruction import INSTRUCTIONS, READY
from nvmx.model.outcome import OUTCOMES, flags_text
from nvmx.model.verdict import changes_text

OOPS = """\
general protection fault: 0000 [#1] SMP
RIP: 0010:hardware_enable+0x100/0x1a0 [kvm_intel]
Code: 84 c0 75 1c <f3> 0f c7 34 24 31 c0
CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
CR2: 00007f0000000000 CR3: 000000012345a001 CR4: 00000000003626e0
"""


class Shell:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> str:
        """The output; everything went well."""
        status, out, err = self.run(*arguments, stdin=stdin)
        assert (status, err) == (0, "")
        return out

    def run(self, *arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
        """The status, the output, and what was said about it; without `stdin`, standard input is a terminal."""
        source = io.TextIOWrapper(io.BytesIO(stdin or b""))
        if stdin is None:
            source.isatty = lambda: True  # type: ignore[method-assign]
        self.monkeypatch.setattr("sys.stdin", source)
        status = main(arguments)
        return status, *self.capsys.readouterr()


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nvmx", *arguments]


def test_a_verdict(shell: Shell) -> None:
    found = nvmx.verdict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    text = shell("verdict", "VMXON", "intel", "cpl=3", "cr4=0x0")
    assert text == f"{found}\n"
    assert shell("verdict", text.splitlines()[-1]) == text  # the text form is read back
    data = json.loads(shell("verdict", "VMXON", "intel", "CPL=3", "CR4.VMXE=0", "--format", "json"))
    assert data["outcome"] == "#UD"
    assert data["repair"] == {"CR4.VMXE": 1, "CPL": 0}
    assert data["would also fail"] == ["CPL 0"]
    assert data["axes"] == dict(found.state.columns)
    rows = list(csv.DictReader(io.StringIO(shell("verdict", data["state"], "--format", "csv"))))
    assert [row["asks for"] for row in rows] == [rung.name for rung, _ in found.steps]
    assert [row["mark"] for row in rows] == [mark for _, mark in found.steps]


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_a_verdict_by_every_source(shell: Shell, instruction: str) -> None:
    for source in all_sources():
        data = json.loads(shell("verdict", instruction, source, "--format", "json"))
        assert data["outcome"] == nvmx.verdict(instruction, source).outcome
        assert data["state"] == f"{instruction}/{source}"


def test_registers_are_read_as_by_state(shell: Shell) -> None:
    words = {
        "cr0": 0x80050033,
        "cr4": 0x2020,
        "efer": 0xD01,
        "feature_control": 1,
        "physical_width": 39,
        "vmxon_pointer": 4097,
    }
    found = nvmx.verdict("VMXON", "intel", **nvmx.state(**words))
    hexadecimal = [f"{name}={value:#X}" for name, value in words.items()]
    assert shell("verdict", "VMXON", "intel", *hexadecimal).startswith(str(found))
    status, out, err = shell.run("verdict", "VMXON", "intel", "cr4=2020")
    assert (status, out.splitlines()[-1]) == (0, "VMXON/intel?cr4_vmxe=0")
    assert err == "nvmx: cr4=2020 was read as a decimal number (0x7e4); hexadecimal is written 0x2020\n"


def test_the_rows(shell: Shell) -> None:
    ids = [row["id"] for row in json.loads(shell("sources", "--format", "json"))]
    assert ids == list(all_sources())
    assert [line.split()[0] for line in shell("sources").splitlines()[1:]] == ids
    rows = list(csv.DictReader(io.StringIO(shell("axes", "--format", "csv"))))
    assert [row["axis"] for row in rows] == [axis.name for axis in AXES]
    assert rows[0]["values"] == " | ".join(map(str, AXES[0].values))
    rungs = json.loads(shell("ladder", "VMXON", "intel", "--format", "json"))
    assert [row["asks for"] for row in rungs] == [rung.name for rung in nvmx.ladder("VMXON", "intel").rungs]
    assert "error" in shell("ladder", "VMXON", "intel").splitlines()[0]


def test_tables_are_those_of_the_library(shell: Shell) -> None:
    table = list(
        csv.DictReader(io.StringIO(shell("table", "VMXON", "kvm-2011", "--axes", "cpl, cr4_vmxe", "--format", "csv")))
    )
    assert [row["outcome"] for row in table] == nvmx.table("VMXON", "kvm-2011", ["cpl", "cr4_vmxe"])["outcome"].tolist()
    possible = shell("table", "VMXON", "kvm-2011", "--possible").splitlines()
    count = len(nvmx.table("VMXON", "kvm-2011", possible=True))
    assert len(possible) == 42
    assert possible[-1] == f"... the first 40 of {count} rows; --format csv or json prints all"
    few = json.loads(shell("diff", "VMXON", "intel", "kvm-2018-06", "--axes", "cpl", "--format", "json"))
    assert few == [{"when": "CPL=1|2|3", "outcome (intel)": "#GP(0)", "outcome (kvm-2018-06)": "#UD", "states": 3}]
    each = shell("diff", "VMXON", "intel", "kvm-2018-06", "--axes", "cpl", "--states").splitlines()
    assert len(each) == 4
    suite = list(csv.DictReader(io.StringIO(shell("suite", "VMXOFF", "intel"))))
    assert [row["outcome"] for row in suite] == nvmx.suite("VMXOFF", "intel")["outcome"].tolist()


def test_an_explanation_of_what_is_named(shell: Shell) -> None:
    known = nvmx.state(cr0=0x80050033, cr4=0x2020, efer=0xD01, cpl=0, cs_l=1, rflags_vm=0, feature_control=1)
    found = nvmx.explain("VMXON", "intel", ["#GP(0)"], **known)
    words = [f"{name}={value}" for name, value in known.items()]
    status, out, err = shell.run("explain", "--observed", "#GP(0)", *words)
    assert (status, out, err) == (found.status, f"{found}\n", "")
    status, out, _ = shell.run("explain", found.address, "--observed", "#GP(0)", "--json")
    assert (status, json.loads(out)) == (found.status, json.loads(json.dumps(found.as_json())))
    status, out, _ = shell.run("explain", "--instruction", "VMXOFF", "--source", "xen", "vmx=off", "--json")
    assert json.loads(out)["instruction"] == "VMXOFF"


def test_an_explanation_of_a_text(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "oops.txt"
    path.write_text(OOPS)
    found = read(OOPS).explain()
    for arguments, stdin in (([str(path)], None), (["-"], OOPS.encode()), ([], OOPS.encode())):
        assert shell.run("explain", *arguments, stdin=stdin) == (found.status, f"{found}\n", "")
    path.write_bytes(OOPS.encode("utf-16"))  # as a shell on Windows writes it
    _, out, _ = shell.run("explain", str(path), "--json")
    assert json.loads(out)["known"]["CR4.VMXE"] == 1
    _, out, _ = shell.run("explain", str(path), "fc_lock=0", "--observed", "#GP(0)", "--json")
    assert json.loads(out)["known"]["FEATURE_CONTROL.lock"] == 0
    path.write_bytes(b"\xff\xfe\x00\xd8" + bytes(range(256)))
    assert shell.run("explain", str(path))[0] in (0, 3, 4)


def test_exit_statuses_of_an_explanation(shell: Shell) -> None:
    everything = [f"{axis.keyword}={axis.ready}" for axis in AXES]
    assert shell.run("explain", *everything, "cpl=3")[0] == ERROR  # named twice
    assert shell.run("explain", *[word for word in everything if word != "cpl=0"], "cpl=3")[0] == 0
    assert shell.run("explain", "cpl=3")[0] == 3
    assert shell.run("explain", "cr0_pe=0", "cr0_pg=1")[0] == 4
    assert shell.run("explain", "-", stdin=b"vendor_id : AuthenticAMD\nkvm: disabled by bios\n")[0] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verdict", "VMXON", "intel", "cpl=9"], "value of CPL: 9 is not allowed (allowed: 0, 1, 2, 3)"),
        (["verdict", "VMXON", "kvm2011"], "did you mean 'kvm-2011'"),
        (["verdict", "vmxon", "intel"], "did you mean 'VMXON'"),
        (["verdict", "VMXON", "intel", "clp=3"], "did you mean 'cpl'"),
        (["verdict", "VMXON", "intel", "cr0=zwei"], "cr0: 'zwei' is not a number (hexadecimal: 0x2020)"),
        (["verdict", "VMXON", "intel", "cr0=d01"], "cr0: 'd01' is not a number"),
        (["verdict", "VMXON", "intel", "cs_access_rights=0xaf9b00"], "in the form of a VMCS"),
        (["verdict", "VMXON", "intel", "cpl=3", "CPL=3"], "cpl is named twice"),
        (["verdict", "VMXON/intel?cpl=3", "VMXOFF/intel"], "is named already"),
        (["verdict", "VMXON"], "an INSTRUCTION and a SOURCE are needed"),
        (["verdict", "VMXON/intel", "xen"], "an INSTRUCTION and a SOURCE are needed"),
        (["verdict"], "Missing argument"),
        (["verdict", "VMXON", "intel", "--format", "xml"], "'xml' is not one of"),
        (["explain"], "nothing was given"),
        (["explain", "no-such-file"], "there is no file no-such-file"),
        (["explain", "VMXON"], "--instruction VMXON"),
        (["explain", "one", "two"], "one file at a time"),
        (["explain", "/"], "is a folder, not a file"),
        (["explain", "cpl=3", "--observed", "tears"], "observed: 'tears' is not allowed"),
        (["explain", "VMXON/intel?cpl=3", "--instruction", "VMXOFF"], "--instruction says VMXOFF"),
        (["explain", "VMXON/intel?cpl=3", "--source", "xen"], "--source says xen"),
        (["table", "VMXON", "intel", "--axes", "cpl,cpl"], "CPL is named twice"),
        (["ladder", "VMXON", "nobody"], "source: 'nobody' is not allowed"),
        (["verdit"], "No such command 'verdit'"),
        ([], "Usage: nvmx"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(shell: Shell, arguments: list[str], words: str) -> None:
    status, out, err = shell.run(*arguments)
    assert (status, out) == (ERROR, "")
    assert words in err
    assert "Traceback" not in err
    assert "bug" not in err


def test_a_bug_is_no_traceback(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ValueError("oh")

    monkeypatch.setattr("nvmx.cli.verdict_command.show", broken)
    status, out, err = shell.run("verdict", "VMXON", "intel")
    assert (status, out) == (ERROR, "")
    assert err == "nvmx: this is a bug in nvmx: ValueError: oh (python -X dev -m nvmx ... shows where)\n"


def test_help_at_every_level(shell: Shell) -> None:
    text = shell("--help")
    names = group.list_commands(None)  # type: ignore[arg-type]
    assert [name for name in names if f"\n  {name} " not in text] == []
    assert "..." not in text.split("Commands:")[1]  # every summary fits
    for name in names[:-1]:
        text = shell(name, "--help")
        assert text.startswith(f"Usage: nvmx {name} ")
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 100
    with pytest.raises(SystemExit) as ended:  # argparse's way
        main(["bochs", "--help"])
    assert ended.value.code == 0
    assert "python -m nvmx.bochs" in shell.capsys.readouterr().out
    assert shell("--version") == f"nvmx, version {nvmx.__version__}\n"


def test_the_command_is_installed_with_the_package() -> None:
    done = subprocess.run(command("verdict", "VMXON", "intel"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VMXON, intel: success")


def test_one_verdict_loads_little() -> None:
    """Not what needs numpy, not the reader, and of the sources' files only one."""
    code = """
import sys
from nvmx.cli import main
main(["verdict", "VMXON", "intel", "cpl=3"])
slow = "numpy pandas json csv urllib.parse difflib html pathlib pkgutil nvmx.dumps nvmx.doctor nvmx.ladders.kvm".split()
print([name for name in slow if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stderr == "[]\n"


def test_importing_the_library_does_not_load_click() -> None:
    code = "import sys, nvmx; nvmx.verdict('VMXON', 'intel'); print('click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "arguments", [["table", "VMXON", "intel"], ["diff", "VMXON", "intel", "xen"], ["suite", "VMXON", "intel"]]
)
def test_what_is_not_installed_is_named_with_its_remedy(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("nvmx.tables")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pandas", None)
    status, out, err = shell.run(*arguments)
    assert (status, out) == (ERROR, "")
    assert err == f'nvmx: nvmx {arguments[0]} needs pandas, which is not installed: pip install "nvmx[tables]"\n'


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_a_terminal_that_lacks_letters_gets_others(variables: dict[str, str]) -> None:
    env = {**os.environ, **variables}
    done = subprocess.run(command("axes", "--format", "csv"), capture_output=True, env=env, text=True, check=True)
    assert done.stdout.isascii()
    assert "section 26.7" in done.stdout
    done = subprocess.run(command("explain", "VMXON/ä"), capture_output=True, env=env, text=True, check=False)
    assert done.returncode == ERROR
    assert "Traceback" not in done.stderr
    assert done.stderr.isascii()


def test_a_reader_that_goes_away_is_no_error_that_is_talked_about() -> None:
    with subprocess.Popen(command("axes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == READER_GONE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command("axes"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (ERROR, b"nvmx: [Errno 28] No space left on device\n")


def test_an_interrupt_is_quiet(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nvmx.cli.verdict_command.show", interrupted)
    assert shell.run("verdict", "VMXON", "intel") == (STOPPED, "", "")


@pytest.mark.parametrize(("closed", "words"), [("<&-", "no standard input"), (">&-", "no standard output")])
def test_a_stream_that_is_closed_is_said(closed: str, words: str) -> None:
    line = f"exec {shlex.join(command('explain', '-'))} {closed}"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == ERROR
    assert done.stderr.endswith(f"there is {words}\n")


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What the command prints on a terminal."""
    control, terminal = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    done = subprocess.run(command(*arguments), stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL, check=False,
                          env={**env, "TERM": "xterm", **variables})  # fmt: skip
    os.close(terminal)
    assert done.returncode == 0
    with open(control, "rb", closefd=True) as file:
        try:
            return file.read1(65536).decode()
        except OSError:
            return ""


def test_colours_only_on_a_terminal() -> None:
    arguments = ["verdict", "VMXON", "intel", "cpl=3"]
    assert "\x1b[" in on_a_terminal(*arguments)
    assert "\x1b[" not in on_a_terminal(*arguments, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(*arguments, TERM="dumb")
    assert "\x1b[" not in subprocess.run(command(*arguments), capture_output=True, text=True, check=True).stdout


PROGRAM = """
#include <stdio.h>
#include "vmxon.c"
#include "vmxoff.c"

static void print(const struct nvmx_case *cases, unsigned int count)
{
    unsigned int n;
    for (n = 0; n < count; n++)
        printf("%s;%d;%d;%u;%d;%d;%u\\n", cases[n].differs, (int)cases[n].outcome, (int)cases[n].flags, cases[n].error,
               (int)cases[n].operand, (int)cases[n].vmx, (unsigned int)cases[n].cpl);
}

int main(void)
{
    print(nvmx_vmxon_kvm_2011, nvmx_vmxon_kvm_2011_count);
    print(nvmx_vmxoff_intel, nvmx_vmxoff_intel_count);
    return 0;
}
"""
CC, CXX = shutil.which("cc"), shutil.which("c++")
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
FLAGS = ("left alone", "cleared", "CF set", "ZF set")


@pytest.mark.skipif(not CC, reason="there is no C compiler")
def test_the_suite_in_c_says_what_the_table_says(shell: Shell, tmp_path: Path) -> None:
    suites = {"vmxon.c": ("VMXON", "kvm-2011"), "vmxoff.c": ("VMXOFF", "intel")}
    expected = []
    values = {axis.name: axis.values for axis in AXES}
    for name, (instruction, source) in suites.items():
        (tmp_path / name).write_text(shell("suite", instruction, source, "--format", "c"))
        subprocess.run([str(CC), "-std=c99", *STRICT, "-c", name, "-o", "alone.o"], cwd=tmp_path, check=True)
        for row in nvmx.suite(instruction, source).to_dict("records"):
            found = nvmx.verdict(instruction, source, **{axis: row[axis] for axis in values if axis in row})
            assert (found.outcome, flags_text(found.flags)) == (row["outcome"], row["flags"])
            differs = changes_text(READY[instruction], found.state.columns) or "nothing"
            expected.append([differs, found.outcome, row["flags"], found.error or 0, found.state["operand"],
                             found.state["vmx"], found.state["cpl"]])  # fmt: skip
    (tmp_path / "main.c").write_text(PROGRAM)
    for compiler in [[str(CC), "-std=c99"], *([[CXX, "-x", "c++", "-std=c++11"]] if CXX else [])]:
        subprocess.run([*compiler, *STRICT, "main.c", "-o", "cases"], cwd=tmp_path, check=True)
        done = subprocess.run([str(tmp_path / "cases")], capture_output=True, text=True, check=True)
        rows = []
        for line in done.stdout.splitlines():
            differs, *numbers = line.split(";")
            outcome, flags, error, operand, vmx, cpl = map(int, numbers)
            rows.append([differs, OUTCOMES[outcome], FLAGS[flags], error, values["operand"][operand],
                         values["VMX"][vmx], cpl])  # fmt: skip
        assert rows == expected
    assert {row[3] for row in expected} == {0, 23}
