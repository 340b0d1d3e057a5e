"""The report: what a machine shows, what the experiment proves, and the answer."""

from collections.abc import Iterator
from dataclasses import asdict

from ..model.axis import Value
from .examination import Examination, Patient, cpus_text
from .inference import proven
from .machine import MSRS

_FLAGS = ("vmx", "smx", "svm", "hypervisor")


def as_text(found: Examination) -> str:
    """Return the report for people."""
    model = found.patients[0].cpu.model or found.vendor
    parts = [
        [f"{found.kernel}, {found.architecture}, {len(found.patients)} CPUs: {found.vendor}, {model}"],
        ["what this machine shows:", *(f"  {line}" for line in findings(found))],
    ]
    done = list(experiment(found))
    if done:
        parts.append(["VMXON and VMXOFF, executed at CPL 3:", *(f"  {line}" for line in done)])
    for cpus, answer in found.explanations:
        text = str(answer) if found.can_have_vmx else answer.headline
        parts.append([f"{cpus_text(cpus)}, if a driver executes VMXON there:", text])
    return "\n\n".join("\n".join(part) for part in parts)


def as_json(found: Examination) -> dict[str, object]:
    """Return the report for programs: what was found, and an explanation for each group of CPUs that show the same."""
    return {
        "kernel": found.kernel,
        "architecture": found.architecture,
        "vendor": found.vendor,
        "answers": asdict(found.answers),
        "cpus": [
            {
                "cpu": each.cpu.number,
                "cpuid_vmx": each.has_vmx,
                "flags": [name for name in _FLAGS if name in each.cpu.flags],
                "msrs": {f"{number:#x}": value for number, value in each.cpu.msrs.items()},
                "signals": {
                    name: asdict(signal) | {"outcome": signal.outcome} for name, signal in each.signals.items()
                },
                "possible": {name: list(values) for name, values in found.proven_by(each).items()},
            }
            for each in found.patients
        ],
        "modules": list(found.modules),
        "built_in": list(found.built_in),
        "parameters": dict(found.parameters),
        "messages": list(found.messages),
        "problems": list(found.problems),
        "findings": list(findings(found)),
        "experiment": list(experiment(found)),
        "explanations": [{"cpus": cpus, **answer.as_json()} for cpus, answer in found.explanations],
    }


def findings(found: Examination) -> Iterator[str]:
    """Yield what the machine shows, one line each."""
    yield f"whose checks answer: {_whose(found)}"
    for cpus, patient in found.groups():
        for line in _shown(patient):
            yield f"{cpus_text(cpus)}: {line}"
    built_in = f"; built in: {', '.join(found.built_in)}" * bool(found.built_in)
    yield f"modules: {', '.join(found.modules) or 'none that uses VMX or SVM'}{built_in}"
    for name, value in found.parameters.items():
        yield f"parameter {name} = {value}"
    yield from _hints(found)
    for number, line in enumerate(found.messages, 1):
        yield f"message, line {number}: {line}"
    for problem in found.problems:
        yield f"not readable: {problem}"


def experiment(found: Examination) -> Iterator[str]:
    """Yield what VMXON and VMXOFF did at CPL 3 on each CPU, and what that proves."""
    for cpus, patient in found.groups():
        if patient.signals:
            yield f"{cpus_text(cpus)}: " + "; ".join(f"{name}: {signal}" for name, signal in patient.signals.items())
            yield f"  {_proof(found, patient)}"
    if any(patient.signals for patient in found.patients) and found.can_have_vmx:
        yield "no signal shows the current VMCS, A20M, SMX operation, FEATURE_CONTROL or the dual-monitor treatment"


def _whose(found: Examination) -> str:
    answers = found.answers
    if not found.can_have_vmx:
        return f"nobody's: VMXON is Intel's, and this is {found.vendor or found.architecture}; {answers.because}"
    if not answers.source:
        return f"{answers.because}, whose checks are not known here"
    versions = ", if it is today's version" * bool(answers.versions)
    return f"source {answers.source}{versions}: {answers.because}"


def _shown(patient: Patient) -> Iterator[str]:
    raw = {True: "yes", False: "no", None: "not known"}[patient.has_vmx]
    flags = [name for name in _FLAGS if name in patient.cpu.flags]
    yield f"VMX in CPUID: {raw}; flags of the kernel: {', '.join(flags) or 'none of ' + ', '.join(_FLAGS)}"
    values = [
        f"{number:X}h ({MSRS[number]}) {'does not exist' if value is None else f'= {value:#x}'}"
        for number, value in patient.cpu.msrs.items()
    ]
    if values:
        yield f"MSRs: {', '.join(values)}"


def _hints(found: Examination) -> Iterator[str]:
    if "kvm_intel" in found.modules and found.parameters.get("kvm/enable_virt_at_load") in ("Y", "1"):
        yield "kvm_intel is loaded and enable_virt_at_load = Y: KVM executed VMXON on every CPU when it was loaded"
    if found.has_kvm and not {"kvm_intel", "kvm_amd"} & set(found.modules):
        yield "/dev/kvm exists, which proves nothing: KVM may be built in, or work without VMX"
    if found.can_have_vmx and any(each.has_vmx and "vmx" not in each.cpu.flags for each in found.patients):
        yield (
            "CPUID shows VMX, but the flag `vmx` is missing: the kernel cleared it, because FEATURE_CONTROL forbids VMX"
            " or cannot be read, or because of its command line (clearcpuid)"
        )


def _proof(found: Examination, patient: Patient) -> str:
    """Say what the signals prove, and by whose rows."""
    source, versions = found.answers.source, found.answers.versions
    if not found.can_have_vmx:
        vendor = found.vendor or found.architecture
        return f"proves nothing about CR4.VMXE or VMX operation: to {vendor} processors, both are invalid opcodes"
    if patient.has_vmx is None:
        return "proves nothing, because it is not known whether CPUID shows VMX"
    if not patient.has_vmx:
        return "proves nothing new: CPUID shows no VMX, so CR4.VMXE is 0 and there is no VMX operation"
    if not source:
        return "proves nothing, because the checks of this hypervisor are not known here"
    if not patient.outcomes:
        return "proves nothing, because no signal has a known meaning"
    left = found.proven_by(patient)
    if not left["VMX"]:
        return f"by {source}, no state ends like this: other checks answer, or another version of these"
    words = [f"{name} = {_either(left[name])}" for name in left if len(left[name]) == 1]
    unclear = [f"{name} may be {_either(left[name])}" for name in left if len(left[name]) > 1]
    other = [version for version in versions if proven(version, patient.outcomes) != left]
    doubt = f"; not by {', '.join(other)}" if other else ""
    proves = f"proves, by {source}: {' and '.join(words)}" if words else f"proves nothing, by {source}"
    return f"{proves}{', but ' * bool(unclear)}{' and '.join(unclear)}, when it was executed{doubt}"


def _either(values: tuple[Value, ...]) -> str:
    return " or ".join(map(str, values))
