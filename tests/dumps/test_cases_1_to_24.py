"""Real cases of a VMXON or VMXOFF that went wrong: what the reading must say, and what it must not say."""

from typing import Any

import pytest

import nvmx
from nvmx.dumps import Reading

from . import texts

SIXTY_FOUR = {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1, "CPL": 0}
NO_FAULT_BUT_FEATURE_CONTROL: dict[str, Any] = {
    "lock": 0,
    "operand": "mapped",
    "a20m": 0,
    "other_fixed_bits": 1,
    "smx": 0,
    "vmx": "off",
}


def checks(reading: Reading, **axes: Any) -> list[str]:
    return [suspect.rung.name for suspect in reading.explain(**axes).suspects]


def said(reading: Reading) -> str:
    return " | ".join(reading.notes)


def test_1_an_oops_at_vmxon_in_a_mail() -> None:
    quoted = "".join(f"> [  105.318{number:03}] {line}\n" for number, line in enumerate(texts.OOPS.splitlines()))
    reading = nvmx.read("On Tuesday he wrote:\n" + quoted)
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("#GP(0)",))
    assert reading.known == {"LOCK": 0, **SIXTY_FOUR, "CR0.NE": 1, "CR4.VMXE": 1}
    assert reading.evidence["CR4.VMXE"][0].number == 15
    assert reading.evidence["CPL"][0].number == 5, "the first block decides, not the user's"
    assert "these are the registers of user code" in said(reading)
    assert checks(reading) == [
        "not A20M mode", "other fixed bits valid", "FEATURE_CONTROL locked", "VMXON enabled inside SMX",
        "VMXON enabled outside SMX",
    ]  # fmt: skip
    assert set(reading.excluded["operand"]) == {"gp-fault", "ss-fault", "register"}, "RSP is canonical"


def test_1_with_its_boot_message() -> None:
    reading = nvmx.read(f"[    2.1] kvm: disabled by bios\n{texts.OOPS}")
    assert (reading.instruction, reading.executed) == ("VMXON", True)
    assert reading.known["FEATURE_CONTROL.lock"] == 1
    assert reading.known["FEATURE_CONTROL.vmx"] == 0
    assert "no measured launch" in said(reading)
    assert "not executed" not in said(reading)
    answer = reading.explain(a20m=0, other_fixed_bits=1, smx=0)
    assert [suspect.rung.name for suspect in answer.suspects] == ["VMXON enabled outside SMX"]
    assert answer.repair
    assert answer.repair.needs_reset


def test_2_registers_alone() -> None:
    reading = nvmx.read("vmxon raises #GP\nCR0=80000011 CR4=2020 EFER=500 FEATURE_CONTROL=5\n")
    assert reading.known["CR0.NE"] == 0
    assert reading.observed == ("#GP(0)",)
    assert checks(reading, cpl=0, a20m=0) == ["CR0.NE set"]


def test_3_is_not_taken_for_vmxon() -> None:
    reading = nvmx.read("00 fffff800 nt!KiGeneralProtectionFault+0xfd\n01 fffff801 SimpleVisor!ShvVmxLaunchOnVp+0x21\n")
    assert reading.instruction is None
    assert reading.known == {}


@pytest.mark.parametrize(
    "words", ["rdmsr 0x3a\n0", "IA32_FEATURE_CONTROL = 0x0", "MSR 0x3a = 0x0", "feature_control=0"]
)
def test_4_to_9_feature_control_is_0(words: str) -> None:
    reading = nvmx.read(f"CR0=80050033 CR4=2620\nvmxon -> #GP\n{words}\n")
    assert (reading.instruction, reading.observed) == ("VMXON", ("#GP(0)",))
    answer = reading.explain(cpl=0, a20m=0, other_fixed_bits=1)
    assert [suspect.rung.name for suspect in answer.suspects] == ["FEATURE_CONTROL locked"]
    assert answer.repair
    assert answer.repair.columns == {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 1}
    assert not answer.repair.needs_reset


def test_5_vmxe_was_cleared_as_well() -> None:
    reading = nvmx.read("After resume: cr0=0x80050033 cr4=0x620 MSR_IA32_FEATURE_CONTROL=0x0")
    assert reading.instruction is None
    answer = reading.explain(lock=0, operand="mapped")
    assert answer.outcomes == ("#UD",)
    assert "FEATURE_CONTROL locked" in [rung.name for rung in answer.behind]


def test_10_the_message_is_contradicted_by_its_value() -> None:
    reading = nvmx.read(texts.WARNING)
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("fault",))
    assert reading.known == {
        **SIXTY_FOUR, "FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.smx": 0, "FEATURE_CONTROL.vmx": 1,
    }  # fmt: skip
    assert "blames FEATURE_CONTROL, but its value allows VMXON" in said(reading)
    assert "UD2" not in said(reading), "the warning's own UD2 is no fault"
    assert "FEATURE_CONTROL locked" not in checks(reading)


def test_10_reading_the_msr_faulted_too() -> None:
    reading = nvmx.read("VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0xdeadbeef")
    assert reading.known == {}
    assert "there is no such MSR" in said(reading)


def test_11_a_bogus_pointer_never_faults() -> None:
    reading = nvmx.read("VMXON faulted")
    assert "pointer aligned" not in checks(reading)


