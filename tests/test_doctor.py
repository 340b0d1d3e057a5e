"""`nvmx doctor`: other machines, written down by hand as files, and this one."""

import json
import os
import platform
import struct
import subprocess
import sys
from dataclasses import dataclass, field, replace
from errno import EIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from nvmx.doctor import Examination, as_json, as_text, child, examine
from nvmx.doctor.examination import Patient, cpus_text, is_harmless
from nvmx.doctor.hypervisors import SIGNATURES, answering
from nvmx.doctor.inference import can_change_state, proven
from nvmx.doctor.machine import MSRS, Cpu, Machine, NotLinux, Registers
from nvmx.doctor.probe import Signal, executed, why_not_here
from nvmx.doctor.report import experiment, findings
from nvmx.ladders import all_sources

UD = Signal("SIGILL", 2, 0x7000_0000, at_instruction=True)
GP = Signal("SIGSEGV", 128, 0)
KVM = (0x4000_0001, 0x4B4D564B, 0x564B4D56, 0x4D)
HERE = pytest.mark.skipif(bool(why_not_here()), reason=why_not_here())


@dataclass(frozen=True)
class Recorded(Machine):
    """A machine whose MSRs and CPUID are written down, too: a file cannot have eight bytes at each offset."""

    msrs: dict[int, dict[int, int | None]] | None = None  # for each CPU; None: the device does not exist
    cpuid: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)

    def read_device(self, cpu: int, name: str, offset: int, size: int) -> bytes:
        if name == "cpuid":
            return struct.pack("<4I", *self.cpuid[offset]) if offset in self.cpuid else b""
        if self.msrs is None:
            raise FileNotFoundError(2, "No such file or directory")
        value = self.msrs[cpu].get(offset)
        if value is None:
            raise OSError(EIO, "Input/output error")
        return value.to_bytes(size, "little")


def recorded(
    root: Path, vendor: str = "GenuineIntel", flags: str = "fpu vmx smx lm", cpus: int = 2, messages: str = "",
    modules: str = "", files: dict[str, str] | None = None, **rest: Any,
) -> Recorded:  # fmt: skip
    """Write a machine down as files."""
    blocks = [
        f"processor\t: {n}\nvendor_id\t: {vendor}\nmodel name\t: A processor\nflags\t\t: {flags}" for n in range(cpus)
    ]
    log = "".join(f"6,{n},{n}000,-;{line}\n" for n, line in enumerate(messages.splitlines()))
    for name, text in {
        "proc/cpuinfo": "\n\n".join(blocks) + "\n\n", "proc/modules": modules, "proc/sys/kernel/osrelease": "6.12.0\n",
        "proc/sys/kernel/arch": "x86_64\n", "dev/kmsg": log, **(files or {}),
    }.items():  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Recorded(root, **rest)


def with_signals(found: Examination, *signals: tuple[Signal, Signal]) -> Examination:
    """What was found, as if VMXON and VMXOFF had raised these on each CPU."""
    patients = [
        replace(patient, signals=dict(zip(("VMXON", "VMXOFF"), each, strict=True)))
        for patient, each in zip(found.patients, signals, strict=True)
    ]
    return replace(found, patients=patients)


def leaf1(*, vmx: bool, hypervisor: bool = False) -> tuple[int, int, int, int]:
    return (0x906EA, 0, vmx << 5 | hypervisor << 31, 0)


HEALTHY: dict[int, int | None] = {
    0x3A: 5, 0x9B: 0, 0x480: 0xDA0400_00000004, 0x486: 0x80000021, 0x487: 0xFFFFFFFF, 0x488: 0x2000, 0x489: 0x3767FF,
}  # fmt: skip


