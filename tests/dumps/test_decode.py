"""The bytes at an instruction pointer: which instruction, and what its operand proves."""

import pytest

import nvmx
from nvmx.dumps.decode import OTHER, Operand, decode


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("f3 0f c7 34 24", "VMXON"),
        ("f3 0f c7 30", "VMXON"),
        ("f3 0f c7 75 f8", "VMXON"),
        ("f3 41 0f c7 37", "VMXON"),
        ("2e f3 0f c7 30", "VMXON"),
        ("66 f3 0f c7 30", "VMXON"),
        ("f3 66 0f c7 30", "VMXON"),
        ("66 0f c7 30", "VMCLEAR"),
        ("0f c7 30", "VMPTRLD"),
        ("0f c7 38", "VMPTRST"),
        ("0f c7 f0", "RDRAND"),
        ("0f c7 f8", "RDSEED"),
        ("0f c7 08", OTHER),  # CMPXCHG8B
        ("0f 01 c1", "VMCALL"),
        ("0f 01 c2", "VMLAUNCH"),
        ("0f 01 c3", "VMRESUME"),
        ("0f 01 c4", "VMXOFF"),
        ("0f 01 d1", "XSETBV"),
        ("0f 01 d8", "VMRUN"),
        ("0f 01 18", "LIDT"),
        ("0f 0b", "UD2"),
        ("0f 30", "WRMSR"),
        ("0f 32", "RDMSR"),
        ("0f 37", "GETSEC"),
        ("0f a2", "CPUID"),
        ("0f 20 e0", "MOV from CR4"),
        ("0f 22 e0", "MOV CR4"),
        ("0f 22 c0", "MOV CR0"),
        ("44 0f 22 c0", "MOV CR8"),
        ("0f 78 c2", "VMREAD"),
        ("0f 79 d0", "VMWRITE"),
        ("66 0f 38 80 08", "INVEPT"),
        ("66 0f 38 81 08", "INVVPID"),
        ("48 8b 00", OTHER),
        ("90", OTHER),
        ("0f 1f 00", OTHER),
    ],
)
def test_names(code: str, name: str) -> None:
    found = decode(bytes.fromhex(code))
    assert found
    assert found.name == name


@pytest.mark.parametrize("code", ["", "f3", "f3 0f", "f3 0f c7", "0f", "0f 01", "66 0f 38", "f3 48", "48"])
def test_too_few_bytes_name_nothing(code: str) -> None:
    assert decode(bytes.fromhex(code)) is None


def test_the_prefix_lock_and_a_register_operand() -> None:
    locked = decode(bytes.fromhex("f0 f3 0f c7 30"))
    assert locked
    assert (locked.name, locked.lock, locked.register) == ("VMXON", True, False)
    register = decode(bytes.fromhex("f3 0f c7 f0"))
    assert register
    assert (register.name, register.register, register.operand) == ("VMXON", True, None)


@pytest.mark.parametrize(
    ("code", "operand"),
    [
        ("f3 0f c7 34 24", Operand(None, "rsp", None, 1, 0)),
        ("f3 0f c7 75 f8", Operand(None, "rbp", None, 1, -8)),
        ("f3 0f c7 b5 00 01 00 00", Operand(None, "rbp", None, 1, 0x100)),
        ("f3 41 0f c7 34 24", Operand(None, "r12", None, 1, 0)),
        ("f3 0f c7 34 c8", Operand(None, "rax", "rcx", 8, 0)),
        ("f3 42 0f c7 34 38", Operand(None, "rax", "r15", 1, 0)),
        ("f3 0f c7 35 10 00 00 00", Operand(None, "rip", None, 1, 0x10)),
        ("f3 0f c7 34 25 00 10 00 00", Operand(None, None, None, 1, 0x1000)),
        ("64 f3 0f c7 30", Operand("fs", "rax", None, 1, 0)),
        ("f3 0f c7 75", None),
        ("f3 0f c7 34", None),
        ("67 f3 0f c7 30", None),
    ],
)
def test_operands(code: str, operand: Operand | None) -> None:
    found = decode(bytes.fromhex(code))
    assert found
    assert (found.name, found.operand) == ("VMXON", operand)


def oops(
    code: str, registers: str, cr4: str = "00000000003626e0", headline: str = "general protection fault: 0000"
) -> str:
    return (
        f"{headline} [#1] SMP\nRIP: 0010:enable+0x10/0x20 [driver]\nCode: 90 {code}\n{registers}\n"
        f"CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\nCR2: 0000000000000000 CR3: 0000000001000000 CR4: {cr4}\n"
    )


