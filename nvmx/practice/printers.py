"""Print a state as programs print it: the inverse of `nvmx.read`.

Each printer shows what its program would show of the state, and nothing else; what no bit of the state decides (the
other registers) is chosen at random.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ..dumps import Reading, read
from ..model.instruction import BY_INSTRUCTION
from ..model.registers import CR0, CR4, EFER, RFLAGS
from ..model.state import State
from .chooser import Chooser

_CR0, _CR4 = 0x0005_0012, 0x0000_06F0  # WP, AM, MP and ET; PAE, PGE, MCE, PSE, OSFXSR and OSXMMEXCPT
_EFER_SCE, _EFER_LME, _EFER_NXE = 1, 1 << 8, 1 << 11
_RFLAGS = 0x0001_0046  # RF, ZF, PF, and the bit that is always 1
# The bytes of the instruction: VMXON with its operand at [rax] or [rsp], and VMXOFF.
_RAX, _RSP, _OFF = "f3 0f c7 30", "f3 0f c7 34 24", "0f 01 c4"
_PROTECTED = "protected, 16- or 32-bit"
_VMCS_LIMIT = 0xFFFF_FFFF
_FIXED_IN_GUEST = 1 << 5  # CR0.NE, which the processor demands of a guest as well
_CR0_BITS = {31: "pg", 30: "cd", 29: "nw", 18: "ac", 16: "wp", 5: "ne", 4: "et", 3: "ts", 2: "em", 1: "mp", 0: "pe"}
_CR4_BITS = {
    22: "pke", 21: "smap", 20: "smep", 18: "osxsave", 17: "pcid", 16: "fsgsbase", 14: "smx", 13: "vmx", 11: "umip",
    10: "osxmmexcpt", 9: "osfxsr", 8: "pce", 7: "pge", 6: "mce", 5: "pae", 4: "pse", 3: "de", 2: "tsd", 1: "pvi",
    0: "vme",
}  # fmt: skip
_EFER_BITS = {11: "nxe", 10: "lma", 8: "lme", 0: "sce"}


@dataclass(frozen=True)
class Report:
    """A text as a program prints it, and what `nvmx.read` says about it."""

    text: str
    reading: Reading

    @property
    def shows(self) -> Collection[str]:
        """The axes that the text proves."""
        return tuple(self.reading.known)


@dataclass(frozen=True)
class _Registers:
    """The raw registers of a state, as the printers write them."""

    cr0: int
    cr4: int
    efer: int
    rflags: int
    rip: int
    cs: int
    ss: int
    cs_rights: int  # in the VMCS's form
    ss_rights: int
    general: Mapping[str, int]
    is_long: bool
    is_64_bit: bool
    cpl: int
    a20: int


def report(text: str) -> Report:
    """Return a text with its reading.

    >>> report("CR4=0x2020").shows
    ('CR4.VMXE',)
    """
    return Report(text, read(text))


def can_print(name: str, state: State) -> bool:
    """Return whether a printer can show the moment before the instruction in this state.

    >>> from nvmx.model.instruction import READY
    >>> can_print("QEMU", State(READY["VMXON"]))
    True
    """
    if state["LOCK"] or state["operand"] == "register":
        return False
    if name == "dump_vmcs":  # in the other modes the processor raises #UD, and there is no VM exit
        return state["VMX"] != "non-root" and state["A20M"] == 0 and state.mode in ("64-bit", _PROTECTED)
    return True


def _bits(of: Mapping[str, int], state: State) -> int:
    return sum(int(state.columns[name]) << bit for name, bit in of.items())


def _registers(chooser: Chooser, state: State) -> _Registers:
    cpl, long, code_64 = int(state["CPL"]), bool(state["EFER.LMA"]), bool(state["CS.L"])
    paging, virtual = bool(state["CR0.PG"]), bool(state["RFLAGS.VM"])
    protected = bool(state["CR0.PE"]) and not virtual
    page = 0x1000 * (1 + chooser.below(0x7FF))
    rip = (0xFFFF_FFFF_8100_0000 if code_64 and cpl == 0 else 0x0040_0000 if protected else 0x7C00) + (
        page + 0x10 * chooser.below(0x100) if protected else 0
    )
    names = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"]
    general = {name: 0x1000 * (1 + chooser.below(0xFFF)) for name in names}
    if state["operand"] == "gp-fault" and code_64:
        general["rax"] |= 0x8000_0000_0000_0000  # not canonical
    if state["operand"] == "ss-fault" and code_64:
        general["rsp"] |= 0x8000_0000_0000_0000
    size = 0x2000 if code_64 else 0x4000 if protected else 0
    dpl = 3 if virtual else cpl
    selector = 0x10 | cpl if protected else 0x0100 * (1 + chooser.below(0xF))
    return _Registers(
        cr0=_bits(CR0, state) | _CR0,
        cr4=_bits(CR4, state) | (_CR4 if paging else 0),
        efer=_bits(EFER, state) | ((_EFER_SCE | _EFER_LME | _EFER_NXE) if long else 0),
        rflags=_bits(RFLAGS, state) | _RFLAGS,
        rip=rip,
        cs=selector,
        ss=0x18 | cpl if protected else selector,
        cs_rights=0x809B | dpl << 5 | size,
        ss_rights=0x8093 | dpl << 5 | (0x4000 if protected else 0),
        general=general,
        is_long=long,
        is_64_bit=code_64,
        cpl=cpl,
        a20=1 - int(state["A20M"]),
    )


def code_of(instruction: str, state: State) -> str:
    """Return the bytes of the instruction.

    >>> from nvmx.model.instruction import READY
    >>> code_of("VMXOFF", State(READY["VMXOFF"]))
    '0f 01 c4'
    """
    return _OFF if instruction == "VMXOFF" else _RSP if state["operand"] == "ss-fault" else _RAX


def qemu(chooser: Chooser, instruction: str, state: State) -> Report:
    """Print what QEMU's monitor answers to `info registers`."""
    found = _registers(chooser, state)
    del instruction  # the monitor does not show it
    wide, letter = (16, "R") if found.is_64_bit else (8, "E")
    base = 16 if found.is_long else 8
    general = [f"{letter}{name[1:].upper()}={value & (1 << 4 * wide) - 1:0{wide}x}"
               for name, value in found.general.items()]  # fmt: skip
    segments = [
        f"{name} ={selector:04x} {'0' * base} ffffffff {rights << 8 & 0xF0FF00 | 0xF0000:08x} DPL={rights >> 5 & 3}"
        for name, selector, rights in (
            ("CS", found.cs, found.cs_rights),
            ("SS", found.ss, found.ss_rights),
        )
    ]
    return report("\n".join([
        "CPU#0",
        " ".join(general[:4]), " ".join(general[4:]),
        f"{letter}IP={found.rip:0{wide}x} {letter}FL={found.rflags:08x} [---Z-P-] CPL={found.cpl} II=0 A20={found.a20}"
        " SMM=0 HLT=0",
        *segments,
        f"CR0={found.cr0:08x} CR2={0:0{base}x} CR3={found.general['rdi']:0{base}x} CR4={found.cr4:08x}",
        f"EFER={found.efer:016x}",
    ]))  # fmt: skip


