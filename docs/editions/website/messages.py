"""Error messages: what each means, and which case or lesson is about it.

The meanings are what `nvmx.read` says about the text, so each line here is read as a reader's own log would be.
"""

from pathlib import Path

from docutils.nodes import make_id
from lessons import CASES, headings

import nvmx
from nvmx.dumps.formats.messages import MESSAGES
from nvmx.model.html import Markup, code_line, tag

from .markdown import table, write_page

_REFUSED, _FIRMWARE, _TAKEN, _BEFORE, _END = "Case 5", "Case 6", "Case 7", "Case 8", "Case 10"
# Messages of Linux, as it prints them, and the case about each.
_LINUX = {
    "x86/cpu: VMX (outside TXT) disabled by BIOS": _FIRMWARE,
    "x86/cpu: VMX (inside TXT) disabled by BIOS": _FIRMWARE,
    "kvm: disabled by bios": _FIRMWARE,
    "kvm: support for 'kvm_intel' disabled by bios": _FIRMWARE,
    "KVM (vmx) is disabled by your BIOS": _FIRMWARE,
    "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 0": _FIRMWARE,
    "VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x1": "Case 1",
    "kvm: enabling virtualization on CPU0 failed": _TAKEN,
    "ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy": _TAKEN,
    "modprobe: ERROR: could not insert 'kvm_intel': Operation not supported": _FIRMWARE,
    "modprobe: ERROR: could not insert 'kvm_intel': Input/output error": _BEFORE,
    "modprobe: ERROR: could not insert 'kvm_intel': Device or resource busy": _TAKEN,
    "kvm: no hardware support for 'kvm_intel'": _BEFORE,
    "kvm: no hardware support": _BEFORE,
    "kvm_intel: VMX not supported by CPU 0": _BEFORE,
    "INFO: Your CPU does not support KVM extensions": _BEFORE,
    "unchecked MSR access error: RDMSR from 0x3a": _BEFORE,
    "wrmsrl_safe (MSR_IA32_FEATURE_CONTROL, 5) failed": "Case 9",
    "kvm: vmwrite failed: field=681e": _END,
    "kvm: vmread failed: field=681e": _END,
}  # fmt: skip
# Messages of other programs whose case does not follow from what they say about the axes.
_BY_WORDS = {
    "VERR_VMX_IN_VMX_ROOT_MODE": _TAKEN, "VT-x is already running. Is another hypervisor running?": _TAKEN,
    "VERR_VMX_NO_VMX": _BEFORE, "VERR_VMX_MSR_LOCKING_FAILED": "Case 9", "VERR_VMX_VMXON_FAILED": _REFUSED,
    "VERR_VMX_INVALID_VMXON_PTR": _REFUSED, "vmxon failure": _REFUSED, "vmxon failed": _REFUSED,
    "intrinsic_vmxon failed": _REFUSED, "vmxon success": "Case 14", "VMXOFF Failed..........": _END,
    "NO VMXOFF.......": _END, "vmx_init: VMX operation disabled by BIOS": _FIRMWARE,
    "VMX is not supported in this machine": _FIRMWARE,
    "Hypervisor launch failed; Either VMX not present or not enabled in BIOS": _FIRMWARE,
}  # fmt: skip


def write(source: Path) -> None:
    """Write the page; raise LookupError if `nvmx.read` has nothing to say about one of the messages."""
    rows = [(text, "Linux", case) for text, case in _LINUX.items()]
    rows += [(message.words, "other hypervisors", _case(message.words, message.says)) for message in MESSAGES]
    write_page(
        source,
        "messages",
        "# Error messages",
        "Look for your message here, or with the search of this site. Better still, give the whole log to"
        " [`nvmx explain`](command-line.md): it reads registers as well, and says which checks are left.",
        *(_group(name, [(text, case) for text, group, case in rows if group == name])
          for name in dict.fromkeys(group for _, group, _ in rows)),
    )  # fmt: skip


def _case(words: str, says: object) -> str:
    if words in _BY_WORDS:
        return _BY_WORDS[words]
    if isinstance(says, dict) and any(axis.startswith("FEATURE_CONTROL") for axis in says):
        return _FIRMWARE
    if isinstance(says, dict) and says == {"CR4.VMXE": 0}:
        return _BEFORE
    return "How to read a report"


def _group(name: str, rows: list[tuple[str, str]]) -> str:
    made = [(code_line(text), meaning(text), _where(case)) for text, case in rows]
    return f"## {name[0].upper()}{name[1:]}\n\n{table(('message', 'what it means', 'read'), made, 'messages')}"


def meaning(text: str) -> str:
    """Return what `nvmx.read` says about a message; raise LookupError if that is nothing."""
    found = nvmx.read(text)
    notes = [note.removesuffix(" (line 1)") for note in found.notes]
    known = [f"{axis} = {value}" for axis, value in found.known.items()]
    if seen := " or ".join(found.observed).replace("fault", "an exception"):
        notes.append(f"{found.instruction} was executed; how it ended: {seen}")
    if known:
        notes.append(f"it says that {', '.join(known)}")
    if not notes:
        raise LookupError(f"nvmx.read says nothing about {text!r}")
    return " ".join(f"{_sentence(note)}." for note in dict.fromkeys(notes))


def _sentence(note: str) -> str:
    """Return the note with a capital, unless it begins with a name such as kvm_intel."""
    return note if "_" in note.split()[0] else note[0].upper() + note[1:]


def _where(case: str) -> Markup:
    """Return a link in HTML: the ids of sections are Sphinx's."""
    heading = next(each for each in headings(CASES) if each == case or each.startswith(f"{case}:"))
    return tag("a", heading, href=f"{CASES}.html#{make_id(heading)}")
