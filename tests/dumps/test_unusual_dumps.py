"""Oopses and VMCS dumps that are not as most are."""

import pytest

import nvmx

from . import texts

HEAD = "invalid opcode: 0000 [#1] SMP\n"
SIXTEEN_ZEROS = "0" * 16


@pytest.mark.parametrize(
    "segments", ["SS: 0068", "DS: 007b ES: 007b SS: 0068", "DS: 007b ES: 007b FS: 00d8 GS: 00e0 SS: 0068"]
)
def test_a_32_bit_oops_in_virtual_8086_mode(segments: str) -> None:
    reading = nvmx.read(f"{HEAD}EIP: enter+0x5/0x9 [hv]\nCode: 90 <f3> 0f c7 30\n{segments} EFLAGS: 00030246\n")
    assert (reading.instruction, reading.observed, reading.refused) == ("VMXON", ("#UD",), None)
    assert reading.known["RFLAGS.VM"] == 1
    assert "CPL" not in reading.known


def test_a_32_bit_oops_says_nothing_about_virtual_8086_mode_without_its_flags() -> None:
    assert nvmx.read(f"{HEAD}EIP: enter+0x5/0x9 [hv]\n").known == {"CR0.PE": 1, "EFER.LMA": 0, "CPL": 0}


@pytest.mark.parametrize("cs", ["e030", "e033"])
def test_a_pv_guest_of_xen_has_an_unknown_cpl(cs: str) -> None:
    text = texts.OOPS.replace("RIP: 0010", "RIP: e030").replace("CS:  0010", f"CS:  {cs}")
    reading = nvmx.read(text)
    assert (reading.instruction, reading.known["CR4.VMXE"]) == ("VMXON", 1)
    assert "CPL" not in reading.known


def test_a_rex_prefix_that_does_not_count() -> None:
    reading = nvmx.read(texts.OOPS.replace("<f3> 0f c7 34 24", "<48> f3 0f c7 34 24"))
    assert (reading.instruction, reading.observed) == ("VMXON", ("#GP(0)",))


@pytest.mark.parametrize(
    ("code", "operand"),
    [("<f3> 0f c7 f0", "register"), ("<f3> 0f c7 34 24", "ss-fault"), ("<f3> 0f c7 30", "gp-fault")],
)
def test_what_has_no_meaning_is_not_known(code: str, operand: str) -> None:
    bad = "dead000000000100"
    text = texts.OOPS.replace("<f3> 0f c7 34 24", code).replace("RAX: 0000000000000005", f"RAX: {bad}")
    text = text.replace("RSP: 0000:ffffb567801bcf58", f"RSP: 0000:{bad}")
    reading = nvmx.read(text)
    assert reading.known["operand"] == operand
    assert not {"pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31"} & reading.known.keys()


def test_cs_l_has_no_meaning_outside_long_mode() -> None:
    assert nvmx.read("cs_access_rights=0xa09b efer=0x0").known == {"EFER.LMA": 0}


def test_a_double_fault_that_panics() -> None:
    reading = nvmx.read(f"PANIC: double fault, error_code: 0x0\nRIP: 0010:run+0x1/0x20\nCode: <0f> 01 c3 c3\n"
                        f"RSP: 0018:{SIXTEEN_ZEROS} EFLAGS: 00010246\n")  # fmt: skip
    assert (reading.instruction, reading.executed, reading.observed) == ("VMRESUME", True, ())


def test_a_bug_is_ud2_even_if_the_code_is_not_shown() -> None:
    reading = nvmx.read(f"kernel BUG at arch/x86/kvm/x86.c:387!\n{HEAD}RIP: 0010:kvm_spurious_fault+0xa/0x10 [kvm]\n")
    assert (reading.instruction, reading.observed, reading.explain().status) == ("UD2", ("#UD",), 4)


@pytest.mark.parametrize(("signal", "observed"), [(11, ()), (4, ("#UD",))])
def test_a_signal_that_stops_user_code(signal: int, observed: tuple[str, ...]) -> None:
    reading = nvmx.read(f"potentially unexpected fatal signal {signal}.\nCPU: 1 PID: 7 Comm: probe\n"
                        "RIP: 0033:0x55d0c0a01136\nCode: 90 <f3> 0f c7 75 f8\n"
                        "RSP: 002b:00007ffe0a9e4a18 EFLAGS: 00010206\n")  # fmt: skip
    assert (reading.instruction, reading.observed, reading.known["CPL"]) == ("VMXON", observed, 3)


