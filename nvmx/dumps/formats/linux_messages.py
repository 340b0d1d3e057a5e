"""Messages of Linux and of programs on it that carry an outcome or a cause, without registers.

Source: arch/x86/kernel/cpu/feat_ctl.c, arch/x86/kvm/{x86,vmx/vmx}.c, virt/kvm/kvm_main.c, 2.6.20 to 6.18.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from ..facts import Block, Event, Fact, Msr, Note, Says
from ..line import Line

_FEATURE_CONTROL = 0x3A
_FAULTED = 0xDEAD_BEEF  # KVM prints this if RDMSR faulted
_VMX_MSRS = frozenset({_FEATURE_CONTROL, 0x9B, *range(0x480, 0x494)})
_OUTSIDE = "this takes for granted that there was no measured launch (tboot, TXT)"

_OF_INTEL = re.compile(r"intel|vmx|vt", re.IGNORECASE)

_OR = re.compile(r"\b(?:either|or|maybe|perhaps|possibly)\b", re.IGNORECASE)

_Handler = Callable[[Line, Block, "re.Match[str]"], Iterator[Fact]]


def is_one_of_two(text: str) -> bool:
    """Return whether a message names more than one possible cause."""
    return _OR.search(text) is not None


def disabled_by_firmware(line: Line, block: Block, match: "re.Match[str] | None" = None) -> Iterator[Fact]:
    """Yield that FEATURE_CONTROL is locked and forbids VMXON outside SMX operation, so that software refused."""
    note = "the firmware has locked FEATURE_CONTROL with VMX disabled, so that software refuses to use VMX"
    yield Event(line, block, "VMXON", False, note=f"{note}; {_OUTSIDE}")
    yield Says(line, block, "FEATURE_CONTROL.lock", 1)
    yield Says(line, block, "FEATURE_CONTROL.vmx", 0)
    if match and not _OF_INTEL.search(match[0]):
        yield Note(line, block, "the same is said of AMD's SVM: this takes for granted that the processor is Intel's")


def no_vmx(line: Line, block: Block, _match: object = None) -> Iterator[Fact]:
    """Yield that CPUID shows no VMX, so that CR4.VMXE cannot be set."""
    if is_one_of_two(line.text):
        return
    note = "CPUID shows no VMX, so that software refuses to use VMX: CR4.VMXE cannot be set, and VMXON would be #UD"
    yield Event(line, block, "VMXON", False, note=note)
    yield Says(line, block, "CR4.VMXE", 0)


def _faulted(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    yield Event(line, block, "VMXON", True, ("fault",), blames="FEATURE_CONTROL" if match[1] else "")
    if match[1] and int(match[1], 16) == _FAULTED:
        yield Note(line, block, "reading FEATURE_CONTROL faulted, too: there is no such MSR")
    elif match[1]:
        yield Msr(line, block, _FEATURE_CONTROL, int(match[1], 16))


def _not_enabled(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    on = f" on CPU {match[1]}" if match[1] else ""
    note = f"KVM refused before VMXON{on}: FEATURE_CONTROL is unlocked or its bit 2 is 0; this line does not say which"
    yield Event(line, block, "VMXON", False, note=note)


def _txt(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    if match[1] == "outside":
        yield from disabled_by_firmware(line, block)
        return
    note = "FEATURE_CONTROL is locked and forbids VMXON inside SMX operation, so that software refuses to use VMX"
    yield Event(line, block, "VMXON", False, note=note)
    yield Says(line, block, "FEATURE_CONTROL.lock", 1)
    yield Says(line, block, "FEATURE_CONTROL.smx", 0)


def _enabling_failed(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    note = (
        f"KVM could not enable virtualization on CPU {match[1]}: CR4.VMXE was already set, and VMXON was not executed,"
        " or VMXON faulted; this line does not say which"
    )
    yield Event(line, block, "VMXON", None, note=note)


def _busy(line: Line, block: Block, _match: object) -> Iterator[Fact]:
    note = (
        "VMXON was not executed: KVM answers EBUSY if another hypervisor has set CR4.VMXE; since Linux 5.7 also after a"
        " VMXON that faulted, which dmesg would show"
    )
    yield Event(line, block, "VMXON", False, note=note)


def _not_inserted(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    causes = {
        "Input/output error": "the capability MSRs are not what KVM needs, or could not be read",
        "Operation not supported": "CPUID shows no VMX, or FEATURE_CONTROL forbids it",
        "Device or resource busy": "CR4.VMXE is already set, so another hypervisor has VMX",
    }
    why = causes.get(match[1], match[1])
    yield Event(line, block, "VMXON", False, note=f"kvm_intel was not loaded, and did not execute VMXON: {why}")


def _no_extensions(line: Line, block: Block, _match: object) -> Iterator[Fact]:
    note = "the kernel shows neither the flag vmx nor svm: no VMX in CPUID, or FEATURE_CONTROL forbids it"
    yield Event(line, block, "VMXON", False, note=note)


def _no_support(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    if match[1] == "kvm_intel":
        yield from no_vmx(line, block)
    else:
        note = "KVM found no hardware support, so VMXON was not executed"
        yield Event(line, block, "VMXON" if match[1] is None else None, False, note=note)


def _msr_access(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    name, index = match[1], int(match[2], 16)
    if index in _VMX_MSRS:
        note = f"{name} of {index:X}h faulted, and the kernel went on: this is not VMXON"
        yield Event(line, block, name, True, ("#GP(0)",), note)


def _write_failed(line: Line, block: Block, _match: object) -> Iterator[Fact]:
    note = "WRMSR of 3Ah faulted: FEATURE_CONTROL is locked already, or a bit is reserved; this is not VMXON"
    yield Event(line, block, "WRMSR", True, ("#GP(0)",), note)


def _other_failed(line: Line, block: Block, match: "re.Match[str]") -> Iterator[Fact]:
    name = match[1].upper()
    yield Event(line, block, name, True, (), f"{name} failed, which is only possible if VMXON succeeded before")


def _noted(sentence: str) -> _Handler:
    def handler(line: Line, block: Block, _match: "re.Match[str]") -> Iterator[Fact]:
        yield Note(line, block, sentence)

    return handler


# A fixed word that the line must have, the pattern, and what it says.
_MESSAGES: tuple[tuple[str, "re.Pattern[str]", _Handler], ...] = tuple(
    (word, re.compile(pattern, re.IGNORECASE), handler)
    for word, pattern, handler in (
        ("vmxon", r"\bVMXON faulted(?:, MSR_IA32_FEAT(?:_CTL|URE_CONTROL) \(0x3a\) = (0x[0-9a-f]+))?", _faulted),
        ("txt", r"VMX \((inside|outside) TXT\) disabled by BIOS", _txt),
        ("enabled", r"VMX not enabled \(by BIOS\) in MSR_IA32_FEAT_CTL(?: on CPU (\d+))?", _not_enabled),
        ("bios", r"\bkvm: (?:support for 'kvm_intel' )?disabled by bios", disabled_by_firmware),
        ("bios", r"KVM \(vmx\) is disabled by your BIOS", disabled_by_firmware),
        ("extensions", r"Your CPU does not support KVM extensions", _no_extensions),
        ("vmx", r"VMX not supported by CPU|CPU doesn't support VMX|does not support VMX", no_vmx),
        ("hardware", r"kvm: no hardware support(?: for '(\w+)')?", _no_support),
        ("enabling", r"enabling virtualization on CPU ?(\d+) failed", _enabling_failed),
        ("kvm_create_vm",
         r"KVM_CREATE_VM\)?(?: failed)?:? (?:-?16\b|.{0,80}(?:EBUSY|resource busy|error:? -?16\b))", _busy),
        ("kvm_intel", r"could not insert '?kvm_intel'?: ([A-Z][\w/ ]+)", _not_inserted),
        ("unchecked", r"unchecked MSR access error: (RDMSR|WRMSR) (?:from|to) (0x[0-9a-f]+)", _msr_access),
        ("wrmsrl_safe", r"wrmsrl_safe \(MSR_IA32_FEATURE_CONTROL, \w+\) failed", _write_failed),
        ("failed", r"\b(vmread|vmwrite|vmptrld|vmclear|invept|invvpid) (?:failed|error)\b", _other_failed),
        ("dump_invalid_vmcs", r"set kvm_intel\.dump_invalid_vmcs=1",
         _noted("a VM entry failed, which is only possible if VMXON succeeded before")),
        ("tboot", r"\btboot: found shared page",
         _noted("there was a measured launch (tboot): in SMX operation, bit 1 of FEATURE_CONTROL counts, not bit 2")),
    )
)  # fmt: skip
_WORDS = tuple(dict.fromkeys(word for word, _, _ in _MESSAGES))


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield what the messages say."""
    block = Block("system")
    for line in lines:
        text = line.text.lower()
        if not any(word in text for word in _WORDS):
            continue
        for word, pattern, handler in _MESSAGES:
            if word in text and (match := pattern.search(line.text)):
                yield from handler(line, block, match)
                break
