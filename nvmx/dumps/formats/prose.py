"""The last resort: what a plain sentence says about VMXON or VMXOFF; one that denies something is left alone."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ...model.address import parse_address
from ...model.axis import named_values
from ...model.errors import NvmxError
from ..facts import Block, Event, Fact, Fault, Says
from ..line import Line
from ..wording import statements
from .linux_messages import disabled_by_firmware, is_one_of_two

_INSTRUCTIONS = (
    "vmxon|vmxoff|vmptrld|vmptrst|vmclear|vmread|vmwrite|vmlaunch|vmresume|vmcall|invept|invvpid|rdmsr|wrmsr|xsetbv"
    "|getsec|__vmx_on|__vmx_off"
)
_NAME = re.compile(rf"\b({_INSTRUCTIONS})\b", re.IGNORECASE)
# Such a sentence denies something, or says what happens in general.
_DENIED = re.compile(r"\b(?:not(?! syncing)|never|no|without|can|cannot|will|prevent\w*|before)\b|n't\b", re.IGNORECASE)
_EXCEPTIONS = (
    (re.compile(r"#GP\b|\bgeneral[ -]protection\b|\bGPF\b|\b(?:0x)?C0000096\b", re.IGNORECASE), "#GP(0)"),
    (
        re.compile(
            r"#UD\b|\b(?:invalid|undefined|illegal)[ -](?:opcode|instruction)\b|\bSIGILL\b"
            r"|\b(?:0x)?C000001D\b",
            re.IGNORECASE,
        ),
        "#UD",
    ),
    (re.compile(r"#SS\b|\bstack(?:-| )segment fault\b", re.IGNORECASE), "#SS(0)"),
    (re.compile(r"#PF\b|\bpage[ -]fault(?:s|ed)?\b", re.IGNORECASE), "#PF"),
    (re.compile(r"\bVM ?fail ?invalid\b", re.IGNORECASE), "VMfailInvalid"),
    (re.compile(r"\bVM ?fail ?valid\b", re.IGNORECASE), "VMfailValid"),
)
_NUMBER = re.compile(
    r"\b(?:vm[- _]?instruction[- _])?error(?: number| code| field)?(?: \(4400h\)|\))?"
    r"(?:[ :=]+| ?(?:is|was|reads|gives|returns)[ :=]+)(\d{1,2})\b",
    re.IGNORECASE,
)
_VM_INSTRUCTION = re.compile(r"vm-?_? ?instruction", re.IGNORECASE)
_ERRORS = ("15", "23")  # those that VMXON and VMXOFF report; another number may be that of an exception or of a program
# The compiler's functions return CF as 2 and ZF as 1.
_RETURNED = re.compile(
    r"\b__vmx_o(?:n|ff)\b(?: ?\([^()]{0,40}\))? ?(?:returned|returns|gives|gave|->|=>?|:) ?([012])\b"
    r"|\bvmxon instruction failed with status ?: ?([12])\b",
    re.IGNORECASE,
)
_RETURN_VALUES = {"0": "success", "1": "VMfailValid", "2": "VMfailInvalid"}
_VECTOR = re.compile(r"\b(?:exception|vector|trap)(?: number| vector)? ?#?(0x[0-9a-f]{1,2}|\d{1,2})\b", re.IGNORECASE)
_FLAGS = re.compile(r"\bR?E?FLAGS\b[^0-9]{0,30}\b(0x[0-9a-f]{1,8})\b", re.IGNORECASE)
_CF = re.compile(r"\b(?:CF|carry(?: flag)?) ?(?:=|is|was)? ?([01]|set)\b|\bsets? (?:the )?(CF|carry)\b", re.IGNORECASE)
_ZF = re.compile(r"\b(?:ZF|zero flag) ?(?:=|is|was)? ?([01]|set)\b|\bsets? (?:the )?(ZF|zero flag)\b", re.IGNORECASE)
_SUCCESS = re.compile(
    r"\b(?:succe(?:eds?|eded|ss|ssful|ssfully)|works|worked|completed|passes|passed)\b", re.IGNORECASE
)
_FAILED = re.compile(r"\bfail(?:s|ed)\b", re.IGNORECASE)
# "The VMXON region" is no VMXON; and who fails to allocate one has not executed VMXON.
_REGION = re.compile(
    r"\bvmxo(?:n|ff)[ _-](?:region|bitmap|pointer|buffer|page|address|memory|support)\w*", re.IGNORECASE
)
_SUBJECT = re.compile(r"\b(?:region|bitmap|pointer|buffer|alloc\w*|capabilit\w+|support\w*)\b", re.IGNORECASE)
_BUT = re.compile(r"\b(?:but|except|however)\b", re.IGNORECASE)
_FAULT = re.compile(r"\b(?:(?:seg)?fault(?:s|ed)?|crash(?:es|ed)?|SIGSEGV)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:fail(?:s|ed|ure)?|succe(?:eds?|eded)|works?|worked|completed|fault(?:s|ed)?|rais(?:es|ed)"
    r"|caus(?:es|ed)|g[eo]ts?|sets?|generat(?:es|ed)|trigger(?:s|ed)|throws?|threw|gives?|gave"
    r"|results?|resulted|return(?:s|ed)?|ends?|ended|crash(?:es|ed)?"
    r"|is|was|with|after|at|on|during|executing|error)\b"
    r"|[:→]|->|=>|\bvmxo(?:n|ff)\b,? ?(?:#[GUSP]|r?e?flags\b)|#(?:GP|UD|SS|PF)(?:\(0\))?,? vmxo(?:n|ff)\b",
    re.IGNORECASE,
)
_FIRMWARE = re.compile(
    r"\b(?:vmx|vt-?x|vt(?!-?d)|virtuali[sz]ation|kvm)\b.{0,40}\b(?:disabled|turned off|switched off)\b.{0,10}"
    r"\b(?:by|in)\b.{0,12}\b(?:bios|firmware|uefi)\b",
    re.IGNORECASE,
)
_VMXE_TAKEN = re.compile(
    r"\bvmxe?\b.{0,30}\b(?:already|previously)\b.{0,20}\b(?:set|enabled|1|on|taken|in use|running)\b"
    r"|\balready (?:set|enabled|in use|running)\b.{0,40}\bvmxe\b",
    re.IGNORECASE,
)
_BITS = {"vmxe": "CR4.VMXE", "ne": "CR0.NE", "pe": "CR0.PE", "pg": "CR0.PG", "lock": "FEATURE_CONTROL.lock"}
_BIT = re.compile(
    r"\b(?:cr[04]\.)?(?:(vmxe|ne|pe|pg)\b(?: bit)?|(lock) bit) (?:is|was) (set|clear(?:ed)?|0|1|not set)\b",
    re.IGNORECASE,
)
_LOCK = re.compile(
    r"\bfeat(?:ure)?_c(?:on)?t(?:ro)?l\b[^.;]{0,30}?\b(?:(unlocked|(?:not|never|n't) (?:yet )?locked"
    r"|lock bit (?:is )?(?:0|clear|not set))|(locked))\b",
    re.IGNORECASE,
)
_NEVER_ENTERED = re.compile(
    r"\b(?:never (?:did|executed|ran)|not (?:in|entered)) (?:a )?(?:VMXON|VMX operation|VMX root)\b"
)
_RING = re.compile(r"\b(?:in|at|from) ring ?-?([0-3])\b", re.IGNORECASE)
_VMREAD = re.compile(r"\bnext vmread\b.{0,30}\b(?:(returned|returns|did not #?UD)|(#UD|faulted))", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"^\W*(?:(?:unhandled |kernel |cpu |fatal )*(?:exception|panic|trap)|general protection|invalid opcode"
    r"|[#](?:GP|UD))\b",
    re.IGNORECASE,
)
_TRAP = re.compile(r"\btrap (6|12|13|14) @ 0x[0-9a-f]+", re.IGNORECASE)
_VECTORS = {"6": "#UD", "12": "#SS", "13": "#GP", "14": "#PF"}
_OUTCOMES = {6: "#UD", 12: "#SS(0)", 13: "#GP(0)", 14: "#PF"}
_IN_A_LIST = re.compile(r"\W{0,3}\d{1,2}[.)] ")  # of things that may be wrong
_QUESTION = re.compile(r"\bVMXO(?:N|FF)/[\w-]{1,40}\?[\w=&-]+")
_QUICK = ("vmx", "vmp", "vmc", "vmr", "vmw", "vml", "virtuali", "vt", "kvm", "feat", "exception", "panic", "trap",
          "general p", "invalid op", "#", "invept", "invvpid", "msr", "xsetbv", "getsec", "ring", " ne ", " pe ",
          " pg ", "0.ne ", "0.pe ", "0.pg ", "ne bit", "pe bit", "pg bit", "lock bit")  # fmt: skip


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield what each sentence says."""
    block = Block("system", "any")
    for line in lines:
        if "VMXO" in line.text:
            for match in _QUESTION.finditer(line.text):
                yield from _question(line, block, match[0])
    for line, sentence in statements(lines, _is_wanted):
        yield from _sentence(line, block, sentence)


