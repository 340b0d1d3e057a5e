"""MSRs read on Linux: a bare number, which the command line before it explains (`rdmsr`, or /dev/cpu/N/msr)."""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Msr, Note, Understood
from ..line import Line

_COMMAND = re.compile(
    r"(?:^|[\s$#%;(`])rdmsr((?:\s+-{1,2}[\w-]+(?:[ =]\d+(?::\d+)?(?=\s))?)*)\s+(0[xX][0-9a-fA-F]+|[0-9a-fA-F]+)\b"
)
_SAME_LINE = re.compile(r"^[)`;]*\s*(?:[:=]|->|=>|→)\s*((?:0x)?[0-9a-f]{1,16})\b")
_VALUE = re.compile(r"(?:(?:cpu)? ?(\d+)[:=] *)?((?:0x)?[0-9a-f]{1,16})$", re.IGNORECASE)
_PROCESSOR = re.compile(r"(?:-p|--processor)[ =]?(\d+)")
_CANNOT = re.compile(r"\brdmsr: ?CPU (\d+) cannot read MSR (0x[0-9a-f]+)|\brdmsr:? ?pread: Input/output error")
_CANNOT_WRITE = re.compile(r"\bwrmsr: ?CPU \d+ cannot set MSR (0x[0-9a-f]+)")
_DEVICE = re.compile(r"/dev/cpu/(\d+)/msr\b")
_OFFSET = re.compile(r"(?:\bskip=|-[sj] ?|\bseek\()(0x[0-9a-f]+|\d+)")
_DUMP = re.compile(r"^(?:[0-9a-f]{6,8}(:)? +)?((?:[0-9a-f]{2} ?){8}|(?:[0-9a-f]{4} ){3}[0-9a-f]{4})(?:  .*|\s*)$")
_MAX_CPUS = 4096
_FEATURE_CONTROL = 0x3A


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the value of each MSR that a command line asks for: one, or with -a one per processor."""
    system: dict[int | None, Block] = {}
    index: int | None = None
    options, place = "", 0
    device: tuple[int, int] | None = None
    for line in lines:
        text = line.text
        if device and (match := _DUMP.match(text)):
            yield Msr(line, system.setdefault(device[0], Block("system", cpu=device[0])), device[1], _dumped(match))
        device = None
        if "/dev/cpu/" in text and (match := _DEVICE.search(text)) and (offset := _OFFSET.search(text)):
            device = int(match[1]), int(offset[1], 0)
            yield Understood(line, system.setdefault(None, Block("system")))
            continue
        if "wrmsr" in text and (match := _CANNOT_WRITE.search(text)):
            written = int(match[1], 16)
            sentence = f"WRMSR of {written:X}h faulted"
            if written == _FEATURE_CONTROL:
                sentence += ": FEATURE_CONTROL is locked already, or a bit is reserved; this is not VMXON"
            yield Note(line, system.setdefault(None, Block("system")), sentence)
            continue
        if "rdmsr" in text:
            if match := _CANNOT.search(text):
                which = f" of {int(match[2], 16):X}h" if match[2] else ""
                sentence = f"RDMSR{which} faulted: the MSR does not exist, or may not be read here"
                yield Note(line, system.setdefault(None, Block("system")), sentence)
            elif match := _COMMAND.search(text):
                options, place = match[1], 0
                index = _number(match[2])
                # A command with -f prints some bits only.
                index = None if re.search(r"\s-f|--bitfield", options) else index
                if index is not None and (same := _SAME_LINE.match(text[match.end() :])):
                    yield from _value(line, system, index, options, None, same[1])
                    index = None
                else:
                    yield Understood(line, system.setdefault(None, Block("system")))
            continue
        match = _VALUE.match(text) if index is not None and len(text) < 40 else None
        if index is None or match is None:
            index = None
            continue
        everyone = re.search(r"\s-\w*a|--all", options) is not None
        cpu = int(match[1]) if match[1] else place if everyone else None
        yield from _value(line, system, index, options, cpu, match[2])
        place += 1
        if not everyone or place > _MAX_CPUS:
            index = None


def _dumped(match: "re.Match[str]") -> int:
    """Return the value of eight bytes: as one number (od), byte by byte (hexdump -C, xxd) or as words (hexdump)."""
    groups = match[2].split()
    if len(groups) == 1:
        return int(groups[0], 16)
    if len(groups) == 4 and not match[1]:
        return int("".join(reversed(groups)), 16)
    return int.from_bytes(bytes.fromhex("".join(groups)), "little")


def _number(text: str) -> int:
    """Return an MSR's index; those that people write without 0x are hexadecimal, except for 58."""
    return int(text, 10) if text in ("58", "155") else int(text, 16)


def _value(
    line: Line, system: dict[int | None, Block], index: int, options: str, cpu: int | None, text: str
) -> Iterator[Fact]:
    if cpu is None and (match := _PROCESSOR.search(options)):
        cpu = int(match[1])
    decimal = re.search(r"\s-\w*[ud]\b|--decimal|--unsigned", options) is not None and not text.startswith("0x")
    octal = re.search(r"\s-\w*o\b|--octal", options) is not None
    try:
        value = int(text, 10 if decimal else 8 if octal else 16)
    except ValueError:
        return
    yield Msr(line, system.setdefault(cpu, Block("system", cpu=cpu)), index, value)
