"""From the facts of a text to a reading: which event it is about, which blocks count, and what they prove."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from ..model.axis import BY_NAME, Value
from ..model.box import matches, nearest
from ..model.errors import NvmxError
from ..model.frozen import FrozenDict
from ..model.instruction import BY_INSTRUCTION, READY
from ..model.observed import observations
from ..model.registers import CR4
from ..model.rules import BOXES, RULES, broken_rule
from .claims import (
    EFER,
    Claim,
    broken_fixed_bits,
    from_both,
    from_code,
    from_registers,
    in_table_order,
    lacks_pae,
    operand_address,
)
from .decode import SVM, Decoded, decode
from .facts import Block, Code, Event, Fact, Fault, Mode, Msr, Note, Register, Symbol, Vendor
from .line import Line
from .reading import Reading

T = TypeVar("T")
_OBSERVED = {"#UD": "#UD", "#GP": "#GP(0)", "#SS": "#SS(0)", "#PF": "#PF"}
_WITH_ERROR_CODE_0 = ("#GP", "#SS")
_SPURIOUS = "kvm_spurious_fault"
_VMXON_PLACES = frozenset(
    {"hardware_enable", "vmx_hardware_enable", "vmx_enable_virtualization_cpu", "kvm_cpu_vmxon", "x86_vmx_cpu_on"}
)
_ECX = ("RDMSR", "WRMSR")
_COUNTING = ("machine", "guest", "any")
_NEXT = 12  # lines: a message and the registers that the kernel prints because of it are not farther apart
_FROM_CPUID = frozenset({"GenuineIntel", "AuthenticAMD", "HygonGenuine", "svm"})
_FINE = frozenset({"success", "completed"})
# Where something else than VMXON fails, it is usually one of these.
_RELATED = frozenset({
    "RDMSR", "WRMSR", "XSETBV", "GETSEC", "MOV CR0", "MOV CR3", "MOV CR4", "VMCLEAR", "VMPTRLD", "VMPTRST", "VMREAD",
    "VMWRITE", "VMLAUNCH", "VMRESUME", "VMCALL", "VMFUNC", "INVEPT", "INVVPID", *SVM,
})  # fmt: skip


def judge(facts: Sequence[Fact], ignored: int) -> Reading:
    """Return the reading of all facts of a text."""
    facts = sorted((fact for fact in facts if not _is_a_number(fact)), key=lambda fact: fact.line.number)
    refused = _wrong_vendor(facts)
    if refused:
        return Reading(refused=refused, ignored=ignored)
    blocks = _by_block(facts)
    event = _event(facts, blocks)
    chosen, notes = _chosen(event, blocks)
    event = event and _with_valid_observations(event)
    notes = [*_about(event, blocks, chosen), *notes]
    known, evidence, more, refused = _known(event, chosen, blocks)
    notes += more
    notes += [_cite(fact.text, fact.line) for fact in facts if isinstance(fact, Note) and _counts(fact.block, chosen)]
    return Reading(
        event.instruction if event else None,
        event.executed if event else None,
        event.observed if event and not refused else (),
        FrozenDict(known),
        FrozenDict(evidence),
        tuple(dict.fromkeys(notes)),
        refused,
        ignored,
        FrozenDict({name: values for name, values in _excluded(event, chosen, blocks).items() if name not in known}),
    )


def _is_a_number(fact: Fact) -> bool:
    """Return whether a "value" is the MSR's own number, as in a list of the numbers of MSRs."""
    if isinstance(fact, Msr):
        return fact.value == fact.index
    return isinstance(fact, Register) and fact.name == "efer" and fact.value == EFER


def _cite(sentence: str, *lines: Line) -> str:
    numbers = list(dict.fromkeys(line.number for line in lines))
    return f"{sentence} (line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))})"


def _wrong_vendor(facts: Iterable[Fact]) -> str | None:
    """Return why the text is about another vendor's processor.

    What CPUID says counts more than the names of modules, which people also try to load where they do not fit.  If a
    text names both vendors equally, it is not refused.
    """
    vendors = [fact for fact in facts if isinstance(fact, Vendor)]
    vendors = [fact for fact in vendors if fact.word in _FROM_CPUID] or vendors
    if not vendors or any(fact.vendor == "Intel" for fact in vendors):
        return None
    first = vendors[0]
    if first.vendor == "AMD":
        sentence = f"{first.word}: this is AMD's SVM; VMXON and VMXOFF are instructions of Intel's VMX"
        return _cite(sentence, first.line)
    return _cite(f"{first.word}: this is not an Intel processor", first.line)


