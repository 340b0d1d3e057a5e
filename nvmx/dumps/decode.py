"""Which instruction a few bytes of code are: those that a hypervisor needs, and their memory operand."""

from dataclasses import dataclass

_LEGACY = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
_SEGMENTS = {0x26: "es", 0x2E: "cs", 0x36: "ss", 0x3E: "ds", 0x64: "fs", 0x65: "gs"}
_NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{number}" for number in range(8, 16)))

# After 0F: the instructions that are one byte.
_PLAIN = {
    0x05: "SYSCALL", 0x06: "CLTS", 0x08: "INVD", 0x09: "WBINVD", 0x0B: "UD2", 0x30: "WRMSR", 0x31: "RDTSC",
    0x32: "RDMSR", 0x33: "RDPMC", 0x37: "GETSEC", 0xA2: "CPUID", 0xAA: "RSM", 0xB9: "UD1", 0xFF: "UD0",
}  # fmt: skip
# After 0F 01: those whose ModRM byte names a register form.
_GROUP7 = {
    0xC1: "VMCALL", 0xC2: "VMLAUNCH", 0xC3: "VMRESUME", 0xC4: "VMXOFF", 0xC8: "MONITOR", 0xC9: "MWAIT", 0xCA: "CLAC",
    0xCB: "STAC", 0xD0: "XGETBV", 0xD1: "XSETBV", 0xD4: "VMFUNC", 0xD8: "VMRUN", 0xD9: "VMMCALL", 0xDA: "VMLOAD",
    0xDB: "VMSAVE", 0xDC: "STGI", 0xDD: "CLGI", 0xDE: "SKINIT", 0xF8: "SWAPGS", 0xF9: "RDTSCP",
}  # fmt: skip
_GROUP7_MEMORY = {0: "SGDT", 1: "SIDT", 2: "LGDT", 3: "LIDT", 4: "SMSW", 6: "LMSW", 7: "INVLPG"}
_GROUP9_MEMORY = {("f3", 6): "VMXON", ("66", 6): "VMCLEAR", ("", 6): "VMPTRLD", ("", 7): "VMPTRST"}
_INVALIDATE = {0x80: "INVEPT", 0x81: "INVVPID", 0x82: "INVPCID"}
_LONGER = frozenset({0x01, 0x20, 0x22, 0x38, 0x78, 0x79, 0xC7})  # the next byte decides
OTHER = "another instruction"
SVM = frozenset({"VMRUN", "VMMCALL", "VMLOAD", "VMSAVE", "STGI", "CLGI", "SKINIT"})


@dataclass(frozen=True, slots=True)
class Operand:
    """A memory operand: segment (None: the default one), base and index registers, scale and displacement."""

    segment: str | None
    base: str | None
    index: str | None
    scale: int
    displacement: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """An instruction: its name, whether it has a LOCK prefix, the operand of VMXON, and the `source` of a MOV to CRn.

    `register` is True for VMXON's opcode with a register as its operand, which is no instruction.
    """

    name: str
    lock: bool = False
    register: bool = False
    operand: Operand | None = None
    source: str | None = None


def decode(code: bytes, *, long: bool = True) -> Decoded | None:
    """Return the instruction at the start of `code`; `long`: in 64-bit mode.

    Its name is OTHER if it is none of those known here.  None: there are too few bytes to decide.

    >>> decode(bytes.fromhex("f30fc73424")).operand
    Operand(segment=None, base='rsp', index=None, scale=1, displacement=0)
    >>> decode(bytes.fromhex("0f32")).name, decode(bytes.fromhex("f30f"))
    ('RDMSR', None)
    """
    place, segment, lock, repeat, size, rex = 0, None, False, "", "", 0
    while place < min(len(code), 14):
        prefix = code[place]
        place += 1
        if long and prefix & 0xF0 == 0x40:
            rex = prefix
            continue
        if prefix not in _LEGACY:
            place -= 1
            break
        rex = 0  # a REX prefix counts only directly before the opcode
        # In 64-bit mode, only FS and GS change the segment.
        if prefix in _SEGMENTS and (not long or prefix in (0x64, 0x65)):
            segment = _SEGMENTS[prefix]
        lock |= prefix == 0xF0
        if prefix in (0xF2, 0xF3):
            repeat = f"{prefix:x}"
        if prefix == 0x66:
            size = "66"
        if prefix == 0x67:
            size += "67"
    if place == len(code):
        return None
    if code[place] != 0x0F:
        return Decoded(OTHER, lock)
    opcode, rest = code[place + 1 : place + 2], code[place + 2 :]
    if not opcode or (opcode[0] in _LONGER and not rest):
        return None
    name = _PLAIN.get(opcode[0])
    if name is None and opcode[0] in _LONGER:
        name = _by_modrm(opcode[0], rest[0], repeat, size, rex)
    if opcode[0] == 0x22 and name:
        return Decoded(name, lock, source=_NAMES[rest[0] & 7 | (rex & 1) << 3])
    if name != "VMXON":
        return Decoded(name or OTHER, lock)
    register = rest[0] >> 6 == 3
    operand = _operand(rest, rex, segment) if long and not register and "67" not in size else None
    return Decoded(name, lock, register, operand)


def _by_modrm(opcode: int, modrm: int, repeat: str, size: str, rex: int) -> str | None:
    """Return the instruction with this opcode after 0F and this ModRM byte."""
    middle, register_form = modrm >> 3 & 7, modrm >> 6 == 3
    if opcode == 0x38:
        return _INVALIDATE.get(modrm) if "66" in size else None
    if opcode == 0x01:
        return _GROUP7.get(modrm) if register_form else _GROUP7_MEMORY.get(middle)
    if opcode in (0x20, 0x22):
        return f"MOV {'from ' * (opcode == 0x20)}CR{middle | (rex & 4) << 1}"
    if opcode in (0x78, 0x79):
        return None if repeat or "66" in size else "VMREAD" if opcode == 0x78 else "VMWRITE"
    mandatory = repeat or ("66" if "66" in size else "")
    if register_form:
        # VMXON's opcode with a register is SENDUIPI on some processors, and otherwise no instruction.
        return "VMXON" if (mandatory, middle) == ("f3", 6) else {6: "RDRAND", 7: "RDSEED"}.get(middle)
    return _GROUP9_MEMORY.get((mandatory, middle))


def _operand(rest: bytes, rex: int, segment: str | None) -> Operand | None:
    """Return the memory operand of a ModRM byte in 64-bit mode with 64-bit addresses; None if bytes are missing."""
    mod, low, place = rest[0] >> 6, rest[0] & 7, 1
    base: str | None = _NAMES[low | (rex & 1) << 3]
    index, scale = None, 1
    if low == 4:
        if len(rest) < 2:
            return None
        sib, place = rest[1], 2
        number = sib >> 3 & 7 | (rex & 2) << 2
        index = None if number == 4 else _NAMES[number]
        scale = 1 << (sib >> 6)
        base = _NAMES[sib & 7 | (rex & 1) << 3]
        if sib & 7 == 5 and mod == 0:
            base = None
    elif low == 5 and mod == 0:
        base = "rip"
    width = {0: 4 if base in (None, "rip") else 0, 1: 1, 2: 4}[mod]
    if len(rest) < place + width:
        return None
    displacement = int.from_bytes(rest[place : place + width], "little", signed=True)
    return Operand(segment, base, index, scale, displacement)
