"""The reader under fire: cut, shuffled, wrapped and random texts never raise, and never prove what they do not show."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import nvmx
from nvmx.dumps import Reading
from nvmx.model.axis import BY_NAME
from nvmx.model.box import nearest
from nvmx.model.instruction import READY
from nvmx.model.observed import observations
from nvmx.model.rules import BOXES

from . import texts

CASES = {
    name: value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)
} | {
    "RDMSR": "# rdmsr -a 0x3a\n5\n100005\n5\n# rdmsr 0x480\nda040000000004\n",
    "TRACE": "qemu-12 [001] d..1 12.345678: kvm_exit: vcpu 0 reason VMON rip 0x401 info1 0x0 info2 0x0\n"
    "qemu-12 [001] d..1 12.345679: kvm_inj_exception: #GP (0x0)\n",
    "WORDS": "VMXON raises #GP. CR4.VMXE is set; FEATURE_CONTROL=0x1, CPL=0.\n",
}  # fmt: skip
names = st.sampled_from(sorted(CASES))


def check(reading: Reading, text: str) -> None:
    """What is true of every reading."""
    assert list(reading.known) == [name for name in BY_NAME if name in reading.known]
    assert reading.known.keys() == reading.evidence.keys()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for axis, value in reading.known.items():
        assert value in BY_NAME[axis].values
        assert reading.evidence[axis]
        for line in reading.evidence[axis]:
            near = "".join("".join(lines[line.number - 1 : line.number + 40]).split())
            assert line.text.split()[0][:8] in near, (axis, line)
    start = {**READY["VMXON"], **reading.known}
    assert nearest(start, BOXES, held=frozenset(reading.known)) is not None
    observations(reading.observed)
    if reading.refused:
        assert reading.known == {}
    reading.explain().as_json()


def differing(less: Reading, more: Reading) -> list[str]:
    return [axis for axis, value in less.known.items() if more.known.get(axis, value) != value]


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_case_itself(name: str) -> None:
    check(nvmx.read(CASES[name]), CASES[name])


@examples(75)
@given(names, st.data())
def test_cut_at_any_byte(name: str, data: st.DataObject) -> None:
    text = CASES[name]
    cut = text[: data.draw(st.integers(0, len(text)))]
    reading = nvmx.read(cut)
    check(reading, cut)
    if name not in ("RDMSR", "WORDS"):  # where a number has no fixed length, a part of it is a number
        assert not differing(reading, nvmx.read(text)), reading


@examples(75)
@given(names, st.randoms(use_true_random=False))
def test_without_some_lines(name: str, random: Random) -> None:
    lines = CASES[name].splitlines()
    chance = random.random()
    text = "\n".join(line for line in lines if random.random() < chance)
    reading = nvmx.read(text)
    check(reading, text)
    whole = nvmx.read(CASES[name])
    if not whole.refused and name not in ("RDMSR", "REAL_MODE_VMCS"):  # their lines say nothing without the one before
        assert not differing(reading, whole) or reading.notes, reading


@examples(50)
@given(st.lists(names, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_shuffled_lines(chosen: list[str], random: Random) -> None:
    lines = [line for name in chosen for line in CASES[name].splitlines()]
    random.shuffle(lines)
    text = "\n".join(lines)
    check(nvmx.read(text), text)


@examples(75)
@given(names, st.data())
def test_random_bytes_inside(name: str, data: st.DataObject) -> None:
    text = CASES[name]
    at = data.draw(st.integers(0, len(text)))
    noise = data.draw(st.binary(max_size=30)).decode("latin-1")
    changed = text[:at] + noise + text[at + data.draw(st.integers(0, 10)) :]
    check(nvmx.read(changed), changed)


@examples(75)
@given(st.text(alphabet=st.sampled_from("CR04:=x 0123456789abcdef\n<>[]#GPUDVMXONvmxon.()*-rdms"), max_size=300))
def test_random_text(text: str) -> None:
    check(nvmx.read(text), text)


WRAPPERS: dict[str, Callable[[str, int], str]] = {
    "quoted": lambda line, _: f"> {line}",
    "quoted twice": lambda line, _: f">> {line}",
    "printk": lambda line, number: f"[ {number:4}.123456] {line}",
    "caller": lambda line, number: f"[ {number:4}.123456] [    T{number}] {line}",
    "journal": lambda line, number: f"Mar 12 10:11:{number % 60:02} host kernel: {line}",
    "iso": lambda line, number: f"2026-03-12T10:11:{number % 60:02}.123456+00:00 host kernel: {line}",
    "level": lambda line, _: f"<4>{line}",
    "xen": lambda line, _: f"(XEN) {line}",
    "indented": lambda line, _: f"    {line}",
    "carriage return": lambda line, _: f"{line}\r",
}


@examples(75)
@given(names, st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=4), st.booleans())
def test_wrappers_change_nothing(name: str, wrappers: list[str], fenced: bool) -> None:
    lines = CASES[name].splitlines()
    for wrapper in wrappers:
        lines = [WRAPPERS[wrapper](line, number) for number, line in enumerate(lines)]
    if fenced:
        lines = ["```", *lines, "```"]
    reading, plain = nvmx.read("\n".join(lines)), nvmx.read(CASES[name])
    assert (reading.instruction, reading.executed, reading.observed) == (
        plain.instruction, plain.executed, plain.observed,
    )  # fmt: skip
    assert reading.known == plain.known
    assert (reading.refused is None) == (plain.refused is None)


def test_quoted_printable() -> None:
    encoded = "".join(
        line.replace("=", "=3D")[:40] + "=\n" + line.replace("=", "=3D")[40:] + "\n" if len(line) > 70 else line + "\n"
        for line in texts.OOPS.splitlines()
    )
    assert nvmx.read("Content-Transfer-Encoding: quoted-printable\n\n" + encoded).known == nvmx.read(texts.OOPS).known


def test_a_long_log() -> None:
    noise = "".join(f"[{number:5}.123456] usb 1-1: new high-speed device number {number} CR {number:x}: ok\n"
                    for number in range(7_500))  # fmt: skip
    reading = nvmx.read(noise + texts.OOPS + noise)
    assert reading.known == nvmx.read(texts.OOPS).known
    assert reading.evidence["CR4.VMXE"][0].number == 7514
    assert reading.ignored >= 15_000


LONG_LINES = ["=" * 100_000, *(
    word * (15_000 // len(word))
    for word in ("x=", "[ 1.123456]", "> ", "CR0: ", "0f ", "vmx ", "a", "kvm: ", "traps: ", "WARNING: ", "Code: 0f ",
                 "general protection fault ", "CR0: actual=", "already vmxe ", "if ", "log(\"%d", "1. ", "CR4: 0 ",
                 "&lt;", "vmxon region ", "a means ", "cr4=`", "rdmsr -a ", "virtualization ")
)]  # fmt: skip


@pytest.mark.parametrize("line", LONG_LINES, ids=lambda line: line[:12].strip())
def test_a_long_line(line: str) -> None:
    check(nvmx.read(f"{line}\n" * 20), f"{line}\n" * 20)


@pytest.mark.parametrize("given_", [b"CR0", None, 5])
def test_what_is_no_text(given_: object) -> None:
    with pytest.raises(nvmx.NvmxError):
        nvmx.read(given_)  # type: ignore[arg-type]