def bochs(chooser: Chooser, instruction: str, state: State) -> Report:
    """Print what Bochs' debugger shows: the next instruction, and its answers to `creg`, `sreg` and `r`."""
    found = _registers(chooser, state)
    code = code_of(instruction, state).replace(" ", "")
    place = "ss:[rsp]" if state["operand"] == "ss-fault" else "ds:[rax]"
    operand = "" if instruction == "VMXOFF" else f" qword ptr {place}"
    time = 100_000 + chooser.below(900_000)
    width = 16 if found.is_64_bit else 8
    general = [f"{name}: {value >> 32:08x}_{value & 0xFFFF_FFFF:08x}" for name, value in found.general.items()]
    return report("\n".join([
        f"Next at t={time}",
        f"(0) [0x{found.rip & 0xFFFF_FFFF:012x}] {found.cs:04x}:{found.rip:0{width}x} (unk. ctxt): "
        f"{instruction.lower()}{operand} ; {code}",
        f"CR0=0x{found.cr0:08x}: {_flags(_CR0_BITS, found.cr0)}",
        f"CR4=0x{found.cr4:08x}: {_flags(_CR4_BITS, found.cr4)}",
        f"EFER=0x{found.efer:08x}: {_flags(_EFER_BITS, found.efer)}",
        f"cs:0x{found.cs:04x}, dh=0x{found.cs_rights << 8 & 0xF0FF00 | 0xF0000:08x}, dl=0x0000ffff, valid=1",
        f"ss:0x{found.ss:04x}, dh=0x{found.ss_rights << 8 & 0xF0FF00 | 0xF0000:08x}, dl=0x0000ffff, valid=1",
        *general,
        f"rip: {found.rip >> 32:08x}_{found.rip & 0xFFFF_FFFF:08x}",
        f"eflags 0x{found.rflags:08x}: id vip vif ac {'VM' if found.rflags >> 17 & 1 else 'vm'} RF nt of df if tf sf ZF"
        " af PF cf",
    ]))  # fmt: skip


