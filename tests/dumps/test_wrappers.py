"""What terminals, web pages, mail programs and logs do to a dump."""

import json

import pytest

import nvmx
from nvmx.dumps.line import logical_lines

from . import texts

QEMU = """CR0=80000031 CR2=0000000000000000 CR3=0000000000001000 CR4=00002020
EFER=0000000000000500
"""
UTF_16 = "\ufeff" + "".join(f"{character}\0" for character in texts.OOPS)
CHANGED = {
    "no-break spaces": texts.OOPS.replace(" ", "\xa0"),
    "entities": texts.OOPS.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "entities of a mail's quotes": "".join(f"&gt;&nbsp;{line}\n" for line in texts.OOPS.splitlines()),
    "colours": "".join(
        f"\x1b[32m[   91.204117]\x1b[0m \x1b[1;31m{line[:4]}\x1b[0m{line[4:]}\n" for line in texts.OOPS.splitlines()
    ),
    "UTF-16 that was read as Latin-1": UTF_16,
    "CR4 in a line of its own": texts.OOPS.replace(" CR4:", "\n> CR4:"),
    "CR4's digits": texts.OOPS.replace("CR4: 000000000", "CR4: 000000000\n> "),
    "a byte of code": texts.OOPS.replace("<f3> 0f", "<f3> 0\nf"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_it_is_read_as_it_was(name: str) -> None:
    reading, plain = nvmx.read(CHANGED[name]), nvmx.read(texts.OOPS)
    assert (reading.instruction, reading.observed) == (plain.instruction, plain.observed)
    assert json.dumps(dict(reading.known)) == json.dumps(dict(plain.known))


@pytest.mark.parametrize(
    "stamp", ["2026-03-12 14:05:17.204+0000:", "2026-03-12T14:05:17.204117Z", "2026-03-12 14:05:17"]
)
def test_the_time_in_a_log_of_libvirt(stamp: str) -> None:
    zeros = " ".join(f"{name}=0000000000000000" for name in ("RAX", "RBX", "RCX", "RDX"))
    dump = f"{zeros}\nRIP=0000000000007c9a RFL=00000046 [---Z-P-] CPL=0 II=0 A20=0 SMM=0 HLT=0\n{QEMU}"
    reading = nvmx.read("".join(f"{stamp} {line}\n" for line in dump.splitlines()))
    assert reading.known == nvmx.read(dump).known
    assert reading.known["A20M"] == 1


@pytest.mark.parametrize(
    "before",
    [
        "See https://example.org/?id=3D17\n",
        "RBX=3D00000000000000 RCX=0000000000000000\n",
        "quoted-printable is what I hate\n",
    ],
)
def test_it_only_seems_to_be_quoted_printable(before: str) -> None:
    assert nvmx.read(before + QEMU).known == nvmx.read(QEMU).known


def test_quoted_printable_of_other_characters() -> None:
    (line,) = logical_lines("CR4=3D00002020 says my =E2=80=9Cmonitor=E2=80=9D and=\n more=20\n")
    assert line.text.startswith("CR4=00002020 says")
    assert line.text.endswith("and more")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("[    1.234567] VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x60", "= "),
        ("[    1.234567] VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x60005\n", "0x60005"),
        ("[    1.234567] CR4: 00000000003626e0", "00000000003626e0"),
        ("VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x5", "0x5"),
        ("CR0: 0x000000008", "CR0:"),
    ],
)
def test_a_number_at_the_end_may_be_cut_off(text: str, end: str) -> None:
    (line,) = logical_lines(text)
    assert line.text.endswith(end.rstrip())
    assert ("FEATURE_CONTROL.lock" in nvmx.read(text).known) == ("5" in end)
