"""Sentences and values in the plain shapes that people write."""

import pytest

import nvmx


@pytest.mark.parametrize(
    ("sentence", "observed"),
    [
        ("vmxon failed with a #GP", ("#GP(0)",)),
        ("vmxon failed: #UD", ("#UD",)),
        ("VMXON failed, invalid opcode", ("#UD",)),
        ("VMXON failed with CF=1", ("VMfailInvalid",)),
        ("VMXON #GP, CR4=0x2020", ("#GP(0)",)),
        ("vmxon #ud", ("#UD",)),
        ("#GP VMXON", ("#GP(0)",)),
        ("VMXON RFLAGS 0x203", ("RFLAGS 0x203",)),
        ("IA32_FEATURE_CONTROL = 0x1, vmxon #GP", ("#GP(0)",)),
        ("My VMXON failed.", ("failed",)),
        ("Failed to execute VMXON: it failed", ("failed",)),
        ("I get #UD on vmxon", ("#UD",)),
        ("#UD at vmxon", ("#UD",)),
        ("I get a #GP when executing VMXON", ("#GP(0)",)),
        ("vmxon throws exception 6", ("#UD",)),
        ("vmxon throws exception 06", ("#UD",)),
        ("executing the vmxon instruction failed with exception 13", ("#GP(0)",)),
        ("got exception 0xd at vmxon", ("#GP(0)",)),
        ("vmxon sets CF", ("VMfailInvalid",)),
        ("carry flag set after vmxon", ("VMfailInvalid",)),
        ("RFLAGS.CF=1 after VMXON", ("VMfailInvalid",)),
        ("After vmxon, CF=0 ZF=1", ("VMfailValid",)),
        ("vmxon error 15", ("error 15",)),
        ("vmxon sets ZF and the VM-instruction error is 15.", ("VMfailValid", "error 15")),
        ("vmxon sets ZF and the VM-instruction error field (4400h) reads 15.", ("VMfailValid", "error 15")),
        ("__vmx_on returned 1", ("VMfailValid",)),
        ("__vmx_on(&region) returns 2", ("VMfailInvalid",)),
        ("vmxon succeeded", ("success",)),
        ("Kernel panic - not syncing: VMXON failed on CPU 2", ("failed",)),
        ("KMODE_EXCEPTION_NOT_HANDLED 0xC0000096 at vmxon", ("#GP(0)",)),
        ("I get SIGILL when I run vmxon from a program", ("#UD",)),
        ("I get a segmentation fault when I run vmxon from a program", ("fault",)),
        ("VMXON succeeded on all cores (CF=0, ZF=0).", ("success",)),
        ("[drv] vmxon failed 2", ("failed",)),
        ("Executing Vmxon instruction failed with status : 1", ("VMfailValid",)),
        ("vmxon gives me a #GP. EFER=0x500.", ("#GP(0)",)),
        ("vmxon -> #GP, CR0=0x80010011 CR4=0x2020 IA32_FEATURE_CONTROL=5", ("#GP(0)",)),
    ],
)
def test_what_was_seen(sentence: str, observed: tuple[str, ...]) -> None:
    reading = nvmx.read(sentence)
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, observed)


@pytest.mark.parametrize(
    "sentence",
    [
        "VMXON: failed to allocate a region", "VMXON region failed its check", "vmxon bitmap error 15",
        "On core 3 vmxon fails, on the others it succeeded", "__vmx_on() returned 0 on core 0 but 2 on core 1",
        "vmxon error 13", "With it vmxon works, without it there is #UD.",
    ],
)  # fmt: skip
def test_what_is_about_something_else_or_about_two_things(sentence: str) -> None:
    reading = nvmx.read(sentence)
    assert (reading.instruction, reading.observed) == (None, ())


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("CR4=00000000`00352678", {"CR4.VMXE": 1}),
        ("CR4: 00000000`00352678", {"CR4.VMXE": 1}),
        ("fffff801`12345678 CR4: 00000000`00352678", {"CR4.VMXE": 1}),
        ("cr4=20`", {}),
        ("cr4=`", {}),
        ("cr4=0x`", {}),
        ("VMXE bit is set, NE bit is clear", {"CR0.NE": 0, "CR4.VMXE": 1}),
        ("the lock bit is 0", {"FEATURE_CONTROL.lock": 0}),
        (
            "RDMSR(IA32_FEATURE_CONTROL) = 0x1",
            {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.smx": 0, "FEATURE_CONTROL.vmx": 0},
        ),
        ("Before suspend, IA32_FEATURE_CONTROL = 5. Earlier CR4 = 0x20.", {}),
        ("Before vmxon, CR4 = 0x2020.", {"CR4.VMXE": 1}),
        ("KVM is not available: this CPU doesn't support VMX, or it is disabled in the BIOS", {}),
        ("VT-x is missing or disabled in the BIOS", {}),
        ("CR0: 0xac", {"CR0.PE": 0, "CR0.NE": 1, "CR0.PG": 0}),
    ],
)
def test_values(text: str, known: dict[str, int]) -> None:
    assert nvmx.read(text).known == known


@pytest.mark.parametrize("command", ["rdmsr 0x3A", "rdmsr 3A", "rdmsr -a 0X3a"])
def test_rdmsr_in_capital_letters(command: str) -> None:
    assert nvmx.read(f"# {command}\n5\n").known["FEATURE_CONTROL.lock"] == 1


def test_wrmsr_that_faulted() -> None:
    reading = nvmx.read("# wrmsr 0x3a 7\nwrmsr: CPU 0 cannot set MSR 0x0000003a to 0x0000000000000007\n")
    assert any("WRMSR of 3Ah faulted" in note for note in reading.notes)


AMD = [
    "vendor_id\t: AuthenticAMD\nkvm_intel: VMX not supported by CPU 0",
    "My log says KVM is disabled by my bios. AMD CPU btw.",
    "kvm: no hardware support\nSVM: Virtual VMLOAD VMSAVE supported",
    "svm is the extension of this amd cpu fx 8320\nkvm: no hardware support",
]


@pytest.mark.parametrize("text", AMD)
def test_amd(text: str) -> None:
    reading = nvmx.read(text)
    assert reading.refused
    assert reading.known == {}


def test_this_is_not_amd() -> None:
    assert not nvmx.read("This is not an AMD CPU. vmxon raises #GP").refused
    assert not nvmx.read("An AMD Radeon card is in it. vmxon raises #GP").refused


@pytest.mark.parametrize(
    ("message", "ambiguous"),
    [("kvm: disabled by bios", True), ("kvm: support for 'kvm_intel' disabled by bios", False),
     ("KVM is disabled in my BIOS", True),
     ("VT-x is disabled in my BIOS", False)],
)  # fmt: skip
def test_a_message_that_amds_processors_have_too(message: str, ambiguous: bool) -> None:
    assert any("AMD's SVM" in note for note in nvmx.read(message).notes) == ambiguous
