"""What must hold of the handlers of the 2011 commit, as one function, so that altered handlers can be tested, too."""

from types import SimpleNamespace
from typing import Any

import pytest

import nvmx

UD, DF, GP, PF = 6, 8, 13, 14
CONTRIBUTORY = {0, 10, 11, 12, 13}
AXES = ("CR0.PE", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM", "CS.L", "CPL", "VMX")
EXIT_REASON = {"VMXON": 27, "VMXOFF": 26}
States = list[tuple[dict[str, Any], str]]


def rows() -> dict[str, States]:
    """For both instructions every combination of the axes that the handlers read, with the outcome by the rows."""
    tables = {name: nvmx.table(name, "kvm-2011", axes=AXES) for name in EXIT_REASON}
    return {
        name: [({axis: row[axis] for axis in AXES}, str(row["outcome"])) for row in table.to_dict("records")]
        for name, table in tables.items()
    }


def registers_hold(state: dict[str, Any]) -> bool:
    """Whether the CPL follows from CS, VM and PE, as that era computed it."""
    if state["CR0.PE"] == 0:
        return bool(state["CPL"] == 0)
    return bool(state["RFLAGS.VM"] == 0 or state["EFER.LMA"] == 1 or state["CPL"] == 3)


def contract(kvm: Any, expected: dict[str, States]) -> None:
    """Fail (AssertionError or pytest's own) if the handlers of `kvm` are not those of the 2011 commit."""
    registers(kvm)
    for instruction, states in expected.items():
        for state, outcome in states:
            if not registers_hold(state):
                refused(kvm, state)
            elif instruction == "VMXOFF" and state["CR0.PE"] == 0:
                # Only the processor asks for protected mode: the handler itself does not.
                compatibility = state["EFER.LMA"] == 1 and state["CS.L"] == 0
                bare = state["VMX"] == "off" or state["RFLAGS.VM"] == 1 or compatibility
                handled(kvm, instruction, state, "#UD" if bare else "success")
            else:
                handled(kvm, instruction, state, outcome)
    dispatch(kvm)
    permission(kvm)
    exceptions(kvm)
    gates(kvm)
    teardown(kvm)


def registers(kvm: Any) -> None:
    ready = kvm.Vcpu.from_state()
    assert (ready.cr0, ready.cr4, ready.efer, ready.rflags) == (0x8000_0021, 0x2000, 0x400, 0x2)
    assert (ready.cs.selector, ready.cs.l, ready.nested.vmxon, ready.instruction_length) == (0x8, 1, False, 4)
    assert ready == kvm.Vcpu()
    other = kvm.Vcpu.from_state(cr0_pe=0, cr0_ne=0, cr0_pg=0, cr4_vmxe=0, efer_lma=0, rflags_vm=1, cs_l=0, vmx="root")
    assert (other.cr0, other.cr4, other.efer, other.rflags, other.cs.l) == (0, 0, 0, 0x2_0002, 0)
    assert other.nested.vmxon is True
    assert kvm.Vcpu.from_state(cpl=2).cs.selector == 0xA
    assert kvm.Vcpu.from_state(fc_lock=0, a20m=1, operand="ss-fault", lock=1, other_fixed_bits=0) == ready
    assert kvm.vmx_get_cpl(kvm.Vcpu(cr0=0, cs=kvm.KvmSegment(selector=3))) == 0
    assert kvm.vmx_get_cpl(kvm.Vcpu(efer=0x100, rflags=0x2_0002)) == 3  # LME alone is not long mode
    with pytest.raises(ValueError, match="non-root"):
        kvm.Vcpu.from_state(vmx="non-root")
    no_outcome(kvm.Vcpu())


def no_outcome(vcpu: Any) -> None:
    with pytest.raises(ValueError, match="no outcome"):
        _ = vcpu.outcome


def refused(kvm: Any, state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="CPL"):
        kvm.Vcpu.from_state(**state)


def handled(kvm: Any, instruction: str, state: dict[str, Any], outcome: str) -> None:
    """Deliver the exit, and call the handler directly: both must do the same, and nothing else may change."""
    direct = {"VMXON": kvm.handle_vmon, "VMXOFF": kvm.handle_vmoff}[instruction]
    for run in (direct, lambda vcpu: kvm.handle_exit(vcpu, EXIT_REASON[instruction])):
        vcpu, before = kvm.Vcpu.from_state(**state), kvm.Vcpu.from_state(**state)
        vcpu.interrupt_shadow = True
        vcpu.rflags |= 0x8D5  # CF PF AF ZF SF OF stand from before
        assert run(vcpu) == 1, "the guest may be resumed"
        assert vcpu.outcome == outcome, f"{instruction} in {state}: {vcpu.outcome}, not {outcome}"
        succeeded = outcome == "success"
        was_on = state["VMX"] == "root"
        assert vcpu.nested.vmxon == (instruction == "VMXON" if succeeded else was_on)
        assert vcpu.rflags == before.rflags | 0x8D5, "RFLAGS is never written"
        assert (vcpu.cr0, vcpu.cr4, vcpu.efer, vcpu.cs) == (before.cr0, before.cr4, before.efer, before.cs)
        assert vcpu.rip == before.rip + (4 if succeeded else 0)
        assert vcpu.interrupt_shadow is not succeeded
        assert vcpu.event_requested is not succeeded
        expected = {"#UD": (UD, None), "#GP(0)": (GP, 0)}.get(outcome)
        assert expected == (vcpu.exception and (vcpu.exception.nr, vcpu.exception.error_code))
        assert vcpu.run == before.run, "user space has nothing to do"


def dispatch(kvm: Any) -> None:
    names = {reason: handler.__name__ for reason, handler in kvm.EXIT_HANDLERS.items()}
    assert names == dict.fromkeys(range(19, 26), "handle_vmx_insn") | {26: "handle_vmoff", 27: "handle_vmon"}
    for reason in range(19, 26):
        vcpu = kvm.Vcpu.from_state(vmx="root")
        assert kvm.handle_exit(vcpu, reason) == 1
        assert vcpu.outcome == "#UD"
    for reason in (62, 3):
        vcpu = kvm.Vcpu()
        assert kvm.handle_exit(vcpu, reason) == 0
        assert (vcpu.run.exit_reason, vcpu.run.hardware_exit_reason) == (0, reason)
        assert vcpu.exception is None
        assert vcpu.rip == 0x1000
    for reason in (0, 1, 2, 7, 8, 9, 10, 12, 13, 14, 18, 28, 29, 30, 31, 32, 36, 39, 40, 41, 43, 44, 48, 49, 54, 55):
        with pytest.raises(ValueError, match=str(reason)):
            kvm.handle_exit(kvm.Vcpu(), reason)
    with pytest.raises(TypeError, match="None is not an integer"):
        kvm.handle_exit(kvm.Vcpu(), None)
    vcpu = kvm.Vcpu(instruction_length=3)
    for _ in range(2):  # a second VMXON succeeds, too
        assert kvm.handle_exit(vcpu, 27) == 1
        assert vcpu.outcome == "success"
    assert (vcpu.rip, vcpu.exit_rip) == (0x1006, 0x1003)


def permission(kvm: Any) -> None:
    for axes, result, nr in (
        ({}, 0, UD),
        ({"vmx": "root"}, 1, None),
        ({"vmx": "root", "cpl": 3}, 0, GP),
        ({"vmx": "root", "cs_l": 0}, 0, UD),
        ({"vmx": "root", "efer_lma": 0, "cs_l": 0}, 1, None),
        ({"vmx": "root", "rflags_vm": 1}, 0, UD),
        ({"cpl": 3}, 0, UD),
    ):
        vcpu = kvm.Vcpu.from_state(**axes)
        assert kvm.nested_vmx_check_permission(vcpu) == result
        assert (vcpu.exception and vcpu.exception.nr) == nr
        assert vcpu.rip == 0x1000


def exceptions(kvm: Any) -> None:
    for first in (None, 0, UD, DF, 10, 11, 12, GP, PF):
        for second in (UD, GP, PF, 0, 10, 11, 12):
            vcpu = kvm.Vcpu(exception=None if first is None else kvm.QueuedException(first))
            if second == GP:
                kvm.kvm_inject_gp(vcpu, 0)
            else:
                kvm.kvm_queue_exception(vcpu, second)
            assert vcpu.event_requested is True
            assert vcpu.triple_fault is (first == DF)
            both = first in CONTRIBUTORY and second in CONTRIBUTORY
            if first == DF:
                assert vcpu.exception == kvm.QueuedException(DF)
            elif both or (first == PF and (second in CONTRIBUTORY or second == PF)):
                assert vcpu.exception == kvm.QueuedException(DF, 0)
            else:
                assert vcpu.exception == kvm.QueuedException(second, 0 if second == GP else None)
    vcpu = kvm.Vcpu()
    kvm.kvm_inject_gp(vcpu, 0x18)
    assert vcpu.exception == kvm.QueuedException(GP, 0x18)
    no_outcome(vcpu)


def gates(kvm: Any) -> None:
    vmxe, pae = 0x2000, 0x20
    vcpu = kvm.Vcpu(cr4=0)
    assert kvm.kvm_set_cr4(vcpu, vmxe | pae) == 1
    assert vcpu.cr4 == 0
    assert kvm.kvm_set_cr4(vcpu, pae) == 0
    assert vcpu.cr4 == pae
    for nested, cpuid, vmxon, value, refusal in (
        (True, True, False, vmxe, 0),
        (False, True, False, vmxe, 1),
        (True, False, False, vmxe, 1),
        (True, True, True, 0, 1),
        (True, True, True, vmxe, 0),
        (True, True, False, 0, 0),
        (False, False, False, 0, 0),
        (False, True, True, vmxe, 1),
    ):
        vcpu = kvm.Vcpu(cr4=pae, nested_option=nested, cpuid_vmx=cpuid)
        vcpu.nested.vmxon = vmxon
        assert kvm.vmx_set_cr4(vcpu, value) == refusal
        assert vcpu.cr4 == (pae if refusal else value)
        assert vcpu.exception is None


def teardown(kvm: Any) -> None:
    vcpu = kvm.Vcpu.from_state(vmx="root")
    for _ in range(2):
        kvm.free_nested(vcpu)
        assert vcpu.nested.vmxon is False

    class Log(list[str]):
        def remove(self, name: str) -> None:
            seen.append((name, vcpu.nested.vmxon))
            super().remove(name)

    seen: list[tuple[str, bool]] = []
    vcpu = kvm.Vcpu.from_state(vmx="root")
    vcpu.held = Log(vcpu.held)
    kvm.vmx_free_vcpu(vcpu)
    assert seen == [("vpid", True), ("loaded_vmcs", False), ("guest_msrs", False), ("vcpu", False), ("vcpu_vmx", False)]
    assert vcpu.held == []


def namespace(*modules: Any) -> SimpleNamespace:
    return SimpleNamespace(**{name: value for module in modules for name, value in vars(module).items()})
