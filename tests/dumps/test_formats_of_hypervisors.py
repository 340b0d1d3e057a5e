"""One text per program or message: all that is claimed, and nothing else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

import nvmx

LOCK, SMX, VMX = "FEATURE_CONTROL.lock", "FEATURE_CONTROL.smx", "FEATURE_CONTROL.vmx"
FC_5 = {LOCK: 1, SMX: 0, VMX: 1}
LONG = {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1}


class Case(NamedTuple):
    name: str
    text: str
    instruction: str | None = None
    executed: bool | None = None
    observed: tuple[str, ...] = ()
    known: Mapping[str, Any] = MappingProxyType({})
    notes: tuple[str, ...] = ()  # words that a note must have


CASES = [
    Case(
        "KVM could not emulate an instruction in a guest",
        """\
KVM internal error. Suberror: 1
emulation failure
RAX=0000000000000000 RBX=0000000000000000 RCX=0000000000000000 RDX=0000000000000663
RSI=0000000000000000 RDI=0000000000000000 RBP=0000000000000000 RSP=ffffffff82003e58
R8 =0000000000000000 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000
R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=0000000000000000
RIP=ffffffff81a00010 RFL=00010002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0
ES =0000 0000000000000000 ffffffff 00c00000
CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]
SS =0018 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]
CR0=80050033 CR2=0000000000000000 CR3=000000000200c000 CR4=000406b0
EFER=0000000000000d01
Code=48 8d 44 24 10 90 90 90 <f3> 0f c7 34 24 c3 ?? ?? ??
""",
        instruction="VMXON",
        known={**LONG, "CR0.NE": 1, "CR4.VMXE": 0, "CPL": 0, "A20M": 0, "LOCK": 0},
        notes=("KVM stopped the guest",),
    ),
    Case(
        "KVM's message comes again inside the dump",
        """\
KVM internal error. Suberror: 1
emulation failure
EAX=00000800 EBX=00000002 ECX=0000003a EDX=00000000
EIP=000a0000 EFL=00010006 [-----P-] CPL=0 II=0 A20=1 SMM=0 HLT=0
KVM internal error. Suberror: 1
emulation failure
CS =0010 00000000 ffffffff 00c09b00 DPL=0 CS32 [-RA]
CR0=80000013 CR2=00000000 CR3=00800000 CR4=00000660
EFER=0000000000000500
""",
        known={**LONG, "CS.L": 0, "CR0.NE": 0, "CR4.VMXE": 0, "CPL": 0, "A20M": 0},
        notes=("KVM stopped the guest",),
    ),
    Case("one line of a dump, in virtual-8086 mode",
         "EIP=00001234 EFL=00030246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=0",
         known={"RFLAGS.VM": 1, "CPL": 3, "A20M": 0}),
    Case(
        "a guest in SMM, with A20 masked",
        """\
EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663
ESI=00000000 EDI=00000000 EBP=00000000 ESP=00000000
EIP=00008000 EFL=00000002 [-------] CPL=0 II=0 A20=0 SMM=1 HLT=0
CS =3000 00030000 ffffffff 00809300
SS =0000 00000000 ffffffff 00809300
CR0=00000010 CR2=00000000 CR3=00000000 CR4=00000000
EFER=0000000000000000
""",
        known={"CR0.PE": 0, "CR0.NE": 0, "CR0.PG": 0, "CR4.VMXE": 0, "EFER.LMA": 0, "RFLAGS.VM": 0, "CS.L": 0,
               "CPL": 0, "A20M": 1},
        notes=("SMM",),
    ),
    Case(
        "an old QEMU without EFER: 32-bit names and 64-bit page tables are compatibility mode",
        """\
EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663
EIP=08048123 EFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=0
CS =0023 00000000 ffffffff 00cffb00 DPL=3 CS32 [-RA]
CR0=80050033 CR2=0000000000000000 CR3=000000000200c000 CR4=000006b0
""",
        known={**LONG, "CS.L": 0, "CR0.NE": 1, "CR4.VMXE": 0, "CPL": 3, "A20M": 0},
    ),
    Case(
        "GDB stops at VMXON, with an illegal instruction",
        """\