def _by_block(facts: Iterable[Fact]) -> dict[Block, list[Fact]]:
    blocks: dict[Block, list[Fact]] = defaultdict(list)
    for fact in facts:
        blocks[fact.block].append(fact)
    return dict(blocks)


def _first(facts: Iterable[Fact], kind: type[Fact]) -> Fact | None:
    return next((fact for fact in facts if isinstance(fact, kind)), None)


def _decoded(facts: Iterable[Fact]) -> tuple[Decoded, Code] | None:
    """Return the instruction at the instruction pointer of a block."""
    facts = list(facts)
    long = not any(isinstance(fact, Mode) and fact.mode not in ("long", "64-bit") for fact in facts)
    for fact in facts:
        if isinstance(fact, Code) and (found := decode(fact.code, long=long)):
            return found, fact
    return None


def _event(facts: Sequence[Fact], blocks: Mapping[Block, list[Fact]]) -> Event | None:
    """Return what the text is about: an executed VMXON or VMXOFF first, then another instruction, then words."""
    events = [fact for fact in facts if isinstance(fact, Event) and fact.block.role in _COUNTING]
    for block, own in blocks.items():
        if block.role in _COUNTING:
            events += _events_of_block(block, own)
    events.sort(key=lambda event: event.line.number)
    if any(_is_shown(event, blocks) for event in events):
        # The bytes say which instruction faulted, whatever people take it for.
        events = [event for event in events if not (event.person and event.executed)]
    # Of equally good events the first one decides.
    return max(events, key=lambda event: _rank(event, blocks), default=None)


def _is_shown(event: Event, blocks: Mapping[Block, list[Fact]]) -> bool:
    """Return whether the bytes of the code show what faulted; a warning's UD2 did not fault."""
    return bool(event.instruction and event.observed and _first(blocks[event.block], Code))


def _with_valid_observations(event: Event) -> Event:
    """Return the event without what no instruction can have left behind, such as error number 77."""
    valid = []
    for each in event.observed:
        with suppress(NvmxError):
            observations(each)
            valid.append(each)
    return replace(event, observed=tuple(dict.fromkeys(valid)))


def _rank(event: Event, blocks: Mapping[Block, list[Fact]]) -> int:
    """Return how much an event is worth: more than others if it is closer to a VMXON or VMXOFF that went wrong."""
    if event.observed and set(event.observed) <= _FINE:
        return 2 if event.instruction in BY_INSTRUCTION else 0
    if event.instruction in BY_INSTRUCTION:
        if event.executed:
            return 5 if event.person else 7
        return 1 if event.executed is None else 3 if event.person else 4
    symbol = _first(blocks[event.block], Symbol)
    near = isinstance(symbol, Symbol) and (symbol.name in _VMXON_PLACES or symbol.name == _SPURIOUS)
    return 6 if near or (event.executed and event.instruction in _RELATED) else 0


def _events_of_block(block: Block, facts: Sequence[Fact]) -> Iterator[Event]:
    fault, found = _first(facts, Fault), _decoded(facts)
    name = found[0].name if found else None
    if isinstance(fault, Fault):
        name = name or fault.instruction
        observed = _OBSERVED.get(fault.exception)
        if fault.error and fault.exception in _WITH_ERROR_CODE_0:
            observed = None
        yield Event(fault.line, block, name, True, (observed,) if observed else ())
    elif found and block.kind == "fault" and name in BY_INSTRUCTION:
        yield Event(found[1].line, block, name, None)


def _counts(block: Block, chosen: Sequence[Block]) -> bool:
    return block in chosen or block.kind == "system"


def _chosen(event: Event | None, blocks: Mapping[Block, list[Fact]]) -> tuple[list[Block], list[str]]:
    """Return the blocks whose registers count, and notes about those that do not."""
    roles = {block.role for block in blocks if block.kind != "system"}
    role = event.block.role if event else "any"
    if role == "any":
        role = "guest" if "guest" in roles and (event is None or "machine" not in roles) else "machine"
    states = [block for block in blocks if block.kind != "system" and block.role in (role, "any")]
    faults = [block for block in states if block.kind == "fault" and not _is_trap(blocks[block])]
    if event and event.block.kind != "system":
        states = [event.block]
    elif event:
        states = [block for block in states if block.kind != "fault"] + _near(event, faults, blocks)
    elif faults:
        states = faults[:1]
    chosen = states + [block for block in blocks if block.kind == "system" and block.role in (role, "any")]
    return chosen, list(_unused(blocks, chosen))


