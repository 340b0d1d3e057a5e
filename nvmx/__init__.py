"""A guest executes VMXON or VMXOFF in this state: what happens, and why?

    >>> import nvmx
    >>> nvmx.verdict("VMXON", "intel", cpl=3).outcome
    '#GP(0)'

Not modelled: SEAM, SMM, IA32_VMX_BASIC bit 48.
"""

from typing import TYPE_CHECKING

from .ask import explain, step, verdict
from .ladders import ladder
from .ladders.source import Source
from .lazy import attach
from .model.errors import NvmxError
from .model.ladder import Effect, Ladder, Rung
from .model.outcome import OUTCOMES
from .model.registers import state
from .model.state import State
from .model.verdict import Repair, Verdict

if TYPE_CHECKING:
    from . import bochs, kvm2011, lab, plots, practice, web
    from .dumps import Reading, read
    from .model.explanation import Explanation
    from .practice.katas import Check, check
    from .states.space import outcomes
    from .tables import (
        axes,
        diff,
        distinguish,
        executed,
        impossible,
        in_words,
        mutants,
        permissions,
        run,
        sources,
        suite,
        summary,
        table,
        witnesses,
    )
    from .words import glossary

__version__ = "0.1.0"
__all__ = [
    "OUTCOMES", "Check", "Effect", "Explanation", "Ladder", "NvmxError", "Reading", "Repair", "Rung", "Source", "State",
    "Verdict", "axes", "bochs", "check", "diff", "distinguish", "executed", "explain", "glossary", "impossible",
    "in_words", "kvm2011", "lab", "ladder", "mutants", "outcomes", "permissions", "plots", "practice", "read", "run",
    "sources", "state", "step", "suite", "summary", "table", "verdict", "web", "witnesses",
]  # fmt: skip

for _class in (Effect, Ladder, NvmxError, Repair, Rung, Source, State, Verdict):
    _class.__module__ = __name__  # they present themselves under their public name

# What is slow to load, such as numpy, pandas, matplotlib and ipywidgets, is loaded when it is first asked for.
__getattr__, __dir__ = attach(__name__, __all__, {
    "": "bochs kvm2011 lab plots practice web",
    "dumps": "Reading read",
    "model.explanation": "Explanation",
    "practice.katas": "Check check",
    "states.space": "outcomes",
    "tables": "axes diff distinguish executed impossible in_words mutants permissions run sources suite summary table "
    "witnesses",
    "words": "glossary",
})  # fmt: skip