def test_a_laptop_whose_kernel_has_vmx_on(tmp_path: Path) -> None:
    machine = recorded(
        tmp_path, modules="kvm_intel 409600 0 - Live 0x0\nkvm 1409024 1 kvm_intel, Live 0x0\nsnd 1 0 - Live 0x0\n",
        files={"sys/module/kvm_intel/parameters/nested": "Y\n", "sys/module/kvm/parameters/enable_virt_at_load": "Y\n",
               "dev/kvm": ""},
        msrs={0: HEALTHY, 1: HEALTHY}, cpuid={0: (22, 0, 0, 0), 1: leaf1(vmx=True)},
    )  # fmt: skip
    found = with_signals(examine(machine), (GP, GP), (GP, GP))
    lines = "\n".join(findings(found))
    assert "source intel: no hypervisor" in lines
    assert "CPUs 0-1: MSRs: 3Ah (FEATURE_CONTROL) = 0x5, 9Bh" in lines
    assert "modules: kvm_intel, kvm" in lines
    assert "KVM executed VMXON on every CPU" in lines
    assert "proves, by intel: CR4.VMXE = 1 and VMX = root, when it was executed" in "\n".join(experiment(found))
    ((cpus, answer),) = found.explanations
    assert cpus == [0, 1]
    assert answer.known["FEATURE_CONTROL.vmx"] == 1
    assert answer.known["dual_monitor"] == 0
    assert "CPUs 0-1: MSR 3Ah = 0x5" in answer.evidence["FEATURE_CONTROL.lock"]
    assert answer.evidence["VMX"] == ("CPUs 0-1: VMXON SIGSEGV, VMXOFF SIGSEGV at CPL 3",)
    assert answer.outcomes == ("VMfailInvalid", "VMfailValid")  # it is in VMX root operation
    assert found.status == 3  # with or without a current VMCS: no file and no signal says that


def test_a_firmware_that_forbids_vmx(tmp_path: Path) -> None:
    """The kernel cleared the flag, CPUID still shows VMX, and the MSR says why."""
    machine = recorded(
        tmp_path, flags="fpu lm", messages="x86/cpu: VMX (outside TXT) disabled by BIOS\nusb 1-1: new device\n",
        msrs={0: HEALTHY | {0x3A: 1}, 1: HEALTHY | {0x3A: 1}}, cpuid={0: (22, 0, 0, 0), 1: leaf1(vmx=True)},
    )  # fmt: skip
    found = with_signals(examine(machine), (UD, UD), (UD, UD))
    assert found.messages == ["x86/cpu: VMX (outside TXT) disabled by BIOS"]
    assert any("the kernel cleared it" in line for line in findings(found))
    assert any("proves, by intel: CR4.VMXE = 0 and VMX = off" in line for line in experiment(found))
    ((_, answer),) = found.explanations
    assert answer.known["CR4.VMXE"] == 1  # a driver sets it first
    assert answer.known["FEATURE_CONTROL.vmx"] == 0
    assert answer.outcomes == ("#GP(0)",)


def test_a_message_of_the_wrong_module_does_not_make_it_amds(tmp_path: Path) -> None:
    machine = recorded(tmp_path, messages="kvm_amd: CPU 0 is not AMD or Hygon\n", cpuid={1: leaf1(vmx=True)})
    found = examine(machine)
    assert found.messages
    assert found.explanations[0][1].refused is None


def test_one_cpu_lost_its_feature_control_in_sleep(tmp_path: Path) -> None:
    machine = recorded(tmp_path, cpus=4, msrs={n: HEALTHY | {0x3A: 0 if n == 0 else 5} for n in range(4)},
                       cpuid={1: leaf1(vmx=True)})  # fmt: skip
    answers = {tuple(cpus): answer for cpus, answer in examine(machine).explanations}
    assert set(answers) == {(0,), (1, 2, 3)}
    assert answers[(0,)].outcomes == ("#GP(0)",)
    assert "success" in answers[(1, 2, 3)].outcomes
    text = as_text(examine(machine))
    assert "CPU 0, if a driver executes VMXON there:" in text
    assert "CPUs 1-3, if a driver executes VMXON there:" in text


def test_a_guest_of_kvm_is_answered_by_kvms_ladder(tmp_path: Path) -> None:
    machine = recorded(tmp_path, flags="fpu vmx lm hypervisor", cpus=1,
                       cpuid={1: leaf1(vmx=True, hypervisor=True), 0x4000_0000: KVM})  # fmt: skip
    found = with_signals(examine(machine), (GP, UD))
    assert found.answers.source == "kvm-2022-10"
    (line,) = [line for line in experiment(found) if "proves" in line]
    assert "proves, by kvm-2022-10: CR4.VMXE = 1 and VMX = off" in line
    assert "not by kvm-2018-06" in line  # there, CPL 3 is #UD
    assert found.explanations[0][1].ladder.source == "kvm-2022-10"
    assert "not readable: /dev/cpu/0/msr: No such file or directory (as root: modprobe msr)" in list(findings(found))


