"""The handlers of the 2011 commit: what they do, and that every statement is needed, as far as a state can show it."""

import ast
import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import kvm2011_contract
import pytest

import nvmx.kvm2011.handlers
import nvmx.kvm2011.vcpu

MODULES = {"vcpu": nvmx.kvm2011.vcpu, "handlers": nvmx.kvm2011.handlers}


@pytest.fixture(scope="module")
def rows() -> dict[str, kvm2011_contract.States]:
    return kvm2011_contract.rows()


def test_the_handlers_equal_the_rows_and_do_nothing_else(rows: dict[str, kvm2011_contract.States]) -> None:
    assert len(rows["VMXON"]) == 256
    kvm2011_contract.contract(nvmx.kvm2011, rows)


def test_neither_derivation_imports_the_other() -> None:
    for folder, foreign in (("kvm2011", "ladders"), ("ladders", "kvm2011")):
        for path in (Path(nvmx.__file__).parent / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    assert foreign not in str(node.module)
                    assert node.level < 2 or str(node.module).startswith("model.")


# --- mutants -----------------------------------------------------------------------------------------------------

SWAPPED_NAMES = {
    "UD_VECTOR": "GP_VECTOR",
    "X86_CR4_VMXE": "X86_CR0_PE",
    "X86_CR0_PE": "X86_CR4_VMXE",
    "X86_EFLAGS_VM": "X86_EFLAGS_FIXED",
    "kvm_inject_gp": "kvm_queue_exception",
    "EFER_LMA": "X86_EFLAGS_FIXED",
}
SWAPPED_NODES: dict[type, type] = {ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.Add: ast.Sub}


def mutants(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Copies of a module in which one statement or expression inside a function is removed or altered."""
    for place, node in enumerate(ast.walk(tree)):
        function = enclosing(tree, node)
        for change in changes(node) if function else ():
            altered = copy.deepcopy(tree)
            twin = list(ast.walk(altered))[place]
            what = change(twin)
            yield f"{function}: {what}", ast.fix_missing_locations(altered)


def enclosing(tree: ast.Module, node: ast.AST) -> str:
    """The name of the function that the node is in, or is."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and any(
            node is inner
            for part in [function, *function.body]
            for inner in ([part] if part is function else ast.walk(part))
        ):
            return function.name
    return ""


def changes(node: ast.AST) -> Iterator[Any]:
    """Functions that alter a copy of `node` in place and return what they did."""
    for block in ("body", "orelse"):
        statements = getattr(node, block, None)
        if isinstance(statements, list):
            for n, statement in enumerate(statements):
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    continue  # a docstring
                yield lambda twin, n=n, block=block: remove(getattr(twin, block), n)
                if n and not isinstance(statements[n - 1], ast.Expr | ast.Return | ast.Raise):
                    yield lambda twin, n=n, block=block: swap(getattr(twin, block), n)
    if isinstance(node, ast.If):
        yield negate
    if isinstance(node, ast.BoolOp):
        for n in range(len(node.values)):
            yield lambda twin, n=n: drop(twin.values, n)
    if isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in SWAPPED_NODES:
        yield other_operator
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield affirm
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield other_constant
    if isinstance(node, ast.Name) and node.id in SWAPPED_NAMES and isinstance(node.ctx, ast.Load):
        yield other_name


def remove(block: list[ast.stmt], n: int) -> str:
    gone, block[n] = block[n], ast.Pass()
    return f"without {first_words(gone)}"


def swap(block: list[ast.stmt], n: int) -> str:
    block[n - 1], block[n] = block[n], block[n - 1]
    return f"{first_words(block[n - 1])} before {first_words(block[n])}"


def first_words(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0][:48]


def negate(node: ast.If) -> str:
    was = ast.unparse(node.test)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return f"not ({was})"


def drop(values: list[ast.expr], n: int) -> str:
    return f"without the test {ast.unparse(values.pop(n))}"


def other_operator(node: Any) -> str:
    was = ast.unparse(node)
    node.op = SWAPPED_NODES[type(node.op)]()
    return f"{was} as {ast.unparse(node)}"


def affirm(node: ast.UnaryOp) -> str:
    was = ast.unparse(node)
    node.operand = ast.UnaryOp(ast.Not(), node.operand)
    return f"{was} without its not"


def other_constant(node: ast.Constant) -> str:
    was: Any = node.value
    node.value = (not was) if isinstance(was, bool) else was + 1
    return f"{was} as {node.value}"


def other_name(node: ast.Name) -> str:
    was, node.id = node.id, SWAPPED_NAMES[node.id]
    return f"{was} as {node.id}"


def load(altered: str, tree: ast.Module) -> Any:
    """The package with one module altered, as a namespace; the real modules stay as they are."""
    fresh: dict[str, ModuleType] = {}
    real = {module.__name__: module for module in MODULES.values()}
    try:
        for name, module in MODULES.items():
            body = tree if name == altered else ast.parse(Path(str(module.__file__)).read_text())
            fresh[name] = sys.modules[module.__name__] = ModuleType(module.__name__)
            fresh[name].__package__ = "nvmx.kvm2011"
            exec(compile(body, name, "exec"), vars(fresh[name]))  # noqa: S102 - a mutant must run to be caught
        return kvm2011_contract.namespace(*fresh.values())
    finally:
        sys.modules.update(real)


# What no state shows, each with its reason.
SURVIVORS = {
    "vcpu": {
        "from_state: vcpu = cls(cr0=X86_CR0_PE * int(state['CR0.PE']) before if state['VMX'] == 'non-root':": "both orders refuse",
        "_kvm_multiple_exception: pending = vcpu.exception before vcpu.event_requested = True": "independent",
        "skip_emulated_instruction: vcpu.interrupt_shadow = False before vcpu.rip += vcpu.instruction_length": "independent",
        "outcome: if self.exception == QueuedException(GP_VECTOR,  before if self.exception == QueuedException(UD_VECTOR) ":
            "only one of them can hold",
        "outcome: if self.exception is None and self.rip == self.e before if self.exception == QueuedException(GP_VECTOR, ":
            "only one of them can hold",
    },
    "handlers": {
        "handle_vmon: cs = vcpu.cs before if not vcpu.cr4 & X86_CR4_VMXE or not vcpu.cr0 &": "reading CS changes nothing",
        "handle_vmon: skip_emulated_instruction(vcpu) before vcpu.nested.vmxon = True": "independent",
        "nested_vmx_check_permission: cs = vcpu.cs before if not vcpu.nested.vmxon:": "reading CS changes nothing",
        "free_nested: without if not vcpu.nested.vmxon:": "clearing a clear flag changes nothing in 2011",
        "free_nested: without return": "clearing a clear flag changes nothing in 2011",
        "free_nested: vcpu.nested.vmxon = False before if not vcpu.nested.vmxon:": "nothing follows the early return",
        "handle_exit: vcpu.exit_rip = vcpu.rip before if exit_reason in HANDLED_ELSEWHERE:": "the exit is refused anyway",
        "handle_exit: if exit_reason in HANDLED_ELSEWHERE: before if type(exit_reason) is not int:": "either refuses it",
        "handle_exit: vcpu.run.hardware_exit_reason = exit_reason before vcpu.run.exit_reason = KVM_EXIT_UNKNOWN":
            "independent",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_every_altered_statement_is_noticed(name: str, rows: dict[str, kvm2011_contract.States]) -> None:
    tree = ast.parse(Path(str(MODULES[name].__file__)).read_text())
    kvm2011_contract.contract(load(name, tree), rows)  # unaltered, it holds
    survivors, count = set(), 0
    for what, mutant in mutants(tree):
        count += 1
        try:
            kvm2011_contract.contract(load(name, mutant), rows)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001, S112 - however it breaks, it was noticed
            continue
        survivors.add(what)
    assert count > 50
    assert survivors == set(SURVIVORS[name])
