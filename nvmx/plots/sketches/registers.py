"""Sketches of registers: RFLAGS, IA32_FEATURE_CONTROL, and the bits that make a mode."""

from ...ladders import ladder
from ...model.axis import named_values
from ...model.instruction import READY
from ...model.modes import MODE_AXES, MODES
from ...model.outcome import TABLE, VMSUCCEED
from ...model.registers import state
from ...model.rules import canonical
from ...model.verdict import decide
from ..canvas import GREY, INK, MARK, PAPER, REAL, RULE, SHADE, SMALL, Canvas
from ..picture import Picture

# SDM Vol. 1, EFLAGS Register: the bits below 12; bits 1, 3, 5 have no name.
_FLAGS = {"OF": 11, "DF": 10, "IF": 9, "TF": 8, "SF": 7, "ZF": 6, "AF": 4, "PF": 2, "CF": 0}
_BEFORE = 0x202  # interrupts on, and bit 1, which is always 1


def draw_flags() -> Picture:
    """Draw RFLAGS bit by bit, after each of the endings that write flags."""
    canvas = Canvas(3.2, "RFLAGS after VMXON or VMXOFF")
    names = {bit: name for name, bit in _FLAGS.items()}
    left, width = 2.75, 0.38
    shown = [look for look in TABLE if look.flags]
    values = {look.name: _BEFORE | sum(value << _FLAGS[name] for name, value in look.flags.items()) for look in shown}
    for place, bit in enumerate(range(11, -1, -1)):
        x = left + width * (place + 0.5)
        canvas.text(x, 0.65, str(bit), size=SMALL, color=GREY)
        canvas.text(x, 0.9, names.get(bit, "–"), weight="bold" if names.get(bit) in VMSUCCEED else "normal")
        for row, look in enumerate(shown):
            mine = names.get(bit) in VMSUCCEED
            value = values[look.name] >> bit & 1
            fill = MARK if mine and value else REAL if mine else SHADE
            canvas.cell(x - width / 2, 1.1 + 0.46 * row, width, 0.4, str(value), fill=fill,
                        color=INK if mine else GREY, weight="bold" if mine and value else "normal")  # fmt: skip
    for row, look in enumerate(shown):
        y = 1.3 + 0.46 * row
        canvas.ending(0.15, y, look.name)
        canvas.text(0.48, y, look.name, ha="left")
        canvas.text(left - 0.15, y, f"{values[look.name]:#x}", ha="right", family="monospace", weight="bold")
    written = ", ".join(VMSUCCEED)
    for y, words in (
        (2.68, f"blue and yellow: {written} are written.  grey: as before, here IF = 1; bit 1 is always 1"),
        (2.95, "a fault or a VM exit writes none of them"),
    ):
        canvas.text(0.15, y, words, ha="left", size=SMALL)
    words = ", ".join(f"{name} leaves {value:#x}" for name, value in values.items())
    return canvas.picture(
        f"RFLAGS, bits 11 to 0: if it was {_BEFORE:#x}, {words}; CF (bit {_FLAGS['CF']}) says VMfailInvalid, ZF (bit "
        f"{_FLAGS['ZF']}) VMfailValid, and the rest of {written} is cleared; a fault or a VM exit "
        "writes none of them."
    )


def draw_feature_control() -> Picture:
    """Draw the bits of IA32_FEATURE_CONTROL, and what three values of it mean."""
    on = ladder("VMXON", "intel")
    endings = {value: decide(on, named_values(state(feature_control=value))).outcome for value in (0, 1, 5)}
    canvas = Canvas(3.9, "IA32_FEATURE_CONTROL (MSR 3AH): may VMXON be used?")
    for left, width, bit, words, fill in (
        (0.15, 2.1, "63:3", "other features", SHADE),
        (2.25, 1.75, "2", "VMXON is allowed\noutside SMX", REAL),
        (4.0, 1.75, "1", "VMXON is allowed\ninside SMX", REAL),
        (5.75, 1.6, "0", "lock: no change\nany more", MARK),
    ):
        canvas.text(left + width / 2, 0.65, f"bit{'s' * (':' in bit)} {bit}", size=SMALL, color=GREY)
        canvas.cell(left, 0.8, width, 0.55, words, fill=fill, size=SMALL)
    advice = {
        0: "unlocked: code at CPL 0 may still write 5 (WRMSR)",
        1: "locked without bit 2: WRMSR is #GP(0)\nuntil a power-up reset; then the firmware must set it",
        5: "locked with bit 2: ready. WRMSR is #GP(0)",
    }
    for x, head in ((0.15, "value"), (1.0, "VMXON ends in"), (2.75, "what can be done")):
        canvas.text(x, 1.72, head, ha="left", size=SMALL, color=GREY)
    for n, (value, ending) in enumerate(endings.items()):
        y = 2.15 + 0.6 * n
        canvas.line((0.15, y - 0.3), (7.35, y - 0.3))
        canvas.text(0.3, y, str(value), ha="left", weight="bold", size=13)
        canvas.ending(1.0, y, ending)
        canvas.text(1.34, y, ending, ha="left")
        canvas.text(2.75, y, advice[value], ha="left")
    words = "; ".join(f"{value}: VMXON (outside SMX) ends in {ending}" for value, ending in endings.items())
    return canvas.picture(
        "IA32_FEATURE_CONTROL: bit 2 allows VMXON outside SMX, bit 1 inside, bit 0 locks the register until a power-up "
        f"reset. {words}. While it is unlocked, code at CPL 0 may write it; once it is locked, WRMSR is #GP(0)."
    )


def draw_modes() -> Picture:
    """Draw the five modes: the bits that make them, and how VMXON ends in each."""
    on = ladder("VMXON", "intel")
    endings = {name: decide(on, {**READY["VMXON"], **bits}).outcome for name, bits in MODES.items()}
    canvas = Canvas(3.6, "Five modes, and the bits that make them")
    left, width, top = 1.4, 1.19, 1.7
    for n, (name, bits) in enumerate(MODES.items()):
        x = left + width * n
        title = name.replace(", ", ",\n").replace("real-", "real-\n").replace("virtual-", "virtual-\n")
        canvas.text(x + width / 2, top - 0.27, title, weight="bold", size=9.8)
        for row, axis in enumerate(MODE_AXES):
            nothing = canonical({**bits, axis: 1}) == canonical({**bits, axis: 0})
            words, fill = ("–", SHADE) if nothing else (str(bits[axis]), MARK if bits[axis] else PAPER)
            canvas.cell(x, top + 0.34 * row, width, 0.34, words, fill=fill, edge=RULE)
        canvas.ending(x + 0.1, top + 1.6, endings[name])
        canvas.text(x + 0.42, top + 1.6, endings[name], ha="left", size=SMALL)
    for row, axis in enumerate(MODE_AXES):
        canvas.text(left - 0.1, top + 0.17 + 0.34 * row, axis, ha="right")
    canvas.text(left - 0.1, top + 1.6, "VMXON there", ha="right")
    for first, count, y, words in ((1, 4, 0.8, "protected mode"), (3, 2, 1.1, "long mode")):
        start, end = left + width * first + 0.06, left + width * (first + count) - 0.06
        canvas.line((start, y), (end, y), colour=INK, width=1.5)
        canvas.text((start + end) / 2, y - 0.13, words, size=SMALL)
    parts = "; ".join(
        f"{name}: {', '.join(f'{axis} = {bits[axis]}' for axis in MODE_AXES)}, VMXON ends in {endings[name]}"
        for name, bits in MODES.items()
    )
    return canvas.picture(f"The five modes. {parts}. Compatibility and 64-bit mode together are long mode.")