def _near(event: Event, faults: Sequence[Block], blocks: Mapping[Block, list[Fact]]) -> list[Block]:
    """Return the block of registers that belongs to a message about an execution: the next one, or the only one."""
    if not event.executed:
        return []
    behind = [block for block in faults if blocks[block][0].line.number >= event.line.number]
    if behind and (len(faults) == 1 or blocks[behind[0]][0].line.number - event.line.number <= _NEXT):
        return behind[:1]
    return list(faults) if len(faults) == 1 else []


def _is_trap(facts: Iterable[Fact]) -> bool:
    """Return whether a block is one line about user code, without registers."""
    return not any(isinstance(fact, Register | Mode) for fact in facts)


def _unused(blocks: Mapping[Block, list[Fact]], chosen: Sequence[Block]) -> Iterator[str]:
    words = {
        "user": "these are the registers of user code, and not those of the fault",
        "host": "these are values of the host, and not of the guest",
        "guest": "these are values of a guest, and not of the processor below it",
        "any": "these values are not those of the fault, and are not used",
        "machine": "another block of registers begins here, and is not used",
        "later": "the registers are printed again here, which is not used",
    }
    unused: dict[str, list[Line]] = defaultdict(list)
    for block, facts in blocks.items():
        first = next((fact for fact in facts if isinstance(fact, Register | Msr)), None)
        if first is None or block in chosen:
            continue
        if isinstance(first, Msr) and block.role == "machine":
            # Which machine a command ran on, the text does not say: the host, or the guest whose registers are shown.
            written = f"MSR {first.index:#x} = {first.value:#x}"
            unused[
                f"this MSR may be another machine's, and is not used; if it is the same one's, write {written}"
            ].append(first.line)
        else:
            unused[words[block.role]].append(first.line)
    for sentence, lines in unused.items():
        yield _cite(sentence, *lines)


def _about(event: Event | None, blocks: Mapping[Block, list[Fact]], chosen: Sequence[Block]) -> Iterator[str]:
    """Yield sentences about the event itself."""
    if event is None:
        return
    own = blocks[event.block]
    fault, found, symbol = _first(own, Fault), _decoded(own), _first(own, Symbol)
    if event.note:
        yield _cite(event.note, event.line)
    if event.executed is False and "not executed" not in event.note and event.instruction:
        yield _cite(f"{event.instruction} was not executed", event.line)
    if isinstance(fault, Fault):
        if event.instruction not in BY_INSTRUCTION:
            yield from _not_ours(event, fault, found, own)
        elif not event.observed:
            code = f" with error code {fault.error:#x}" if fault.error else ""
            sentence = f"{fault.exception}{code} is no outcome of {event.instruction}'s own checks"
            yield _cite(sentence, fault.line)
    if isinstance(symbol, Symbol) and symbol.name == _SPURIOUS:
        sentence = (
            f"{_SPURIOUS}: KVM stops here after one of its VMX instructions faulted; the text does not show which one"
        )
        yield _cite(sentence, symbol.line)
    elif isinstance(symbol, Symbol) and symbol.name in _VMXON_PLACES and event.instruction is None:
        yield _cite(f"KVM executes VMXON in {symbol.name}: a hint, and no proof", symbol.line)
    for other in _blocks_of(Event, blocks):
        if other is event or other.block not in chosen:
            continue
        if other.note:
            yield _cite(other.note, other.line)
        if (
            other.person
            and not event.person
            and other.executed
            and other.instruction != event.instruction
            and event.instruction
        ):
            sentence = f"the words are about {other.instruction}, but what is shown is {event.instruction}"
            yield _cite(sentence, other.line, event.line)


def _blocks_of(kind: type[Event], blocks: Mapping[Block, list[Fact]]) -> Iterator[Event]:
    for facts in blocks.values():
        for fact in facts:
            if isinstance(fact, kind):
                yield fact


