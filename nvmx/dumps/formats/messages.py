"""What hypervisors and Windows say about VMX in one sentence or one code: a table of messages, one row per message.

Source: the code that prints them, as far as it was found: Cheat Engine dbvm/vmm/main.c, rekall
tools/linux/vmcs_layout, Bareflank's loader, Jailhouse driver/main.c, BitVisor core/x86/vt_init.c, HyperDbg, bhyve
sys/amd64/vmm/intel/vmx.c, HAXM core/cpu.c, VirtualBox HostDrivers/Support/SUPDrv.cpp and VMM/VMMR0/HM{R0.cpp,R0A.asm},
each in some of its versions.  Windows' event comes from a list of its messages: its condition was not read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..facts import Block, Event, Fact, Msr, Says
from ..line import Line
from ..wording import is_hypothetical

_LOCK, _SMX, _VMX = "FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx"
_NO_VMX: Mapping[str, int] = {"CR4.VMXE": 0}  # where CPUID shows no VMX, this bit cannot be set
_VMXE: Mapping[str, int] = {"CR4.VMXE": 1}
_LOCKED: Mapping[str, int] = {_LOCK: 1, _VMX: 0}
_VALUE = re.compile(r": 0x([0-9a-f]{16})$", re.IGNORECASE)
_BEFORE = re.compile(r"^\d{1,4}: ?")
_END = re.compile(r"[.!?;] ")
_FAILED = ("VMfail",)  # CF or ZF, and it is not said which


@dataclass(frozen=True, slots=True)
class Message:
    """Words that a line contains, what they mean, what they say of axes, and what was seen of the instruction.

    `executed` and `observed` are as in `Event`.  `msr` is the index of the MSR whose value comes after the words.
    `alone`: nothing else may be in the line but a processor's number in front.
    """

    words: str
    meaning: str
    says: Mapping[str, int] = field(default_factory=dict)
    executed: bool | None = False
    observed: tuple[str, ...] = ()
    instruction: str = "VMXON"
    msr: int | None = None
    alone: bool = False

    def facts(self, line: Line, block: Block) -> Iterator[Fact]:
        """Yield what the message says, for a line that has its words."""
        note = self.meaning or f"{self.instruction} reported VMfail (CF or ZF)"
        yield Event(line, block, self.instruction, self.executed, self.observed, note)
        for axis, value in self.says.items():
            yield Says(line, block, axis, value)
        if self.msr is not None and (
            match := _VALUE.match(line.text[line.text.lower().index(self.words.lower()) + len(self.words) :])
        ):
            yield Msr(line, block, self.msr, int(match[1], 16))


_CPUID = "CPUID shows no VMX"
_NOT_BIT_2 = "bit 2 of FEATURE_CONTROL is 0"
_LOCKED_WITHOUT = "FEATURE_CONTROL is locked without bit 2"
_TAKEN = "CR4.VMXE was already set, so that another hypervisor may run"
_EITHER = "CPUID shows no VMX or FEATURE_CONTROL does not allow it, and the message does not say which"

MESSAGES = (
    # Cheat Engine's DBVM
    Message("vmxon success", "VMXON succeeded", executed=True, observed=("success",), alone=True),
    Message("vmxon failure", "", executed=True, observed=_FAILED, alone=True),
    Message("vmxon failed", "VMXON failed", executed=True, observed=("failed",), alone=True),
    Message("Bit 2 (VMX) is also disabled", _LOCKED_WITHOUT, _LOCKED),
    # rekall
    Message("VMX not supported by CPU. Not doing anything", _CPUID, _NO_VMX),
    Message("MSR 0x3A: Lock bit is on. VMXON bit is off", _LOCKED_WITHOUT, _LOCKED),
    Message("MSR 0x3A:Lock bit is on.VMXONbit is off", _LOCKED_WITHOUT, _LOCKED),
    Message("MSR 0x3A: Lock bit is not on", "FEATURE_CONTROL is unlocked", {_LOCK: 0}),
    # Bareflank
    Message("cpu does not support VT-x", _CPUID, _NO_VMX),
    Message("VT-x has been disabled in BIOS", _NOT_BIT_2, {_VMX: 0}, msr=0x3A),
    Message("VT-x is already running. Is another hypervisor running?", _TAKEN, _VMXE),
    Message("intrinsic_vmxon failed", "", executed=True, observed=_FAILED),
    Message("vmxon capabilities not supported", "a VMX capability MSR was not as wanted, which VMXON does not check"),
    # Jailhouse, BitVisor, HyperDbg, bhyve
    Message("VT-x disabled by Firmware/BIOS", _NOT_BIT_2, {_VMX: 0}),
    Message("VMXON is disabled.", _LOCKED_WITHOUT, _LOCKED, alone=True),
    Message("Trying to enable VMXON.", "FEATURE_CONTROL was unlocked, and BitVisor sets bits 2 and 0", executed=None,
            alone=True),
    Message("Err, you should enable vt-x from BIOS", _NOT_BIT_2, {_VMX: 0}),
    Message("VMX is not supported in this machine", _EITHER),
    Message("vmx_modinit: processor does not support VMX operation", _CPUID, _NO_VMX),
    Message("vmx_modinit: VMX operation disabled by BIOS", _LOCKED_WITHOUT, _LOCKED),
    Message("vmx_init: processor does not support VMX operation", _CPUID, _NO_VMX),
    Message("vmx_init: VMX operation disabled by BIOS",
            f"{_LOCKED_WITHOUT}; the first versions of bhyve also say it if it is unlocked"),
    # HAXM
    Message("VMXOFF Failed..........", "", executed=True, observed=_FAILED, instruction="VMXOFF"),
    Message("NO VMXOFF.......", "HAXM's VMXON had not succeeded", instruction="VMXOFF"),
    # Windows
    Message("Hypervisor launch failed; Either VMX not present or not enabled in BIOS", _EITHER),
    # VirtualBox.  IN_VMX_ROOT_MODE: it is what VirtualBox makes of any failure of its first VMXON, for which it sets
    # CR4.VMXE; older versions and macOS's kernel also return it, without VMXON, when they find the bit set.
    Message("VERR_VMX_NO_VMX", _CPUID, _NO_VMX),
    Message("VERR_VMX_MSR_ALL_VMX_DISABLED", "FEATURE_CONTROL is locked without bits 1 and 2",
            {_LOCK: 1, _SMX: 0, _VMX: 0}),
    Message("VERR_VMX_MSR_VMX_DISABLED", _LOCKED_WITHOUT, _LOCKED),
    Message("VERR_VMX_MSR_VMX_ENABLE_FAILED", f"after VirtualBox wrote it, {_LOCKED_WITHOUT}", _LOCKED),
    Message("VERR_VMX_MSR_SMX_VMX_ENABLE_FAILED",
            "after VirtualBox wrote it, FEATURE_CONTROL is locked without bit 1 or bit 2", {_LOCK: 1}),
    Message("VERR_VMX_MSR_LOCKING_FAILED", "after VirtualBox wrote it, FEATURE_CONTROL is still unlocked", {_LOCK: 0}),
    Message("VERR_VMX_IN_VMX_ROOT_MODE",
            "another hypervisor uses VMX: VirtualBox's own VMXON reported VMfail, or VirtualBox found CR4.VMXE set and"
            " did not execute it", _VMXE, None),
    Message("VERR_VMX_VMXON_FAILED", "VMXON returned with ZF = 1, or in old versions of VirtualBox CF or ZF", _VMXE,
            True, _FAILED),
    Message("VERR_VMX_INVALID_VMXON_PTR",
            "VMXON returned with CF = 1, so that it may also be that the processor is in VMX root operation without a"
            " current VMCS", _VMXE, True, ("VMfailInvalid",)),
)  # fmt: skip

# A photo's text that a program has read can have other capitals.
_BY_WORDS = [(message.words.lower(), message) for message in MESSAGES]


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every message of the table."""
    block = Block("system")
    for line in lines:
        text = line.text.lower()
        for words, message in _BY_WORDS:
            if words in text and not (message.alone and _BEFORE.sub("", text) != words) and _is_meant(text, words):
                yield from message.facts(line, block)
                break


def _is_meant(text: str, words: str) -> bool:
    """Return whether the sentence before the words, and behind an error code, is no condition ("only if ...")."""
    before, _, behind = text.partition(words)
    if before.endswith("("):
        return True  # so programs write it
    is_code = words.startswith("verr_")
    return not (is_hypothetical(_END.split(before)[-1]) or (is_code and is_hypothetical(_END.split(behind)[0])))