Program received signal SIGILL, Illegal instruction.
0x0000555555555131 in main ()
(gdb) x/i $pc
=> 0x555555555131 <main+8>:\tvmxon  (%rax)
rip            0x555555555131      0x555555555131 <main+8>
eflags         0x10246             [ PF ZF IF RF ]
cs             0x33                51
ss             0x2b                43
""",
        "VMXON", True, ("#UD",), {"RFLAGS.VM": 0, "CS.L": 1, "CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "CPL": 3},
    ),
    Case(
        "GDB stops at VMXOFF, with a segmentation fault, which is #GP, #SS or #PF",
        """\
Program received signal SIGSEGV, Segmentation fault.
=> 0x401126 <main>:\tvmxoff
""",
        "VMXOFF", True, ("fault",),
    ),
    Case(
        "GDB on a program of 32 bits: what receives a signal has CPL 3",
        "Program received signal SIGILL, Illegal instruction.\n=> 0x8049136 <main+16>:\tvmxon  (%eax)\n"
        "eflags         0x10246             [ PF ZF IF RF ]\ncs             0x23                35\n",
        "VMXON", True, ("#UD",), {"RFLAGS.VM": 0, "CPL": 3},
    ),
    Case(
        "GDB's CS and SS disagree about CPL",
        """\
rip            0xf00d5             0xf00d5
eflags         0x2                 [ ]
cs             0x23                35
ss             0x10                16
cr0            0x80000031          [ PG NE ET PE ]
cr4            0x2020              [ VMXE PAE ]
efer           0x500               [ LMA LME ]
""",
        known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "EFER.LMA": 1, "RFLAGS.VM": 0},
        notes=("CPL", "stays unknown"),
    ),
    Case("GDB's words alone", "(gdb) p $cr4\n$1 = [ VMXE PAE ]"),
    Case(
        "Bochs' VMXON with a wrong revision identifier",
        "00012345678e[CPU0  ] VMXON: not expected (18 != 43) VMCS revision id !",
        "VMXON", True, ("VMfailInvalid",), {"VMX": "off", "revision.match": 0, "revision.bit31": 0},
    ),
    Case(
        "Bochs' VMXON with a shadow VMCS as its region",
        "00012345678e[CPU0  ] VMXON: not expected (-2147483605 != 43) VMCS revision id !",
        "VMXON", True, ("VMfailInvalid",), {"VMX": "off", "revision.match": 1, "revision.bit31": 1},
    ),
    Case(
        "Bochs' VMXON with a pointer that cannot be used",
        "VMXON: invalid or not page aligned physical address !",
        "VMXON", True, ("VMfailInvalid",), {"VMX": "off"}, notes=("does not say which",),
    ),
    Case(
        "Bochs' VMXOFF at CPL 3 in VMX root operation",
        "00012345678e[CPU1  ] VMXOFF: with CPL!=0 cause #GP(0)",
        "VMXOFF", True, ("#GP(0)",), {"VMX": "root"},
    ),
    Case(
        "Bochs shows the state before the instruction, and its place is the same",
        """\
CR0=0x80000031: PG cd nw ac wp NE ET ts em mp PE
CR4=0x00002020: pks cet pke smap smep keylock osxsave pcid fsgsbase smx VMX la57 umip osxmmexcpt osfxsr pce pge mce PAE
rip: 00000000_00007d10
eflags 0x00000046: id vip vif ac vm rf nt IOPL=0 of df if tf sf ZF af PF cf
(0).[14040193] [0x000000007d10] 0008:0000000000007d10 (unk. ctxt): vmxon qword ptr ds:[rax] ; f30fc730
""",
        "VMXON", None, (),
        {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "RFLAGS.VM": 0, "LOCK": 0},
    ),
    Case(
        "Bochs shows a state, and goes on to the instruction",
        """\
CR4=0x00000020: pks cet pke smap smep keylock osxsave pcid fsgsbase smx vmx la57 umip osxmmexcpt osfxsr pce pge mce PAE
rip: 00000000_00007d0d
(0).[14040194] [0x000000007d10] 0008:0000000000007d10 (unk. ctxt): vmxon qword ptr ds:[rax] ; f30fc730
""",
        "VMXON", None, (), {"LOCK": 0}, ("went on",),
    ),
    Case(
        "Bochs of 2026 shows CPL",
        """\
