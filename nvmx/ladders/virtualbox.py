"""VirtualBox: its instruction emulation (IEM), and the hardware-assisted path (HM) that leads to it on VT-x."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .hypervisor import end_to_end
from .source import Source

_FORM = "VirtualBox 7.1.12, IEMAllInstTwoByte0f.cpp.h, g_apfnGroup9RegReg"
_DECODER = "VirtualBox 7.1.12, IEMAllInstTwoByte0f.cpp.h, iemOp_Grp9_vmxon_Mq, and IEMOpHlp.h, IEMOP_HLP_VMX_INSTR"
_OFF_DECODER = "VirtualBox 7.1.12, IEMOpHlp.h, IEMOP_HLP_IN_VMX_OPERATION and IEMOP_HLP_VMX_INSTR"
_ON = "VirtualBox 7.1.12, IEMAllCImplVmxInstr.cpp, iemVmxVmxon"
_MEMORY = f"{_ON}; IEMAll.cpp, iemMemApplySegment"
_OFF = "VirtualBox 7.1.12, IEMAllCImplVmxInstr.cpp, iemCImpl_vmxoff"
_HM = "VirtualBox 7.1.12, VMXAllTemplate.cpp.h"
_STACK = "the operand's address, on the stack, is not canonical (a comment in the code doubts the vector)"

VMXON = Ladder(
    "VMXON",
    "virtualbox",
    (
        check("memory operand", "decoder", _FORM),
        *checks("protected mode, not virtual-8086 mode, not compatibility mode", "processor", _DECODER),
        *checks("not VMX non-root operation, CPL 0", "processor", _ON),
        *vmfail("not in VMX root operation", 15, "processor", _ON),
        *checks("not A20M mode, CR0.NE set, CR0.PG set, other fixed bits valid", "processor", _ON),
        check("CR4.VMXE set", "processor", _ON, outcome="#GP(0)",
              why="CR4.VMXE is found clear only as one of the fixed bits of CR4"),
        *checks("FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "processor", _ON),
        check("operand address valid", "processor", _MEMORY),
        check("64-bit stack address valid", "processor", _MEMORY, outcome="#GP(0)", why=_STACK),
        *checks("stack address valid, operand mapped", "processor", _MEMORY),
        *checks("pointer aligned, pointer within width", "processor", _ON),
        *checks("revision matches, revision bit 31 clear", "processor", _ON),
    ),
    Effect(vmx="root"),
)  # fmt: skip

VMXOFF = Ladder(
    "VMXOFF",
    "virtualbox",
    (
        check("in VMX operation", "processor", _OFF_DECODER),
        *checks("protected mode, not virtual-8086 mode, not compatibility mode", "processor", _OFF_DECODER),
        *checks("not VMX non-root operation, CPL 0", "processor", _OFF),
        *vmfail("no dual-monitor treatment", 23, "processor", _OFF),
    ),
    Effect(vmx="off"),
)

VMXON_HM = end_to_end(
    "VMXON", "virtualbox-hm",
    f"{_HM}, vmxHCExitVmxon, vmxHCCheckExitDueToVmxInstr and vmxHCDecodeMemOperand; {_ON}",
    "not VMX non-root operation, CR4.VMXE set, operand address valid, 64-bit stack address valid, stack address valid,"
    " CPL 0, not in VMX root operation, not A20M mode, CR0.NE set, CR0.PG set, other fixed bits valid,"
    " FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set, operand mapped, pointer aligned, pointer within width,"
    " revision matches, revision bit 31 clear",
    outcomes={"64-bit stack address valid": "#GP(0)"},
    reasons={"64-bit stack address valid": _STACK},
)  # fmt: skip

VMXOFF_HM = end_to_end(
    "VMXOFF", "virtualbox-hm", f"{_HM}, vmxHCExitVmxoff and vmxHCCheckExitDueToVmxInstr; {_OFF}",
    "not VMX non-root operation, in VMX operation, CPL 0, no dual-monitor treatment",
)  # fmt: skip

# Read, but not to be said in boxes: in VMX root operation iemCImpl_load_CrX keeps CR4.VMXE set, but tests the fixed
# bits of CR0 only in a guest, and lets 64-bit code clear CR0.PG.
_WRITES = None

SOURCES = (
    Source(
        "virtualbox",
        "VirtualBox, instruction emulation",
        "2025-08-13",
        "VirtualBox 7.1.12 (kaisenlinux/virtualbox 2652cdbb of 2025-08-13), IEMAllCImplVmxInstr.cpp, iemVmxVmxon and "
        "iemCImpl_vmxoff; r106320 of 2024-10-15 has the same checks",
        "CR4.VMXE is tested among the fixed bits only, so a clear one is #GP(0) instead of #UD (on VT-x it is tested "
        "before: `virtualbox-hm`). The LOCK prefix is accepted. An operand on the stack that is not canonical is "
        "#GP(0); one beyond the limit is #SS(0). A VMXON region outside ordinary memory is VMfailInvalid (not "
        "modelled). Read, not run.",
        (VMXON, VMXOFF),
        _WRITES,
    ),
    Source(
        "virtualbox-hm",
        "VirtualBox on VT-x",
        "2025-08-13",
        "VirtualBox 7.1.12 (kaisenlinux/virtualbox 2652cdbb of 2025-08-13), VMXAllTemplate.cpp.h, vmxHCExitVmxon and "
        "vmxHCExitVmxoff, which call the instruction emulation",
        "The exit handler tests CR4.VMXE before it calls the emulation, so a clear one is #UD. It computes the "
        "operand's address, too, so that a bad one comes before the CPL and VMX operation: #GP(0) if not canonical, "
        "through whichever segment. After VMXOFF it does not mark RFLAGS as changed: whether the guest sees the flags "
        "is unverified. Read, not run.",
        (VMXON_HM, VMXOFF_HM),
        _WRITES,
    ),
)
