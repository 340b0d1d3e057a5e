"""KVM's handlers as rows, end to end: what the processor tests before the VM exit, then the handler."""

from ..outcome import UNTOUCHED
from ..rung import Effect, Ladder, Rung
from .source import Source

_PAGE = "SDM VMXON page, Operation (rev 091 §33.3)"
_OFF_PAGE = "SDM VMXOFF page, Operation (rev 091 §33.3)"
_SEED = "Linux ec378aeef9df, arch/x86/kvm/vmx.c"
_ON = f"{_SEED}, handle_vmon"
_OFF = f"{_SEED}, nested_vmx_check_permission"
# At the seed nothing can become a nested guest: VMLAUNCH is still #UD.
_NARROW = {"VMX": ("off", "root")}

KVM_2011_ON = Ladder(
    "VMXON",
    "kvm-2011",
    (
        Rung("memory operand", {"operand": "register"}, "#UD",
             "with a register operand these bytes are another instruction, and no VM exit happens", "decoder", _PAGE),
        Rung("protected mode", {"CR0.PE": 0}, "#UD",
             "real-address mode knows no VMX instructions: the processor faults, and the handler would too",
             "both", f"{_ON}; {_PAGE}"),
        Rung("not virtual-8086 mode", {"RFLAGS.VM": 1}, "#UD",
             "virtual-8086 mode knows no VMX instructions: the processor faults, and the handler would too",
             "both", f"{_ON}; {_PAGE}"),
        Rung("not compatibility mode", {"EFER.LMA": 1, "CS.L": 0}, "#UD",
             "in long mode, only 64-bit code may use VMX instructions: the processor faults, and the handler would too",
             "both", f"{_ON}; {_PAGE}"),
        Rung("CR4.VMXE set", {"CR4.VMXE": 0}, "#UD",
             "the guest has not set its CR4.VMXE (the real register has it set, so only the handler notices)",
             "handler", _ON),
        Rung("CPL 0", {"CPL": (1, 2, 3)}, "#GP(0)", "only the guest's kernel (CPL 0) may do this", "handler", _ON),
    ),
    Effect(vmx="root", current_vmcs=None, flags=UNTOUCHED),
    _NARROW,
)  # fmt: skip

KVM_2011_OFF = Ladder(
    "VMXOFF",
    "kvm-2011",
    (
        Rung("protected mode", {"CR0.PE": 0}, "#UD",
             "real-address mode knows no VMX instructions: the processor faults; the handler has no test of its own",
             "processor", _OFF_PAGE),
        Rung("not virtual-8086 mode", {"RFLAGS.VM": 1}, "#UD",
             "virtual-8086 mode knows no VMX instructions: the processor faults, and the handler would too",
             "both", f"{_OFF}; {_OFF_PAGE}"),
        Rung("not compatibility mode", {"EFER.LMA": 1, "CS.L": 0}, "#UD",
             "in long mode, only 64-bit code may use VMX instructions: the processor faults, and the handler would too",
             "both", f"{_OFF}; {_OFF_PAGE}"),
        Rung("in VMX operation", {"VMX": "off"}, "#UD",
             "the guest has not executed VMXON (the real processor is in VMX operation, so only the handler notices)",
             "handler", _OFF),
        Rung("CPL 0", {"CPL": (1, 2, 3)}, "#GP(0)", "only the guest's kernel (CPL 0) may do this", "handler", _OFF),
    ),
    Effect(vmx="off", current_vmcs=None, flags=UNTOUCHED),
    _NARROW,
)  # fmt: skip

SOURCES = (
    Source(
        "kvm-2011",
        "KVM, the first handlers (Linux 3.1)",
        "2011-05-25",
        "Linux ec378aeef9dfc7c4ba72e9bd6cd4bd6f7d5fd0cc, arch/x86/kvm/vmx.c, handle_vmon and handle_vmoff",
        (KVM_2011_ON, KVM_2011_OFF),
    ),
)