def _is_wanted(lower: str) -> bool:
    return any(word in lower for word in _QUICK)


def _question(line: Line, block: Block, text: str) -> Iterator[Fact]:
    """Yield what the text form of a state says, such as `VMXON/intel?cpl=3`."""
    with suppress(NvmxError):
        instruction, _, axes = parse_address(text)
        known = named_values(axes)
        yield Event(line, block, instruction, None)
        for axis, value in known.items():
            yield Says(line, block, axis, value)


def _sentence(line: Line, block: Block, text: str) -> Iterator[Fact]:
    if match := _VMREAD.search(text):
        seen = "VMREAD returned" if match[1] else "VMREAD #UD"
        yield Event(line, block, "VMXON", True, (seen,), person=True)
        return
    denied = _DENIED.search(text)
    if _NEVER_ENTERED.search(text):
        yield Says(line, block, "VMX", "off")
    if (match := _RING.search(text)) and not denied:
        yield Says(line, block, "CPL", int(match[1]))
    if (match := _LOCK.search(text)) and not (denied and denied[0] == "n't"):
        yield Says(line, block, "FEATURE_CONTROL.lock", 0 if match[1] else 1)
    if match := _TRAP.search(text):
        yield Fault(line, Block("fault", "any"), _VECTORS[match[1]])
        return
    for match in _BIT.finditer(text):
        name = _BITS[(match[1] or match[2]).lower()]
        yield Says(line, block, name, int(match[3].lower() in ("set", "1")))
    if denied:
        return
    if _VMXE_TAKEN.search(text):
        note = "VMXON was not executed, because CR4.VMXE was already set: another hypervisor has VMX"
        yield Event(line, block, "VMXON", False, note=note, person=True)
        yield Says(line, block, "CR4.VMXE", 1)
        return
    if match := _FIRMWARE.search(text):
        if not _IN_A_LIST.match(text) and not is_one_of_two(text):
            yield from disabled_by_firmware(line, block, match)
        return
    text = _REGION.sub("", text)
    names = {match[1].upper().replace("__VMX_", "VMX") for match in _NAME.finditer(text)}
    if not names:
        yield from _unnamed(line, block, text)
    elif len(names) == 1:
        observed = tuple(_observed(text))
        # Is it about more than one execution?
        if observed == ("success",) and (_BUT.search(text) or _FAILED.search(text)):
            return
        if observed != ("success",) and _SUCCESS.search(text):
            return
        if (observed and _VERB.search(text)) or (_FAILED.search(text) and not _SUBJECT.search(text)):
            yield Event(line, block, names.pop(), True, observed or ("failed",), person=True)