def test_12_vmxoff_outside_vmx_operation() -> None:
    reading = nvmx.read("CR4.VMXE=1, but this CPU never executed VMXON. VMXOFF raises #UD.")
    assert (reading.instruction, reading.observed) == ("VMXOFF", ("#UD",))
    assert reading.known == {"CR4.VMXE": 1, "VMX": "off"}
    assert checks(reading, lock=0) == ["in VMX operation"]


def test_13_and_15_kvm_stops_after_another_instruction() -> None:
    reading = nvmx.read("kernel BUG at arch/x86/kvm/x86.c:508!\ninvalid opcode: 0000 [#1] PREEMPT SMP\n"
                        "RIP: 0010:kvm_spurious_fault+0xa/0x10 [kvm]\nCode: 0f 1f <0f> 0b 66\n")  # fmt: skip
    assert (reading.instruction, reading.observed) == ("UD2", ("#UD",))
    assert "CR4.VMXE" not in reading.known
    assert "does not show which one" in said(reading)
    assert reading.explain().status == 4


def test_14_vmxe_is_clear_where_kvm_stops() -> None:
    reading = nvmx.read(texts.SPURIOUS)
    assert reading.instruction == "UD2"
    assert reading.known["CR4.VMXE"] == 0
    assert reading.known["CR0.NE"] == 1
    assert "UD2 raised #UD: the exception is not VMXON's" in said(reading)
    answer = reading.explain(lock=0, operand="mapped")
    assert answer.outcomes == ("#UD",)
    assert answer.status == 4


def test_16_amd_is_refused_by_name() -> None:
    reading = nvmx.read(texts.AMD_MAIL)
    assert reading.refused
    assert "AMD's SVM" in reading.refused
    assert reading.instruction is None
    assert reading.explain().status == 4


@pytest.mark.parametrize(
    "word", ["AuthenticAMD", "kvm: support for 'kvm_amd' disabled by bios", "SVM disabled by BIOS"]
)
def test_16_other_words_of_amd(word: str) -> None:
    assert nvmx.read(word).refused


def test_17_vmfail_with_vmxe_set_before() -> None:
    reading = nvmx.read("CR4.VMXE=1 before. VMXON gives CF=1.")
    assert reading.observed == ("VMfailInvalid",)
    assert reading.known == {"CR4.VMXE": 1}
    assert "not in VMX root operation (no current VMCS)" in checks(reading)


@pytest.mark.parametrize("cpu", [0, 11])
def test_18_and_21_enabling_failed_says_two_things(cpu: int) -> None:
    reading = nvmx.read(f"kvm: enabling virtualization on CPU{cpu} failed")
    assert (reading.instruction, reading.executed, reading.observed, reading.known) == ("VMXON", None, (), {})
    assert f"CPU {cpu}" in said(reading)


@pytest.mark.parametrize(
    "message",
    ["ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy", "KVM_CREATE_VM: Device or resource busy (EBUSY)"],
)
def test_20_busy_means_not_executed(message: str) -> None:
    reading = nvmx.read(f"kvm: enabling virtualization on CPU0 failed\n{message}")
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", False, ())
    assert "was not executed" in said(reading)
    assert reading.known == {}


def test_22_the_oops_is_elsewhere() -> None:
    reading = nvmx.read("# rdmsr 0x3a\n0\ngeneral protection fault: 0000 [#1] SMP\n"
                        "RIP: 0010:cpu_disable_vmx+0x198/0x290 [cappsule]\nCode: <0f> 82 11 22 33 44\n")  # fmt: skip
    assert reading.instruction == "another instruction"
    assert reading.known["FEATURE_CONTROL.lock"] == 0


def test_23_a_locked_feature_control_is_fine() -> None:
    reading = nvmx.read("FEATURE_CONTROL=0x5; writing it fails")
    assert reading.known["FEATURE_CONTROL.lock"] == reading.known["FEATURE_CONTROL.vmx"] == 1
    assert checks(reading, **NO_FAULT_BUT_FEATURE_CONTROL)[:1] != ["FEATURE_CONTROL locked"]


def test_24_the_flag_is_no_proof() -> None:
    flags = "flags\t\t: " + " ".join(f"flag{number}" for number in range(40)) + " vmx smx"
    reading = nvmx.read(f"INFO: KVM (vmx) is disabled by your BIOS\n{flags}")
    assert reading.executed is False
    assert reading.known == {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}
    assert "before Linux 5.6 it says nothing about FEATURE_CONTROL" in said(reading)


def test_32_wrmsr_under_xen() -> None:
    reading = nvmx.read("".join(f"(XEN) [ 3158.419565] {line}\n" for line in texts.XEN.splitlines()))
    assert (reading.instruction, reading.observed) == ("WRMSR", ("#GP(0)",))
    assert "WRMSR of 3Ah" in said(reading)
    assert reading.known["CR4.VMXE"] == 1
    assert reading.explain().status == 4


def test_37_the_guest_sees_the_shadow() -> None:
    reading = nvmx.read(texts.GUEST_VMCS)
    assert reading.instruction is None
    assert reading.known == {**SIXTY_FOUR, "CR0.NE": 1, "CR4.VMXE": 0}
    assert "the host's CR4.VMXE is 1" in said(reading)
    assert "VM entry failed" in said(reading)


def test_38_real_mode_in_a_wrapped_dump() -> None:
    reading = nvmx.read(texts.REAL_MODE_VMCS)
    assert reading.known == {"CR0.PE": 0, "CR0.NE": 1, "CR0.PG": 0, "CR4.VMXE": 0}
    assert reading.explain(lock=0).outcomes == ("#UD",)
    assert "SMM" in said(reading)