def test_a_guest_without_nested_vmx(tmp_path: Path) -> None:
    machine = recorded(
        tmp_path, flags="fpu lm hypervisor", cpus=1, cpuid={1: leaf1(vmx=False, hypervisor=True), 0x4000_0000: KVM}
    )
    found = with_signals(examine(machine), (UD, UD))
    assert "proves nothing new" in "\n".join(experiment(found))
    ((_, answer),) = found.explanations
    assert answer.outcomes == ("#UD",)
    assert "bit 13 of CR4 cannot be set" in answer.evidence["CR4.VMXE"][0]


@pytest.mark.parametrize(("vendor", "flags"), [("AuthenticAMD", "fpu svm lm"), ("", "fp asimd")])
def test_another_vendor_proves_nothing(tmp_path: Path, vendor: str, flags: str) -> None:
    machine = recorded(tmp_path, vendor, flags, cpus=1, messages="kvm: disabled by bios\n")
    found = with_signals(examine(machine), (UD, UD))
    assert not found.can_have_vmx
    assert "proves nothing about CR4.VMXE" in "\n".join(experiment(found))
    assert found.proven_by(found.patients[0])["CR4.VMXE"] == (0, 1)
    assert "have no VMXON" in str(found.explanations[0][1].refused)
    assert found.status == 4


def test_an_unknown_hypervisor_proves_nothing(tmp_path: Path) -> None:
    machine = recorded(tmp_path, flags="fpu vmx lm hypervisor", cpus=1, cpuid={1: leaf1(vmx=True, hypervisor=True)})
    found = with_signals(examine(machine), (GP, UD))
    assert found.answers.source is None
    assert "proves nothing" in "\n".join(experiment(found))
    assert any("not known here" in note for note in found.explanations[0][1].notes)


def test_virtualbox_calls_itself_kvm_to_linux() -> None:
    assert answering(True, "KVMKVMKVM", "VirtualBox").source == "virtualbox-hm"
    assert answering(True, "KVMKVMKVM", "").source == "kvm-2022-10"
    known = [source for _, sources in SIGNATURES.values() for source in sources]
    assert set(known) <= set(all_sources())
    assert {source for source in all_sources() if source.startswith(("kvm-", "xen", "virtualbox"))} <= set(known)


def test_what_the_signals_prove_is_computed_from_the_rows() -> None:
    for source in ("intel", "xen", "kvm-2022-10", "acrn"):
        assert proven(source, {"VMXON": "#UD", "VMXOFF": "#UD"}) == {"CR4.VMXE": (0,), "VMX": ("off",)}
        assert proven(source, {"VMXON": "#GP(0)", "VMXOFF": "#UD"}) == {"CR4.VMXE": (1,), "VMX": ("off",)}
        assert proven(source, {"VMXON": "#GP(0)", "VMXOFF": "#GP(0)"}) == {"CR4.VMXE": (1,), "VMX": ("root",)}
        assert proven(source, {"VMXON": "#UD", "VMXOFF": "#GP(0)"}) == {"CR4.VMXE": (), "VMX": ()}
    assert proven("virtualbox", {"VMXON": "#GP(0)", "VMXOFF": "#UD"})["CR4.VMXE"] == (0, 1)


def test_where_vmxoff_could_succeed_at_cpl_3_it_is_not_executed() -> None:
    """KVM of 4.13 to 4.17 did not look at CPL.  If VMXON was #UD or #GP(0), that is excluded, or VMX is off."""
    careless = {source for source in all_sources() if can_change_state(source, "VMXOFF", {})}
    assert careless >= {"kvm-2017"}
    assert not careless & {"intel", "kvm-2022-10", "kvm-2018-07", "xen", "virtualbox", "virtualbox-hm", "acrn", "bochs"}
    answerable = [source for _, sources in SIGNATURES.values() for source in sources]
    assert not [source for source in [*answerable, "intel"] if can_change_state(source, "VMXON", {})]
    for source, outcome in product(all_sources(), ("#UD", "#GP(0)")):
        assert not can_change_state(source, "VMXOFF", {"VMXON": outcome}), source
    guest = answering(True, "KVMKVMKVM", "")
    cpu = Cpu(0, "GenuineIntel", "", frozenset({"vmx"}), cpuid={1: Registers(*leaf1(vmx=True))})
    assert is_harmless(Patient(cpu), UD, guest)
    assert not is_harmless(Patient(cpu), Signal(rflags=0x203), guest)  # VMXON ran: this KVM does not look at CPL


