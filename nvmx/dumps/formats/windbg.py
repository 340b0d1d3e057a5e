"""WinDbg and KD: `r`, `r cr0,cr4`, `rdmsr`, the frames of `k` and what `!analyze` says about an exception.

The form of `k` is that of a public post; the others follow the debugger's documentation and were not run.
"""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Code, Fact, Fault, Msr, Note, Register, Understood
from ..line import Line

_PROMPT = re.compile(r"(?:\d+: )?(?:l?kd|\d+:\d{3})> *")
_PAIR = re.compile(
    r"\b([re][a-d]x|[re][sd]i|[re][bs]p|r\d\d?|[re]ip|cr[0-48]|dr[0-7])=([0-9a-f]{8}(?:`?[0-9a-f]{8})?)\b"
    r"|\b(efl)=([0-9a-f]{8})\b|\b([c-gs]s)=([0-9a-f]{4})\b|\biopl=\d\b"
)
_BEGINNING = re.compile(r"(?:rax|rdx|rip|cr\d|iopl|cs|eax|eip)=[0-9a-f]")
_MSR = re.compile(r"msr\[([0-9a-f]{1,8})\] = ([0-9a-f]{1,8})`([0-9a-f]{8})$")
_FRAME = re.compile(
    r"[0-9a-f`]{2,17} .*\bnt!Ki(GeneralProtection|InvalidOpcode|StackFault|PageFault)(?:Fault|Abort)?\w*\+0x"
)
_FRAMES = {"GeneralProtection": "#GP", "InvalidOpcode": "#UD", "StackFault": "#SS", "PageFault": "#PF"}
_STATUS = re.compile(
    r"(?:EXCEPTION_CODE: \(NTSTATUS\)|ExceptionCode:|Exception code:) *(?:0x)?(c[0-9a-f]{7})\b", re.IGNORECASE
)
_STATUSES = {
    "c000001d": ("#UD", "STATUS_ILLEGAL_INSTRUCTION is what Windows makes of #UD"),
    "c0000096": ("#GP", "STATUS_PRIVILEGED_INSTRUCTION is what Windows makes of a #GP of a privileged instruction"),
}
_VIOLATION = "STATUS_ACCESS_VIOLATION is what Windows makes of #PF, and of #GP if the address is ffffffffffffffff"
_DISASSEMBLY = re.compile(r"(?:[0-9a-f]{8}`[0-9a-f]{8}|[0-9a-f]{8,16}) ([0-9a-f]{4,30}) +[a-z]\w*\b")
_QUICK = ("=", "nt!Ki", "xception", "EXCEPTION", "`")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the facts of every register, frame and status."""
    block, machine = Block("registers"), Block("system")
    seen: dict[str, int] = {}
    faulted = False
    for line in lines:
        text = line.text
        if not any(word in text for word in _QUICK):
            continue
        if prompt := _PROMPT.match(text):
            text = text[prompt.end() :]
        if match := _MSR.match(text):
            yield Msr(line, machine, int(match[1], 16), int(match[2] + match[3], 16))
        elif not faulted and (match := _FRAME.match(text)):
            faulted = True
            yield Fault(line, block, _FRAMES[match[1]])
        elif match := _STATUS.search(text):
            yield from _status(line, block, match[1].lower())
        elif match := _DISASSEMBLY.match(text):
            yield Code(line, block, bytes.fromhex(match[1][: len(match[1]) // 2 * 2]))
        elif _BEGINNING.match(text):
            found = _registers(text)
            if seen or found:
                yield Understood(line, block)
            if any(seen.get(name, value) != value for name, value in found.items()):
                block, seen = Block("registers"), {}
            seen |= found
            for name, value in found.items():
                yield Register(line, block, name, value)


def _registers(text: str) -> dict[str, int]:
    """Return the registers of a line that consists of nothing else but the words of flags."""
    if any(len(word) != 2 for word in _PAIR.sub("", text).replace(",", " ").split()):
        return {}
    found = {}
    for match in _PAIR.finditer(text):
        general, wide, flags, narrow, segment, selector = match.groups()
        if general:
            name = f"r{general[1:]}" if general[0] == "e" else general
            found[name] = int(wide.replace("`", ""), 16)
        elif flags:
            found["rflags"] = int(narrow, 16)
        elif segment == "cs":
            found["cs"] = int(selector, 16)
    return found


def _status(line: Line, block: Block, status: str) -> Iterator[Fact]:
    yield Understood(line, block)
    if status in _STATUSES:
        exception, note = _STATUSES[status]
        yield Fault(line, block, exception)
        yield Note(line, block, note)
    elif status == "c0000005":
        yield Note(line, block, _VIOLATION)
