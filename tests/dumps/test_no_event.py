"""Source code, advice, rules, conditions, wishes and questions: what they name did not happen."""

import pytest

import nvmx
from nvmx.dumps.wording import is_hypothetical, is_source_code

SOURCE_CODE = [
    'warn(1, "VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x%llx\\n", value);',
    'log_error(("#GP: VMXON is not allowed !"));',
    'log("VMXON failed\\n");',
    'error("VMX not supported by CPU %d\\n", cpu);',
    'error("kvm: disabled by bios\\n");',
    "write_msr(0x3a, 5); // IA32_FEATURE_CONTROL = 5",
    "cr4 = 0x2020;",
    "IA32_FEATURE_CONTROL = 1 << 0 | 1 << 2",
    "#define CR0 0x80000011",
    "if (cr4 & 0x2000) cr0 = 0x80000011",
    '$ grep -r "VMXON failed" src',
]
NUMBERS_OF_MSRS = [
    "IA32_FEATURE_CONTROL = 0x3A,",
    "IA32_EFER = 0xC0000080",
    "EFER: 0xC0000080",
    "IA32_VMX_BASIC = 0x480",
]
NO_VALUES = ["CR4 = 0x20 | 0x2000", "CR4 = 0x2020 & 0xff", "CR0: bad idea", "CR4: add VMXE first",
             "EFER: dead end", "CR0: ac",
             "cr4=be careful", "CR4 was 0x20, now it is 0x2020"]  # fmt: skip
RULES = [
    "VMXON causes a general-protection exception while its lock bit is clear.",
    "A VMXON outside of ring 0 causes #GP(0).",
    "VMXON causes #GP(0) as long as the lock bit is 0.",
    "VMXON causes #GP(0) until FEATURE_CONTROL is locked.",
    "VMXON always causes #UD in real mode.",
    "Any VMXON raises #UD there.",
    "VMXON causes #GP(0) if CR0.NE = 0.",
    "In such a state VMXON causes #GP(0)\nif CR0.NE = 0 or CR0.PE = 0.",
    "The manual says: VMXON raises #GP(0); CR0.NE = 0 is one of the causes.",
    "VMXON is #UD when CR4.VMXE = 0.",
]
WISHES = ["Fix: VMXON failed with FEATURE_CONTROL unlocked", "Solved, the cause was CR0.NE = 0.",
          "You need CR4.VMXE=1 before VMXON.", "Set CR0.NE=1 and then CR4.VMXE=1.",
          "expected IA32_FEATURE_CONTROL = 5 but got 1",
          "Please set CR4=0x2020.", "To enter VMX operation, CR0 should be 0x80000031."]  # fmt: skip
ADVICE = [
    "If you see 'kvm: disabled by bios', enable VT in BIOS.",
    "This is not VERR_VMX_MSR_ALL_VMX_DISABLED.",
    "The fix for 'VERR_VMX_IN_VMX_ROOT_MODE' is to unload the other hypervisor.",
    "My log does not show 'kvm: disabled by bios'.",
    "What does 'kvm: disabled by bios' mean?",
    "VERR_VMX_NO_VMX means that there is no VT-x.",
    "Q: 'kvm: disabled by bios' - what now?",
    "Resolution:\n2. VT-x is disabled in the BIOS",
]


@pytest.mark.parametrize("text", [*SOURCE_CODE, *NUMBERS_OF_MSRS, *NO_VALUES, *RULES, *WISHES, *ADVICE])
def test_nothing_happened(text: str) -> None:
    reading = nvmx.read(f"{text}\n")
    assert (reading.instruction, reading.executed, reading.observed, reading.known) == (None, None, (), {})


@pytest.mark.parametrize("text", [*SOURCE_CODE, *ADVICE])
def test_it_counts_as_not_understood(text: str) -> None:
    assert nvmx.read(text).ignored == len(text.splitlines())


@pytest.mark.parametrize(
    ("text", "instruction", "known"),
    [
        ("Hello. If you see VERR_VMX_NO_VMX, it is the BIOS. I see VERR_VMX_MSR_LOCKING_FAILED.", "VMXON",
         {"FEATURE_CONTROL.lock": 0}),
        ("I set CR4.VMXE=1, and vmxon gives me a #GP", "VMXON", {"CR4.VMXE": 1}),
        ("When I run vmxon I get a #GP with CR0=0x80000011", "VMXON", {"CR0.PE": 1, "CR0.NE": 0, "CR0.PG": 1}),
        ("Can you help? CR4=0x2020, and vmxon raises #GP", "VMXON", {"CR4.VMXE": 1}),
        ("my log says kvm: disabled by bios", "VMXON", {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
    ],
)  # fmt: skip
def test_what_is_said_beside_it_counts(text: str, instruction: str, known: dict[str, int]) -> None:
    reading = nvmx.read(text)
    assert (reading.instruction, reading.known) == (instruction, known)


def test_a_rule_does_not_contradict_a_dump() -> None:
    reading = nvmx.read("VMXON causes #GP(0) while the lock bit is clear.\nCR4=0x20 CR0=0x80000031\n")
    assert (reading.observed, reading.explain().outcomes) == ((), ("#UD",))


@pytest.mark.parametrize(
    "text", ["vmxon (%rax)", "rip=0x401000 cs=0x8", "0x401000 <main+4>: vmxon QWORD PTR [rbp-0x8]", "# rdmsr 0x3a"]
)
def test_output_is_not_taken_for_code(text: str) -> None:
    assert not is_source_code(text)
    assert not is_hypothetical(text)
