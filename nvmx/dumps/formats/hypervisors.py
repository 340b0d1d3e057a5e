"""The numbers in the logs of HAXM, DBVM, rekall, Bareflank, Jailhouse and HyperDbg, and what Windows reports.

Their sentences are in `messages`.  Source: HAXM core/cpu.c, Cheat Engine dbvm/vmm/main.c, rekall
tools/linux/vmcs_layout, Bareflank's loader, HyperDbg, each in some of its versions.  What Jailhouse's number and what
Windows reports mean was not read in a source.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Event, Fact, Msr, Note, Register, Says, Understood
from ..line import Line

_HYPER_V = "under Hyper-V, Windows itself is a guest, and what is reported about VMX is what Hyper-V shows to it"
_HEX = r"(?:0x)?([0-9a-f]{1,16})"
_MSRS = {
    "IA32_FEATURE_CONTROL": 0x3A, "IA32_FEATURE_CONTROL_MSR": 0x3A, "IA32_VMX_BASIC_MSR": 0x480,
    "IA32_VMX_CR0_FIXED0": 0x486, "IA32_VMX_CR0_FIXED1": 0x487, "IA32_VMX_CR4_FIXED0": 0x488,
    "IA32_VMX_CR4_FIXED1": 0x489,
}  # fmt: skip
# An expression is not read: `1 << 2`, `5 | x`.
_MSR = re.compile(rf"\b(IA32_[A-Z0-9_]{{4,22}})( ?)(?:=|is now) ?{_HEX}\b(?!`| *(?:[|&+*-]|<<))", re.IGNORECASE)
# A line that names the instruction as well is a sentence.
_WITH_MSR = re.compile(r"(?!.{0,400}\bvmxo(?:n|ff)\b)(?:\[i\] )?IA32_\w{4,22} ?(?:=|is now)", re.IGNORECASE)
# DBVM's text comes from photos of screens: 0 and O, V and U are mistaken for each other.
_SHOULD_BE = re.compile(rf"CR([0O4])={_HEX} *\(Should be {_HEX}\)", re.IGNORECASE)
_CUT_OFF = re.compile(r"CR[0O4]=0", re.IGNORECASE)
_DIGITS = 16  # of DBVM's numbers
# Both print the identifier that IA32_VMX_BASIC asks for, and not what they then write into the region.
_REVISION = re.compile(r"revision id=\d{1,10}$|\[[ix]\] Revision ID: 0x[0-9a-f]{1,8}$", re.IGNORECASE)
_REGION = re.compile(rf"v[mn]xon_region=? ?{_HEX}$", re.IGNORECASE)

_REKALL = re.compile(r"(?:\[[ix]\] )?vmx(?:on|off) has failed!")
_REKALL_VMREAD = re.compile(r"# vmread\(0x[0-9a-f]+\) failed", re.IGNORECASE)
_REKALL_FLAGS = re.compile(r"# RFLAGS: 0x([0-9a-f]{1,16})$", re.IGNORECASE)
_REKALL_ERROR = re.compile(rf"# Error code: {_HEX}$", re.IGNORECASE)

_STATUS = re.compile(r"executing vmxon instruction failed with status ?:? (\d)", re.IGNORECASE)
_STATUSES = {"1": "VMfailValid", "2": "VMfailInvalid"}  # as __vmx_on() returns
_JAILHOUSE = re.compile(r"/vmx\.c:\d+: returning error -(16|19)\b")
_HAXM_FAILED = re.compile(r"VMXON failed for region 0x([0-9a-f]+) \(result=0x([0-9a-f]+), vmxe=([0-9a-f]+)\)")
_HAXM_RESULTS = {0: "success", 1: "VMfailInvalid", 2: "VMfailValid"}
_HAXM_LOG = re.compile(r"\blog_(host_cr4_vmxe|host_cr4|vmxon_res|vmxon_addr|vmxon_err_type[123]|vmclear_err|vmptrld_err"
                       r"|vmoff_no|vmxoff_res):? ([0-9a-f]{1,16})$")  # fmt: skip

_CHECK = re.compile(r"(CPU vendor|Intel64 supported|VMX supported|VMX enabled|EPT supported|NX supported|NX enabled"
                    r"|Hyper-V disabled|OS version|OS architecture|Guest unoccupied) +([*-]) +(\w+)")  # fmt: skip
_WINDOWS = re.compile(
    r"(VMMonitorModeExtensions|VirtualizationFirmwareEnabled|HypervisorPresent|VM Monitor Mode Extensions"
    r"|Virtualization Enabled In Firmware) *[:=] *(True|False|Yes|No)\b", re.IGNORECASE,
)  # fmt: skip
_DETECTED = "A hypervisor has been detected"

_QUICK = ("vmx", "vnx", "umx", "feat", "efer", "cr0", "cr4", "cro", "revision", "log_", "supported", "enabled",
          "disabled", "extensions", "hypervisor", "# ", "returning error", "vendor", "os version", "architecture",
          "occupied")  # fmt: skip


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every message."""
    return _Reader().read(lines)


