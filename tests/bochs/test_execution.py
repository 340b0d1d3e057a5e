"""One state: what `ask` says."""

import pytest

import nvmx
from nvmx import bochs
from nvmx.bochs import cases


def test_ask_says_what_was_done_in_one_state() -> None:
    found = bochs.ask("VMXON", cpl=3)
    assert (found.outcome, found.vector, found.error_code, found.moved) == ("#GP(0)", 13, 0, 0)
    found = bochs.ask("VMXON", vmx="root", current_vmcs=1)
    assert (found.outcome, found.error, found.flags, found.vmx) == ("VMfailValid", 15, "ZF set", "root")
    found = bochs.ask("VMXOFF", vmx="non-root", current_vmcs=1, cr0_pg=0, efer_lma=0, cs_l=0)
    assert (found.outcome, found.exit_reason, found.vector, found.vmx) == ("VM exit", 26, None, "non-root")
    assert found.error_code is None
    found = bochs.ask("VMXON", operand="ss-fault")
    assert (found.outcome, found.vector, found.error_code, found.moved) == ("#SS(0)", 12, 0, 0)
    assert bochs.ask("VMXON", operand="gp-fault").outcome == "#GP(0)"
    assert {bochs.ask(name, lock=1, fc_smx=bit).outcome for name in cases.CODE for bit in (0, 1)} == {"#UD"}
    assert bochs.ask("VMXON").outcome == "success"
    assert (
        repr(bochs.ask("VMXOFF"))
        == "<VMXOFF executed: success (it completed; flags cleared; then VMX off, no current VMCS)>"
    )


def test_ask_agrees_with_the_table() -> None:
    for instruction in cases.CODE:
        states = nvmx.executed(instruction)
        axes = list(cases.domains(instruction))
        for row in states.iloc[:: len(states) // 20].to_dict("records"):
            found = bochs.ask(instruction, **{name: row[name] for name in axes})
            assert (found.outcome, found.flags, found.vmx) == (row["outcome"], row["flags"], row["VMX after"])
            assert found.current_vmcs == row["current_VMCS after"]


def test_executions_are_values() -> None:
    assert bochs.ask("VMXON", cpl=3) == bochs.ask("VMXON", cpl=3)
    assert len({bochs.ask("VMXON", cpl=cpl) for cpl in (1, 3, 1)}) == 2


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"smx": 1}, "this state was not executed: SMX operation"),
        ({"other_fixed_bits": 0}, r"against MSRs 486H to 489H \(80000021 FFFFFFFF 00002000 003727FF\)"),
        ({"lock": 1, "a20m": 1, "cr0_ne": 0}, "this state was not executed: with a LOCK prefix, at most one of"),
        ({"cr0_pe": 0}, "no processor can be in this state: long mode needs paging"),
        ({"cpl": 4}, "value of CPL: 4 is not allowed"),
    ],
)
def test_ask_says_why_it_has_no_answer(axes: dict[str, object], words: str) -> None:
    with pytest.raises(nvmx.NvmxError, match=words):
        bochs.ask("VMXON", **axes)