def test_inlined_functions_have_a_pointer_each() -> None:
    pointer = "RIP: 0010:hardware_enable+0x100/0x1a0 [kvm_intel]"
    inlined = f"RIP: 0010:read_it a/b.h:29 [inline]\nRIP: 0010:enter a/b.h:30 [inline]\n{pointer} a/c.c:12"
    reading = nvmx.read(texts.OOPS.replace(pointer, inlined))
    plain = nvmx.read(texts.OOPS)
    assert (reading.instruction, reading.observed, reading.known) == ("VMXON", plain.observed, plain.known)


def test_many_blocks_have_one_note() -> None:
    later = "".join(f"{texts.OOPS}\n" for _ in range(3))
    notes = [note for note in nvmx.read(later).notes if "another block of registers" in note]
    assert len(notes) == 1
    assert "lines 31, 58" in notes[0]


GUEST = "*** Guest State ***\nCR0: actual=0x0000000080050033, shadow=0x0000000080050033, gh_mask=ffffffffffffffff\n"
RIP = "RSP = 0xffff880018cf7f50  RIP = 0xffffffff8184f058\n"
CS = {"KVM": "CS:   sel=0x0010, attr=0x0a09b, limit=0xffffffff, base=0x0000000000000000\n",
      "Xen": "  CS: 0010 0a09b ffffffff 0000000000000000\n"}  # fmt: skip
PAT = "PAT = 0x0007040600070406\n"


@pytest.mark.parametrize("program", CS)
@pytest.mark.parametrize("rip", [RIP, ""])
@pytest.mark.parametrize("efer", ["EFER = 0x0000000000000000 ", "EFER =     0x0000000000000000 "])
def test_a_stale_efer(program: str, rip: str, efer: str) -> None:
    reading = nvmx.read(f"{GUEST}{rip}{CS[program]}{efer} {PAT}")
    assert reading.refused is None
    assert "EFER.LMA" not in nvmx.read(f"{efer} {PAT}").known
    assert reading.known["CS.L"] == 1
    assert reading.known.get("EFER.LMA") == (1 if rip else None)


@pytest.mark.parametrize("efer", ["EFER(VMCS) = 0x0000000000000000 ", "EFER= 0x0000000000000000"])
def test_an_efer_that_was_loaded(efer: str) -> None:
    assert nvmx.read(f"{GUEST}{efer}\n").known["EFER.LMA"] == 0


def test_a_stale_efer_does_not_matter_without_paging() -> None:
    text = GUEST.replace("0000000080050033", "0000000000050033")
    assert nvmx.read(f"{text}EFER = 0x0000000000000000  {PAT}").known["EFER.LMA"] == 0


@pytest.mark.parametrize(("reason", "name"), [("1a", "VMXOFF"), ("1b", "VMXON")])
def test_the_exit_reason(reason: str, name: str) -> None:
    reading = nvmx.read(f"{GUEST}*** Control State ***\nVMExit: intr_info=00000000 errcode=00000000 ilen=00000005\n"
                        f"        reason=000000{reason} qualification=0000000000000000\n")  # fmt: skip
    assert (reading.instruction, reading.executed, reading.observed) == (name, True, ())
    assert reading.known["CR0.NE"] == 1


def test_real_address_mode_is_at_cpl_0() -> None:
    text = GUEST.replace("0000000080050033", "0000000000000020")
    assert (
        nvmx.read(f"{text}SS:   sel=0x0000, attr=0x00093, limit=0x0000ffff, base=0x0000000000000000\n").known["CPL"]
        == 0
    )


@pytest.mark.parametrize("written", ["IA32_FEATURE_CONTROL = 5", "IA32_FEATURE_CONTROL=5", "MSR 0x3a = 5"])
def test_what_a_person_writes_below_a_guests_registers_is_the_guests(written: str) -> None:
    assert nvmx.read(f"{GUEST}{written}\n").known["FEATURE_CONTROL.vmx"] == 1


def test_what_a_command_printed_may_be_another_machines() -> None:
    reading = nvmx.read(f"{GUEST}$ rdmsr 0x3a\n5\n")
    assert "FEATURE_CONTROL.vmx" not in reading.known
    assert any("if it is the same one's, write MSR 0x3a = 0x5" in note for note in reading.notes)
    assert nvmx.read(f"{GUEST}MSR 0x3a = 0x5\n").known["FEATURE_CONTROL.vmx"] == 1
