"""Traps that stop the kernels of macOS, the BSDs and illumos: what is claimed, and nothing else."""

from typing import Any

import pytest

import nvmx

LONG = {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1}
MACOS = """\
panic(cpu 2 caller 0xffffff800a1b2c3d): Kernel trap at 0xffffff7f8c1d40b3, type 13=general protection, registers:
CR0: 0x0000000080010033, CR2: 0x0000000103a0f030, CR3: 0x000000001e243000, CR4: 0x00000000001626e0
RAX: 0x0000000000002000, RBX: 0x0000000000000002, RCX: 0x000000000000003a, RDX: 0x0000000000000000
RSP: 0xffffff9106a53b08, RBP: 0xffffff9106a53b10, RSI: 0x0000000000000001, RDI: 0x00000002f3dbc000
R8:  0x0000000000000000, R9:  0x0000000000000000, R10: 0x0000000007fc0fa6, R11: 0x00000000f01153e6
R12: 0x0000000000000008, R13: 0xffffff8027b25d40, R14: 0xffffff80080bf9d0, R15: 0xffffff8008034640
RFL: 0x0000000000010046, RIP: 0xffffff7f8c1d40b3, CS:  0x0000000000000008, SS:  0x0000000000000010
Fault CR2: 0x0000000103a0f030, Error code: 0x0000000000000000, Fault CPU: 0x2 VMM, PL: 1, VF: 0
"""
MACOS_32 = """\
panic(cpu 0 caller 0x2aab59): Kernel trap at 0x47f2c1d3, type 6=invalid opcode, registers:
CR0: 0x8001003b, CR2: 0x00000000, CR3: 0x00100000, CR4: 0x00000660
EAX: 0x00000000, EBX: 0x00000001, ECX: 0x00000000, EDX: 0x00000000
CR2: 0x00000000, EBP: 0x57a23f08, ESI: 0x00000000, EDI: 0x00000000
EFL: 0x00010246, EIP: 0x47f2c1d3, CS:  0x00000008, DS:  0x00000010
Error code: 0x00000000
"""
FREEBSD = """\
Fatal trap 9: general protection fault while in kernel mode
cpuid = 3; apic id = 06
instruction pointer     = 0x20:0xffffffff83a1c0b3
stack pointer           = 0x28:0xfffffe00b3b1d8d0
frame pointer           = 0x28:0xfffffe00b3b1d8f0
code segment            = base 0x0, limit 0xfffff, type 0x1b
                        = DPL 0, pres 1, long 1, def32 0, gran 1
processor eflags        = interrupt enabled, resume, IOPL = 0
current process         = 2871 (kldload)
trap number             = 9
panic: general protection fault
KDB: enter: panic
Stopped at      kdb_enter+0x37: movq    $0,0x2733b4e(%rip)
"""
FREEBSD_I386 = """\
Fatal trap 1: privileged instruction fault while in kernel mode
cpuid = 0; apic id = 00
instruction pointer     = 0x20:0xc0a1b2c3
code segment            = base 0x0, limit 0xfffff, type 0x1b
                        = DPL 0, pres 1, def32 1, gran 1
processor eflags        = interrupt enabled, resume, IOPL = 0
"""
NETBSD = """\
fatal protection fault in supervisor mode
trap type 4 code 0 rip 0xffffffff80f3a0b3 cs 0x8 rflags 0x10246 cr2 0x72a1c0d3f000 ilevel 0 rsp 0xffffc081a3b1d8d0
curlwp 0xffff9d0c41b2a000 pid 2871.1 lowest kstack 0xffffc081a3b192c0
kernel: protection fault trap, code=0
Stopped in pid 2871.1 (qemu) at      vmx_enable+0x7:  vmxon 0(%rdi)
"""
OPENBSD = """\
kernel: privileged instruction fault trap, code=0
Stopped at      vmm_start+0x5b:  vmxoff
ddb{1}> show registers
rdi               0xffff800000d3fd60
rip               0xffffffff8100a0b7    vmm_start+0x5b
cs                               0x8
rflags                       0x10246    __ALIGN_SIZE+0xf246
rsp               0xffff800022d3fd50
ss                              0x10
"""
ILLUMOS = """\
panic[cpu2]/thread=fffffe00041b2a00:
BAD TRAP: type=d (#gp General protection) rp=fffffe0004d3fa60 addr=fffffe0004d3fd60

bhyve:
#gp General protection
addr=0xfffffe0004d3fd60
pid=2871, pc=0xfffffffff8a1c0b3, sp=0xfffffe0004d3fb50, eflags=0x10246
cr0: 80050033<pg,wp,ne,et,mp,pe>  cr4: 1606f8<smep,osxsav,xmme,fxsr,pge,mce,pae,pse,de>
cr2: fffffc7fef0f2a40  cr3: 1032dcf000  cr8: 0

        rdi: fffffe0004d3fd60 rsi:                1 rdx:                0
        trp:                d err:                0 rip: fffffffff8a1c0b3
         cs:               30 rfl:            10246 rsp: fffffe0004d3fb50
         ss:               38
"""
SYSREGS = """\
> ::sysregs
%efer = 0xd01 <nxe,lma,lme,sce>
%cr0 = 0x80050033 <pg,wp,ne,et,mp,pe>
%cr4 = 0x1626f8 <smep,osxsav,vmxe,xmme,fxsr,pge,mce,pae,pse,de>
"""

