"""The words of the lessons, each explained with words that come before it in the list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .lazy import MissingPackage, load
from .model.errors import InvalidType, unknown
from .model.html import Markup, html_table, join, tag
from .model.instruction import BY_INSTRUCTION


@dataclass(frozen=True, repr=False)
class Word:
    """One word: its meaning, other names for it, the lesson that explains it, and the name of a picture, or ""."""

    word: str
    meaning: str
    lesson: int
    picture: str = ""
    also: tuple[str, ...] = ()

    def draw(self) -> Any:
        """Return the picture (an `nvmx.plots.Picture`), or None; raises MissingPackage without matplotlib."""
        if not self.picture:
            return None
        plots = load("nvmx.plots", "a picture")
        if self.picture in _OF_ROWS:
            return getattr(plots, self.picture)(*_OF_ROWS[self.picture])
        return plots.sketch(self.picture)

    @property
    def heading(self) -> str:
        """The word and its other names."""
        return ", ".join((self.word, *self.also))

    def __repr__(self) -> str:
        picture = f", picture: {self.picture}" if self.picture else ""
        return f"{self.heading}: {self.meaning} (lesson {self.lesson}{picture})"

    def _repr_html_(self) -> str:
        return tag("p", tag("b", self.heading), f": {self.meaning} (lesson {self.lesson})")

    def _ipython_display_(self) -> None:
        display = import_module("IPython.display").display  # who calls this has it
        display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)
        try:
            picture = self.draw()
        except MissingPackage:
            return
        if picture is not None:
            display(picture)


@dataclass(frozen=True, repr=False)
class Glossary(Mapping[str, Word]):
    """Words by their name, in an order in which each is explained with words that come before it."""

    words: tuple[Word, ...]

    def __getitem__(self, name: str) -> Word:
        return next(each for each in self.words if each.word == name)

    def __iter__(self) -> Iterator[str]:
        return (each.word for each in self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.words))

    def _repr_html_(self) -> str:
        rows = [(_named(each), each.meaning, each.picture, each.lesson) for each in self.words]
        return html_table("Words, each explained with words above it", ("word", "meaning", "picture", "lesson"), rows)


def _named(word: Word) -> Markup:
    names = join(tag("b", word.word), *(f", {other}" for other in word.also))
    return tag("span", names, style="display:inline-block;max-width:14em")


def glossary(*names: str) -> Glossary | Word:
    """Return the words of the lessons: all, those named, or, if one is named, that word with its picture.

    Upper and lower case do not matter.  Raises UnknownName if a word is not there.

    >>> glossary("exit reason")
    exit reason: The number that says why a VM exit happened: 27 for VMXON, 26 for VMXOFF. (lesson 2, picture: exit)
    >>> len(glossary("root", "non-root"))
    2
    """
    found = tuple(_find(name) for name in names)
    return found[0] if len(found) == 1 else Glossary(found or WORDS)


def _find(name: object) -> Word:
    if not isinstance(name, str):
        raise InvalidType(f"word: {name!r} is not a string")
    for word in WORDS:
        if name.lower() in (other.lower() for other in (word.word, *word.also)):
            return word
    raise unknown("word", name, [other for word in WORDS for other in (word.word, *word.also)])


# Pictures of rows: a function of nvmx.plots, and what it is asked for.
_OF_ROWS: Mapping[str, tuple[str, ...]] = {
    "checks": ("VMXON", "intel"),
    "graph": ("intel",),
    "history": (),
    "map": ("VMXON", "intel"),
}
_REASON = {name: each.exit_reason for name, each in BY_INSTRUCTION.items()}

WORDS = (
    # What every machine has.
    Word("CPU", "The processor: the chip that executes a program's instructions, one after another.", 0),
    Word("PC", "A personal computer: processor, memory and devices as most software expects them.", 8),
    Word("register", "A place inside the CPU that holds one number; its bits can have names and meanings.", 1),
    Word("RIP", "The register that holds the address of the next instruction.", 2),
    Word("RAX", "A register for numbers of all sorts, 64 bits wide; its lower half is EAX. RCX and RDX are others.", 1,
         also=("EAX", "RCX", "ECX", "RDX", "EDX")),
    Word("kernel", "The inner part of an operating system, which may do everything; that of Linux, for example.", 0),
    Word("firmware", "The code that a machine runs before any operating system.", 0, also=("BIOS", "UEFI")),
    Word("CPL", "Current privilege level: 0 is the kernel, 3 are ordinary programs. It says what the code that runs now"
         " is allowed to do.", 0),
    Word("DPL", "Descriptor privilege level: the level that belongs to a segment, a piece of memory. That of the stack"
         " segment is the CPL.", 1),
    Word("user code", "Code at CPL 3: ordinary programs.", 1),
    Word("page", "4,096 bytes of memory, beginning at a multiple of 4,096.", 1),
    Word("page tables", "Tables of the kernel that say where in memory each page of a program lies.", 1),
    Word("virtual address", "What a program uses as an address; page tables translate it.", 1, "operand"),
    Word("physical address", "Where something really lies in memory: nothing translates it any more.", 1, "operand"),
    Word("exception", "What the CPU raises when it refuses an instruction: it stops there and calls a routine of the"
         " kernel.", 1),
    Word("fault", "An exception after which RIP still points to the instruction that was refused.", 1),
    Word("#UD", "The exception for an invalid opcode: here, there is no such instruction.", 1),
    Word("RSP", "The register that holds the address of the stack's top.", 9),
    Word("SS", "The register that says which segment is the stack.", 9),
    Word("UD2", "An instruction that is always #UD; Linux uses it to stop and report.", 9),
    Word("#GP(0)", "The exception for general protection, with error code 0: there is such an instruction, but not for"
         " you.", 1, also=("#GP",)),
    Word("#SS(0)", "The exception for the stack, with error code 0: there is no such address on the stack.", 1,
         also=("#SS",)),
    Word("#PF", "The page fault: the page tables have no memory for this address.", 1, "operand"),
    Word("vector", "The number of an exception, which selects the kernel's routine: 6 is #UD, 12 #SS, 13 #GP, 14 #PF.",
         5),
    Word("#BP", "The exception with the vector 3, for breakpoints.", 8, "twice"),
    Word("INT3", "An instruction of one byte that raises #BP. Ours stands behind the instruction that is tried: if it"
         " raises #BP, that one has ended without a fault.", 8, "twice"),
    Word("SIGILL", "The signal that Linux sends to a program for #UD.", 8),
    Word("SIGSEGV", "The signal that Linux sends to a program for #GP, among others.", 8),
    Word("RFLAGS", "The register of flags: single bits that instructions leave behind, or that change how they work.",
         1, "flags", ("EFLAGS",)),
    Word("CF", "The carry flag, bit 0 of RFLAGS.", 1, "flags"),
    Word("ZF", "The zero flag, bit 6 of RFLAGS.", 1, "flags"),
    Word("status flags", "The six bits of RFLAGS that calculations write: CF, ZF, and the others named here.", 1,
         "flags", ("PF", "AF", "SF", "OF")),
    Word("MOV", "The instruction that copies a number, also from and to a register.", 1),
    Word("IRET", "The instruction that goes back from an exception, to the CPL and the RFLAGS from before it.", 1),
    Word("LOCK", "A byte in front of an instruction that changes memory: nobody else may do so meanwhile. In front of"
         " other instructions it is #UD.", 1),
    Word("SENDUIPI", "An instruction that interrupts other user code, on processors that have it.", 1),
    Word("RDRAND", "Like RDSEED, an instruction for random numbers.", 7, also=("RDSEED",)),
    Word("operand", "What an instruction works on: a register, or some bytes of memory.", 1, "operand"),
    # How it is set up.
    Word("ModRM", "The byte of an instruction that says whether its operand is a register or memory.", 1),
    Word("CR0", "Control register 0: with its bits, the kernel switches on what the CPU can do.", 1),
    Word("LMSW", "An old instruction that writes the lowest four bits of CR0.", 1),
    Word("PE", "Bit 0 of CR0, protection enable: there are privilege levels.", 1, "modes"),
    Word("PG", "Bit 31 of CR0, paging: page tables are used.", 1),
    Word("x87", "The oldest part of the CPU for calculating with fractions (floating-point numbers).", 1),
    Word("NE", "Bit 5 of CR0, numeric error: errors of x87 raise an exception.", 1),
    Word("CR4", "Control register 4: more such bits as in CR0.", 1),
    Word("EFER", "Extended feature enable register: more such bits as in CR0, for 64-bit code.", 1),
    Word("mode", "One of five ways in which the CPU works; several bits together make it.", 1, "modes"),
    Word("real-address mode", "The mode after a reset: 16-bit code without protection; PE is 0.", 1, "modes"),
    Word("protected mode", "The mode of 16- and 32-bit systems; PE is 1.", 1, "modes"),
    Word("virtual-8086 mode", "The mode of old 16-bit programs inside a 32-bit system; bit 17 of RFLAGS, called VM, is"
         " 1, and the CPL is 3.", 1, "modes", ("RFLAGS.VM",)),
    Word("compatibility mode", "The mode of 32-bit programs under a 64-bit kernel.", 1, "modes"),
    Word("64-bit mode", "The mode of today's kernels and of most programs.", 1, "modes"),
    Word("PAE", "Bit 5 of CR4, for larger page tables; 64-bit mode needs it.", 9),
    Word("long mode", "Compatibility mode and 64-bit mode together.", 1, "modes"),
    Word("LMA", "Bit 10 of EFER, long mode active: 1 in long mode.", 1, "modes"),
    Word("CS", "The register that says which kind of code runs. Its bit L (CS.L) is 1 in 64-bit mode and 0 in"
         " compatibility mode.", 1, "modes"),
    Word("MSR", "Model-specific register: one of many that have a number instead of a name in instructions, for setting"
         " up the CPU.", 1),
    Word("RDMSR", "The instruction that reads an MSR, at CPL 0; on Linux, the command rdmsr 0x3a reads number 3AH. #GP"
         " if there is no such MSR.", 1),
    Word("WRMSR", "The instruction that writes an MSR, at CPL 0. #GP if that is not allowed, for example because it is"
         " locked.", 1, "feature-control"),
    # VMX.
    Word("hypervisor", "A program that lets operating systems share one machine, each as if it had its own.", 0,
         "operations"),
    Word("guest", "An operating system, with its programs, that a hypervisor runs.", 0, "operations"),
    Word("VMX", "Virtual-machine extensions: what Intel's CPUs have for hypervisors.", 0, "operations", ("VT-x", "VT")),
    Word("CPUID", "The instruction that says what a CPU can do; for CPUID 1, bit 5 of ECX says that it has VMX.", 1),
    Word("VMX operation", "What the CPU is in while a hypervisor uses VMX; it has a part for the hypervisor and a part"
         " for guests.", 0, "operations"),
    Word("VMXON", "The instruction that enters VMX operation. Every hypervisor on VMX begins with it.", 0, "checks"),
    Word("VMXOFF", "The instruction that leaves VMX operation.", 0, "operations"),
    Word("AMD", "A maker of processors that have virtualization of another kind, without VMXON.", 8),
    Word("SVM", "What the processors of AMD have instead of VMX.", 9),
    Word("root", "The part of VMX operation in which the hypervisor runs.", 0, "operations",
         ("root operation", "VMX root operation")),
    Word("non-root", "The part of VMX operation in which a guest runs.", 0, "operations",
         ("non-root operation", "VMX non-root operation")),
    Word("VM entry", "The step from root to non-root: the hypervisor lets its guest run.", 0, "operations"),
    Word("VM exit", "The step from non-root to root: the guest did something that the hypervisor must decide.", 0,
         "operations"),
    Word("exit reason", "The number that says why a VM exit happened: "
         f"{_REASON['VMXON']} for VMXON, {_REASON['VMXOFF']} for VMXOFF.", 2, "exit"),
    Word("VMXE", "Bit 13 of CR4, VMX enable: while it is 0, VMXON is #UD. Setting it only allows VMXON: it does not"
         " enter VMX operation.", 1, "graph", ("CR4.VMXE",)),
    Word("VMCS", "Virtual-machine control structure: memory in which a hypervisor writes how to run a guest, and the"
         " CPU what became of it.", 1),
    Word("current VMCS", "The VMCS that the CPU works with. After VMXON there is none.", 1),
    Word("VMPTRLD", "The instruction that makes a VMCS the current VMCS.", 2),
    Word("VMCLEAR", "The instruction that prepares a VMCS, or lets go of it.", 2),
    Word("VMREAD", "The instruction that reads from the current VMCS.", 2),
    Word("VMWRITE", "The instruction that writes to the current VMCS.", 2),
    Word("VMPTRST", "The instruction that says which VMCS is the current VMCS.", 7),
    Word("VMLAUNCH", "The instruction that makes a VM entry, the first time; later it is VMRESUME.", 7,
         also=("VMRESUME",)),
    Word("INVEPT", "The instruction that throws away what the CPU remembers of a guest's addresses, and so is INVVPID.",
         7, also=("INVVPID",)),
    Word("VMCALL", "The instruction with which a guest calls its hypervisor.", 6),
    Word("VMFUNC", "The instruction with which a guest uses a service of VMX that its hypervisor allowed.", 6),
    Word("IA32_VMX_BASIC", "The MSR (480H) that describes the VMX of this CPU.", 1),
    Word("shadow VMCS", "A VMCS for the VMREADs and VMWRITEs of a guest. Bit 31 of its first 4 bytes marks it.", 6),
    Word("VMXON region", "A page that a hypervisor gives to the CPU for as long as VMX operation lasts.", 1, "operand"),
    Word("VMXON pointer", "The 8 bytes that VMXON's operand holds: the physical address of the VMXON region.", 1,
         "operand"),
    Word("revision identifier", "A number, in bits 30:0 of IA32_VMX_BASIC, with which the VMXON region and each VMCS"
         " must begin; bit 31 there is 0.", 1, "operand"),
    Word("VMfail", "How an instruction of VMX refuses without an exception: it ran, and a flag says no.", 1, "flags"),
    Word("VMfailInvalid", "VMfail without an error number: CF is 1.", 1, "flags"),
    Word("VMfailValid", "VMfail with an error number, which the current VMCS keeps: ZF is 1.", 1, "flags"),
    Word("error 15", "The error number for VMXON in root operation: VMX operation was entered already.", 1),
    Word("fixed bits", "Bits of CR0 and CR4 that VMX operation wants to have one value; the MSRs named here say which.",
         1, also=("IA32_VMX_CR0_FIXED0", "IA32_VMX_CR0_FIXED1", "IA32_VMX_CR4_FIXED0", "IA32_VMX_CR4_FIXED1",
               "FIXED0", "FIXED1")),
    Word("IA32_FEATURE_CONTROL", "MSR 3AH, which says whether VMXON is allowed. Code at CPL 0 may write it until its"
         " lock (bit 0) is set; then WRMSR is #GP(0) until a power-up reset.", 1, "feature-control",
         ("FEATURE_CONTROL",)),
    Word("SMX", "Safer mode extensions: a start of measured, trusted software, by the instruction GETSEC.", 1,
         "feature-control", ("GETSEC", "SENTER")),
    Word("A20M", "An input of the CPU for the oldest programs: bit 20 of addresses counts as 0.", 1),
    Word("SMM", "System-management mode: where firmware runs later on, unseen by the kernel. An interrupt (SMI) leads"
         " there.", 8, also=("SMI",)),
    Word("dual-monitor treatment", "An arrangement in which a second hypervisor looks after SMM; while it lasts, VMXOFF"
         " is refused.", 8),
    # Nested.
    Word("KVM", "The hypervisor in the Linux kernel.", 0),
    Word("Xen", "A hypervisor that starts before any operating system.", 6),
    Word("ACRN", "A small hypervisor for devices.", 6),
    Word("XMHF64", "A hypervisor for research, meant to be proved correct.", 6),
    Word("VirtualBox", "A hypervisor for desktop computers.", 6),
    Word("QEMU", "The program that starts guests under KVM, and pretends disks, screens and networks for them.", 2),
    Word("OVMF", "A firmware for guests, of the kind called UEFI.", 9),
    Word("HAXM", "A hypervisor of Intel's for Windows and macOS.", 9),
    Word("user space", "What KVM asks if it does not know what to do: QEMU, or another program that started the guest."
         " It is not the guest's user code.", 2, also=("VMM",)),
    Word("emulator", "A program that executes every instruction of a guest in software, without VMX.", 6),
    Word("Bochs", "An emulator of a whole PC.", 6),
    Word("nested virtualization", "A hypervisor in a guest of another one. L0 is the hypervisor on the machine, L1 the"
         " one in its guest, and L2 a guest of that.", 0, "levels", ("L0", "L1", "L2", "nVMX")),
    Word("real processor", "The chip. While a guest runs it is in non-root operation, and its CR4.VMXE is 1.", 2,
         "two-processors"),
    Word("virtual processor", "What a hypervisor keeps for a guest, so that it sees a CPU of its own: its registers,"
         " and its own VMX operation.", 2, "two-processors", ("vCPU", "virtual CPU")),
    Word("handler", "The hypervisor's function for an exit reason. It looks at the virtual processor and does to it"
         " what the instruction would have done, or queues an exception.", 2, "exit"),
    Word("unrestricted guest", "A guest that may run without page tables, also in real-address mode.", 6),
    # This package.
    Word("SDM", "Intel's Software Developer's Manual, here also called the manual.", 1),
    Word("source", "A text that says how VMXON ends: the SDM, or the code of a hypervisor, at some date.", 0),
    Word("check", "One thing that an instruction asks for, and how it ends if that is not so.", 1, "checks", ("rung",)),
    Word("commit", "One change in the history of a program's code, with a name: ec378aeef9df in Linux, r106320 in"
         " VirtualBox.", 5, "history", ("r106320",)),
    Word("ladder", "All checks of a source, in order: the first that fails decides.", 0, "checks"),
    Word("outcome", "How an instruction ends: success, a fault, VMfail or a VM exit.", 1),
    Word("axis", "One thing that a check looks at, with the values that it can have, such as CPL: 0, 1, 2, 3.", 3),
    Word("state", "One value for each axis.", 0),
    Word("ready", "The state of a kernel that is about to execute VMXON with success. What nobody mentions is ready.",
         0),
    Word("possible", "A state is possible if a CPU can be in it.", 3),
    Word("Gray code", "An order in which one thing changes at a time, so that you see what a change does.", 4, "map"),
    Word("CVE", "A public list of security holes, by number.", 5, "history"),
    Word("XSA", "A security advisory of Xen, by number.", 6),
    Word("witness", "A state in which two sources have different outcomes.", 6),
    Word("mutant", "A ladder with one mistake that was put in on purpose, to see whether tests notice it.", 7),
    Word("suite", "States with the outcome that is expected in each: tests.", 7),
)  # fmt: skip
