"""A dump of a VMCS, as KVM (`dump_vmcs`) and Xen (`vmcs_dump_vcpu`) print it.

What the guest sees of CR0 and CR4 is not what the processor uses: bits that are in the mask come from the shadow.
Source: arch/x86/kvm/vmx/vmx.c, 4.2 to 6.18; xen/arch/x86/hvm/vmx/vmcs.c.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Event, Fact, Note, Register, Understood
from ..line import Line

_SECTION = re.compile(r"\*\*\* (Guest State|Host State|Control State)\b|\*{4,} VMCS Area|>>> Domain \d+")
_CONTROL = re.compile(
    r"\bCR([04]): actual=0x([0-9a-f]{16}), ?shadow=0x([0-9a-f]{16}), ?gh_mask=([0-9a-f]{16})(?![0-9a-f])"
)
_POINTERS = re.compile(r"\bRSP = 0x([0-9a-f]{16})(?: \(0x[0-9a-f]{16}\))?  ?RIP = 0x([0-9a-f]{16})(?![0-9a-f])")
_RFLAGS = re.compile(r"\bRFLAGS=0x([0-9a-f]{8,16})(?: \(0x[0-9a-f]{8,16}\))?\s+DR7 ?=")
_KVM_SEGMENT = re.compile(r"\b([CSDEFG]S|LDTR|TR): +sel=0x([0-9a-f]{4}), attr=0x([0-9a-f]{5}), ")
_XEN_SEGMENT = re.compile(r"^ *([CSDEFG]S|LDTR|TR): ([0-9a-f]{4}) ([0-9a-f]{5}) ([0-9a-f]{8}) [0-9a-f]{16}$")
# Without a word about where it comes from, and beside PAT, the field is printed whether VM entry loads it or not.
_EFER = re.compile(r"\bEFER(?:\((?:VMCS|MSR LL)\))? ?= +0x([0-9a-f]{16})(?![0-9a-f])")
_PERHAPS_STALE = re.compile(r"\bEFER ?= +0x[0-9a-f]{16} +PAT\b")
_HOST = re.compile(r"\bRIP = 0x[0-9a-f]{16}|\bCS=[0-9a-f]{4} SS=[0-9a-f]{4}")
_HOST_CONTROL = re.compile(r"\bCR0=([0-9a-f]{16}) CR3=[0-9a-f]{16} CR4=([0-9a-f]{16})(?![0-9a-f])")
_REASON = re.compile(r"\breason=([0-9a-f]{8}) qualification=")
_OTHER = re.compile(
    r"\bCR3 ?= ?0x|\bPDPT[RE]\d ?=|\bSysenter RSP=|\b[GI]DTR: +limit=|\bFSBase=|\bDebugCtl ?=|\bInterruptibility ?="
    r"|\bVMCS \S+, last attempted|\bCPUBased=|\bPinBased=|\bVMExit: intr_info|\bIDTVectoring: info|\bPerfGlobCtl ?="
)
_QUICK = ("***", "CR", "RSP", "RFLAGS", "sel=", "EFER", "S: ", "RIP", "CS=", "reason=", "PDPT", "DTR", "Debug", "TR: ",
          "VMCS", "FSBase", "Based=", "intr_info", "info=", "Domain", "Interruptibility")  # fmt: skip
_EXITS = {26: "VMXOFF", 27: "VMXON"}  # basic exit reasons
_PG, _VMXE, _LMA = 1 << 31, 1 << 13, 1 << 10
_SMM_ENTRY = 0x8000


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the registers of the guest, and of the host in a block of its own."""
    guest, host = Block("registers", "guest"), Block("registers", "host")
    note = Block("system", "guest")  # notes count, whichever register decides
    section, seen, paging = "", set[str](), True
    for line in lines:
        text = line.text
        if not any(word in text for word in _QUICK):
            continue
        if match := _SECTION.search(text):
            section = match[1] or ""
            if section == "Guest State" or not section:
                guest, seen = Block("registers", "guest"), set()
            yield Understood(line, guest)
        elif found := list(_CONTROL.finditer(text)):
            section = section or "Guest State"
            for match in found:
                actual, shadow, mask = (int(part, 16) for part in match.groups()[1:])
                if f"cr{match[1]}" in seen:
                    guest, seen = Block("registers", "guest"), set()
                seen.add(f"cr{match[1]}")
                value = actual & ~mask | shadow & mask
                yield Register(line, guest, f"cr{match[1]}", value)
                if match[1] == "0":
                    paging = bool(value & _PG)
                if match[1] == "4" and (actual ^ shadow) & mask & _VMXE:
                    which = "sets" if actual & _VMXE else "clears"
                    sentence = f"the processor's own CR4 {which} VMXE, but the guest sees the shadow"
                    yield Note(line, note, sentence)
        elif match := _HOST_CONTROL.search(text):
            section = "Host State"
            yield Register(line, host, "cr0", int(match[1], 16))
            yield Register(line, host, "cr4", int(match[2], 16))
            if int(match[2], 16) & _VMXE:
                sentence = "the host's CR4.VMXE is 1: it is in VMX operation, and its VMXON had succeeded"
                yield Note(line, note, sentence)
        elif section != "Host State" and (match := _POINTERS.search(text)):
            yield Register(line, guest, "rsp", int(match[1], 16))
            yield Register(line, guest, "rip", int(match[2], 16))
            if int(match[2], 16) == _SMM_ENTRY:
                yield Note(line, note, "RIP 8000h is where SMM begins, which is not modelled")
        elif section and _HOST.search(text):
            section = "Host State"
            yield Understood(line, host)
        elif match := _RFLAGS.search(text):
            yield Register(line, guest, "rflags", int(match[1], 16))
        elif match := _KVM_SEGMENT.search(text) or _XEN_SEGMENT.search(text):
            if match[1] in ("CS", "SS"):
                yield Register(line, guest, f"{match[1].lower()}_rights", int(match[3], 16))
            if match[1] == "CS":
                yield Register(line, guest, "cs", int(match[2], 16))
            yield Understood(line, guest)
        elif (section or _PERHAPS_STALE.search(text)) and (match := _EFER.search(text)):
            block, efer = guest if section == "Guest State" else host, int(match[1], 16)
            if efer & _LMA or not _PERHAPS_STALE.search(text) or not paging:
                yield Register(line, block, "efer", efer)
            else:
                yield Understood(line, block)
        elif match := _REASON.search(text):
            yield Understood(line, guest)
            if name := _EXITS.get(int(match[1], 16)):
                yield Event(line, guest, name, True, (), f"the last VM exit is for the guest's {name}")
            if int(match[1], 16) >> 31:
                sentence = f"the VM entry failed (exit reason {int(match[1], 16) & 0xFFFF}): this is not VMXON"
                yield Note(line, note, sentence)
        elif (section or "last attempted" in text) and _OTHER.search(text):
            yield Understood(line, guest)