def _unnamed(line: Line, block: Block, text: str) -> Iterator[Fact]:
    """Yield an exception at an instruction that the sentence does not name."""
    for pattern, outcome in _EXCEPTIONS[:4] if _EXCEPTION.match(text) else ():
        if pattern.search(text):
            note = f"{outcome.removesuffix('(0)')} at an instruction that the text does not show"
            yield Event(line, block, None, True, (outcome,), note, person=True)
            return


def _integer(text: str) -> int:
    return int(text, 16 if text[:2].lower() == "0x" else 10)


def _observed(text: str) -> Iterator[str]:
    """Yield what a sentence says about the end of its instruction."""
    for pattern, outcome in _EXCEPTIONS:
        if pattern.search(text):
            yield outcome
            if outcome == "VMfailValid" and (match := _NUMBER.search(text)):
                yield f"error {match[1]}"
            return
    if match := _FLAGS.search(text):
        yield f"RFLAGS {match[1]}"
        return
    if match := _RETURNED.search(text):
        yield _RETURN_VALUES[match[1] or match[2]]
        return
    if (match := _VECTOR.search(text)) and (found := _OUTCOMES.get(_integer(match[1]))):
        yield found
        return
    carry, zero = _CF.search(text), _ZF.search(text)
    if carry and carry[1] != "0":
        yield "VMfailInvalid"
    elif zero and zero[1] != "0":
        yield "VMfailValid"
        if match := _NUMBER.search(text):
            yield f"error {match[1]}"
    elif (match := _NUMBER.search(text)) and (match[1] in _ERRORS or _VM_INSTRUCTION.search(match[0])):
        yield f"error {match[1]}"
    elif _FAULT.search(text):
        yield "fault"
    elif (carry and zero) or _SUCCESS.search(text):
        yield "success"
