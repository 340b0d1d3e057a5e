"""What a machine shows, and the explanation: the facts, without the words for people."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..ask import explain_known
from ..dumps import read
from ..ladders import all_sources
from ..model.axis import BY_NAME, Value
from ..model.explanation import Explanation
from ..model.registers import state
from .hypervisors import VENDORS, answering, signature
from .inference import PROVABLE, Answering, can_change_state, proven
from .machine import Cpu, Machine, Registers
from .probe import NoProbe, Signal, cpuid, executed

_VMX, _HYPERVISOR = 1 << 5, 1 << 31  # in CPUID.1:ECX
_FEATURE_CONTROL, _SMM_MONITOR = 0x3A, 0x9B
_KERNEL: Mapping[str, Value] = {
    "CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1, "CPL": 0,
}  # fmt: skip
# What a driver that executes VMXON is responsible for itself; the question is what the machine says to it.
_DRIVER: Mapping[str, Value] = {
    "operand": "mapped", "LOCK": 0, "pointer.aligned": 1, "pointer.in_width": 1, "revision.match": 1,
    "revision.bit31": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Patient:
    """One CPU: what its files show, and what VMXON and VMXOFF did there at CPL 3."""

    cpu: Cpu
    signals: Mapping[str, Signal] = field(default_factory=dict)

    @property
    def has_vmx(self) -> bool | None:
        """CPUID.1:ECX.VMX itself, which the kernel cannot clear; None if CPUID was not executed."""
        return bool(self.cpu.cpuid[1].ecx & _VMX) if 1 in self.cpu.cpuid else None

    @property
    def is_guest(self) -> bool:
        """Whether a hypervisor says that it is there."""
        raw = self.cpu.cpuid[1].ecx & _HYPERVISOR if 1 in self.cpu.cpuid else 0
        return bool(raw) or "hypervisor" in self.cpu.flags

    @property
    def outcomes(self) -> dict[str, str]:
        """How VMXON and VMXOFF ended, if the signal says so."""
        found = {name: signal.outcome for name, signal in self.signals.items()}
        return {name: outcome for name, outcome in found.items() if outcome}


@dataclass(frozen=True, repr=False)
class Examination:
    """What a Linux machine shows about VMX, and what VMXON and VMXOFF did there."""

    kernel: str
    architecture: str
    patients: Sequence[Patient]
    answers: Answering
    is_paravirtual: bool = False  # under Xen, such a kernel does not run at CPL 0
    modules: Sequence[str] = ()
    built_in: Sequence[str] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    has_kvm: bool = False
    messages: Sequence[str] = ()
    problems: Sequence[str] = ()  # what could not be read, and why

    @property
    def vendor(self) -> str:
        """The processor's vendor, as CPUID names it."""
        return self.patients[0].cpu.vendor

    @property
    def can_have_vmx(self) -> bool:
        """Whether the processors could have VMX at all."""
        return self.vendor in VENDORS

    def groups(self) -> list[tuple[list[int], Patient]]:
        """Return the CPUs that show the same, with one of them for all."""
        found: dict[object, list[Patient]] = {}
        for patient in self.patients:
            cpu, raw = patient.cpu, {leaf: each for leaf, each in patient.cpu.cpuid.items() if leaf != 1}
            ends = {name: str(signal) for name, signal in patient.signals.items()}
            found.setdefault(repr((cpu.vendor, sorted(cpu.flags), cpu.msrs, raw, patient.has_vmx, ends)), []).append(
                patient
            )
        return [([each.cpu.number for each in same], same[0]) for same in found.values()]

    @cached_property
    def explanations(self) -> list[tuple[list[int], Explanation]]:
        """Return what VMXON would do if a driver executed it, for each group of CPUs."""
        return [(cpus, self._explained(cpus, patient)) for cpus, patient in self.groups()]

    def _explained(self, cpus: Sequence[int], patient: Patient) -> Explanation:
        evidence = self._evidence(cpus, patient)
        # The vendor comes last, so that the reader counts the messages from 1.
        reading = read("\n".join([*self.messages, f"vendor_id : {self.vendor}"]))
        known = {name: value for name, (value, _) in evidence.items()}
        lines: dict[str, tuple[str, ...]] = {name: (line,) for name, (_, line) in evidence.items()}
        for name, value in reading.known.items():
            if name not in known:
                known[name], lines[name] = value, tuple(line.text for line in reading.evidence[name])
        remarks = list(reading.notes)
        if reading.instruction and reading.observed:
            remarks.append(f"the messages show {reading.instruction}: {', '.join(map(str, reading.observed))}")
        if not self.answers.source:
            remarks.append("the checks of this hypervisor are not known here: those of Intel's manual are shown")
        vendor = self.vendor or self.architecture
        none = f"{vendor} processors have no VMXON, which is an instruction of Intel VMX"
        return explain_known(
            "VMXON", self.answers.source or "intel", {name: known[name] for name in BY_NAME if name in known},
            named="VMXON", executed=None, evidence=lines, remarks=tuple(remarks),
            objection=reading.refused if self.can_have_vmx else none,
        )  # fmt: skip

    def _evidence(self, cpus: Sequence[int], patient: Patient) -> dict[str, tuple[Value, str]]:
        """Return what is known of a driver that executes VMXON on these CPUs, each with the reason."""
        found: dict[str, tuple[Value, str]] = {
            name: (value, "assumed of the driver") for name, value in _DRIVER.items()
        }
        where = cpus_text(cpus)
        if self.architecture == "x86_64" and not self.is_paravirtual:
            found |= {name: (value, "64-bit Linux runs its kernel like this") for name, value in _KERNEL.items()}
        msrs = patient.cpu.msrs
        if (control := msrs.get(_FEATURE_CONTROL)) is not None:
            found |= _from_registers(f"{where}: MSR 3Ah = {control:#x}", feature_control=control)
        monitor = msrs.get(_SMM_MONITOR)
        if monitor is not None and not monitor & 1:
            found["dual_monitor"] = (0, f"{where}: MSR 9Bh = {monitor:#x}, bit 0 is clear")
        now = self.proven_by(patient)
        if len(now["VMX"]) == 1:
            found["VMX"] = (now["VMX"][0], f"{where}: {_ends(patient)} at CPL 3")
        if patient.has_vmx is False:
            found["CR4.VMXE"] = (0, f"{where}: CPUID.1:ECX.VMX = 0, so bit 13 of CR4 cannot be set")
        elif patient.has_vmx:
            found["CR4.VMXE"] = (1, "the driver sets it before VMXON")
        return found

    def proven_by(self, patient: Patient) -> dict[str, tuple[Value, ...]]:
        """Return the values of CR4.VMXE and VMX that the signals leave."""
        if self.can_have_vmx and patient.has_vmx and self.answers.source and patient.outcomes:
            return proven(self.answers.source, patient.outcomes)
        return {name: BY_NAME[name].values for name in PROVABLE}

    @property
    def status(self) -> int:
        """The largest status of the explanations."""
        return max(explanation.status for _, explanation in self.explanations)