@pytest.mark.parametrize(
    ("code", "registers", "value"),
    [
        ("<f3> 0f c7 30", "RAX: 0001000000000000 RBX: 0000000000000000 RCX: 0000000000000000", "gp-fault"),
        ("<f3> 0f c7 30", "RAX: ffff7fffffffffff RBX: 0000000000000000 RCX: 0000000000000000", "gp-fault"),
        ("<f3> 0f c7 30", "RAX: ffff800000000000 RBX: 0000000000000000 RCX: 0000000000000000", None),
        ("<f3> 0f c7 70 01", "RAX: 00007fffffffffff RBX: 0000000000000000 RCX: 0000000000000000", "gp-fault"),
        ("<f3> 0f c7 34 c8", "RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000200000000000", "gp-fault"),
        ("<f3> 0f c7 30", "RCX: 0001000000000000 RDX: 0000000000000000 RSI: 0000000000000000", None),
        ("<f3> 0f c7 75 00", "RBP: 0001000000000000 R08: 0000000000000000 R09: 0000000000000000", "ss-fault"),
        ("<f3> 0f c7 34 24", "RSP: 0018:0001000000000000 EFLAGS: 00010046", "ss-fault"),
        ("<f3> 41 0f c7 34 24", "R10: 0000000000000000 R11: 0000000000000000 R12: 0001000000000000", "gp-fault"),
        ("<f3> 0f c7 f0", "RAX: 0001000000000000 RBX: 0000000000000000 RCX: 0000000000000000", "register"),
    ],
)  # fmt: skip
def test_an_operand_that_cannot_be_used(code: str, registers: str, value: str | None) -> None:
    reading = nvmx.read(oops(code, registers))
    assert reading.instruction == "VMXON"
    assert reading.known.get("operand") == value
    canonical = [note for note in reading.notes if "is canonical" in note]
    assert bool(canonical) == (value is None and registers.startswith("RAX"))


def test_five_levels_of_page_tables_widen_addresses() -> None:
    registers = "RAX: 0001000000000000 RBX: 0000000000000000 RCX: 0000000000000000"
    assert "operand" not in nvmx.read(oops("<f3> 0f c7 30", registers, cr4="00000000003636e0")).known


def test_the_prefix_lock_is_known_from_the_bytes() -> None:
    locked = nvmx.read(oops("<f0> f3 0f c7 30", "", headline="invalid opcode: 0000"))
    assert (locked.known["LOCK"], locked.observed) == (1, ("#UD",))
    assert [each.rung.name for each in locked.explain().suspects] == ["no LOCK prefix"]


@pytest.mark.parametrize(
    ("code", "rcx", "what"),
    [
        ("<0f> 32", "0000000000000487", "RDMSR of 487h"),
        ("<0f> 30", "000000000000003a", "WRMSR of 3Ah"),
        ("<0f> 22 e0", "0000000000000000", "MOV CR4"),
        ("<0f> 01 d1", "0000000000000000", "XSETBV"),
        ("<0f> c7 30", "0000000000000000", "VMPTRLD"),
        ("<48> 8b 00", "0000000000000000", "another instruction"),
    ],
)
def test_an_exception_at_another_instruction(code: str, rcx: str, what: str) -> None:
    reading = nvmx.read(oops(code, f"RAX: 0000000000000000 RBX: 0000000000000000 RCX: {rcx}"))
    assert reading.instruction == what.partition(" of ")[0]
    assert any(f"{what} " in note and "raised #GP: the exception is not VMXON's" in note for note in reading.notes)
    assert reading.explain().status == 4


def test_an_error_code_is_not_vmxons() -> None:
    reading = nvmx.read(oops("<f3> 0f c7 30", "", headline="general protection fault: 0010"))
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ())
    assert any("error code 0x10 is no outcome of VMXON's own checks" in note for note in reading.notes)


@pytest.mark.parametrize(("code", "register"), [("<0f> 22 e7", "RDI"), ("<41> 0f 22 e0", "R8")])
def test_a_write_of_cr4_that_faults(code: str, register: str) -> None:
    reading = nvmx.read(oops(code, f"{register}: 00000000003626e0").replace("R8:", "R08:"))
    assert reading.instruction == "MOV CR4"
    assert any("MOV CR4 with 3626e0h raised #GP: the exception is not VMXON's" in note for note in reading.notes)
    assert any("CR4.VMXE cannot be set if CPUID shows no VMX" in note for note in reading.notes)
