"""Xen's nested VMX, end to end: the first version of 2011, and today's."""

from .hypervisor import MODES, end_to_end
from .source import Source

_FILE = "xen/arch/x86/hvm/vmx/vvmx.c"
_CHECK_2011 = f"Xen 09fce80165, {_FILE}, vmx_inst_check_privilege"
_ON_2011 = f"{_CHECK_2011} and nvmx_handle_vmxon"
_OFF = f"Xen c447b730, {_FILE}, nvmx_n2_vmexit_handler and nvmx_handle_vmx_insn"
_ON = f"Xen c447b730, {_FILE}, nvmx_n2_vmexit_handler, nvmx_handle_vmx_insn and nvmx_handle_vmxon"
# The first version has no nested guests: their exits were added by a later commit (3bafd4a909).
_NO_NESTED_GUESTS = {"VMX": ("off", "root")}
_STACK = {
    "stack address valid": "the operand's address is outside the stack segment, or not canonical, and Xen treats"
    " all segments alike"
}

SOURCES = (
    Source(
        "xen-2011",
        "Xen, the first nested VMX",
        "2011-06-09",
        f"{_ON_2011}, with decode_vmx_inst; nvmx_handle_vmxoff",
        "Any pointer and any second VMXON are accepted; a VMXON with pointer 0 reports success and yet leaves VMX "
        "operation off, because 0 meant 'off' (a pointer's value is not modelled). The CPL is CS.RPL. Outside long "
        "mode an operand beyond its segment's limit is #GP(0); in long mode it is read wherever its address, cut to 48 "
        "bits, leads (no verdict on such operands). No fixed bit is tested.",
        (
            end_to_end("VMXON", "xen-2011", _ON_2011, "CR4.VMXE set, CPL 0, operand mapped",
                       repeats=MODES, narrow={**_NO_NESTED_GUESTS, "operand": ("mapped", "unmapped", "register")}),
            end_to_end("VMXOFF", "xen-2011", _CHECK_2011, "in VMX operation, CPL 0",
                       repeats="not virtual-8086 mode, not compatibility mode", narrow=_NO_NESTED_GUESTS),
        ),
        # Read, but not to be said in boxes: hvm_set_cr0 lets 64-bit code clear CR0.PG as well.
        None,
    ),
    Source(
        "xen",
        "Xen today",
        "2026-08-18",
        f"Xen c447b730, {_FILE}, nvmx_handle_vmx_insn, nvmx_handle_vmxon and nvmx_handle_vmxoff",
        "The operand is read before VMX operation is looked at; a bad address is #GP(0) on the stack, too. It is as "
        "wide as the address: outside 64-bit mode (or with an address-size prefix) only the low 4 or 2 bytes of the "
        "pointer are read, so bits beyond the width are not noticed, and the revision is that of the page at the "
        "truncated address. Neither the fixed bits nor FEATURE_CONTROL, A20M or SMX are tested; a guest may clear "
        "CR4.VMXE in VMX operation, and every VMX instruction is #UD from then on.",
        (
            end_to_end("VMXON", "xen", _ON,
                       "not VMX non-root operation, CR4.VMXE set, CPL 0, operand address valid, stack address valid,"
                       " operand mapped, not in VMX root operation, pointer aligned, 64-bit pointer within width,"
                       " revision matches, revision bit 31 clear",
                       repeats=MODES, outcomes={"stack address valid": "#GP(0)"}, reasons=_STACK),
            end_to_end("VMXOFF", "xen", _OFF, "not VMX non-root operation, CR4.VMXE set, in VMX operation, CPL 0",
                       repeats=MODES),
        ),
        # hvm_set_cr0 and hvm_set_cr4 do not look at VMX operation.
        tuple({"VMX": "root", name: 0} for name in ("CR4.VMXE", "CR0.NE", "CR0.PG", "CR0.PE")),
    ),
)  # fmt: skip
