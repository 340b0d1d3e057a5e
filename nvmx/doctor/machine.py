"""A Linux machine, as its files show it.  Nothing is written, and what cannot be read is said."""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EIO
from pathlib import Path

from ..model.errors import NvmxError

MSRS = {
    0x3A: "FEATURE_CONTROL", 0x9B: "SMM_MONITOR_CTL", 0x480: "VMX_BASIC", 0x486: "CR0_FIXED0", 0x487: "CR0_FIXED1",
    0x488: "CR4_FIXED0", 0x489: "CR4_FIXED1",
}  # fmt: skip
LEAVES = (0, 1, 0x4000_0000)  # of CPUID: vendor, features, hypervisor
_MODULES = ("kvm", "kvm_intel", "kvm_amd", "vboxdrv", "vmmon", "jailhouse", "acrn_hsm")
_PARAMETERS = ("kvm_intel/nested", "kvm/enable_virt_at_load")
_ABOUT_VMX = re.compile(
    r"(?:^|\s)kvm(?:_intel|_amd|-pvm)?(?: \[\d+\])?: |\bvmx|VMX|SVM|\btboot|\bTXT\b|vboxdrv|vmmon|enabling virtual"
)
_MOST_MESSAGES = 200


class NotLinux(NvmxError):
    """The machine does not show what a Linux machine on x86 or another known processor shows."""


@dataclass(frozen=True)
class Registers:
    """CPUID's answer for one leaf."""

    eax: int
    ebx: int
    ecx: int
    edx: int


@dataclass(frozen=True)
class Cpu:
    """One logical CPU as /proc/cpuinfo and its devices show it; an MSR that is None does not exist."""

    number: int
    vendor: str
    model: str
    flags: frozenset[str]
    msrs: dict[int, int | None] = field(default_factory=dict)
    cpuid: dict[int, Registers] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """The files of a machine under `root`: another folder than / is another machine, as somebody wrote it down."""

    root: Path = Path("/")

    def text(self, path: str) -> str | None:
        """Return what is in a file, without the white space around it; None if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip("\0 \n\t")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Return whether a path exists."""
        return os.path.exists(self.root / path)  # Path.exists may raise PermissionError

    def cpus(self) -> list[Cpu]:
        """Return every CPU that is online; raises NotLinux if there is no /proc/cpuinfo, or no CPU in it."""
        text = self.text("proc/cpuinfo")
        if text is None:
            raise NotLinux(
                "doctor: it reads what Linux shows, and there is no /proc/cpuinfo here; on any system, `nvmx explain` "
                "reads a log or a register dump"
            )
        found = []
        for block in re.split(r"\n\s*\n", text):
            fields = {
                name.strip(): value.strip() for name, _, value in (line.partition(":") for line in block.split("\n"))
            }
            if fields.get("processor", "").isdecimal():
                number = int(fields["processor"])
                flags = frozenset(fields.get("flags", "").split())
                found.append(Cpu(
                    number, fields.get("vendor_id", ""), fields.get("model name", ""), flags,
                    dict(self._msrs(number)), dict(self._cpuid(number)),
                ))  # fmt: skip
        if not found:
            raise NotLinux("doctor: /proc/cpuinfo shows no processor in a form that is known here")
        return found

    def read_device(self, cpu: int, name: str, offset: int, size: int) -> bytes:
        """Read /dev/cpu/N/msr or /dev/cpu/N/cpuid; raises OSError."""
        descriptor = os.open(self.root / f"dev/cpu/{cpu}/{name}", os.O_RDONLY)
        try:
            return os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)

    def _msrs(self, cpu: int) -> Iterator[tuple[int, int | None]]:
        for number in MSRS:
            try:
                data = self.read_device(cpu, "msr", number, 8)
            except OSError as error:
                if error.errno == EIO:  # RDMSR faulted
                    yield number, None
                continue
            if len(data) == 8:
                yield number, int.from_bytes(data, "little")

    def _cpuid(self, cpu: int) -> Iterator[tuple[int, Registers]]:
        for leaf in LEAVES:
            with suppress(OSError, struct.error):
                yield leaf, Registers(*struct.unpack("<4I", self.read_device(cpu, "cpuid", leaf, 16)))

    def why_no_msrs(self, cpu: int) -> str:
        """Return why the MSRs of a CPU cannot be read; "" if they can."""
        try:
            self.read_device(cpu, "msr", 0x3A, 8)
        except OSError as error:
            return "" if error.errno == EIO else f"/dev/cpu/{cpu}/msr: {error.strerror} (as root: modprobe msr)"
        return ""

    def modules(self) -> list[str]:
        """Return the loaded modules that can use VMX or SVM; those that are built in are not among them."""
        lines = (self.text("proc/modules") or "").splitlines()
        return [name for name in (line.split(" ", 1)[0] for line in lines) if name in _MODULES]

    def built_in(self) -> list[str]:
        """Return those that are built into the kernel; that does not mean that they work on this processor."""
        loaded = self.modules()
        return [name for name in _MODULES if name not in loaded and self.exists(f"sys/module/{name}")]

    def parameters(self) -> dict[str, str]:
        """Return the parameters of KVM that say something here, as module/name."""
        found = {}
        for name in _PARAMETERS:
            module, _, parameter = name.partition("/")
            value = self.text(f"sys/module/{module}/parameters/{parameter}")
            if value is not None:
                found[name] = value
        return found

    def messages(self) -> tuple[list[str], str]:
        """Return the kernel's messages that are about virtualization, and why there are none ("" if they were read)."""
        try:
            lines = list(self._kernel_log())
        except OSError as error:
            lines = self._journal()
            if not lines:
                return [], f"/dev/kmsg: {error.strerror} (as root: dmesg)"
        return [line for line in lines if _ABOUT_VMX.search(line)][:_MOST_MESSAGES], ""

    def _journal(self) -> list[str]:
        """Return this boot's kernel messages from the journal, which some users may read who may not read the log."""
        journalctl = shutil.which("journalctl") if self.root == Path("/") else None
        if journalctl is None:
            return []
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(
                [journalctl, "-k", "-b", "-q", "--no-pager", "-o", "cat"],
                stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20,
            )  # fmt: skip
            return done.stdout.decode("utf-8", "replace").splitlines()
        return []

    def _kernel_log(self) -> Iterator[str]:
        descriptor = os.open(self.root / "dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        try:
            rest = b""
            while True:
                try:
                    record = os.read(descriptor, 8192)  # a device gives one record, a file all that fits
                except BlockingIOError:
                    break
                except BrokenPipeError:
                    continue  # the oldest record was overwritten meanwhile
                if not record:
                    break
                *records, rest = (rest + record).split(b"\n")
                for line in records:
                    if not line.startswith(b" "):  # such lines name the device that a record belongs to
                        yield line.partition(b";")[2].decode("utf-8", "replace")
        finally:
            os.close(descriptor)
