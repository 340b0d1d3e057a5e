"""Ask a processor: VMXON and VMXOFF, executed in every state that a guest can reach, and compared with the ladders.

`recording()` is the run on Bochs that comes with the package, `run()` a new one, `read(path)` one of yours;
`agreement(log, source)` compares it with a source, and `ask(instruction, **axes)` says what the processor did in one
state.  On the command line: `python -m nvmx.bochs`.

Errors: LogError for a log that cannot be trusted, MachineError if a program is missing or does not do as asked.

Reading order: `cases` (what to execute), `encoding` (in which machine code), `image` and `guest/` (the program that
executes it), `programs` and `machine` (who runs that), `log` and `files` (what it prints), `observation` (what that
means), `conformance`, `execution`.
"""

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .conformance import Agreement, agreement
    from .execution import Execution, ask
    from .files import read, recording, save
    from .image import build_image
    from .log import Log, LogError
    from .machine import run
    from .programs import MachineError

__all__ = [
    "Agreement", "Execution", "Log", "LogError", "MachineError", "agreement", "ask", "build_image", "read", "recording",
    "run", "save",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, __all__, {
    "conformance": "Agreement agreement",
    "execution": "Execution ask",
    "files": "read recording save",
    "image": "build_image",
    "log": "Log LogError",
    "machine": "run",
    "programs": "MachineError",
})  # fmt: skip
