"""Whatever a reader's function does, it gets a sentence, within a time limit, and the session goes on."""

import functools
import io
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import nvmx
from nvmx.practice.katas.limit import Ending, run

from .bugs import as_function, repaired_vmon

ROOT = Path(__file__).parent.parent.parent
SOURCE = "kvm-2011"
right = as_function(nvmx.ladder("VMXON", SOURCE))


def check(answer: object, seconds: float = 10, **more: Any) -> nvmx.Check:
    return nvmx.check(answer, "VMXON", SOURCE, seconds=seconds, **more)


class Handler:
    """A class that is called with a state."""

    def __init__(self, *_state: object) -> None:
        self.outcome = "#UD"

    def method(self, state: dict[str, Any]) -> str:
        return right(state)

    __call__ = method


class Rude(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise ValueError


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError


def raises(state: dict[str, Any]) -> str:
    if state["cpl"] == 3:
        return str(1 / 0)
    return right(state)


LINE = raises.__code__.co_firstlineno + 2


def exits(_state: object) -> str:
    sys.exit("enough")


def recurses(state: dict[str, Any]) -> str:
    return recurses(state)


def looks_for(key: object) -> Callable[[Any], object]:
    return lambda state: state[key]


def yields(_state: object) -> Iterator[str]:
    yield "#UD"


async def waits(_state: object) -> str:
    return "#UD"


def unwritten(_state: object) -> str:
    raise NotImplementedError


def rude(_state: object) -> str:
    raise Rude


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, f"CPL = 3: your function raises ZeroDivisionError: division by zero (line {LINE}: return str(1 / 0))"),
        (exits, "raises SystemExit: enough (line "),
        (recurses, "raises RecursionError: maximum recursion depth exceeded"),
        (unwritten, "your function is not written yet (it raises NotImplementedError)"),
        (rude, "raises Rude (line "),
        (looks_for("CR4.VMXE"), "raises KeyError: the state has no 'CR4.VMXE' (write state['cr4_vmxe'])"),
        (looks_for("vmxe"), "the state has no 'vmxe' (did you mean 'cr4_vmxe'?)"),
        (looks_for("clp"), "(did you mean 'cpl'?)"),
        (looks_for("qqqq"), "(its keys are operand, lock, cr0_pe"),
        (looks_for(0), "the state has no 0 (its keys are the keywords of the axes, such as 'cpl')"),
        (looks_for("cpl"), "returns 0, which is no outcome (write a string such as '#UD')"),
        (lambda _state: None, "returns None, which is no outcome (is a `return` missing?)"),
        (lambda _state: True, "returns True, which is no outcome"),
        (lambda _state: ..., "returns ..., which is still to be replaced by an outcome"),
        (lambda _state: "#GP", "returns '#GP', which is no outcome (did you mean '#GP(0)'?)"),
        (lambda _state: "vmexit", "(did you mean 'VM exit'?)"),
        (lambda _state: "ud ", "(did you mean '#UD'?)"),
        (lambda _state: "VMfail(15)", "(did you mean 'VMfail"),
        (lambda _state: "banana", "(outcomes: success, #UD, "),
        (lambda _state: Unprintable(), "returns a Unprintable, which is no outcome"),
        (lambda _state: "x" * 10_000, "xxxx ..., which is no outcome"),
        (lambda state: nvmx.verdict("VMXON", "intel", **state), "which is no outcome (but its .outcome is)"),
        (Handler, "which is no outcome (but its .outcome is)"),
        (yields, "returns a generator, which is no outcome (write a plain function, without `yield`)"),
        (waits, "returns a coroutine, which is no outcome (write a plain function, without `async`)"),
        (lambda: "#UD", "is called with one argument, the state as a dict: write def my_function(state)"),
        (lambda cpl, cr0_ne: "#UD", 'and in it state["cpl"].'),  # noqa: ARG005
        (lambda cpl, **rest: "#UD", 'and in it state["cpl"].'),  # noqa: ARG005
        (lambda state, extra: "#UD", "is called with one argument"),  # noqa: ARG005
        (int, "raises TypeError: int() argument"),
        (print, "returns None"),
    ],
)  # fmt: skip
def test_a_function_that_makes_no_sense_gets_a_sentence(answer: object, words: str) -> None:
    found = check(answer)
    assert not found.passed
    assert words in found.message
    assert len(found.message) < 500


@pytest.mark.parametrize(
    "answer", [functools.partial(right), Handler(), Handler().method, lambda state, _more=1: right(state)]
)
def test_every_callable_with_one_argument_will_do(answer: object) -> None:
    assert check(answer).passed


def test_a_function_that_changes_its_argument_passes_with_a_note() -> None:
    def careless(state: dict[str, Any]) -> str:
        outcome = right(state)
        state["vmx"] = "root" if outcome == "success" else state["vmx"]
        return outcome

    found = check(careless)
    assert found.passed
    assert found.notes == ("Your function changes its argument ('vmx'): a check only looks, so leave the state alone.",)

    def emptied(state: dict[str, Any]) -> str:
        outcome = right(state)
        state.clear()
        return outcome

    assert "changes its argument ('operand')" in check(emptied).notes[0]


