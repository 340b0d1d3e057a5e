"""The last resort: what a sentence says about VMXON or VMXOFF; one with "not" or "should" is left alone."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ...model.address import parse_address
from ...model.axis import named_values
from ...model.errors import NvmxError
from ..facts import Block, Event, Fact, Fault, Says
from ..line import Line
from .linux_messages import disabled_by_firmware

_INSTRUCTIONS = (
    "vmxon|vmxoff|vmptrld|vmptrst|vmclear|vmread|vmwrite|vmlaunch|vmresume|vmcall|invept|invvpid|rdmsr|wrmsr|xsetbv"
    "|getsec|__vmx_on|__vmx_off"
)
_NAME = re.compile(rf"\b({_INSTRUCTIONS})\b", re.IGNORECASE)
_HEDGED = re.compile(
    r"\b(?:not|never|no|without|unless|if|should|would|could|can|may|might|must|will|expect(?:ed|s)?|instead|why|how"
    r"|when(?! (?:i|we|my|our|the (?:driver|module|kernel|guest|hypervisor))\b)"
    r"|whether|avoid|prevent\w*|cannot|before)\b|n't\b|\?|\bpotential",
    re.IGNORECASE,
)
_EXCEPTIONS = (
    (re.compile(r"#GP\b|\bgeneral[ -]protection\b|\bGPF\b", re.IGNORECASE), "#GP(0)"),
    (re.compile(r"#UD\b|\b(?:invalid|undefined|illegal)[ -](?:opcode|instruction)\b", re.IGNORECASE), "#UD"),
    (re.compile(r"#SS\b|\bstack(?:-| )segment fault\b", re.IGNORECASE), "#SS(0)"),
    (re.compile(r"#PF\b|\bpage[ -]fault(?:s|ed)?\b", re.IGNORECASE), "#PF"),
    (re.compile(r"\bVM ?fail ?invalid\b", re.IGNORECASE), "VMfailInvalid"),
    (re.compile(r"\bVM ?fail ?valid\b", re.IGNORECASE), "VMfailValid"),
)
_NUMBER = re.compile(r"\b(?:vm-?instruction )?error(?: number| code)?[ :=]+(\d{1,2})\b", re.IGNORECASE)
_FLAGS = re.compile(r"\bR?E?FLAGS\b[^0-9]{0,30}\b(0x[0-9a-f]{1,8})\b", re.IGNORECASE)
_CF = re.compile(r"\b(?:CF|carry(?: flag)?) ?(?:=|is|was)? ?([01]|set)\b", re.IGNORECASE)
_ZF = re.compile(r"\b(?:ZF|zero flag) ?(?:=|is|was)? ?([01]|set)\b", re.IGNORECASE)
_SUCCESS = re.compile(
    r"\b(?:succe(?:eds?|eded|ss|ssful|ssfully)|works|worked|completed|passes|passed)\b", re.IGNORECASE
)
_FAULT = re.compile(r"\b(?:fault(?:s|ed)?|crash(?:es|ed)?)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:fail(?:s|ed|ure)?|succe(?:eds?|eded)|works?|worked|completed|fault(?:s|ed)?|rais(?:es|ed)"
    r"|caus(?:es|ed)|g[eo]ts?|generat(?:es|ed)|trigger(?:s|ed)|throws?|threw|gives?|gave|results?|resulted|return(?:s|ed)?|ends?|ended|crash(?:es|ed)?"
    r"|is|was|with|after|at|on|during|executing)\b"
    r"|[:→]|->|=>",
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
_VMXE = re.compile(r"\bvmxe\b(?: bit)? (?:is|was) (set|clear(?:ed)?|0|1|not set)\b", re.IGNORECASE)
_LOCK = re.compile(
    r"\bfeat(?:ure)?_c(?:on)?t(?:ro)?l\b[^.;]{0,30}?\b(?:(unlocked|(?:not|never|n't) (?:yet )?locked"
    r"|lock bit (?:is )?(?:0|clear|not set))|(locked))\b",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"\b(?:if|should|would|could|must|may|might|unless|whether)\b|\?|n't\b", re.IGNORECASE)
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
_QUESTION = re.compile(r"\bVMXO(?:N|FF)/[\w-]{1,40}\?[\w=&-]+")
_QUICK = ("vmx", "vmp", "vmc", "vmr", "vmw", "vml", "virtuali", "vt", "kvm", "feat", "exception", "panic", "trap",
          "general p", "invalid op", "#", "invept", "invvpid", "msr", "xsetbv", "getsec", "ring")  # fmt: skip
_MAX_LENGTH = 2000


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield what each sentence says."""
    block = Block("system", "any")
    for line in lines:
        lower = line.text.lower()
        if len(lower) <= _MAX_LENGTH and any(word in lower for word in _QUICK):
            for match in _QUESTION.finditer(line.text):
                yield from _question(line, block, match[0])
            for sentence in re.split(r"(?<=[.!?;]) +", line.text):
                yield from _sentence(line, block, sentence)


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
    hedged = _HEDGED.search(text)
    if _NEVER_ENTERED.search(text):
        yield Says(line, block, "VMX", "off")
    if (match := _RING.search(text)) and not hedged:
        yield Says(line, block, "CPL", int(match[1]))
    if (match := _LOCK.search(text)) and not _MAYBE.search(text):
        yield Says(line, block, "FEATURE_CONTROL.lock", 0 if match[1] else 1)
    if match := _TRAP.search(text):
        yield Fault(line, Block("fault", "any"), _VECTORS[match[1]])
        return
    name = _NAME.search(text)
    if not hedged:
        if _VMXE_TAKEN.search(text):
            note = "VMXON was not executed, because CR4.VMXE was already set: another hypervisor has VMX"
            yield Event(line, block, "VMXON", False, note=note, person=True)
            yield Says(line, block, "CR4.VMXE", 1)
            return
        if _FIRMWARE.search(text):
            yield from disabled_by_firmware(line, block)
            return
    if (match := _VMXE.search(text)) and not _MAYBE.search(text):
        yield Says(line, block, "CR4.VMXE", int(match[1].lower() in ("set", "1")))
    if name is None:
        if _EXCEPTION.match(text):
            for pattern, outcome in _EXCEPTIONS[:4]:
                if pattern.search(text):
                    note = f"{outcome.removesuffix('(0)')} at an instruction that the text does not show"
                    yield Event(line, block, None, True, (outcome,), note, person=True)
                    return
        return
    if hedged:
        return
    names = {match[1].upper().replace("__VMX_", "VMX") for match in _NAME.finditer(text)}
    observed = tuple(_observed(text))
    if len(names) == 1 and observed and _VERB.search(text):
        yield Event(line, block, names.pop(), True, observed, person=True)


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
    carry, zero = _CF.search(text), _ZF.search(text)
    if carry and carry[1] != "0":
        yield "VMfailInvalid"
    elif zero and zero[1] != "0":
        yield "VMfailValid"
    elif match := _NUMBER.search(text):
        yield f"error {match[1]}"
    elif _FAULT.search(text):
        yield "fault"
    elif _SUCCESS.search(text):
        yield "success"