CASES: dict[str, tuple[str, str | None, tuple[str, ...], dict[str, Any]]] = {
    "macOS": (MACOS, None, ("#GP(0)",), {**LONG, "CR0.NE": 1, "CR4.VMXE": 1, "CPL": 0}),
    "macOS, in one line": (
        MACOS.replace("\n", "\\n"), None, ("#GP(0)",), {**LONG, "CR0.NE": 1, "CR4.VMXE": 1, "CPL": 0},
    ),
    "macOS with a 32-bit kernel": (
        MACOS_32, None, ("#UD",), {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 0, "RFLAGS.VM": 0, "CPL": 0},
    ),
    "FreeBSD": (FREEBSD, None, ("#GP(0)",), {**LONG, "CPL": 0}),
    "FreeBSD's debugger at another instruction": (
        FREEBSD.partition("panic:")[0] + "Stopped at      pmap_copy+0x12: movq    (%rdi),%rax\n",
        "another instruction", ("#GP(0)",), {**LONG, "CPL": 0},
    ),
    "FreeBSD for i386": (FREEBSD_I386, None, ("#UD",), {"RFLAGS.VM": 0}),
    "NetBSD": (NETBSD, "VMXON", ("#GP(0)",), {**LONG, "CPL": 0}),
    "OpenBSD": (OPENBSD, "VMXOFF", ("#UD",), {**LONG, "CPL": 0}),
    "OpenBSD without its debugger, in one line": (
        "fatal protection fault in supervisor mode trap type 4 code 0 rip ffffffff810089d9 cs 8 rflags 10282 cr2 "
        " 287eb3000 cpl 6 rsp ffff800014fd11a0",
        None, ("#GP(0)",), {**LONG, "CPL": 0},
    ),
    "illumos": (ILLUMOS, None, ("#GP(0)",), {**LONG, "CR0.NE": 1, "CR4.VMXE": 0, "CPL": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_trap(name: str) -> None:
    text, instruction, observed, known = CASES[name]
    reading = nvmx.read(text)
    assert reading.refused is None
    assert (reading.instruction, reading.executed, reading.observed) == (instruction, True, observed)
    assert dict(reading.known) == known


def test_the_debugger_of_illumos() -> None:
    reading = nvmx.read(SYSREGS)
    assert dict(reading.known) == {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "EFER.LMA": 1}
    assert reading.executed is None


def test_macos_under_a_hypervisor() -> None:
    assert any("runs under a hypervisor" in note for note in nvmx.read(MACOS).notes)


def test_an_error_code_that_is_not_0_is_not_of_vmxons_own_checks() -> None:
    assert nvmx.read(MACOS.replace("Error code: 0x0000000000000000", "Error code: 0x0000000000000018")).observed == ()


@pytest.mark.parametrize("line", [
    "Fatal trap 9 is how FreeBSD begins",
    "The kernel trap at boot was not fatal",
    "BAD TRAP was all that the console showed",
    "Stopped at the bus station: vmxon was not my stop",
])  # fmt: skip
def test_words_that_only_look_similar(line: str) -> None:
    reading = nvmx.read(line)
    assert (reading.instruction, reading.observed, dict(reading.known)) == (None, (), {})


def test_two_panics_in_one_post() -> None:
    """The first one decides."""
    reading = nvmx.read(MACOS_32 + "\nAfter an update:\n" + MACOS)
    assert reading.observed == ("#UD",)
    assert reading.known["CR4.VMXE"] == 0
    assert any("another block" in note for note in reading.notes)
