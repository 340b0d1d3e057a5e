"""The child process: executes VMXON, VMXOFF or CPUID as an ordinary program, and prints what happened as JSON lines.

It is run as a file, by itself: `child.py '[[0, "VMXON"], [1, "CPUID", 1]]'`.  A fault's signal handler notes the signal
and goes on behind the instruction.  VMXON's operand is a pointer that no VMXON accepts: even if everything else let it
pass, it would fail.
"""

import ctypes
import json
import mmap
import os
import signal
import sys

# The instruction first, then: PUSHF, POP RAX, RET, so that a call returns RFLAGS.
CODE = {
    "VMXON": bytes.fromhex("f30fc737 9c58c3"),  # VMXON [RDI]
    "VMXOFF": bytes.fromhex("0f01c4 9c58c3"),
    # MOV EAX, ESI; store EAX, EBX, ECX and EDX at RDI
    "CPUID": bytes.fromhex("53 89f0 31c9 0fa2 8907 895f04 894f08 89570c 5b c3"),
}
LENGTH = {"VMXON": 4, "VMXOFF": 3}
POINTER = 0xFFFF_FFFF_FFFF_FFFF  # not aligned, and wider than any physical address
_SIGINFO = 4
_RIP = 168  # of the interrupted program, in the handler's ucontext_t (x86-64 Linux)
_STEP = 64


class Action(ctypes.Structure):
    """`struct sigaction` of the C library on x86-64."""

    _fields_ = (
        ("handler", ctypes.c_void_p), ("mask", ctypes.c_ubyte * 128), ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )  # fmt: skip


class Processor:
    """Executes one instruction at a time; `caught` is the signal of the last one."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        page = mmap.PAGESIZE
        self._memory = mmap.mmap(-1, page, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        for n, code in enumerate(CODE.values()):
            self._memory[n * _STEP : n * _STEP + len(code)] = code
        if libc.mprotect(ctypes.c_void_p(self._address), ctypes.c_size_t(page), mmap.PROT_READ | mmap.PROT_EXEC):
            error = ctypes.get_errno()
            raise OSError(error, f"memory cannot be made executable: {os.strerror(error)}")
        self._at = {name: self._address + n * _STEP for n, name in enumerate(CODE)}
        self._running = ""
        self.caught: dict[str, int | bool] | None = None
        self._handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(self._catch)
        action = Action(ctypes.cast(self._handler, ctypes.c_void_p), flags=_SIGINFO)
        for number in (signal.SIGILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP):
            if libc.sigaction(int(number), ctypes.byref(action), None):
                raise OSError(ctypes.get_errno(), "sigaction failed")

    def _catch(self, number: int, info: int, context: int) -> None:
        rip = ctypes.c_uint64.from_address(context + _RIP)
        at = self._at.get(self._running)
        if rip.value != at:
            os._exit(99)  # not ours: nothing can be said
        fault = ctypes.c_uint64.from_address(info + 16).value
        code = ctypes.c_int.from_address(info + 8).value
        self.caught = {"signal": number, "code": code, "address": fault, "at_instruction": fault == rip.value}
        rip.value += LENGTH[self._running]

    def execute(self, name: str) -> dict[str, object]:
        """Execute VMXON or VMXOFF: the signal that it raised, or RFLAGS afterwards."""
        self.caught, self._running = None, name
        operand = ctypes.c_uint64(POINTER)
        call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(self._at[name])
        flags = call(ctypes.addressof(operand))
        self._running = ""
        return dict(self.caught) if self.caught is not None else {"rflags": flags}

    def cpuid(self, leaf: int) -> dict[str, object]:
        """Execute CPUID for a leaf (subleaf 0)."""
        registers = (ctypes.c_uint32 * 4)()
        ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)(self._at["CPUID"])(ctypes.addressof(registers), leaf)
        return {"registers": list(registers)}


def main(tasks: list[list[int | str]]) -> None:
    """Do the tasks in order, each [CPU, instruction] or [CPU, "CPUID", leaf], and print one line for each."""
    processor = Processor()
    for cpu, name, *leaf in tasks:
        try:
            os.sched_setaffinity(0, {int(cpu)})
        except OSError as error:
            found: dict[str, object] = {"error": f"this process may not run on CPU {cpu}: {error.strerror}"}
        else:
            found = processor.cpuid(int(leaf[0])) if name == "CPUID" else processor.execute(str(name))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