CPL=3
CR0=0xe0000031: PG CD NW ac wp NE ET ts em mp PE
CR4=0x00002020: fred lass uintr pks cet pke smap smep keylock osxsave pcid fsgsbase smx VMX la57 umip pge mce PAE pse
EFER=0x00000500: ffxsr nxe LMA LME sce
eflags: 0x00000002: id vip vif ac vm rf nt IOPL=0 of df if tf sf zf af pf cf
""",
        known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CPL": 3},
    ),
    Case(
        "Bochs 2.3's order of descriptor halves",
        """\
CR0=0x80000031: PG cd nw ac wp NE ET ts em mp PE
cs:s=0x0028, dl=0x0000ffff, dh=0x00af9b00, valid=1
ss:s=0x0033, dl=0x0000ffff, dh=0x00cff300, valid=7
""",
        known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CS.L": 1, "CPL": 3},
    ),
    Case(
        "IA32 firmware",
        """\
!!!! IA32 Exception Type - 0D(#GP - General Protection)  CPU Apic ID - 00000001 !!!!
ExceptionData - 00000000
EIP  - 7F0A1234, CS  - 00000010, EFLAGS - 00010206
EAX  - 00000000, ECX - 0000003A, EDX - 00000000, EBX - 00000000
CR0  - 80000033, CR2 - 00000000, CR3 - 7F000000, CR4 - 00002668
""",
        None, True, ("#GP(0)",),
        {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "EFER.LMA": 0, "RFLAGS.VM": 0, "CPL": 0},
    ),
    Case(
        "VirtualBox's report about the host",
        """\
00:00:04.809255 HM: Using VT-x implementation 3.0
00:00:04.809259 HM: Host CR4                          = 0x370678
00:00:04.809260 HM: Host EFER                         = 0xd01
00:00:04.809260 HM: MSR_IA32_SMM_MONITOR_CTL          = 0x0
00:00:04.809261 HM: MSR_IA32_FEATURE_CONTROL          = 0x20005
00:00:04.809261 HM:   LOCK
00:00:04.809262 HM:   VMXON
00:00:04.809270 HM: MSR_IA32_VMX_BASIC                = 0xda040000000004
""",
        known={"CR4.VMXE": 0, "EFER.LMA": 1, **FC_5, "dual_monitor": 0},
    ),
    Case(
        "VirtualBox 7.2 reports CR0, too",
        """\
HM: Host CR0                          = 0x80050033
HM: Host CR4                          = 0x1726f0
HM: Host FEATURE_CONTROL              = 0x5
""",
        known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, **FC_5},
    ),
    Case(
        "a terse dump of VirtualBox has 8 digits for CR0 and CR4",
        """\
Guest CPUM (VCPU 0) state:
rax=0000000000000000 rbx=0000000000000000 rcx=0000000000000000 rdx=0000000000000000
rip=fffff80012345678 rsp=fffff80012345000 rbp=0000000000000000 iopl=0 nv up di pl zr na po nc
cr0=80050033 cr2=00000000 cr3=001aa000 cr4=000426f8 gdtr=fffff80012340000:0057 ldtr=0000
""",
        known={**LONG, "CR0.NE": 1, "CR4.VMXE": 1},
    ),
    Case("VirtualBox finds VMX in use", "VT-x is being used by another hypervisor (VERR_VMX_IN_VMX_ROOT_MODE).",
         "VMXON", None, (), {"CR4.VMXE": 1}, ("another hypervisor",)),
    Case("VirtualBox's VMXON sets CF", "(VERR_VMX_INVALID_VMXON_PTR)",
         "VMXON", True, ("VMfailInvalid",), {"CR4.VMXE": 1}, ("VMX root operation",)),
    Case("VirtualBox's VMXON fails, with ZF, or in old versions with CF", "rc=VERR_VMX_VMXON_FAILED",
         "VMXON", True, ("VMfail",), {"CR4.VMXE": 1}, ("CF or ZF",)),
    Case("VirtualBox finds bit 2 clear", "VERR_VMX_MSR_VMX_DISABLED", "VMXON", False, (), {LOCK: 1, VMX: 0}),
    Case("VirtualBox cannot lock", "VERR_VMX_MSR_LOCKING_FAILED", "VMXON", False, (), {LOCK: 0}),
    Case(
        "WinDbg: registers, control registers and MSRs",
        """\
0: kd> r
rax=0000000000000000 rbx=ffffd00020a1b000 rcx=000000000000003a
rdx=0000000000000000 rsi=0000000000000000 rdi=0000000000000001
rip=fffff80012345678 rsp=ffffd00020a1aff0 rbp=0000000000000000
iopl=0         nv up ei pl zr na po nc
cs=0010  ss=0018  ds=002b  es=002b  fs=0053  gs=002b             efl=00000246
0: kd> r cr0,cr4
cr0=0000000080050031 cr4=00000000000406f8
0: kd> rdmsr 3a
msr[3a] = 00000000`00000005
""",
        known={**LONG, "CR0.NE": 1, "CR4.VMXE": 0, "CPL": 0, **FC_5},
    ),
    Case(
        "WinDbg: the frame of a handler names the exception, and not the instruction",
        """\
00 ffffd000`20a1ade8 fffff800`026 nt!KeBugCheckEx
01 ffffd000`20a1adf0 fffff800`027 nt!KiBugCheckDispatch+0x69
02 ffffd000`20a1af30 fffff800`12345678 nt!KiGeneralProtectionFault+0xfd
03 ffffd000`20a1b0c0 fffff800`12345abc SimpleVisor!ShvVmxLaunchOnVp+0x21 [c:\\shv\\nt\\shvvmx.c @ 379]
""",
        None, True, ("#GP(0)",), notes=("does not show",),
    ),
    Case(
        "WinDbg: a status and the instruction",
        """\
EXCEPTION_CODE: (NTSTATUS) 0xc0000096 - {EXCEPTION}  Privileged instruction.
FAULTING_IP:
driver+1234
fffff800`12345678 f30fc77424f8    vmxon   qword ptr [rsp-8]
""",
        "VMXON", True, ("#GP(0)",), {"LOCK": 0},
    ),
    Case(
        "WinDbg: stopped before VMXON; the instruction comes before the registers",
        """\
1: kd> u @rip L1
drv!Start+0x33:
fffff805`2b1c1033 f30fc7742440    vmxon   qword ptr [rsp+40h]
1: kd> r
rax=0000000000000000 rbx=0000000000000000 rcx=ffff998100a3f7b0
rip=fffff8052b1c1033 rsp=ffff998100a3f780 rbp=0000000000000000
iopl=0         nv up di pl zr na po nc
cs=0010  ss=0018  ds=002b  es=002b  fs=0053  gs=002b             efl=00000046
""",
        "VMXON", None, (), {**LONG, "CPL": 0, "LOCK": 0},
    ),
    Case(
        "WinDbg: a program's VMXON",
        """\
(1a2c.1b30): Illegal instruction - code c000001d (!!! second chance !!!)
rip=00007ff7a1b2113e rsp=000000d1a98ff3a0 rbp=0000000000000000
iopl=0         nv up ei pl nz na pe nc
cs=0033  ss=002b  ds=002b  es=002b  fs=0053  gs=002b             efl=00010206
try!main+0x1e:
00007ff7`a1b2113e f30fc730        vmxon   qword ptr [rax]
""",
        "VMXON", True, ("#UD",), {**LONG, "CPL": 3, "LOCK": 0},
    ),
    Case(
        "WinDbg: an access violation at VMXON is #GP, #SS or #PF",
        "Access violation - code c0000005 (first chance)\nfffff805`2b1c1033 f30fc730    vmxon   qword ptr [rax]",
        "VMXON", True, ("fault",), {"LOCK": 0},
    ),
    Case(
        "WinDbg: a bug check's arguments, and the instruction that it is about",
        """\
Arg1: ffffffffc0000096, The exception code that was not handled
Arg2: fffff8052b1c1077, The address that the exception occurred at
FOLLOWUP_IP:
drv!Stop+77
fffff805`2b1c1077 0f22e0          mov     cr4,rax
""",
        "MOV CR4", True, ("#GP(0)",), LONG, ("not VMXON's",),
    ),
    Case(
        "WinDbg: what stands before the instruction pointer, or elsewhere, was not executed there",
        """\
0: kd> ub @rip
fffff805`2b1c1030 f30fc730        vmxon   qword ptr [rax]
0: kd> u drv!Stop
fffff805`2b1c1070 0f01c4          vmxoff
0: kd> r cr4
cr4=0000000000350ef8
""",
        known={"CR4.VMXE": 0},
    ),
    Case(
        "WinDbg: a 64-bit dump in a 32-bit debugger, which cuts addresses",
        """\
Arg1: c000001d, Exception code that caused the bugcheck
Arg2: 2b1c1077, Address of the instruction which caused the bugcheck
FAULTING_IP:
drv+77
fffff805`2b1c1077 0f01c1          vmcall
eip=00000000 esp=00000000 ebp=fffff880 iopl=0         nv up di pl nz na po cy
""",
        "VMCALL", True, ("#UD",),
    ),
    Case(
        "WinDbg: the instruction before, and a step to VMXON",
        """\
0: kd> r
rax=0000000000352ef8 rbx=0000000000000000 rcx=0000000000000000
rip=fffff8052b1c1010 rsp=ffff998100a3f780 rbp=0000000000000000
cs=0010  ss=0018  ds=002b  es=002b  fs=0053  gs=002b             efl=00000046
drv!Start+0x10:
fffff805`2b1c1010 0f22e0          mov     cr4,rax
0: kd> p
drv!Start+0x13:
fffff805`2b1c1013 f30fc730        vmxon   qword ptr [rax]
0: kd> p
Illegal instruction - code c000001d (!!! second chance !!!)
drv!Start+0x13:
fffff805`2b1c1013 f30fc730        vmxon   qword ptr [rax]
""",
        "VMXON", True, ("#UD",), {"LOCK": 0}, ("another block",),
    ),
    Case(
        "WinDbg: the place where Windows gave up is not that of the exception",
        """\
nt!KeBugCheckEx:
fffff805`1a2b3c40 48894c2408      mov     qword ptr [rsp+8],rcx
1: kd> k
00 ffffd000`20a1ade8 fffff800`026 nt!KeBugCheckEx
01 ffffd000`20a1af30 fffff800`12345678 nt!KiGeneralProtectionFault+0xfd
""",
        None, True, ("#GP(0)",), {}, ("does not show",),
    ),
    Case("WinDbg: half a register", "0: kd> r cr0,cr4\ncr0=0000000080050033 cr4=00000000",
         known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1}),
    Case("WinDbg: a register that is cut off", "0: kd> r cr0\ncr0=00000000"),
    Case("WinDbg: a 32-bit register", "0: kd> r cr0\ncr0=8001003b", known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1}),
    Case("WinDbg: an illegal instruction", "ExceptionCode: c000001d (Illegal instruction)", None, True, ("#UD",)),
    Case("HAXM's VMXON failed", "haxm_error: [#3] VMXON failed for region 0x12345000 (result=0x1, vmxe=2000)",
         "VMXON", True, ("VMfailInvalid",), {"CR4.VMXE": 1, "pointer.aligned": 1}, ("was set before",)),
    Case(
        "HAXM's variables after another hypervisor was found",
        """\
00000012\t3.14159265\thaxm_error: log_host_cr4_vmxe: 1
00000013\t3.14159266\thaxm_error: log_host_cr4 1426f8
00000014\t3.14159267\thaxm_error: log_vmxon_res 1
00000015\t3.14159268\thaxm_error: log_vmxon_addr 12345000
00000016\t3.14159269\thaxm_error: log_vmxon_err_type1 1
00000017\t3.14159270\thaxm_error: log_vmoff_no 1
""",
        "VMXON", True, ("VMfailInvalid",), {"CR4.VMXE": 1, "pointer.aligned": 1}, ("another hypervisor",),
    ),
    Case("HAXM's variables before any VMXON: they are 0 from the start", "log_vmxon_res 0\nlog_vmxon_addr 0"),
    Case(
        "rekall's VMXON in VMX root operation",
        """\
[  100.000001] [i] IA32_FEATURE_CONTROL_MSR = 5
[  100.000002] [i] IA32_VMX_BASIC_MSR = DA040000000004
[  100.000003] [i] Revision ID: 0x00000004
[  100.000004] [i] vmxon has failed!
[  100.000005]    # Error code: F
[  100.000006]    # RFLAGS: 0x203
""",
        "VMXON", True, ("VMfail", "VMREAD returned", "RFLAGS 0x203"), FC_5,
    ),
    Case(
        "rekall's VMREAD failed, too: the flags are VMREAD's, and the error number is void",
        """\
[  100.000001] [i] vmxon has failed!
[  100.000002]    # vmread(0x4400) failed
[  100.000003]    # RFLAGS: 0x203
[  100.000004]    # Error code: 15
[  100.000005]    # RFLAGS: 0x203
""",
        "VMXON", True, ("VMfail", "VMREAD returned"), {"current_VMCS": 0}, ("error number below is void",),
    ),
    Case("another driver of the same family", "[x] vmxoff has failed!", "VMXOFF", True, ("VMfail",)),
    Case("Bareflank prints FEATURE_CONTROL", "ERROR: VT-x has been disabled in BIOS: 0x0000000000000001",
         "VMXON", False, (), {LOCK: 1, SMX: 0, VMX: 0}),
    Case("Bareflank finds CR4.VMXE set", "VT-x is already running. Is another hypervisor running?",
         "VMXON", False, (), {"CR4.VMXE": 1}),
    Case("Jailhouse's driver", "jailhouse: VT-x disabled by Firmware/BIOS", "VMXON", False, (), {VMX: 0}),
    Case("Jailhouse finds CR4.VMXE set", "hypervisor/arch/x86/vmx.c:123: returning error -16", "VMXON", False, (),
         {"CR4.VMXE": 1}),
    Case("Jailhouse's EIO has many causes", "hypervisor/arch/x86/vmx.c:123: returning error -5"),
    Case("a condition is no message", "# This is only needed if your cpu does not support VT-x"),
    Case("what an error code would say", "VERR_VMX_NO_VMX would be something else. It must be VERR_VMX_NO_VMX?"),
    Case("what people believe is not what BitVisor printed", "I think that VMXON is disabled."),
    Case("Bareflank's VMXON", "[BAREFLANK ERROR]: intrinsic_vmxon failed", "VMXON", True, ("VMfail",)),
    Case("the first versions of bhyve do not say whether it is locked", "vmx_init: VMX operation disabled by BIOS",
         "VMXON", False, (), {}, ("also say it if it is unlocked",)),
    Case("an MSR's number is not its value", "IA32_FEATURE_CONTROL = 0x3A\nIA32_VMX_BASIC_MSR = 0x480"),
    Case("an expression is not a value", "IA32_FEATURE_CONTROL_MSR = 1 << 2"),
    Case("DBVM's VMXON", "0: vmxon failure", "VMXON", True, ("VMfail",)),
    Case(
        "DBVM executes VMXON with what CR4 should be",
        "CR4=0000000000000230  (Should be 0000000000002230)\n0:Checks successfull. Going to call vmxon\nvmxon failure",
        "VMXON", True, ("VMfail",), {"CR4.VMXE": 1}, ("writes what CR4 should be",),
    ),
    Case("a line of DBVM that is cut off", "CRO=0000000080010033 (Should be 0000000080010033)\nCR4=00",
         known={"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1}),
    Case("a number of DBVM that is cut off", "0:System check successful. INTEL-VT is supported\nIA32_FEATURE_CONTROL=0",
         notes=("cut off",)),
    Case("BitVisor", "VMXON is disabled.", "VMXON", False, (), {LOCK: 1, VMX: 0}),
    Case("HyperDbg finds bit 2 clear",
         "(10:11:12.131 - core : 0 - vmx-root? no)\t [+] Error (VmxCheck:60) | Err, you should enable vt-x from BIOS",
         "VMXON", False, (), {VMX: 0}),
    Case("a driver like HyperDbg", "Executing VMXON instruction failed with status 1", "VMXON", True, ("VMfailValid",)),
    Case("HyperDbg's VMXON", "Err, executing vmxon instruction failed with status : 2",
         "VMXON", True, ("VMfailInvalid",)),
    Case("DBVM refuses", "IA32_FEATURE_CONTROL=0000000000000001\nBit 2 (VMX) is also disabled. VMX is not possible.",
         "VMXON", False, (), {LOCK: 1, SMX: 0, VMX: 0}),
    Case(
        "a Rust kernel's registers",
        """\
trap 6 @ 0xffffffff80201234
TrapFrame {
    rax: 0x0,
    rip: 0xffffffff80201234,
    cs: 0x8,
    rflags: 0x10202,
}
cr4:0x6b0, cr3:0x1000, cr2:0x0, cr0:0x80010033
""",
        None, True, ("#UD",), {**LONG, "CR0.NE": 1, "CR4.VMXE": 0, "CPL": 0},
    ),
    Case(
        "a small kernel that writes large letters after its trap",
        "trap 13 @ 0xffffffff80201234\nCR0: 0x80010033, CR4: 0x26b0\n",
        None, True, ("#GP(0)",), {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1},
    ),
    Case(
        "Xen's bytes of which some could not be read",
        """\
(XEN) RIP:    e008:[<ffff82d0402a0000>] start_it+0x1/0x20
(XEN) RFLAGS: 0000000000010002   CONTEXT: hypervisor
(XEN) Xen code around <ffff82d0402a0000> (start_it+0x1/0x20) [fault on access]:
(XEN)  -- -- -- -- 48 8b c1 90 <f3> 0f c7 30 c3 -- -- --
(XEN) FATAL TRAP: vec 13, #GP[0000]
""",
        "VMXON", True, ("#GP(0)",), {**LONG, "CPL": 0, "LOCK": 0},
    ),
    Case("Windows: VMX in CPUID, and the firmware does not allow it",
         "VMMonitorModeExtensions      : True\nVirtualizationFirmwareEnabled : False",
         "VMXON", False, (), {}, ("FEATURE_CONTROL",)),
    Case("Windows under a hypervisor reports what that shows",
         "HypervisorPresent : True\nVMMonitorModeExtensions : False\nVirtualizationFirmwareEnabled : False",
         "VMXON", False, (), {"CR4.VMXE": 0}, ("Windows itself is a guest",)),
    Case("systeminfo", "Hyper-V Requirements: VM Monitor Mode Extensions: Yes\n Virtualization Enabled In Firmware: No",
         "VMXON", False, (), {}, ("FEATURE_CONTROL",)),
    Case("Hyper-V's event 41", "Event ID: 41 Hypervisor launch failed; Either VMX not present or not enabled in BIOS.",
         "VMXON", False, (), {}, ("does not say which",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_text(case: Case) -> None:
    reading = nvmx.read(case.text)
    assert reading.refused is None
    assert (reading.instruction, reading.executed, reading.observed) == (case.instruction, case.executed, case.observed)
    assert dict(reading.known) == case.known
    assert all(any(words in note for note in reading.notes) for words in case.notes), reading.notes


def test_another_vendors_error_code_is_refused() -> None:
    assert "AMD" in (nvmx.read("AMD-V is not available (VERR_SVM_NO_SVM)").refused or "")


def test_the_host_of_virtualbox_is_not_its_guest() -> None:
    host = "HM: Host CR4 = 0x1726f0\nHM: MSR_IA32_FEATURE_CONTROL = 0x5\n"
    guest = "Guest CPUM (VCPU 0) state:\ngs={0010 base=0000000000000000 limit=ffffffff flags=0000c093} cr0=80010013\n"
    assert nvmx.read(host).known["CR4.VMXE"] == 1
    reading = nvmx.read(host + guest + "ss={0010 base=0000000000000000 limit=ffffffff flags=0000c093} cr4=00040678")
    assert reading.known == {"CR0.PE": 1, "CR0.NE": 0, "CR0.PG": 1, "CR4.VMXE": 0, "CPL": 0}
