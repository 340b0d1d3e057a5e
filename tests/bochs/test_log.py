"""What must never pass for a log: what is cut off, altered, out of order, contradictory, or not a log at all."""

import lzma
import pickle
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nvmx
from nvmx import bochs
from nvmx.bochs import files
from nvmx.bochs.__main__ import FAILED, main
from nvmx.bochs.log import FIELDS, join_logs, read_log, write_log
from nvmx.bochs.observation import observe

from .logs import altered, case_of, first, with_header

COUNT = 40


@pytest.fixture(scope="session")
def small(log: bochs.Log) -> bochs.Log:
    return first(log, COUNT)


@pytest.fixture(scope="session")
def text(small: bochs.Log) -> str:
    return write_log(small)


def read_text(text: str) -> bochs.Log:
    return read_log(text.split("\n"))


def guest_alone(text: str) -> str:
    """The log as the guest prints it: without what a host says."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(("@host ", "@host_sum ")))


def checked(text: str) -> str:
    """The text with the guest's checksum set right, as somebody could do who alters a log on purpose."""
    lines = [line for line in guest_alone(text).splitlines(keepends=True) if not line.startswith("@end")]
    return "".join([*lines, f"@end {COUNT:04X} {zlib.crc32(''.join(lines).encode('latin-1')):08X}\n"])


CASE = 11  # the line of the first case, counted from 0


