"""From raw values to axes: what the registers of one block, and the MSRs of its processor, say about each axis."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..model.axis import BY_NAME, Value, find_axis
from ..model.errors import NvmxError
from ..model.modes import MODE_AXES, MODES
from ..model.registers import rights_form, state, vmcs_rights, wrong_fixed_bits
from .decode import Decoded
from .facts import Block, Fact, Mode, Msr, Register, Says
from .line import Line

FEATURE_CONTROL, SMM_MONITOR_CTL, VMX_BASIC, EFER = 0x3A, 0x9B, 0x480, 0xC000_0080
FIXED = {0x486: "cr0_fixed0", 0x487: "cr0_fixed1", 0x488: "cr4_fixed0", 0x489: "cr4_fixed1"}
_PAE, _LA57 = 1 << 5, 1 << 12


@dataclass(frozen=True, slots=True)
class Claim:
    """An axis has this value, because of these lines; `by` is "register", "mode" or "words"."""

    axis: str
    value: Value
    lines: tuple[Line, ...]
    block: Block
    by: str


def _from_state(by: str, block: Block, lines: Iterable[Line], **raw: int) -> Iterator[Claim]:
    """Yield what `nvmx.state` says about these raw values; nothing if it refuses them."""
    try:
        found = state(**raw)
    except NvmxError:
        return
    for keyword, value in found.items():
        yield Claim(find_axis(keyword).name, value, tuple(lines), block, by)


def from_registers(facts: Sequence[Fact]) -> Iterator[Claim]:
    """Yield what the facts of one block say, together with the MSRs among them."""
    registers = {fact.name: fact for fact in reversed(facts) if isinstance(fact, Register)}
    modes = [fact for fact in facts if isinstance(fact, Mode)]
    if (rip := registers.get("rip")) and rip.value >> 32:
        modes.append(Mode(rip.line, rip.block, "64-bit"))  # in all other modes, the instruction pointer has 32 bits
    for mode in modes:
        yield from _from_mode(mode)
    for fact in facts:
        if isinstance(fact, Says):
            yield Claim(fact.axis, fact.value, (fact.line,), fact.block, "words")
        elif isinstance(fact, Msr):
            yield from _from_msr(fact)
        elif isinstance(fact, Register):
            yield from _from_register(fact)
    yield from _privilege(registers, {mode.mode for mode in modes})


def _from_mode(fact: Mode) -> Iterator[Claim]:
    if fact.mode == "long":
        bits: dict[str, Value] = {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0}
    elif fact.mode == "legacy":
        bits = {"CR0.PE": 1, "EFER.LMA": 0}
    else:
        bits = dict(MODES[fact.mode])
        if fact.mode.startswith("protected"):
            bits = {name: bits[name] for name in MODE_AXES if name != "CS.L"}
    for axis, value in bits.items():
        yield Claim(axis, value, (fact.line,), fact.block, "mode")


def _from_msr(fact: Msr) -> Iterator[Claim]:
    if fact.index == FEATURE_CONTROL:
        yield from _from_state("register", fact.block, [fact.line], feature_control=fact.value)
    elif fact.index == EFER:
        yield from _from_state("register", fact.block, [fact.line], efer=fact.value)
    elif fact.index == SMM_MONITOR_CTL and not fact.value & 1:
        # Its bit 0 says that there is a monitor for SMM, and without one VMCALL does not activate the treatment.
        yield Claim("dual_monitor", 0, (fact.line,), fact.block, "register")


def _from_register(fact: Register) -> Iterator[Claim]:
    if fact.name in ("cr0", "cr4", "efer", "rflags", "current_vmptr", "vmxon_pointer", "revision"):
        for claim in _from_state("register", fact.block, [fact.line], **{fact.name: fact.value}):
            # What a pointer says about the region is said once both are looked at together.
            if fact.name != "vmxon_pointer" or claim.axis == "pointer.aligned":
                yield claim
    elif fact.name == "a20" and fact.value in (0, 1):
        yield Claim("A20M", 1 - fact.value, (fact.line,), fact.block, "register")
    elif fact.name == "cs_rights":
        rights = rights_of(fact.value)
        if rights is not None:
            yield from _from_state("register", fact.block, [fact.line], cs_access_rights=rights)


def rights_of(value: int) -> int | None:
    """Return access rights in the VMCS's form, whatever form they are in; None if it is unknown.

    >>> rights_of(0x00AF9B00) == rights_of(0xA09B) == 0xA09B
    True
    """
    form = rights_form(value)
    return value if form == "VMCS" else None if form == "unknown" else vmcs_rights(value)


def _privilege(registers: dict[str, Register], modes: set[str]) -> Iterator[Claim]:
    """Yield CPL: from the block's own word, or from SS's rights or CS's selector, which in real mode say nothing."""
    cr0, rflags = registers.get("cr0"), registers.get("rflags")
    protected = bool(cr0.value & 1) if cr0 else bool(modes - {"real-address", "virtual-8086"})
    virtual_8086 = "virtual-8086" in modes or (rflags is not None and rflags.value >> 17 & 1 == 1)
    if cpl := registers.get("cpl"):
        if cpl.value in (0, 1, 2, 3):
            yield Claim("CPL", cpl.value, (cpl.line,), cpl.block, "register")
    elif virtual_8086:
        return
    elif (rights := registers.get("ss_rights")) and (found := rights_of(rights.value)) is not None:
        # In real-address mode there is no other level than 0, and a descriptor from before may show another one.
        if protected or (cr0 and found >> 5 & 3 == 0):
            yield from _from_state("register", rights.block, [rights.line], ss_access_rights=found)
    elif protected and (cs := registers.get("cs")):
        yield Claim("CPL", cs.value & 3, (cs.line,), cs.block, "register")