class _Reader:
    """Goes through the lines; what several of them say together is said at the end."""

    def __init__(self) -> None:
        self.system, self.registers = Block("system"), Block("registers")
        self.written = Block("system", "any")  # what a person writes in the same form
        self.haxm: dict[str, tuple[int, Line]] = {}
        self.windows: dict[str, tuple[bool, Line]] = {}
        self.failed: Line | None = None  # rekall's VMXON or VMXOFF
        self.vmread_failed = False  # so did its VMREAD of the error number
        self.seen: dict[str, None] = {}  # what rekall saw of it, each once
        self.dbvm = False
        self.last: Line | None = None

    def read(self, lines: Sequence[Line]) -> Iterator[Fact]:
        self.last = lines[-1] if lines else None
        for line in lines:
            text = line.text.lower()
            if not any(word in text for word in _QUICK):
                continue
            yield from self._results(line)
            yield from self._numbers(line)
            yield from self._rekall(line)
            yield from self._pairs(line)
        yield from self._of_rekall()
        yield from self._of_haxm()
        yield from self._of_windows()

    def _results(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if _REKALL.match(text):
            self.failed = self.failed or line
            yield Understood(line, self.system)
        elif match := _STATUS.search(text):
            yield Event(line, self.system, "VMXON", True, (_STATUSES.get(match[1], "VMfail"),))
        elif match := _JAILHOUSE.search(text):
            if match[1] == "16":
                note = "EBUSY: CR4.VMXE was already set, so that another hypervisor may run"
                yield Event(line, self.system, "VMXON", False, (), note)
                yield Says(line, self.system, "CR4.VMXE", 1)
            else:
                note = "CPUID shows no VMX, or FEATURE_CONTROL is locked without bit 2"
                yield Event(line, self.system, "VMXON", False, (), f"ENODEV: {note}")
        elif _DETECTED in text:
            yield Note(line, self.system, _HYPER_V)

    def _numbers(self, line: Line) -> Iterator[Fact]:
        text = line.text
        if "VMXON failed for region" in text and (match := _HAXM_FAILED.search(text)):
            observed = _HAXM_RESULTS.get(int(match[2], 16), "VMfail")
            before = "set" if int(match[3], 16) else "clear"
            note = f"HAXM executed VMXON; CR4.VMXE was {before} before HAXM set it"
            yield Event(line, self.system, "VMXON", True, (observed,), note)
            yield Says(line, self.system, "CR4.VMXE", 1)
            yield Register(line, self.registers, "vmxon_pointer", int(match[1], 16))
        elif "log_" in text and (match := _HAXM_LOG.search(text)):
            self.haxm[match[1]] = int(match[2], 16), line
            yield Understood(line, self.system)
        elif match := _CHECK.match(text):
            yield Understood(line, self.system)
            self.windows[match[1]] = match[3] == "Yes", line
        elif ("Extensions" in text or "Firmware" in text or "Hypervisor" in text) and (match := _WINDOWS.search(text)):
            yield Understood(line, self.system)
            self.windows[match[1].replace(" ", "").lower()] = match[2].lower() in ("true", "yes"), line

    def _rekall(self, line: Line) -> Iterator[Fact]:
        if self.failed is None or "# " not in line.text:
            return
        if _REKALL_VMREAD.search(line.text):
            self.vmread_failed = True
            self.seen["VMREAD returned"] = None
            note = "VMREAD was executed here: it did not raise #UD, and it failed, so the error number below is void"
            yield Note(line, self.system, note)
        elif match := _REKALL_FLAGS.search(line.text):
            yield from self._rekall_flags(line, match[1].lower())
        elif _REKALL_ERROR.search(line.text):
            yield Understood(line, self.system)
            if not self.vmread_failed:
                self.seen["VMREAD returned"] = None
                yield Note(line, self.system, "VMREAD was executed here and did not raise #UD")

    def _rekall_flags(self, line: Line, flags: str) -> Iterator[Fact]:
        """They are those of the last instruction that failed: VMREAD's, if it did."""
        yield Understood(line, self.system)
        if not self.vmread_failed:
            self.seen[f"RFLAGS 0x{flags}"] = None
        elif int(flags, 16) & 1:
            yield Says(line, self.system, "current_VMCS", 0)  # VMREAD's VMfailInvalid; VMXON that failed left it so

    def _of_rekall(self) -> Iterator[Fact]:
        if self.failed:
            name = "VMXOFF" if "vmxoff" in self.failed.text else "VMXON"
            note = f"{name} reported VMfail (CF or ZF)"
            yield Event(self.failed, self.system, name, True, ("VMfail", *self.seen), note)

    def _pairs(self, line: Line) -> Iterator[Fact]:
        text = line.text
        for name, blank, value in _MSR.findall(text) if _WITH_MSR.match(text) else ():
            index = _MSRS.get(name.upper().replace("UMX", "VMX"))
            zero = value[0] == "0" and not blank and (len(value) > 1 or self.dbvm or line is self.last)
            if not index or int(value, 16) == index or (value.isalpha() and len(value) < _DIGITS):
                continue  # another MSR, the number of this one, or a word
            if zero and len(value) < _DIGITS:
                yield Understood(line, self.system)
                yield Note(line, self.system, f"{name}: DBVM prints {_DIGITS} digits, so that this value is cut off")
            else:
                program = self.dbvm or len(value) == _DIGITS or text.startswith("[i]")
                yield Msr(line, self.system if program else self.written, index, int(value, 16))
            self.dbvm = self.dbvm or len(value) == _DIGITS
        if (match := _SHOULD_BE.match(text)) and len(match[2]) == len(match[3]) == _DIGITS:
            name = f"cr{match[1].upper().replace('O', '0')}"
            self.dbvm = True
            yield Register(line, self.registers, name, int(match[3], 16))
            if match[2] != match[3]:
                note = f"DBVM writes what {name.upper()} should be, {match[3]}, before it executes VMXON"
                yield Note(line, self.registers, note)
        elif self.dbvm and _CUT_OFF.match(text):
            yield Understood(line, self.registers)
        elif _REVISION.match(text):
            yield Understood(line, self.system)
        elif (match := _REGION.match(text)) and len(match[1]) == _DIGITS:
            yield Register(line, self.registers, "vmxon_pointer", int(match[1], 16))

    def _of_haxm(self) -> Iterator[Fact]:
        """What HAXM's variables say: they are 0 until something is written to them."""
        result, address = self.haxm.get("vmxon_res"), self.haxm.get("vmxon_addr")
        if result and address and address[0]:
            observed = _HAXM_RESULTS.get(result[0], "VMfail")
            yield Event(result[1], self.system, "VMXON", True, (observed,))
            yield Says(result[1], self.system, "CR4.VMXE", 1)
            if "vmxon_err_type1" in self.haxm:  # the next line: the address is not cut off
                yield Register(address[1], self.registers, "vmxon_pointer", address[0])
        else:
            for name, observed in (("vmxon_err_type1", "VMfailInvalid"), ("vmxon_err_type2", "VMfailValid")):
                value = self.haxm.get(name)
                if value and value[0]:
                    yield Event(value[1], self.system, "VMXON", True, (observed,))
        notes = {
            "host_cr4_vmxe": "CR4.VMXE was set before HAXM set it: another hypervisor may be running",
            "vmxon_err_type3": "VMPTRLD failed, after a VMXON that succeeded",
            "vmptrld_err": "VMPTRLD failed, after a VMXON that succeeded",
            "vmclear_err": "VMCLEAR failed, after a VMXON that succeeded",
            "vmoff_no": "HAXM did not execute VMXOFF, because its VMXON had not succeeded",
        }
        for name, note in notes.items():
            value = self.haxm.get(name)
            if value and value[0]:
                yield Note(value[1], self.system, note)

    def _of_windows(self) -> Iterator[Fact]:
        """What Windows reports: CPUID, and whether the firmware allows VMX."""
        hyper_v = self.windows.get("Hyper-V disabled")
        present = self.windows.get("hypervisorpresent")
        guest = bool((hyper_v and not hyper_v[0]) or (present and present[0]))
        supported = self.windows.get("VMX supported") or self.windows.get("vmmonitormodeextensions")
        enabled = (self.windows.get("VMX enabled") or self.windows.get("virtualizationfirmwareenabled")
                   or self.windows.get("virtualizationenabledinfirmware"))  # fmt: skip
        if guest:
            line = hyper_v[1] if hyper_v and not hyper_v[0] else present[1] if present else None
            assert line is not None  # noqa: S101
            yield Note(line, self.system, _HYPER_V)
        if supported and not supported[0]:
            note = "CPUID shows no VMX to this Windows, so CR4.VMXE cannot be set, and RDMSR of a VMX MSR is #GP"
            yield Event(supported[1], self.system, "VMXON", False, (), note)
            yield Says(supported[1], self.system, "CR4.VMXE", 0)
        elif supported and supported[0] and enabled and not enabled[0]:
            note = "CPUID shows VMX, and FEATURE_CONTROL does not allow it: it is unlocked, or locked without bit 2"
            yield Event(enabled[1], self.system, "VMXON", False, (), note)