def lines_of(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    assert lines[CASE].startswith("@0000 ")
    return lines


def replaced(old: str, new: str) -> Callable[[str], str]:
    def replace(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return replace


def cut(start: int, end: int | None) -> Callable[[str], str]:
    def without(text: str) -> str:
        lines = lines_of(text)
        del lines[start:end]
        return "".join(lines)

    return without


def moved(line: int, to: int) -> Callable[[str], str]:
    def move(text: str) -> str:
        lines = lines_of(text)
        lines.insert(to, lines.pop(line))
        return "".join(lines)

    return move


def doubled(line: int) -> Callable[[str], str]:
    def double(text: str) -> str:
        lines = lines_of(text)
        return "".join([*lines[:line], lines[line], *lines[line:]])

    return double


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda _: "", "the guest printed nothing"),
        (lambda _: "a kernel's messages\n", "the guest printed nothing"),
        (cut(-1, None), "the log breaks off after line 52, where @host_sum"),
        (cut(-2, None), "the log breaks off after line 51, where @end after 40 cases"),
        (cut(20, None), "the log breaks off after line 20, where case 9 of 40 is expected"),
        (lambda text: text[: len(text) // 2], "is expected, not '@"),
        (cut(CASE + 7, CASE + 8), "case 7 of 40 is expected, not '@0008 "),
        (moved(CASE + 8, CASE + 7), "case 7 of 40 is expected, not '@0008 "),
        (doubled(CASE + 6), "case 7 of 40 is expected, not '@0006 "),
        (replaced("@0003 ", "@0013 "), "case 3 of 40 is expected, not '@0013 "),
        (replaced(" 06 0000 ", " 0D 0000 "), "@end after 40 cases, with a checksum that fits"),
        (replaced(" 06 0000 ", " 0x 0000 "), "case 0 of 40 is expected"),
        (replaced("@cases 0028", "@cases 0029"), "case 40 of 41 is expected, not '@end 0028"),
        (replaced("@cases 0028", "@cases 0027"), "@end after 39 cases, with a checksum that fits is expected"),
        (replaced("@cases 0028", "@cases " + "F" * 5000), "@cases is expected"),
        (replaced("@end 0028", "@end 0027"), "@end after 40 cases"),
        (replaced("@width 28\n", ""), "@width is expected, not '@fixed_bits 80000021 "),
        (replaced("@width 28\n", "@width 28\n@width 27\n"), "@fixed_bits is expected, not '@width 27'"),
        (replaced("@width 28\n", "@width 28\n@host width 27\n"), "@fixed_bits is expected, not '@host width 27'"),
        (replaced("@host machine", "@host processor"), "a new name with its value is expected"),
        (replaced("@host machine", "@host model"), "a new name with its value is expected"),
        (replaced("@nvmx log 3", "@nvmx log 1"), "'@nvmx log 3' is expected, not '@nvmx log 1'"),
        (lambda _: "@nvmx log 3\n@processor Some CPU\n@no VMX\n", "('Some CPU') has no VMX"),
    ],
)
def test_a_log_that_is_not_whole_is_refused(
    edit: Callable[[str], str], words: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(bochs.LogError, match=re.escape(words)):
        read_text(edit(text))
    path = tmp_path / "vmx.log"
    path.write_text(edit(text), encoding="latin-1")
    assert main(["--log", str(path)]) == FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nvmx.bochs: ")
    assert words in err


@pytest.mark.parametrize(
    "edit",
    [
        replaced("@host machine Bochs 2.7", "@host machine Bochs 3.0"),
        replaced("@host machine Bochs 2.7\n", ""),
        replaced("@host machine", "#host machine"),
        replaced("@host machine", " @host machine"),
        replaced("@host model", "@host note true\n@host model"),
        replaced("@host_sum ", "@host_sum 0"),
    ],
)
def test_what_a_host_says_cannot_be_altered_unnoticed(edit: Callable[[str], str], text: str) -> None:
    with pytest.raises(bochs.LogError, match="@host_sum with a checksum that fits what the host says is expected"):
        read_text(edit(text))


def test_what_a_host_says_needs_a_checksum(text: str) -> None:
    alone = guest_alone(text)
    assert read_text(alone).host == {}
    with pytest.raises(bochs.LogError, match=r"the log breaks off after line .*, where @host_sum"):
        read_text(f"@host machine Bochs 2.7\n{alone}")
    (host_sum,) = re.findall("@host_sum .*\n", text)
    with pytest.raises(bochs.LogError, match="no more is expected, not '@host_sum"):
        read_text(alone + host_sum)
    other = "\n".join(line for line in text.split("\n") if line.startswith("@host ")) + "\n"
    with pytest.raises(bochs.LogError, match="@host_sum with a checksum that fits"):  # the same host, another guest
        read_text(other + checked(text.replace(" 06 0000 ", " 0D 0000 ", 1)) + host_sum)


@pytest.mark.parametrize(
    "following", ["@nvmx log 3\n", "@0028 \n", "@", "@end 0000 00000000\n", "@host machine Mine\n"]
)
def test_what_follows_the_end_is_refused(following: str, text: str) -> None:
    assert read_text(f"{text}the kernel goes on\n") == read_text(text)
    for log in (text, guest_alone(text)):
        with pytest.raises(bochs.LogError, match="no more is expected"):
            read_text(log + following)
    with pytest.raises(bochs.LogError, match="no more is expected"):
        read_text(text + text)


def test_a_log_with_other_lines_between_is_read(text: str) -> None:
    noisy = "booting\n" + text.replace("\n", "\r\nsomething else\r\n") + "done\n"
    assert write_log(read_text(noisy)) == text


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_an_edited_log_is_refused_or_says_the_same(data: st.DataObject) -> None:
    log = first(bochs.recording(), 6)
    whole = write_log(log)
    if data.draw(st.booleans(), "as the guest prints it"):
        whole = guest_alone(whole)
        log = read_text(whole)
    edited = whole
    for _ in range(data.draw(st.integers(1, 3), "edits")):
        start = data.draw(st.integers(0, len(edited)), "from")
        end = data.draw(st.integers(start, min(len(edited), start + 100)) | st.just(len(edited)), "to")
        kind = data.draw(st.sampled_from(("replace", "insert", "move")), "kind")
        if kind == "replace":
            new = data.draw(st.text("@ \r\n0123456789ABCDEFhost_sumend", max_size=4) | st.text(max_size=3), "new")
            edited = edited[:start] + new + edited[end:]
        elif kind == "insert":
            to = data.draw(st.integers(0, len(edited)), "copied to")
            edited = edited[:to] + edited[start:end] + edited[to:]
        else:
            rest = edited[:start] + edited[end:]
            to = data.draw(st.integers(0, len(rest)), "moved to")
            edited = rest[:to] + edited[start:end] + rest[to:]
    try:
        found = read_text(edited)
    except bochs.LogError:
        return
    # Two cuts can take all that the host said, its checksum included: then nothing is excused.
    assert found == log or (found.host == {} and found == read_text(guest_alone(whole)))


def test_one_cut_cannot_take_what_the_host_said(text: str) -> None:
    for log in (text, guest_alone(text)):
        ends = {found.end() for found in re.finditer("\n", log)} - {len(log)}
        for end in ends:
            for part in (log[:end], log[end:]):
                with pytest.raises(bochs.LogError):
                    read_text(part)


def test_a_log_of_fewer_states_or_of_another_model_is_refused(log: bochs.Log) -> None:
    for count in (40, 0):
        few = first(log, count)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases, and these are not the"):
            bochs.agreement(few)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases"):
            nvmx.executed("VMXON", log=few)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases"):
            nvmx.plots.agreement("VMXON", log=few)
        with pytest.raises(ValueError, match="the log does not hold it"):
            bochs.ask("VMXON", few)
    with pytest.raises(bochs.LogError, match="written for other axes"):
        bochs.agreement(with_header(log, key="run=0,1"))
    with pytest.raises(bochs.LogError, match="pairs of runs"):
        observe(first(log, 41))
    keys = log.fields["key"].copy()
    keys[-2:] = 0xFFFFFFFE, 0xFFFFFFFF
    with pytest.raises(bochs.LogError, match="not the key of a case"):
        observe(bochs.Log(log.header, {**log.fields, "key": keys}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cr0": 0x80000011}, "CR0.NE=1 was asked for, but the processor was at CR0.NE=0"),
        ({"cr4": 0x20}, "CR4.VMXE=1 was asked for"),
        ({"cr4": 0x802020}, "other_fixed_bits=1 was asked for"),
        ({"cs": 0xA39B}, "its cs is not access rights as a VMCS has them"),
        ({"efer": 0}, "EFER.LMA=1 was asked for"),
        ({"cs": 0xC09B}, "CS.L=1 was asked for"),
        ({"ss": 0xC0F3}, "CPL=0 was asked for, but the processor was at CPL=3"),
        ({"feature_control": 4}, "FEATURE_CONTROL.lock=1 was asked for"),
        ({"a20m": 1}, "A20M=0 was asked for"),
        ({"before": 1}, "VMX=off was asked for, but the processor was at VMX=root"),
    ],
)
def test_a_processor_that_was_in_another_state_is_noticed(changes: dict[str, int], words: str, log: bochs.Log) -> None:
    place = case_of("VMXON")
    with pytest.raises(bochs.LogError, match=f"case {place} of the log: {words}"):
        bochs.agreement(altered(log, place, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": 1}, "its two runs did not come equally far"),
        ({"stage": 0}, "its stage has a value that the guest never prints"),
        ({"stage": 9}, "its stage has a value that the guest never prints"),
        ({"before": 7}, "its before has a value that the guest never prints"),
        ({"after": 9}, "its after has a value that the guest never prints"),
        ({"a20m": 2}, "its a20m has a value that the guest never prints"),
        ({"exit_reason": 27}, "a VM exit, but not in a guest"),
        ({"exit_reason": 27, "vector": 0xFF}, "a VM exit, but not in a guest"),
        ({"exit_reason": 27, "stage": 3}, "a VM exit, but no VM entry"),
        ({"error": 4}, "an error code without an exception that has one"),
        ({"vector": 6, "error": 4}, "an error code without an exception that has one"),
        ({"vm_error": 15}, "a VM-instruction error without VMfailValid"),
        ({"vector": 6, "vm_error": 15}, "a VM-instruction error without VMfailValid"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(changes: dict[str, int], words: str, log: bochs.Log) -> None:
    place = case_of("VMXON")
    with pytest.raises(bochs.LogError, match=f"case {place} of the log: {words}"):
        bochs.agreement(altered(log, place, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vector": 6}, "an exception is VM exit 0, and only an exception is"),
        ({"exit_reason": 0}, "an exception is VM exit 0, and only an exception is"),
        ({"exit_reason": 0xFFFF}, "in a guest, but no VM exit"),
        ({"exit_reason": 0xFFFF, "vector": 6}, "in a guest, but no VM exit"),
        ({"error": 4}, "an error code without an exception that has one"),
        ({"vm_error": 15}, "a VM-instruction error without VMfailValid"),
        ({"stage": 7, "vm_error": 7}, "VM entry has failed in two ways"),
    ],
)
def test_fields_of_a_guest_that_contradict_each_other_are_refused(
    changes: dict[str, int], words: str, log: bochs.Log
) -> None:
    place = case_of("VMXON", vmx="non-root", current_vmcs=1)
    with pytest.raises(bochs.LogError, match=f"case {place} of the log: {words}"):
        bochs.agreement(altered(log, place, **changes))


def test_nothing_in_a_log_can_be_changed(log: bochs.Log) -> None:
    before = bochs.agreement(log).line
    with pytest.raises(ValueError, match="read-only"):
        log.fields["vector"][:] = 13
    with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
        log.fields["vector"].setflags(write=True)
    with pytest.raises(TypeError):
        log.fields["vector"] = np.zeros(len(log), dtype=np.int64)  # type: ignore[index]
    with pytest.raises(TypeError):
        log.header["machine"] = "silicon"  # type: ignore[index]
    given = {name: column.copy() for name, column in log.fields.items()}
    own = bochs.Log(dict(log.header), given)
    given["vector"][:] = 13
    assert own == log
    assert bochs.agreement(own).line == before
    copy = pickle.loads(pickle.dumps(log))  # noqa: S301 - our own
    assert copy == log
    assert not copy.fields["vector"].flags.writeable
    for seen in observe(log).values():
        for array in (seen.keys, seen.states.codes, seen.endings.numbers):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
        with pytest.raises(TypeError):
            seen.refused["because"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("header", "fields", "words"),
    [
        ({}, {}, "it does not say its processor"),
        ({"processor": None}, {}, "it does not say its processor"),
        (
            {"processor": "\x1b]0;evil\x07"},
            {},
            r"processor is not one line of printable Latin-1 text: '\x1b]0;evil\x07'",
        ),
        ({"fixed_bits": "80000021 FFFFFFFF 2000 003727FF"}, {}, "fixed_bits is not 4 numbers of 8 hexadecimal digits"),
        ({"wrong_bits": "00000000 00000000 00000000"}, {}, "wrong_bits is not 2 numbers of 8 hexadecimal digits"),
        ({"wrong_bits": None}, {}, "it does not say its wrong_bits"),
        ({"processor": "a\nb"}, {}, "is not one line of printable Latin-1 text"),
        ({"machine": "\u0394"}, {}, r"machine is not one line of printable Latin-1 text: '\u0394'"),
        ({"ma chine": "x"}, {}, "'ma chine' is not a name"),
        ({}, {"vector": [-1]}, "its field vector has more than 2 hexadecimal digits, or a sign"),
        ({}, {"vector": [256]}, "its field vector has more than 2 hexadecimal digits"),
        ({}, {"vector": [0.5]}, "its field vector is not an array of integers"),
        ({}, {"vector": None}, "it has no field vector"),
        ({}, {"vector": [1, 2]}, "its fields differ in length"),
        ({}, {"id": [1]}, "its cases are not numbered from 0"),
    ],
)
def test_a_log_that_no_guest_can_print_cannot_be_made(
    header: dict[str, str], fields: dict[str, list[int]], words: str, log: bochs.Log
) -> None:
    whole = {**log.header, **header} if header or fields else {}
    with pytest.raises(bochs.LogError, match=re.escape(words)):
        bochs.Log(whole, {**first(log, 1).fields, **fields})  # type: ignore[dict-item]


def test_nothing_from_a_log_reaches_the_terminal_raw_or_whole(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;evil\x07"
    for number, hostile in enumerate((
        f"@{evil}\n",
        "@" + "x" * 3_000_000,
        f"@nvmx log 3\n@processor {evil}{'y' * 9999}\n@no VMX\n",
        text.replace("@processor ", f"@processor {evil}"),
        checked(text.replace("@processor ", f"@processor {evil}")),
        text.replace("@0003", f"@0003{evil}"),
        text.replace("@host machine ", f"@host machine {evil}"),
    )):  # fmt: skip
        path = tmp_path / f"{number}.log"
        path.write_text(hostile, encoding="latin-1")
        assert main(["--log", str(path)]) == FAILED
        out, err = capsys.readouterr()
        assert out == ""
        assert err.rstrip("\n").isprintable()
        assert len(err) < 250 + len(str(path))


def test_a_byte_order_mark_drops_no_line(small: bochs.Log, text: str, tmp_path: Path) -> None:
    path = tmp_path / "vmx.log"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("latin-1"))
    assert bochs.read(path) == small
    with pytest.raises(bochs.LogError, match="@host_sum with a checksum that fits"):
        read_text("\ufeff" + text)


def test_a_name_in_another_alphabet(small: bochs.Log, tmp_path: Path) -> None:
    bochs.save(with_header(small, processor="Prozessor für  alle"), tmp_path / "vmx.log")
    assert bochs.read(tmp_path / "vmx.log").header["processor"] == "Prozessor für alle"


def test_files(small: bochs.Log, text: str, tmp_path: Path) -> None:
    for name in ("vmx.log", "vmx.log.xz"):
        bochs.save(small, tmp_path / name)
        assert write_log(bochs.read(tmp_path / name)) == text
    path = tmp_path / "vmx.log.xz"
    whole = path.read_bytes()
    for data, words in (
        (whole[:-20], "is not a whole .xz file"),
        (whole + b"more", "goes on after the end of its .xz data"),
        (text.encode(), "is not an .xz file of a log"),
    ):
        path.write_bytes(data)
        with pytest.raises(bochs.LogError, match=words):
            bochs.read(path)


def test_a_file_that_unpacks_to_more_than_a_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    path = tmp_path / "vmx.log.xz"
    path.write_bytes(lzma.compress(b"@" * (1 << 26)))
    with pytest.raises(bochs.LogError, match="is larger than a log can be"):
        bochs.read(path)
    with pytest.raises(bochs.LogError, match="is larger than a log can be"):
        bochs.read("/dev/zero")


def test_parts_of_different_processors_are_not_joined(small: bochs.Log) -> None:
    joined = join_logs([small, small])
    assert len(joined) == 2 * COUNT
    assert joined.fields["id"].tolist() == list(range(2 * COUNT))
    with pytest.raises(bochs.LogError, match="differ in their width"):
        join_logs([small, with_header(small, width="27")])
    with pytest.raises(bochs.LogError, match=r"differ in their machine: .* and None"):
        join_logs([small, read_text(guest_alone(write_log(small)))])


@pytest.mark.parametrize("given", ["vmx.log", None, {}, 5])
def test_what_is_no_log_is_a_clear_error(given: Any) -> None:
    with pytest.raises(nvmx.NvmxError, match="is not a Log") as caught:
        bochs.agreement(given)
    assert isinstance(caught.value, TypeError)
    if given is not None:
        for function in (nvmx.executed, nvmx.plots.agreement):
            with pytest.raises(nvmx.NvmxError, match="is not a Log"):
                function("VMXON", log=given)
        with pytest.raises(nvmx.NvmxError, match="is not a Log"):
            bochs.ask("VMXON", given)


def test_the_digits_of_every_field_are_written_and_read(small: bochs.Log) -> None:
    largest = {name: np.array([16**digits - 1]) for name, digits in FIELDS.items()} | {"id": np.array([0])}
    log = bochs.Log(small.header, largest)
    assert read_text(write_log(log)) == log