def examine(machine: Machine | None = None, *, probe: bool = True) -> Examination:
    """Look at this machine, or at another one that somebody wrote down as files; nothing is written.

    The instructions are executed on this machine only.  Raises NotLinux if there is no /proc/cpuinfo.
    """
    here = machine is None
    machine = machine or Machine()
    patients = [Patient(cpu) for cpu in machine.cpus()]
    messages, no_messages = machine.messages()
    problems = [problem for problem in (machine.why_no_msrs(patients[0].cpu.number), no_messages) if problem]
    if here and probe:
        try:
            patients = _with_cpuid(patients)
        except NoProbe as error:
            problems.append(f"CPUID: {error}")
    first = patients[0]
    leaf = first.cpu.cpuid.get(0x4000_0000) if first.is_guest else None
    name = signature(leaf.ebx, leaf.ecx, leaf.edx) if leaf else ""
    product = machine.text("sys/class/dmi/id/product_name") or ""
    answers = answering(first.is_guest, name, product)
    if first.cpu.vendor not in VENDORS:
        answers = Answering(None, (), answers.because)
    if here and probe:
        try:
            patients = _with_signals(patients, answers)
        except NoProbe as error:
            problems.append(f"VMXON at CPL 3: {error}")
    release = machine.text("proc/sys/kernel/osrelease") or ""
    return Examination(
        f"Linux {release}".strip(), machine.text("proc/sys/kernel/arch") or platform.machine(),
        patients, answers, machine.text("sys/hypervisor/guest_type") == "PV", machine.modules(), machine.built_in(),
        machine.parameters(), machine.exists("dev/kvm"), messages, problems,
    )  # fmt: skip


def _with_cpuid(patients: Sequence[Patient]) -> list[Patient]:
    """Execute CPUID where its device could not be read."""
    lacking = [each.cpu.number for each in patients if 1 not in each.cpu.cpuid]
    if not lacking:
        return list(patients)
    words = cpuid(lacking, (1, 0x4000_0000))
    found = {cpu: {leaf: Registers(*each) for leaf, each in leaves.items()} for cpu, leaves in words.items()}
    return [
        replace(each, cpu=replace(each.cpu, cpuid=found[each.cpu.number])) if each.cpu.number in found else each
        for each in patients
    ]


def _with_signals(patients: Sequence[Patient], answers: Answering) -> list[Patient]:
    """Execute VMXON, whose operand is one that it refuses; then VMXOFF, where no version of the checks lets it pass."""
    first = executed("VMXON", [each.cpu.number for each in patients])
    harmless = [each.cpu.number for each in patients if is_harmless(each, first[each.cpu.number], answers)]
    second = executed("VMXOFF", harmless) if harmless else {}
    left_out = Signal(problem="not executed, because it might succeed here")
    found = []
    for each in patients:
        vmxon = first[each.cpu.number]
        vmxoff = second.get(each.cpu.number, vmxon if vmxon.problem else left_out)
        found.append(replace(each, signals={"VMXON": vmxon, "VMXOFF": vmxoff}))
    return found


def is_harmless(patient: Patient, vmxon: Signal, answers: Answering) -> bool:
    """Return whether VMXOFF cannot succeed at CPL 3; a version of KVM (kvm-2017) did not look at CPL."""
    if vmxon.outcome is None:
        return False
    if patient.has_vmx is False or patient.cpu.vendor not in VENDORS:
        return True
    seen = {"VMXON": vmxon.outcome}
    return not any(can_change_state(source, "VMXOFF", seen) for source in answers.every or all_sources())


def _from_registers(line: str, **registers: int) -> dict[str, tuple[Value, str]]:
    values = state(**registers)
    return {axis.name: (values[axis.keyword], line) for axis in BY_NAME.values() if axis.keyword in values}


def _ends(patient: Patient) -> str:
    return ", ".join(f"{name} {signal.name}" for name, signal in patient.signals.items() if signal.name)


def cpus_text(numbers: Sequence[int]) -> str:
    """Write CPU numbers with ranges.

    >>> cpus_text([0, 1, 2, 5])
    'CPUs 0-2, 5'
    """
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    text = ", ".join("-".join(map(str, each)) for each in ranges)
    return f"CPU{'s' * (len(numbers) > 1)} {text}"
