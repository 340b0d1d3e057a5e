"""The texts of the cases: written anew, with the names and values that were posted, in the form that programs print."""

from textwrap import dedent


def text(given: str) -> str:
    return dedent(given).strip("\n") + "\n"


OOPS = text("""
    general protection fault, maybe for address 0xffffb567801bcf58: 0000 [#1] SMP PTI
    CPU: 35 PID: 0 Comm: swapper/35 Not tainted 5.6.0-rc2 #7
    Hardware name: a server
    RIP: 0010:hardware_enable+0x100/0x1a0 [kvm_intel]
    Code: 84 c0 75 1c 48 8b 44 24 08 <f3> 0f c7 34 24 31 c0 5b
    RSP: 0000:ffffb567801bcf58 EFLAGS: 00010002
    RAX: 0000000000000005 RBX: 0000000000000023 RCX: 000000000000003a
    RDX: 0000000000000000 RSI: 0000000000000000 RDI: 0000000000000000
    RBP: 0000000000000000 R08: 0000000000000001 R09: 0000000000000000
    R10: 0000000000000000 R11: 0000000000000000 R12: 0000000000000000
    R13: 0000000000000000 R14: 0000000000000000 R15: 0000000000000000
    FS:  0000000000000000(0000) GS:ffff9b2b7fcc0000(0000) knlGS:0000000000000000
    CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
    CR2: 00007f1234567000 CR3: 000000101a20a005 CR4: 00000000007626e0
    DR0: 0000000000000000 DR1: 0000000000000000 DR2: 0000000000000000
    DR3: 0000000000000000 DR6: 00000000fffe0ff0 DR7: 0000000000000400
    PKRU: 55555554
    Call Trace:
     <IRQ>
     hardware_enable_nolock+0x30/0x60 [kvm]
     </IRQ>
    RIP: 0033:0x7f0011223344
    Code: 0f 1f <48> 3d 01
    RSP: 002b:00007ffc11223344 EFLAGS: 00000202 ORIG_RAX: ffffffffffffff13
    RAX: 0000000000000001 RBX: 00007f1234567000 RCX: 0000000000000010
    ---[ end trace 0123456789abcdef ]---
""")

WARNING = text("""
    VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x5
    WARNING: CPU: 0 PID: 18 at arch/x86/kvm/vmx/vmx.c:2846 vmx_enable_virtualization_cpu+0x135/0x150 [kvm_intel]
    CPU: 0 UID: 0 PID: 18 Comm: cpuhp/0 Not tainted 6.12.74 #1
    RIP: 0010:vmx_enable_virtualization_cpu+0x135/0x150 [kvm_intel]
    Code: e8 00 11 <0f> 0b 31 c0
""")

SPURIOUS = text("""
    kernel BUG at arch/x86/kvm/x86.c:387!
    invalid opcode: 0000 [#1] SMP
    CPU: 2 PID: 2456 Comm: CPU 0/KVM Not tainted 5.7.0-rc6+ #3
    RIP: 0010:kvm_spurious_fault+0xe/0x10 [kvm]
    Code: 00 00 c3 <0f> 0b 0f 1f 44
    RSP: 0018:ffffc90000abcd00 EFLAGS: 00010246
    CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
    CR2: 0000000000000000 CR3: 00000001000a0000 CR4: 00000000001606f0
    Call Trace:
     vmx_vcpu_load_vmcs+0x1a0/0x2b0 [kvm_intel]
""")

AMD_MAIL = text("""
    Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
    RIP: 0010:svm_prepare_switch_to_guest+0x10/0x20 [kvm=
    _amd]
    Code: 00 <0f> 0b
    CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
    CR2: 0000000000000000 CR3: 0000000100000000 CR4:
    0000000000350ef0
    X-Note: a=3Db
""")

