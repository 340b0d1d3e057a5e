"""A virtual CPU as the handlers of 2011 saw it: registers, pending exception, nested flag; CPL computed as it was then.

Written after Linux 3.1, arch/x86/kvm/vmx.c and x86.c, and the commit ec378aeef9df.
"""

from dataclasses import dataclass, field
from typing import Self

from ..model.axis import named_values
from ..model.errors import InvalidValue
from ..model.instruction import READY

X86_CR0_PE, X86_CR0_NE, X86_CR0_PG = 1 << 0, 1 << 5, 1 << 31
X86_CR4_VMXE = 1 << 13
EFER_LMA = 1 << 10
X86_EFLAGS_FIXED, X86_EFLAGS_VM = 1 << 1, 1 << 17
SEGMENT_RPL_MASK = 3

DE_VECTOR, UD_VECTOR, DF_VECTOR, TS_VECTOR = 0, 6, 8, 10
NP_VECTOR, SS_VECTOR, GP_VECTOR, PF_VECTOR = 11, 12, 13, 14


@dataclass
class KvmSegment:
    """The parts of `struct kvm_segment` that the handlers read: the selector and the L bit."""

    selector: int = 0x08
    l: int = 1  # noqa: E741 - the C's name


@dataclass
class NestedVmx:
    """`struct nested_vmx`: whether this guest has executed VMXON."""

    vmxon: bool = False


@dataclass(frozen=True)
class QueuedException:
    """An exception waiting for the next VM entry; `error_code` is None for a vector that pushes none."""

    nr: int
    error_code: int | None = None


@dataclass
class KvmRun:
    """What user space reads after a handler returned 0."""

    exit_reason: int | None = None
    hardware_exit_reason: int | None = None


@dataclass
class Vcpu:
    """One virtual CPU; by default, a 64-bit kernel at CPL 0 with CR4.VMXE set.

    `instruction_length` is the length in bytes of the instruction that exited, as the processor reports it (4 for a
    VMXON without SIB and displacement, 3 for VMXOFF); `exit_rip` is its address.  `nested_option` is KVM's module
    option, `cpuid_vmx` the guest's CPUID.1:ECX bit 5.  `held` lists what is allocated for the vCPU; `vmx_free_vcpu`
    empties it.
    """

    cr0: int = X86_CR0_PE | X86_CR0_NE | X86_CR0_PG
    cr4: int = X86_CR4_VMXE
    efer: int = EFER_LMA
    rflags: int = X86_EFLAGS_FIXED
    rip: int = 0x1000
    cs: KvmSegment = field(default_factory=KvmSegment)
    nested: NestedVmx = field(default_factory=NestedVmx)
    exception: QueuedException | None = None
    event_requested: bool = False
    triple_fault: bool = False
    interrupt_shadow: bool = False
    instruction_length: int = 4
    exit_rip: int = 0x1000
    nested_option: bool = True
    cpuid_vmx: bool = True
    run: KvmRun = field(default_factory=KvmRun)
    held: list[str] = field(default_factory=lambda: ["vpid", "loaded_vmcs", "guest_msrs", "vcpu", "vcpu_vmx"])

    @classmethod
    def from_state(cls, **axes: object) -> Self:
        """Return a vCPU in this state; axes as for `nvmx.verdict`, unnamed ones ready.

        Axes that the handlers do not see are unused: those of the instruction's bytes and of its operand, the other
        fixed bits, and all that is in no register here.
        Raises InvalidValue for what registers cannot hold: VMX non-root operation, which came later than this commit,
        and a CPL that does not follow from CS, RFLAGS.VM, EFER.LMA and CR0.PE.
        """
        state = {**READY["VMXON"], **named_values(axes)}
        if state["VMX"] == "non-root":
            raise InvalidValue(
                "VMX: 'non-root' is not allowed (allowed: 'off', 'root'): in 2011 there is no nested guest"
            )
        vcpu = cls(
            cr0=X86_CR0_PE * int(state["CR0.PE"])
            | X86_CR0_NE * int(state["CR0.NE"])
            | X86_CR0_PG * int(state["CR0.PG"]),
            cr4=X86_CR4_VMXE * int(state["CR4.VMXE"]),
            efer=EFER_LMA * int(state["EFER.LMA"]),
            rflags=X86_EFLAGS_FIXED | X86_EFLAGS_VM * int(state["RFLAGS.VM"]),
            cs=KvmSegment(selector=0x08 | int(state["CPL"]), l=int(state["CS.L"])),
            nested=NestedVmx(vmxon=state["VMX"] == "root"),
        )
        if vmx_get_cpl(vcpu) != state["CPL"]:
            raise InvalidValue(
                f"CPL: {state['CPL']} is not allowed with CR0.PE={state['CR0.PE']}, RFLAGS.VM={state['RFLAGS.VM']} "
                f"and EFER.LMA={state['EFER.LMA']} (allowed: {vmx_get_cpl(vcpu)})"
            )
        return vcpu

    @property
    def outcome(self) -> str:
        """How the last instruction ended, in the words of `nvmx.OUTCOMES`.

        Raises InvalidValue if a handler left neither an exception that ends VMXON or VMXOFF nor a moved RIP.
        """
        if self.exception == QueuedException(UD_VECTOR) and self.rip == self.exit_rip:
            return "#UD"
        if self.exception == QueuedException(GP_VECTOR, 0) and self.rip == self.exit_rip:
            return "#GP(0)"
        if self.exception is None and self.rip == self.exit_rip + self.instruction_length:
            return "success"
        raise InvalidValue(f"no outcome: exception {self.exception}, RIP {self.exit_rip:#x} -> {self.rip:#x}")


