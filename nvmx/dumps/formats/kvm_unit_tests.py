"""kvm-unit-tests: the registers at an exception that no test expects, and the results of the tests of VMXON.

Source: lib/x86/desc.c, x86/vmx.c.
"""

import re
from collections.abc import Iterator, Sequence

from ...model.registers import CR0, CR4
from ..facts import Block, Event, Fact, Fault, Mode, Register, Says, Understood
from ..line import Line

_EXCEPTION = re.compile(r"\bUnhandled (?:cpu )?exception (\d+) #?(\w{2})(?:\(([0-9a-f]+)\))? at ip ([0-9a-f]{8,16})")
_ERROR = re.compile(r"^error_code=([0-9a-f]{4}) +rflags=([0-9a-f]{8}) +cs=([0-9a-f]{8})$")
_NAMED = re.compile(r"\b(r[a-d]x|r[sd]i|r[bs]p|r\d\d|r[89]|cr[02348])=([0-9a-f]{16})(?![0-9a-f])")
_RESULT = re.compile(
    r"\b(PASS|FAIL): VMXON with CR([04]) bit (\d+) (set|cleared) should #?(UD|GP|succeed)\w*(?:, got '(\d+)')?"
)
_VECTORS = {"6": "#UD", "13": "#GP(0)", "12": "#SS(0)", "14": "#PF"}
_EXPECTED = {"UD": "#UD", "GP": "#GP(0)"}
_NAMES = {"cr0": {bit: name for name, bit in CR0.items()}, "cr4": {bit: name for name, bit in CR4.items()}}


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the registers of each block, and the outcome of each test; if a test failed, only those that failed."""
    block: Block | None = None
    failed = any("FAIL: VMXON" in line.text for line in lines)
    for line in lines:
        text = line.text
        if "=" not in text and "VMXON" not in text and "Unhandled" not in text:
            continue
        if match := _RESULT.search(text):
            yield from _result(line, match, failed)
        elif match := _EXCEPTION.search(text):
            block = Block("fault")
            yield Fault(line, block, f"#{match[2]}", int(match[3], 16) if match[3] else None)
            yield Register(line, block, "rip", int(match[4], 16))
        elif block is None:
            continue
        elif match := _ERROR.match(text):
            yield Register(line, block, "rflags", int(match[2], 16))
            yield Register(line, block, "cs", int(match[3], 16))
        elif found := _NAMED.findall(text):
            for name, value in found:
                yield Register(line, block, name, int(value, 16))
                if name == "r8":
                    yield Mode(line, block, "long")  # the 32-bit tests have no such register


def _result(line: Line, match: "re.Match[str]", failed: bool) -> Iterator[Fact]:
    block = Block("registers", "guest")
    result, register, bit, change, expected, got = match.groups()
    if failed and result == "PASS":
        yield Understood(line, block)
        return
    outcome = _VECTORS.get(got or "", "completed" if got == "0" else None) if got else _EXPECTED.get(expected)
    if result == "FAIL" and not got:
        outcome = None
    note = f"a test of kvm-unit-tests {'failed' if result == 'FAIL' else 'passed'}"
    yield Event(line, block, "VMXON", True, (outcome,) if outcome else (), note)
    axis = _NAMES[f"cr{register}"].get(int(bit))
    yield Says(line, block, axis or "other_fixed_bits", int(change == "set") if axis else 0)
