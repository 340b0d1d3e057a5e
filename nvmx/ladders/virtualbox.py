"""VirtualBox's instruction emulation (IEM)."""

from ..model.ladder import Effect, Ladder
from .checks import check, checks, vmfail
from .source import Source

_DECODER = "VirtualBox r106320, IEMAllInstTwoByte0f.cpp.h, iemOp_Grp9_vmxon_Mq and IEMOP_HLP_VMX_INSTR"
_FORM = "VirtualBox r106320, IEMAllInstTwoByte0f.cpp.h (unverified: the register form's entry was not seen)"
_OFF_DECODER = "VirtualBox r106320, IEMOpHlp.h, IEMOP_HLP_VMX_INSTR and the in-VMX prefix"
_ON = "VirtualBox r106320, IEMAllCImplVmxInstr.cpp, iemVmxVmxon"
_NE = "VirtualBox r106320, IEMAllCImplVmxInstr.cpp, iemVmxVmxon (unverified that its constant holds NE)"
_OFF = "VirtualBox r106320, IEMAllCImplVmxInstr.cpp, iemCImpl_vmxoff"

VMXON = Ladder(
    "VMXON",
    "virtualbox",
    (
        check("memory operand", "decoder", _FORM),
        *checks("protected mode, not virtual-8086 mode, not compatibility mode", "processor", _DECODER),
        *checks("not VMX non-root operation, CPL 0", "processor", _ON),
        *vmfail("not in VMX root operation", 15, "processor", _ON),
        check("not A20M mode", "processor", _ON),
        check("CR0.NE set", "processor", _NE),
        check("CR0.PG set", "processor", _ON),
        check("CR4.VMXE set", "processor", _ON, outcome="#GP(0)",
              why="CR4.VMXE is found clear only as one of the fixed bits of CR4"),
        *checks("FEATURE_CONTROL locked, FEATURE_CONTROL bit 2 set", "processor", _ON),
        *checks("operand mapped, pointer aligned, pointer within width", "processor", _ON),
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

SOURCES = (
    Source(
        "virtualbox",
        "VirtualBox, instruction emulation",
        "2024-10-15",
        "VirtualBox r106320, IEMAllCImplVmxInstr.cpp, iemVmxVmxon and iemCImpl_vmxoff",
        "CR4.VMXE is tested among the fixed bits only, so a clear one is #GP(0) instead of #UD (the hardware-assisted "
        "path is said to test it before; unverified); the LOCK prefix is accepted. Read, not run.",
        (VMXON, VMXOFF),
    ),
)