GUEST_VMCS = text("""
    *** Guest State ***
    CR0: actual=0x0000000080010033, shadow=0x0000000080010033, gh_mask=fffffffffffefff7
    CR4: actual=0x0000000000342af0, shadow=0x0000000000340af0, gh_mask=fffffffffffef871
    CR3 = 0x000000000a0b0000
    RSP = 0x0000000000006000  RIP = 0x0000000000401000
    RFLAGS=0x00000002         DR7 = 0x0000000000000400
    Sysenter RSP=0000000000000000 CS:RIP=0000:0000000000000000
    CS:   sel=0x0010, attr=0x0a09b, limit=0xffffffff, base=0x0000000000000000
    DS:   sel=0x0018, attr=0x0c093, limit=0xffffffff, base=0x0000000000000000
    SS:   sel=0x0018, attr=0x0c093, limit=0xffffffff, base=0x0000000000000000
    GDTR:                           limit=0x0000007f, base=0xfffffe0000001000
    EFER= 0x0000000000000d00
    DebugCtl = 0x0000000000000000  DebugExceptions = 0x0000000000000000
    Interruptibility = 00000000  ActivityState = 00000000
    *** Host State ***
    RIP = 0xffffffffc1234567  RSP = 0xffffc90000abcd00
    CS=0010 SS=0018 DS=0000 ES=0000 FS=0000 GS=0000 TR=0040
    CR0=0000000080050033 CR3=0000000100000000 CR4=00000000007726e0
    EFER= 0x0000000000000d01
    *** Control State ***
    CPUBased=0xb5a06dfa SecondaryExec=0x001237eb TertiaryExec=0x0000000000000000
            reason=80000021 qualification=0000000000000000
""")

XEN = text("""
    CPU:    0
    RIP:    e008:[<0000000045f1e11f>] 0000000045f1e11f
    RFLAGS: 0000000000010206   CONTEXT: hypervisor
    rax: 0000000000000005   rbx: 0000000000000000   rcx: 000000000000003a
    cr0: 0000000080050033   cr4: 0000000000d526e0
    cr3: 0000000012345000   cr2: 0000000000000000
    ds: 0000   es: 0000   fs: 0000   gs: 0000   ss: 0000   cs: e008
    Xen code around <0000000045f1e11f> (0000000045f1e11f):
     48 8b c1 <0f> 30 c3
    FATAL TRAP: vec 13, #GP[0000]
""")

OOPS_32 = text("""
    invalid opcode: 0000 [#1] SMP
    EIP: 0060:[<c0401234>] EFLAGS: 00010246 CPU: 1
    EIP is at vmx_off+0x4/0x10
    EAX: 00000000 EBX: 00000001 ECX: 00000000 EDX: 00000000
    ESI: 00000000 EDI: 00000000 EBP: c0001000 ESP: c0000ff0
     DS: 007b ES: 007b FS: 00d8 GS: 00e0 SS: 0068
    CR0: 80050033 CR2: 00000000 CR3: 01234000 CR4: 000006d0
    Code: c3 90 <0f> 01 c4 c3
""")

CPUINFO = text("""
    processor       : 0
    vendor_id       : GenuineIntel
    flags           : fpu vme de
    address sizes   : 39 bits physical, 48 bits virtual
""")

UNIT_TEST = text("""
    Unhandled exception 13 #GP at ip 0000000000401000
    error_code=0000      rflags=00010046      cs=00000008
    rax=0000000000000000 rcx=0000000000000000 rdx=0000000000000000
    cr0=0000000080010031 cr2=0000000000000000 cr3=0000000001007000 cr4=0000000000002020
    cr8=0000000000000000
""")

REAL_MODE_VMCS = text("""
    *** Guest State ***
    CR0: actual=0x0000000000050032,
    shadow=0x0000000000050032, gh_mask=fffffffffffffff7
    CR4: actual=0x0000000000002050,
    shadow=0x0000000000000000, gh_mask=fffffffffffff871
    RSP = 0x0000000000000000  RIP = 0x0000000000008000
""")