def is_protmode(vcpu: Vcpu) -> bool:
    """Whether CR0.PE is set."""
    return bool(vcpu.cr0 & X86_CR0_PE)


def is_long_mode(vcpu: Vcpu) -> bool:
    """Whether EFER.LMA is set (LMA, not LME: until 2007 it was LME)."""
    return bool(vcpu.efer & EFER_LMA)


def vmx_get_cpl(vcpu: Vcpu) -> int:
    """Return the CPL as KVM computed it until 2014: from CR0.PE, RFLAGS.VM and the selector of CS, not from SS.DPL.

    >>> vmx_get_cpl(Vcpu(cs=KvmSegment(selector=0x33)))
    3
    """
    if not is_protmode(vcpu):
        return 0
    if not is_long_mode(vcpu) and vcpu.rflags & X86_EFLAGS_VM:
        return 3
    return vcpu.cs.selector & SEGMENT_RPL_MASK


def kvm_queue_exception(vcpu: Vcpu, nr: int) -> None:
    """Queue an exception that pushes no error code; RIP stays at the instruction.

    >>> kvm_queue_exception(vcpu := Vcpu(), UD_VECTOR)
    >>> vcpu.outcome
    '#UD'
    """
    _kvm_multiple_exception(vcpu, QueuedException(nr))


def kvm_inject_gp(vcpu: Vcpu, error_code: int) -> None:
    """Queue #GP with its error code; RIP stays at the instruction.

    >>> kvm_inject_gp(vcpu := Vcpu(), 0)
    >>> vcpu.outcome
    '#GP(0)'
    """
    _kvm_multiple_exception(vcpu, QueuedException(GP_VECTOR, error_code))


def _kvm_multiple_exception(vcpu: Vcpu, new: QueuedException) -> None:
    """Queue `new`; with one pending already, escalate to #DF or triple fault if the classes of the two demand it."""
    vcpu.event_requested = True
    pending = vcpu.exception
    if pending is None:
        vcpu.exception = new
    elif pending.nr == DF_VECTOR:
        vcpu.triple_fault = True
    elif (_contributory(pending) and _contributory(new)) or (
        pending.nr == PF_VECTOR and (_contributory(new) or new.nr == PF_VECTOR)
    ):
        vcpu.exception = QueuedException(DF_VECTOR, 0)
    else:
        vcpu.exception = new


def _contributory(exception: QueuedException) -> bool:
    return exception.nr in (DE_VECTOR, TS_VECTOR, NP_VECTOR, SS_VECTOR, GP_VECTOR)


def skip_emulated_instruction(vcpu: Vcpu) -> None:
    """Move RIP past the instruction that exited, and end the shadow of STI or MOV SS.

    >>> skip_emulated_instruction(vcpu := Vcpu())
    >>> vcpu.outcome
    'success'
    """
    vcpu.rip += vcpu.instruction_length
    vcpu.interrupt_shadow = False
