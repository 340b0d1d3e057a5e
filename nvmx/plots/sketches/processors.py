"""Sketches of processors: VMX operation, the levels of nested virtualization, and the two processors of a guest."""

from textwrap import fill as fill_text

from ...ladders import ladder
from ...model.axis import BY_NAME
from ...model.instruction import BY_INSTRUCTION
from ..canvas import GREY, PAPER, REAL, RULE, SHADE, SMALL, VIRTUAL, Canvas
from ..picture import Picture

_TODAY = "kvm-2022-10"


def draw_operations() -> Picture:
    """Draw VMX operation: off, root and non-root, and what leads from one to another."""
    off, root, guest = BY_NAME["VMX"].values
    canvas = Canvas(3.05, "VMX operation: whose code the processor runs")
    middle, top = 1.65, 0.6
    places = {off: (0.15, 1.45), root: (2.6, 1.8), guest: (5.55, 1.8)}
    words = {
        off: ("VMX off", "no hypervisor", SHADE),
        root: ("root operation", "the hypervisor", REAL),
        guest: ("non-root operation", "its guest", VIRTUAL),
    }
    for name, (left, width) in places.items():
        title, who, fill = words[name]
        canvas.box(left, top, width, 2.1, fill=fill)
        canvas.text(left + width / 2, top + 0.25, title, weight="bold")
        canvas.text(left + width / 2, top + 0.6, who)
        for n, each in enumerate(("CPL 3: programs", "CPL 0: kernel")):
            canvas.cell(left + 0.15, top + 0.95 + 0.5 * n, width - 0.3, 0.45, each, fill=PAPER, edge=RULE, size=SMALL)
    steps = [
        (off, root, "VMXON", "VMXOFF"),
        (root, guest, "VM entry", "VM exit"),
    ]
    for start, end, there, back in steps:
        x0, x1 = sum(places[start]) + 0.05, places[end][0] - 0.05
        canvas.arrow((x0, middle - 0.3), (x1, middle - 0.3))
        canvas.text((x0 + x1) / 2, middle - 0.45, there, weight="bold")
        canvas.arrow((x1, middle + 0.3), (x0, middle + 0.3))
        canvas.text((x0 + x1) / 2, middle + 0.45, back, weight="bold")
    canvas.text(0.15, 2.88, "Privilege (CPL) is another question: there are all levels in each of the three.",
                ha="left", color=GREY, size=SMALL)  # fmt: skip
    return canvas.picture(
        f"VMX operation has three states: {off} (no hypervisor runs), {root} (the hypervisor runs) and {guest} (its "
        f"guest runs); VMXON leads from {off} to {root} and VMXOFF back, VM entry from {root} to {guest} and VM exit "
        "back; each of the three has all privilege levels."
    )


def draw_levels() -> Picture:
    """Draw nested virtualization as layers, with the VMX operation of both processors in each."""
    _, root, guest = BY_NAME["VMX"].values
    rows = [
        ("guest of the guest", "L2: runs in the guest", guest, guest, VIRTUAL),
        ("guest hypervisor", "L1: a guest that executes VMXON", guest, root, VIRTUAL),
        ("hypervisor", "L0: KVM, Xen, Hyper-V …", root, "", REAL),
        ("processor", "the hardware", "", "", SHADE),
    ]
    canvas = Canvas(3.45, "Nested virtualization: a hypervisor in a guest")
    canvas.text(5.15, 0.72, "the real\nprocessor is in", size=SMALL, color=GREY)
    canvas.text(6.65, 0.72, "the virtual\nprocessor is in", size=SMALL, color=GREY)
    for n, (name, what, real, virtual, fill) in enumerate(rows):
        top = 1.0 + 0.58 * n
        canvas.box(0.15, top, 4.2, 0.52, fill=fill)
        canvas.text(0.3, top + 0.26, name, ha="left", weight="bold")
        canvas.text(4.2, top + 0.26, what, ha="right", size=SMALL, color=GREY)
        for x, value, shade in ((5.15, real, REAL), (6.65, virtual, VIRTUAL)):
            if value:
                canvas.cell(x - 0.6, top + 0.08, 1.2, 0.36, str(value), fill=shade)
    return canvas.picture(
        "Nested virtualization, from the bottom: the processor; the hypervisor (L0), in VMX root operation; a guest "
        "hypervisor (L1), for which the real processor is in VMX non-root operation and its virtual processor in root "
        "operation; the guest of that guest (L2), for which both are in non-root operation."
    )


def draw_two_processors() -> Picture:
    """Draw the real processor and the virtual one, and which of them looks at what when a guest executes VMXON."""
    off, root, guest = BY_NAME["VMX"].values
    reason = BY_INSTRUCTION["VMXON"].exit_reason
    rungs = ladder("VMXON", _TODAY).rungs
    before = [rung.name for rung in rungs if rung.by in ("processor", "both")]
    after = [rung.name.partition(" (")[0] for rung in rungs if rung.by == "handler" and rung.outcome != "VM exit"]
    after = list(dict.fromkeys(after))
    canvas = Canvas(4.2, "A guest executes VMXON: which processor is looked at?")
    canvas.box(0.4, 0.55, 2.7, 0.5, "a guest: VMXON, at any CPL", weight="bold")
    columns = [
        (0.15, REAL, "the real processor", "runs the guest", f"{guest}, all the time", "1, as VMX operation demands",
         "looks first, before the VM exit:", ", ".join(before)),
        (4.15, VIRTUAL, "the virtual processor", "what KVM keeps for the guest", f"{off}; after VMXON: {root}",
         "what the guest wrote", "KVM's handler looks here:", ", ".join([*after[:5], f"… {after[-1]}"])),
    ]  # fmt: skip
    for left, fill, name, what, vmx, vmxe, lead, looks in columns:
        canvas.box(left, 1.55, 3.2, 2.5, fill=fill)
        canvas.text(left + 1.6, 1.8, name, weight="bold", size=11.5)
        canvas.text(left + 1.6, 2.05, what, color=GREY, size=SMALL)
        for y, axis, value in ((2.4, "VMX", vmx), (2.72, "CR4.VMXE", vmxe)):
            canvas.cell(left + 0.1, y - 0.15, 0.85, 0.3, axis, fill=SHADE, edge=RULE, size=SMALL)
            canvas.cell(left + 0.95, y - 0.15, 2.15, 0.3, value, edge=RULE, size=SMALL)
        canvas.text(left + 0.15, 3.15, lead, ha="left", size=SMALL, weight="bold")
        canvas.text(left + 0.15, 3.35, fill_text(looks, 42), ha="left", va="top", size=SMALL)
    canvas.arrow((1.75, 1.05), (1.75, 1.55))
    canvas.arrow((3.35, 3.15), (4.15, 3.15))
    canvas.text(3.75, 2.98, "VM exit", size=SMALL, weight="bold")
    canvas.text(3.75, 3.33, f"reason {reason}", size=SMALL)
    return canvas.picture(
        f"When a guest executes VMXON, the real processor is in VMX {guest} operation with CR4.VMXE = 1; it looks at "
        f"{', '.join(before)}, and exits with reason {reason}. KVM's handler then looks at the virtual processor, whose"
        f" VMX operation is {off} (after VMXON, {root}) and whose CR4.VMXE is what the guest wrote: {', '.join(after)}."
    )