def test_a_signal_stands_for_an_outcome_only_if_all_of_it_fits() -> None:
    assert (UD.outcome, GP.outcome) == ("#UD", "#GP(0)")
    assert replace(UD, at_instruction=False).outcome is None
    assert replace(GP, code=0).outcome is None  # sent by a process
    assert replace(GP, address=8).outcome is None
    assert Signal("SIGSEGV", 1, 0x1000).outcome == "#PF"
    assert Signal(rflags=0x203).outcome is None
    assert Signal(problem="this process may not run on CPU 3").outcome is None


def test_what_is_no_linux_machine_is_said_kindly(tmp_path: Path) -> None:
    with pytest.raises(NotLinux, match=r"no /proc/cpuinfo here; .*`nvmx explain`"):
        examine(Machine(tmp_path))
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("vendor_id : IBM/S390\n# processors : 4\n")
    with pytest.raises(NotLinux, match="shows no processor"):
        examine(Machine(tmp_path))


def test_the_report_for_programs(tmp_path: Path) -> None:
    machine = recorded(tmp_path, msrs={0: HEALTHY, 1: {}}, cpuid={1: leaf1(vmx=True)})
    found = json.loads(json.dumps(as_json(with_signals(examine(machine), (GP, UD), (UD, UD)))))
    assert [each["cpu"] for each in found["cpus"]] == [0, 1]
    assert found["cpus"][0]["msrs"]["0x3a"] == 5
    assert found["cpus"][1]["msrs"] == {f"{number:#x}": None for number in MSRS}
    assert found["cpus"][0]["possible"] == {"CR4.VMXE": [1], "VMX": ["off"]}
    assert [each["cpus"] for each in found["explanations"]] == [[0], [1]]
    assert found["explanations"][0]["instruction"] == "VMXON"


def test_cpu_numbers_are_written_as_ranges() -> None:
    assert cpus_text([3, 0, 1, 2, 8, 10, 11]) == "CPUs 0-3, 8, 10-11"
    assert cpus_text([4]) == "CPU 4"


@HERE
def test_a_privileged_instruction_at_cpl_3_is_told_apart_from_an_invalid_one() -> None:
    """HLT is #GP(0) at CPL 3 and UD2 is #UD, on every processor: the same way as VMXON and VMXOFF."""
    code = """
import sys; sys.path.insert(0, sys.argv[1])
import child
for name, code in (("HLT", "f4"), ("UD2", "0f0b"), ("NOP", "90")):
    child.CODE[name] = bytes.fromhex(code + "9c58c3")
    child.LENGTH[name] = len(code) // 2
child.main([[int(sys.argv[2]), name] for name in ("HLT", "UD2", "HLT", "NOP")])
"""
    cpu = min(os.sched_getaffinity(0))
    done = subprocess.run([sys.executable, "-c", code, str(Path(child.__file__).parent), str(cpu)],
                          capture_output=True, text=True, check=True)  # fmt: skip
    first, second, third, last = map(json.loads, done.stdout.splitlines())
    assert first == third == {"signal": 11, "code": 128, "address": 0, "at_instruction": False}
    assert (second["signal"], second["at_instruction"]) == (4, True)
    assert last["rflags"] & 2


@HERE
def test_vmxon_and_vmxoff_on_this_machine_raise_a_known_signal() -> None:
    cpus = sorted(os.sched_getaffinity(0))
    for name in ("VMXON", "VMXOFF"):
        found = executed(name, cpus)
        assert list(found) == cpus
        assert {signal.outcome for signal in found.values()} <= {"#UD", "#GP(0)"}
    assert executed("VMXON", [100_000])[100_000].problem.startswith("this process may not run on CPU 100000")


@pytest.mark.skipif(sys.platform != "linux", reason="it reads what Linux shows")
def test_this_machine() -> None:
    found = examine()
    assert len(found.patients) == (os.sysconf("SC_NPROCESSORS_ONLN"))
    text = as_text(found)
    assert text.startswith(f"Linux {platform.release()}, {platform.machine()}")
    assert as_json(found)["findings"] == list(findings(found))
    assert found.status in (0, 3, 4)
    if found.can_have_vmx and all(patient.has_vmx is False for patient in found.patients):
        assert {patient.outcomes["VMXON"] for patient in found.patients} == {"#UD"}