def dump_vmcs(chooser: Chooser, instruction: str, state: State) -> Report:
    """Print what KVM's dump_vmcs shows of a guest at its VM exit: what the guest sees of CR0 and CR4 is the shadow."""
    found = _registers(chooser, state)
    actual0, actual4 = found.cr0 | _FIXED_IN_GUEST, found.cr4 | 1 << 13
    reason = BY_INSTRUCTION[instruction].exit_reason
    return report("\n".join([
        "*** Guest State ***",
        f"CR0: actual=0x{actual0:016x}, shadow=0x{found.cr0:016x}, gh_mask=fffffffffffefff7",
        f"CR4: actual=0x{actual4:016x}, shadow=0x{found.cr4:016x}, gh_mask=fffffffffffef871",
        f"CR3 = 0x{found.general['rdi']:016x}",
        f"RSP = 0x{found.general['rsp']:016x}  RIP = 0x{found.rip:016x}",
        f"RFLAGS=0x{found.rflags:08x}         DR7 = 0x0000000000000400",
        f"CS:   sel=0x{found.cs:04x}, attr=0x{found.cs_rights:05x}, limit=0x{_VMCS_LIMIT:08x}, base=0x{0:016x}",
        f"SS:   sel=0x{found.ss:04x}, attr=0x{found.ss_rights:05x}, limit=0x{_VMCS_LIMIT:08x}, base=0x{0:016x}",
        f"EFER= 0x{found.efer:016x}",
        "*** Control State ***",
        f"        reason={reason:08x} qualification={0:016x}",
    ]))  # fmt: skip


_HEADLINES = {
    "#UD": "invalid opcode: 0000 [#1] SMP", "#GP(0)": "general protection fault: 0000 [#1] SMP",
    "#SS(0)": "stack segment: 0000 [#1] SMP",
}  # fmt: skip


def linux_oops(chooser: Chooser, instruction: str, state: State, ending: str) -> Report:
    """Print what the 64-bit Linux kernel prints if the instruction faults in it: `ending` is #UD, #GP(0) or #SS(0)."""
    where = "kvm_cpu_vmxon" if instruction == "VMXON" else "kvm_cpu_vmxoff"
    return oops(chooser, state, ending, where, code_of(instruction, state))


def oops(chooser: Chooser, state: State, ending: str, function: str, code: str) -> Report:
    """Print an oops of the 64-bit Linux kernel in a function, with these bytes at the instruction pointer."""
    found = _registers(chooser, state)
    first, *rest = code.split()
    offset = chooser.below(0x80)
    general = [f"{name.upper()}: {value:016x}" for name, value in found.general.items()]
    return report("\n".join([
        _HEADLINES[ending],
        f"CPU: {chooser.below(8)} PID: {1000 + chooser.below(9000)} Comm: modprobe Not tainted 6.1.0 #1",
        f"RIP: 0010:{function}+0x{offset:x}/0x{offset + 0x40:x} [kvm_intel]",
        f"Code: 48 89 e5 <{first}> {' '.join(rest)} 31 c0 c3",
        f"RSP: 0018:{found.general['rsp']:016x} EFLAGS: {found.rflags:08x}",
        " ".join(general[:3]), f"{general[3]} {general[4]} {general[5]}",
        f"CS:  0010 DS: 0000 ES: 0000 CR0: {found.cr0:016x}",
        f"CR2: 00007f{chooser.below(0xFFFF):04x}000000 CR3: {found.general['rdi']:016x} CR4: {found.cr4:016x}",
    ]))  # fmt: skip


def _flags(names: Mapping[int, str], value: int) -> str:
    """Return the bits' names, those that are set in capitals."""
    return " ".join(name.upper() if value >> bit & 1 else name for bit, name in names.items())


PRINTERS: Mapping[str, Callable[[Chooser, str, State], Report]] = {"QEMU": qemu, "Bochs": bochs, "dump_vmcs": dump_vmcs}