def _not_ours(event: Event, fault: Fault, found: tuple[Decoded, Code] | None, facts: Sequence[Fact]) -> Iterator[str]:
    """Yield what faulted instead of VMXON or VMXOFF."""
    if event.instruction is None:
        yield _cite(f"{fault.exception} at an instruction that the text does not show", fault.line)
        return
    what, lines = event.instruction, [fault.line, *([found[1].line] if found else [])]
    registers = {fact.name: fact for fact in reversed(facts) if isinstance(fact, Register)}
    source = registers.get((found[0].source or "") if found else "")
    rcx = registers.get("rcx")
    if what in _ECX and rcx:
        what += f" of {rcx.value & 0xFFFF_FFFF:X}h"
        lines.append(rcx.line)
    elif source:
        what += f" with {source.value:x}h"
        lines.append(source.line)
    yield _cite(f"{what} raised {fault.exception}: the exception is not VMXON's", *lines)
    if event.instruction == "MOV CR4" and source and source.value >> CR4["CR4.VMXE"] & 1:
        yield _cite("CR4.VMXE cannot be set if CPUID shows no VMX", *lines)
    if event.instruction in SVM:
        yield _cite(f"{event.instruction} is an instruction of AMD's SVM", *lines)


def _known(
    event: Event | None, chosen: Sequence[Block], blocks: Mapping[Block, list[Fact]]
) -> tuple[dict[str, Value], dict[str, tuple[Line, ...]], list[str], str | None]:
    """Return the known axes, their lines, notes, and why the text contradicts itself (or None)."""
    claims: list[Claim] = []
    notes: list[str] = []
    cpu = event.block.cpu if event else None
    system = [fact for block in chosen if block.kind == "system" for fact in _of_cpu(blocks, block, cpu)]
    msrs = _agreed_msrs(system)
    claims += from_registers(system)
    for block in chosen:
        if block.kind == "system":
            continue
        facts = blocks[block]
        claims += from_registers(facts)
        registers = {fact.name: fact for fact in reversed([*system, *facts]) if isinstance(fact, Register)}
        own = msrs | {fact.index: fact for fact in facts if isinstance(fact, Msr)}
        claims += from_both(registers, own)
        notes += [_cite(f"{what}, and is not", *lines) for what, lines in broken_fixed_bits(registers, own)]
        if found := _code_of(event, facts):
            decoded, code = found
            claims += from_code(decoded, [code.line], block, registers)
            address = operand_address(decoded, registers)
            if address and address.canonical:
                sentence = (
                    f"the operand's address {address.value:x}h is canonical, so it does not cause #GP(0) or #SS(0)"
                )
                notes.append(_cite(sentence, code.line, *address.lines))
        if line := lacks_pae(facts):
            long = next((c for c in claims if c.block is block and c.axis == "EFER.LMA" and c.value == 1), None)
            if long:
                why = "this dump contradicts itself: long mode needs CR4.PAE, which is 0"
                return {}, {}, notes, _cite(why, *long.lines, line)
    values: dict[str, Value] = {}
    evidence: dict[str, tuple[Line, ...]] = {}
    for axis in in_table_order(claim.axis for claim in claims):
        of_axis = [claim for claim in claims if claim.axis == axis]
        strong = [claim for claim in of_axis if claim.by != "words"] or of_axis
        if len({claim.value for claim in strong}) > 1:
            contradiction = _contradiction(axis, strong)
            if contradiction:
                return {}, {}, notes, contradiction
            notes.append(_disagreement(axis, strong))
            continue
        values[axis] = strong[0].value
        evidence[axis] = tuple(dict.fromkeys(line for claim in strong[:3] for line in claim.lines))
        for claim in of_axis:
            if claim.value != strong[0].value:
                sentence = f"the words say {axis} = {claim.value}, but its value is {strong[0].value}"
                notes.append(_cite(sentence, *claim.lines, *strong[0].lines))
    notes += _blame(event, values, evidence)
    _without_unused(values, evidence)
    refused = _impossible(values, evidence)
    return ({}, {}, notes, refused) if refused else (_sorted(values), _sorted(evidence), notes, None)


def _code_of(event: Event | None, facts: Sequence[Fact]) -> tuple[Decoded, Code] | None:
    """Return the bytes of VMXON or VMXOFF, if the event is about them."""
    found = _decoded(facts)
    return found if found and event and event.instruction == found[0].name in BY_INSTRUCTION else None