def from_both(registers: dict[str, Register], msrs: dict[int, Msr]) -> Iterator[Claim]:
    """Yield what a register says only together with another one or with an MSR."""
    pointer, width = registers.get("vmxon_pointer"), registers.get("physical_width")
    if pointer and width:
        raw = {"vmxon_pointer": pointer.value, "physical_width": width.value}
        for claim in _from_state("register", pointer.block, [pointer.line, width.line], **raw):
            if claim.axis == "pointer.in_width":
                yield claim
    revision, basic = registers.get("revision"), msrs.get(VMX_BASIC)
    if revision and basic:
        lines = [revision.line, basic.line]
        raw = {"revision": revision.value, "vmx_basic": basic.value}
        for claim in _from_state("register", revision.block, lines, **raw):
            if claim.axis == "revision.match":
                yield claim
    for claim in _from_fixed_bits(registers, msrs):
        yield claim


def _from_fixed_bits(registers: dict[str, Register], msrs: dict[int, Msr]) -> Iterator[Claim]:
    broken = [line for _, lines in broken_fixed_bits(registers, msrs) for line in lines]
    used = [registers[name] for name in ("cr0", "cr4") if name in registers]
    if broken:
        yield Claim("other_fixed_bits", 0, tuple(dict.fromkeys(broken)), used[0].block, "register")
    elif len(used) == 2 and all(index in msrs for index in FIXED):
        lines = [fact.line for fact in [*used, *(msrs[index] for index in FIXED)]]
        yield Claim("other_fixed_bits", 1, tuple(dict.fromkeys(lines)), used[0].block, "register")


def broken_fixed_bits(registers: dict[str, Register], msrs: dict[int, Msr]) -> Iterator[tuple[str, tuple[Line, Line]]]:
    """Yield each of the other fixed bits of CR0 and CR4 that is wrong, in words, with the two lines that say so."""
    for index, fixed in FIXED.items():
        name, must_be = fixed[:3], int(fixed.endswith("0"))
        if name not in registers or index not in msrs:
            continue
        register, msr = registers[name], msrs[index]
        wrong = wrong_fixed_bits(fixed, msr.value, register.value)
        for bit in range(64):
            if wrong >> bit & 1:
                what = f"{name.upper()} bit {bit} must be {must_be} (IA32_VMX_{fixed.upper()})"
                yield what, (register.line, msr.line)


def from_code(decoded: Decoded, lines: Sequence[Line], block: Block, registers: dict[str, Register]) -> Iterator[Claim]:
    """Yield what the bytes of VMXON or VMXOFF say: the LOCK prefix, and whether the operand's address can be used."""
    yield Claim("LOCK", int(decoded.lock), tuple(lines), block, "register")
    if decoded.register:
        yield Claim("operand", "register", tuple(lines), block, "register")
    address = operand_address(decoded, registers)
    if address and not address.canonical:
        operand = decoded.operand
        stack = operand is not None and operand.base in ("rsp", "rbp") and operand.segment is None
        yield Claim("operand", "ss-fault" if stack else "gp-fault", (*lines, *address.lines), block, "register")


@dataclass(frozen=True, slots=True)
class Address:
    """The linear address of an operand in 64-bit mode, whether it is canonical, and the lines that it is made of."""

    value: int
    canonical: bool
    lines: tuple[Line, ...]


def operand_address(decoded: Decoded, registers: dict[str, Register]) -> Address | None:
    """Return the address of VMXON's operand; None if the text does not show all that it is made of."""
    operand = decoded.operand
    if operand is None or operand.base == "rip":
        return None
    bases = {"fs": "fs_base", "gs": "gs_base"}
    names = [operand.base, operand.index, bases.get(operand.segment or "")]
    used = [registers[name] for name in names if name and name in registers]
    if len(used) != sum(name is not None for name in names):
        return None
    index = registers[operand.index].value * (operand.scale - 1) if operand.index else 0
    value = (sum(fact.value for fact in used) + index + operand.displacement) & 0xFFFF_FFFF_FFFF_FFFF
    narrow, wide = (value >> (bits - 1) in (0, (1 << (65 - bits)) - 1) for bits in (48, 57))
    if narrow == wide:
        return Address(value, narrow, tuple(fact.line for fact in used))
    cr4 = registers.get("cr4")  # whether it is canonical depends on CR4.LA57
    if cr4 is None:
        return None
    canonical = wide if cr4.value & _LA57 else narrow
    return Address(value, canonical, (*(fact.line for fact in used), cr4.line))


def lacks_pae(facts: Sequence[Fact]) -> Line | None:
    """Return the line that shows CR4.PAE = 0."""
    return next((f.line for f in facts if isinstance(f, Register) and f.name == "cr4" and not f.value & _PAE), None)


def in_table_order(names: Iterable[str]) -> list[str]:
    """Return these axes in table order."""
    wanted = set(names)
    return [name for name in BY_NAME if name in wanted]
