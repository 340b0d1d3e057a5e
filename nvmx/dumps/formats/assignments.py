"""The last resort: registers, MSRs and axes in any text, as `name=value` or `name: value`."""

import re
from collections.abc import Iterator, Sequence

from ...model.axis import AXES, BY_NAME, Value
from ..facts import Block, Fact, Msr, Register, Says
from ..line import Line
from ..wording import statements

_REGISTERS = {
    "cr0": "cr0", "cr4": "cr4", "efer": "efer", "ia32_efer": "efer", "rflags": "rflags", "eflags": "rflags",
    "cpu_flags": "rflags", "rip": "rip", "instruction_pointer": "rip", "cs": "cs", "code_segment": "cs",
    "cs_access_rights": "cs_rights",
    "ss_access_rights": "ss_rights", "vmxon_pointer": "vmxon_pointer", "revision": "revision",
    "current_vmptr": "current_vmptr",
}  # fmt: skip
_MSRS = {
    "feature_control": 0x3A, "feat_ctl": 0x3A, "smm_monitor_ctl": 0x9B, "vmx_basic": 0x480,
    "vmx_cr0_fixed0": 0x486, "vmx_cr0_fixed1": 0x487, "vmx_cr4_fixed0": 0x488, "vmx_cr4_fixed1": 0x489,
    "cr0_fixed0": 0x486, "cr0_fixed1": 0x487, "cr4_fixed0": 0x488, "cr4_fixed1": 0x489,
}  # fmt: skip
_INDICES = frozenset({0x3A, 0x9B, 0xC000_0080, 0x480, *range(0x486, 0x48A)})
# Words that mean more than one thing in a text, such as VMX, are not taken for an axis.
_AXES = {
    **{name.lower(): axis for name, axis in BY_NAME.items() if "." in name or name in ("CPL", "A20M", "dual_monitor")},
    **{axis.keyword: axis for axis in AXES if "_" in axis.keyword},
}
_NAME = "|".join(re.escape(name) for name in sorted({*_REGISTERS, *_AXES}, key=len, reverse=True))
_MSR = "|".join(sorted(_MSRS, key=len, reverse=True))
_ASSIGNMENT = re.compile(
    rf"(?<![\w.$%])(?:({_NAME})|(?:(?:msr_|ia32_|msr_ia32_)?({_MSR})(?:_msr)?(?: ?\((?:msr )?0x3a\))?\)?)"
    r"|(?:rd|__read|read_?)?msr[ \[(]*(0x[0-9a-f]+|[0-9a-f]+h)[\])]*)"
    r"\s{0,20}(=|:|:=|->|=>|\b(?:is|was|reads|returns|returned|contains|set to)\b|)"
    r"\s{0,20}(?:(?:VirtAddr|PhysAddr)\()?(0x[0-9a-f][0-9a-f_`]*|[0-9a-f][0-9a-f`]*h?|off|root|non-root)\b"
    r"(?![.%-]\w|\s{0,3}(?:[`|&^+*~]|<<|>>))",
    re.IGNORECASE,
)
_QUICK = ("cr0", "cr4", "efer", "flags", "feat", "fixed", "vmx", "msr", "cpl", "rip", "pointer", "right", "smm", "a20m",
          "cs", "fc_", "ptr", "rev", "code_seg", "dual")  # fmt: skip
_SIGNS = ("=", ":", "->", "0x", "cpl")
_ELSEWHERE = re.compile(r"\b(?:at|guest)\s$", re.IGNORECASE)  # a message names the place of something else like this
_NOW = re.compile(r"\bnow\b", re.IGNORECASE)  # "was 0, now 1": at which time it was executed is not clear
_FULL_WIDTH = (8, 16)


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield a fact for each assignment; a name that comes again begins another block."""
    system, block = Block("system", "any"), Block("registers", "any")
    seen: dict[str, int] = {}
    for line, text in statements(lines, _is_wanted):
        for match in _ASSIGNMENT.finditer(text):
            name, msr, index, sign, value = match.groups()
            if sign.lower() == "was" and _NOW.search(text):
                continue
            if name and name.lower() in _AXES:
                fact = _axis(line, block, name.lower(), value)
                if fact and (sign or name.upper() == "CPL"):
                    yield fact
                continue
            number = _number(value, sign)
            if number is None:
                continue
            if name:
                register = _REGISTERS[name.lower()]
                if register == "rip" and _ELSEWHERE.search(text[: match.start()]):
                    continue
                if seen.get(register, number) != number:
                    block, seen = Block("registers", "any"), {}
                seen[register] = number
                if register not in ("cr0", "cr4", "efer") or number >> 32 == 0:
                    yield Register(line, block, register, number)
            else:
                which = _MSRS[msr.lower()] if msr else int(index.rstrip("hH"), 16)
                if which in _INDICES:
                    yield Msr(line, system, which, number)


def _is_wanted(lower: str) -> bool:
    return any(sign in lower for sign in _SIGNS) and any(word in lower for word in _QUICK)


def _number(text: str, sign: str) -> int | None:
    """Return a value; None if it may be decimal (`cr0: 2147483697`), since registers are printed in hexadecimal."""
    digits = text.lower().replace("_", "").replace("`", "")
    if digits in ("off", "root", "non-root"):
        return None
    if digits.startswith("0x"):
        return int(digits, 16)
    if digits.endswith("h"):
        return int(digits[:-1], 16)
    if len(digits) in _FULL_WIDTH:
        return int(digits, 16)
    is_word, is_mixed = digits.isalpha(), not digits.isdecimal()
    return int(digits, 16) if not is_word and (is_mixed or sign in ("=", ":=")) else None


def _axis(line: Line, block: Block, name: str, text: str) -> Says | None:
    axis = _AXES[name]
    value: Value = text.lower()
    if text[:1].isdigit():
        value = int(text, 16) if text.lower().startswith("0x") else int(text) if text.isdecimal() else text
    return Says(line, block, axis.name, value) if value in axis.values else None
