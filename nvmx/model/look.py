"""How to read each axis, with the tools that people have at hand."""

from collections.abc import Mapping

from .frozen import FrozenDict

TOOLS = ("Linux", "QEMU", "Bochs", "GDB", "kernel code")

_CR0 = {"QEMU": "info registers: CR0", "Bochs": "creg: CR0", "GDB": "p/x $cr0", "kernel code": "MOV from CR0"}
_CR4 = {
    "Linux": "drgn: per_cpu(prog['cpu_tlbstate'], 0).cr4",
    "QEMU": "info registers: CR4", "Bochs": "creg: CR4", "GDB": "p/x $cr4", "kernel code": "MOV from CR4",
}  # fmt: skip
_BYTES = {
    "Linux": "the Code: line of an oops",
    "QEMU": "x /1i $pc", "Bochs": "u /1", "GDB": "x/1i $pc", "kernel code": "disassemble it",
}  # fmt: skip
_FEATURE_CONTROL = {"Linux": "rdmsr -a 0x3a", "kernel code": "RDMSR 3AH on every CPU"}
_POINTER = {"QEMU": "x /1gx OPERAND", "Bochs": "x /1gx OPERAND", "GDB": "x/1gx OPERAND", "kernel code": "print it"}
_REGION = {"QEMU": "xp /1wx POINTER", "Bochs": "xp /1wx POINTER", "kernel code": "print the region's first 32 bits"}
_IDENTIFIER = {"Linux": "rdmsr 0x480", "kernel code": "compare them with RDMSR 480H"}

# What no processor shows is left out: a tool that is missing in a row has no way.
LOOK: Mapping[str, Mapping[str, str]] = FrozenDict({
    "operand": _BYTES,
    "LOCK": _BYTES,
    "CR0.PE": _CR0,
    "CR0.NE": _CR0,
    "CR0.PG": _CR0,
    "CR4.VMXE": _CR4 | {"Linux": "nvmx doctor, or drgn: per_cpu(prog['cpu_tlbstate'], 0).cr4"},
    "other_fixed_bits": {
        "Linux": "for n in 6 7 8 9; do rdmsr -a 0x48$n; done",
        "kernel code": "compare CR0 with RDMSR 486H and 487H, CR4 with 488H and 489H",
    },
    "EFER.LMA": {
        "Linux": "rdmsr 0xc0000080", "QEMU": "info registers: EFER", "Bochs": "creg: EFER", "GDB": "p/x $efer",
        "kernel code": "RDMSR C0000080H",
    },
    "RFLAGS.VM": {
        "QEMU": "info registers: RFL or EFL, bit 17", "Bochs": "r: vm or VM", "GDB": "p $eflags",
        "kernel code": "PUSHF of a task that IRET returns to",
    },
    "CS.L": {
        "QEMU": "info registers: CS64 in the line CS", "Bochs": "sreg: cs, dh bit 21", "GDB": "monitor info registers",
        "kernel code": "LAR of CS, bit 21",
    },
    "CPL": {
        "Linux": "a process has 3, the kernel 0",
        "QEMU": "info registers: CPL", "Bochs": "sreg: ss, dh bits 14:13", "GDB": "p $cs & 3",
        "kernel code": "CS & 3",
    },
    "VMX": {"Linux": "nvmx doctor", "kernel code": "VMPTRST: #UD if off"},
    "current_VMCS": {"kernel code": "VMPTRST: stores FFFFFFFF_FFFFFFFFH if there is none"},
    "FEATURE_CONTROL.lock": _FEATURE_CONTROL,
    "FEATURE_CONTROL.smx": _FEATURE_CONTROL,
    "FEATURE_CONTROL.vmx": _FEATURE_CONTROL,
    "SMX": {"Linux": "dmesg: tboot", "kernel code": "ask whoever did the measured launch: no instruction shows it"},
    "A20M": {"QEMU": "info registers: A20=0 is A20M=1", "kernel code": "IN from port 92H: if bit 1 is set, A20M is 0"},
    "pointer.aligned": _POINTER,
    "pointer.in_width": _POINTER | {"Linux": "address sizes in /proc/cpuinfo"},
    "revision.match": _REGION | _IDENTIFIER,
    "revision.bit31": _REGION,
    "dual_monitor": {"Linux": "rdmsr -a 0x9b: if bit 0 is clear, it is off"},
})  # fmt: skip
