"""Sketches of what happens when an instruction is executed: in a guest, and in our tests."""

from ...kvm2011.handlers import EXIT_HANDLERS, handle_exit
from ...model.instruction import BY_INSTRUCTION
from ...model.outcome import BY_OUTCOME, VMSUCCEED
from ..canvas import GREY, INK, MARK, PAPER, REAL, RULE, SMALL, VIRTUAL, WIDTH, Canvas
from ..picture import Picture


def draw_exit() -> Picture:
    """Draw the way from a guest's VMXON to the hypervisor's handler and back."""
    reason = BY_INSTRUCTION["VMXON"].exit_reason
    entry, handler = handle_exit.__name__, EXIT_HANDLERS[reason].__name__
    canvas = Canvas(3.9, "A guest executes VMXON: nobody executes it, KVM pretends")
    canvas.box(0.15, 0.55, WIDTH - 0.3, 1.15, fill=VIRTUAL, edge=RULE)
    canvas.box(0.15, 2.15, WIDTH - 0.3, 1.6, fill=REAL, edge=RULE)
    canvas.text(0.3, 0.75, "the guest: VMX non-root operation", ha="left", color=GREY, size=SMALL)
    canvas.text(0.3, 3.58, "KVM: VMX root operation", ha="left", color=GREY, size=SMALL)
    canvas.box(0.3, 0.98, 1.3, 0.55, "VMXON", weight="bold")
    canvas.text(1.75, 1.26, "at any CPL", ha="left", color=GREY, size=SMALL)
    canvas.box(4.3, 0.98, 2.55, 0.55, "goes on, or handles a fault", size=SMALL)
    canvas.box(0.3, 2.45, 1.3, 0.75, f"{entry}:\nreason {reason}", size=SMALL)
    canvas.box(2.05, 2.45, 1.7, 0.75, f"{handler}:\nlooks at the\nvirtual processor", size=SMALL)
    for top, words in (
        (2.28, "success: KVM notes it, and\nRIP moves past the instruction"),
        (2.88, "a check fails: #UD or #GP(0) is\nqueued, and RIP stays where it is"),
    ):
        canvas.box(4.3, top, 2.75, 0.52)
        canvas.line((7.05, top + 0.26), (7.2, top + 0.26), colour=INK, width=1.3)
        canvas.text(4.42, top + 0.26, words, ha="left", size=SMALL)
    canvas.arrow((0.95, 1.53), (0.95, 2.45))
    canvas.text(1.05, 1.93, "VM exit", ha="left", weight="bold")
    canvas.arrow((1.6, 2.82), (2.05, 2.82))
    canvas.arrow((3.75, 2.75), (4.3, 2.54))
    canvas.arrow((3.75, 2.9), (4.3, 3.14))
    canvas.line((7.2, 3.14), (7.2, 1.26), colour=INK, width=1.3)
    canvas.arrow((7.2, 1.26), (6.85, 1.26))
    canvas.text(7.1, 1.93, "VM entry", ha="right", weight="bold")
    return canvas.picture(
        f"A guest, in VMX non-root operation, executes VMXON; a VM exit with reason {reason} leads to {entry} of KVM, "
        f"in VMX root operation, and from there to {handler}, which looks at the virtual processor: on success it "
        "notes that and moves RIP past the instruction, or a check fails and it queues #UD or #GP(0), and RIP stays "
        "where it is; a VM entry leads back to the guest."
    )


def draw_twice() -> Picture:
    """Draw how one state is executed twice, and what the flags afterwards say."""
    before = dict.fromkeys(VMSUCCEED, 1)
    runs = [before, dict.fromkeys(before, 0)]
    canvas = Canvas(3.85, "Each state is executed twice, with INT3 behind it")
    canvas.cell(0.15, 0.6, 1.5, 0.44, "VMXON", fill=REAL, weight="bold")
    canvas.cell(1.65, 0.6, 0.9, 0.44, "INT3", fill=MARK, weight="bold")
    canvas.text(2.75, 0.72, "it ran: the next exception is that of INT3, #BP", ha="left", size=SMALL)
    canvas.text(2.75, 0.96, "it did not: #UD, #GP(0) …, and INT3 is never reached", ha="left", size=SMALL)
    for left, outcome in ((0.15, "VMfailInvalid"), (3.9, "#GP(0)")):
        written = BY_OUTCOME[outcome].flags
        canvas.ending(left, 1.42, outcome)
        canvas.text(left + 0.34, 1.42, outcome, ha="left", weight="bold")
        for n, name in enumerate(before):
            canvas.text(left + 1.42 + 0.36 * n, 1.72, name, size=SMALL, color=GREY)
        for n, flags in enumerate(runs):
            for m, (when, values) in enumerate((("before", flags), ("after", {**flags, **written}))):
                y = 2.0 + 0.78 * n + 0.34 * m
                canvas.text(left + 1.15, y, f"run {n + 1}, {when}", ha="right", size=SMALL)
                for k, value in enumerate(values.values()):
                    canvas.cell(left + 1.24 + 0.36 * k, y - 0.15, 0.36, 0.3, str(value),
                                fill=MARK if m else PAPER, weight="bold" if m else "normal")  # fmt: skip
        words = "ends the same in both: written" if written else "ends as it began: left alone"
        canvas.text(left, 3.62, words, ha="left", weight="bold")
    return canvas.picture(
        f"Each state is executed twice with INT3 behind the instruction, first with {', '.join(before)} set, then with "
        "them clear. If the exception is that of INT3, the instruction ran. A flag that ends the same in both runs was "
        "written, as in VMfailInvalid; one that ends as it began was left alone, as in #GP(0)."
    )