def _excluded(
    event: Event | None, chosen: Sequence[Block], blocks: Mapping[Block, list[Fact]]
) -> dict[str, tuple[Value, ...]]:
    """Return the values of `operand` that the bytes of VMXON rule out."""
    for block in chosen:
        found = _code_of(event, blocks[block])
        if found and found[0].name == "VMXON" and not found[0].register:
            registers = {fact.name: fact for fact in reversed(blocks[block]) if isinstance(fact, Register)}
            address = operand_address(found[0], registers)
            return {"operand": ("gp-fault", "ss-fault", "register") if address and address.canonical else ("register",)}
    return {}


def _sorted(given: Mapping[str, T]) -> dict[str, T]:
    return {name: given[name] for name in BY_NAME if name in given}


def _of_cpu(blocks: Mapping[Block, list[Fact]], block: Block, cpu: int | None) -> list[Fact]:
    """Return the facts of a system block, unless it is about another processor than the one that faulted."""
    cpus = {other.cpu for other in blocks if other.kind == "system"}
    other = cpu is not None and block.cpu is not None and cpu in cpus and block.cpu != cpu
    return [] if other else blocks[block]


def _agreed_msrs(facts: Iterable[Fact]) -> dict[int, Msr]:
    found: dict[int, Msr] = {}
    differing = set()
    for fact in facts:
        if isinstance(fact, Msr):
            first = found.setdefault(fact.index, fact)
            if first.value != fact.value:
                differing.add(fact.index)
    return {index: fact for index, fact in found.items() if index not in differing}


def _contradiction(axis: str, claims: Sequence[Claim]) -> str | None:
    """Return a sentence if a register does not agree with the mode of its own block."""
    for mode in claims:
        for other in claims:
            if mode.by == "mode" and other.block is mode.block and other.value != mode.value:
                sentence = f"this dump contradicts itself: {axis} = {other.value}, but its mode needs {mode.value}"
                return _cite(sentence, *other.lines, *mode.lines)
    return None


def _disagreement(axis: str, claims: Sequence[Claim]) -> str:
    parts = []
    for value in dict.fromkeys(claim.value for claim in claims):
        claim = next(claim for claim in claims if claim.value == value)
        who = f"CPU {claim.block.cpu}: " if claim.block.cpu is not None else ""
        parts.append(_cite(f"{who}{value}", claim.lines[0]))
    return f"{axis} is unknown, because the text disagrees: {'; '.join(parts)}"


def _blame(event: Event | None, values: Mapping[str, Value], evidence: Mapping[str, tuple[Line, ...]]) -> Iterator[str]:
    """Yield a note if a message blames a register whose value allows VMXON."""
    if event is None or event.blames != "FEATURE_CONTROL":
        return
    lock, vmx = values.get("FEATURE_CONTROL.lock"), values.get("FEATURE_CONTROL.vmx")
    if lock == vmx == 1:
        sentence = "the message blames FEATURE_CONTROL, but its value allows VMXON outside SMX operation"
        yield _cite(sentence, event.line, *evidence["FEATURE_CONTROL.lock"])


def _without_unused(values: dict[str, Value], evidence: dict[str, tuple[Line, ...]]) -> None:
    """Remove what a register shows of an axis that means nothing in this state, such as CS.L outside long mode."""
    for rule in RULES:
        name = rule.canonical_axis
        if name and rule.when.keys() <= values.keys() and matches(rule.when, values):
            del values[name], evidence[name]


def _impossible(values: Mapping[str, Value], evidence: Mapping[str, tuple[Line, ...]]) -> str | None:
    """Return why no processor can have all these values at once, or None."""
    start = {**READY["VMXON"], **values}
    if nearest(start, BOXES, held=frozenset(values)) is not None:
        return None
    rule = next((rule for rule in RULES if rule.when.keys() <= values.keys() and matches(rule.when, values)), None)
    rule = rule or broken_rule(start)
    assert rule is not None  # noqa: S101
    lines = [line for axis in rule.when if axis in evidence for line in evidence[axis]]
    what = ", ".join(f"{axis} = {values[axis]}" for axis in rule.when if axis in values)
    return _cite(f"this dump contradicts itself: {what}, but {rule.reason}", *lines)
