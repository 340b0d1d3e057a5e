"""What shows CPUID: /proc/cpuinfo, lscpu and the tool `cpuid`; and lsmod, which shows who may have VMX."""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Note, Register, Says, Understood, Vendor
from ..line import Line

_PROCESSOR = re.compile(r"^processor\s*: (\d+)$")
_FLAGS = re.compile(r"^(?:flags|Flags)\s*:\s+(.*)$")
_WIDTH = re.compile(r"^[Aa]ddress sizes\s*:\s+(\d+) bits physical, \d+ bits virtual")
_TOOL = re.compile(r"^(VMX: virtual machine extensions|SMX: safer mode extensions)\s*= (true|false)")
_TOOL_WIDTH = re.compile(r"^maximum physical address bits\s*= 0x[0-9a-f]+ \((\d+)\)")
_RAW = re.compile(r"^0x([0-9a-f]{8}) 0x[0-9a-f]{2}: eax=0x([0-9a-f]{8}) ebx=0x[0-9a-f]{8} ecx=0x([0-9a-f]{8})")
_MODULE = re.compile(r"^(kvm_intel|vboxdrv|vmmon|jailhouse|haxm)\s+\d{3,9}\s+-?\d+\b")
_HYPERVISOR = re.compile(r"^Hypervisor vendor:\s+(\S.*)$")
_OTHER = re.compile(r"^(?:vmx flags|model name|Model name|cpu family|stepping|microcode|bugs|bogomips|siblings)\s*:")
_QUICK = ("processor", "lags", "ddress", "VMX:", "SMX:", "eax=", "kvm_intel", "vboxdrv", "vmmon", "jailhouse", "haxm",
          "Hypervisor", "odel name", "cpu family", "maximum physical")  # fmt: skip
_NO_VMX = "CPUID shows no VMX: CR4.VMXE cannot be set, and VMXON is #UD"


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield what CPUID and the list of modules say."""
    block = Block("system")
    for line in lines:
        text = line.text
        if not any(word in text for word in _QUICK):
            continue
        if match := _PROCESSOR.match(text):
            block = Block("system", cpu=int(match[1]))
            yield Understood(line, block)
        elif match := _FLAGS.match(text):
            yield Understood(line, block)
            yield from _flags(line, block, set(match[1].split()))
        elif match := _WIDTH.match(text) or _TOOL_WIDTH.match(text):
            yield Register(line, block, "physical_width", int(match[1]))
        elif match := _TOOL.match(text):
            yield from _capability(line, block, match[1][:3], match[2] == "true")
        elif match := _RAW.match(text):
            leaf, eax, ecx = (int(part, 16) for part in match.groups())
            yield Understood(line, block)
            if leaf == 1:
                yield from _capability(line, block, "VMX", bool(ecx >> 5 & 1))
                yield from _capability(line, block, "SMX", bool(ecx >> 6 & 1))
            elif leaf == 0x8000_0008:
                yield Register(line, block, "physical_width", eax & 0xFF)
        elif match := _MODULE.match(text):
            sentence = f"{match[1]} is loaded, so VMX may be in use"
            if match[1] == "kvm_intel":
                sentence += ": since Linux 6.12 it executes VMXON when it is loaded, before only while a VM exists"
            yield Note(line, block, sentence)
        elif match := _HYPERVISOR.match(text):
            yield Note(line, block, f"this is a virtual machine of {match[1]}, whose checks decide")
        elif _OTHER.match(text):
            yield Understood(line, block)


def _capability(line: Line, block: Block, name: str, there: bool) -> Iterator[Fact]:
    if there:
        yield Understood(line, block)
    elif name == "VMX":
        yield Note(line, block, _NO_VMX)
        yield Says(line, block, "CR4.VMXE", 0)
    else:
        yield Says(line, block, "SMX", 0)


def _flags(line: Line, block: Block, flags: set[str]) -> Iterator[Fact]:
    if "svm" in flags:
        yield Vendor(line, block, "AMD", "svm")
    if "hypervisor" in flags:
        yield Note(line, block, "this is a virtual machine, so the checks of its hypervisor decide")
    # A kernel prints several dozen flags, so a short list is a part of one.
    if len(flags) < 20 or "svm" in flags:
        return
    if "vmx" in flags:
        sentence = "the flag vmx proves that CPUID shows VMX; before Linux 5.6 it says nothing about FEATURE_CONTROL"
    else:
        sentence = (
            "the flag vmx is missing: CPUID shows no VMX, or the kernel has cleared the flag because FEATURE_CONTROL"
            " forbids VMX"
        )
    yield Note(line, block, sentence)
    if "smx" not in flags:
        yield Says(line, block, "SMX", 0)