def test_prints_are_shown_once_and_not_thousands_of_times() -> None:
    def chatty(state: dict[str, Any]) -> str:
        print("cpl is", state["cpl"])
        print("warning", file=sys.stderr)
        return right(state)

    printed = io.StringIO()
    with redirect_stdout(printed):
        found = check(chatty)
    assert printed.getvalue() == ""
    assert found.passed
    (note,) = found.notes
    assert note.startswith("Your function prints (")
    assert note.endswith("lines; the first ones are shown): cpl is 0 | warning | cpl is 0.")


def test_a_function_that_changes_its_mind() -> None:
    calls: Counter[str] = Counter()

    def forgetful(state: dict[str, Any]) -> str:
        calls[str(state)] += 1
        return "#PF" if calls[str(state)] > 1 and state["cpl"] == 2 else right(state)

    found = check(forgetful)
    assert not found.passed
    assert "CPL = 2: you say #GP(0), and asked again, you say #PF (use nothing but the state); by" in found.message


def endless(_state: object) -> str:
    while True:
        pass


def greedy(_state: object) -> str:
    while True:
        try:  # noqa: SIM105
            sum(range(10))
        except:  # noqa: E722, S110 - what a reader may write
            pass


@pytest.mark.parametrize("answer", [endless, greedy])
def test_an_endless_loop_is_stopped(answer: Callable[[object], str]) -> None:
    found = check(answer, seconds=0.1)
    assert found.message.startswith(
        "VMXON, ready: your function does not come to an end (in 0.1 seconds); by kvm-2011 it is success"
    )
    assert found.notes == ()
    assert "kata" not in {thread.name for thread in threading.enumerate()}


def test_a_loop_that_cannot_be_stopped_is_left_behind() -> None:
    enough = threading.Event()

    def stubborn(_state: object) -> str:
        while not enough.is_set():
            time.sleep(0.001 if enough.wait(10) else 0)
        return "#UD"

    found = check(stubborn, seconds=0.1)
    enough.set()
    assert "does not come to an end" in found.message
    assert found.notes == ("It could not be stopped and still runs: restart the kernel once you have fixed it.",)


def test_a_slow_function_says_how_far_it_came() -> None:
    def slow(state: dict[str, Any]) -> str:
        time.sleep(0.01)
        return right(state)

    found = check(slow, seconds=0.2)
    assert found.message.startswith("your function is too slow: ")
    assert found.message.endswith(" states in 0.2 seconds.")


def test_a_check_works_in_any_thread_and_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    results: list[nvmx.Check] = []
    thread = threading.Thread(target=lambda: results.append(check(endless, seconds=0.1)))
    thread.start()
    thread.join()
    assert "does not come to an end" in results[0].message

    def refuse(_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert check(right).passed
    assert "ZeroDivisionError" in check(raises).message
    assert run(lambda: None, 1) == (Ending.IN_TIME, "")


def test_a_check_needs_python_alone() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import nvmx
print(nvmx.check(lambda state: "#UD", axes=["cpl"]).hint)
print(nvmx.check([({{"cpl": [1, 2, 3]}}, "#GP(0)")], axes=["cpl"]).passed)
print(nvmx.check({{"cpl": 0}}, state={{"cpl": 3}}).passed)
print(nvmx.check({{"cpl": 3}}, differs_from="kvm-2017").passed)
print(nvmx.check(3, axes=["cpl"], outcome="#GP(0)").passed)
print(nvmx.check([{{}}], "VMXOFF", kills=2).passed)
print(nvmx.check(nvmx.kvm2011.handle_vmon, source="kvm-2011", on="vcpu").passed)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["Look at the ready state.", *["True"] * 6]


# --- handlers on the virtual CPU ---


def on_vcpu(answer: object, **more: Any) -> nvmx.Check:
    return nvmx.check(answer, on="vcpu", **more)


def changes(**registers: object) -> Callable[[Any], int]:
    def handler(vcpu: Any) -> int:
        repaired_vmon(vcpu)
        for name, value in registers.items():
            setattr(vcpu, name, value)
        return 1

    return handler


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (5, "5 is not a function: write def my_handler(vcpu), which returns 1."),
        (lambda: 1, "is called with one argument, the virtual CPU: write def my_function(vcpu)"),
        (lambda _vcpu: None, "returns None: is `return 1` missing?"),
        (lambda _vcpu: 0, "returns 0, and only 1 resumes the guest"),
        (lambda _vcpu: "#UD", "returns '#UD', and only 1 resumes the guest"),
        (lambda _vcpu: 1, "you neither queue an exception nor move RIP"),
        (lambda vcpu: vcpu.cr3, "raises AttributeError: 'Vcpu' object has no attribute 'cr3'"),
        (changes(cr0=0), "you change vcpu.cr0"),
        (changes(rip=0x1003), "you move RIP by 3 bytes, and the instruction has 4"),
        (changes(rip=None), "leaves something strange in the virtual CPU (TypeError"),
        (changes(rflags=0), "you change bits of RFLAGS other than"),
        (changes(exception=nvmx.kvm2011.QueuedException(6)), "you queue an exception and move RIP"),
        (
            changes(exception=nvmx.kvm2011.QueuedException(13), rip=0x1000),
            "you queue exception 13 with error code None",
        ),
        (endless, "your handler does not come to an end"),
    ],
)
def test_a_handler_that_makes_no_sense_gets_a_sentence(answer: object, words: str) -> None:
    found = on_vcpu(answer, seconds=0.2) if answer is endless else on_vcpu(answer)
    assert not found.passed
    assert words in found.message
