"""Wrong solutions of the notebooks' katas, by the kata's id: at least five each, real bugs among them.

A wrong solution is the right one with some text replaced (each text must be there), or a whole cell.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrong:
    """A mistake in words; what the message must say (a part of it); and the text, by what is replaced or as a whole."""

    mistake: str
    says: str
    replace: dict[str, str] = field(default_factory=dict)
    cell: str = ""

    def text(self, solution: str) -> str:
        """The cell with the mistake, given the right solution."""
        if self.cell:
            return self.cell
        for old, new in self.replace.items():
            assert old in solution, f"{self.mistake}: {old!r} is not in the solution"
            solution = solution.replace(old, new)
        return solution


WRONG: dict[str, list[Wrong]] = {
    "1.1": [
        Wrong(
            "only the first check that fails",
            "it is #GP(0), because CR0.NE = 0",
            {', "cr0_ne": 1, "fc_lock": 1, "fc_vmx": 1': ""},
        ),
        Wrong(
            "NE forgotten, which common systems set anyway", "it is #GP(0), because CR0.NE = 0", {', "cr0_ne": 1': ""}
        ),
        Wrong(
            "the lock without bit 2", "it is #GP(0), because FEATURE_CONTROL.vmx = 0 and SMX = 0", {', "fc_vmx": 1': ""}
        ),
        Wrong("bit 2 without the lock", "it is #GP(0), because FEATURE_CONTROL.lock = 0", {', "fc_lock": 1': ""}),
        Wrong(
            "bit 1, which counts inside SMX operation, for bit 2",
            "it is #GP(0), because FEATURE_CONTROL.vmx = 0 and SMX = 0",
            {'"fc_vmx"': '"fc_smx"'},
        ),
        Wrong("more than is needed", "4 changes suffice", {'"fc_lock": 1': '"fc_lock": 1, "fc_smx": 1'}),
        Wrong("VMX operation itself for a repair", "CR4.VMXE cannot be cleared", {'"cr4_vmxe": 1': '"vmx": "root"'}),
    ],
    "1.2": [
        Wrong(
            "user code is taken for #UD",
            "it is #GP(0), because CPL = 3",
            {'"#UD": {"cr4_vmxe": 0}': '"#UD": {"cpl": 3}'},
        ),
        Wrong(
            "a bad pointer is taken for #GP(0)",
            "it is VMfailInvalid, because pointer.in_width = 0",
            {'{"cpl": 3}': '{"ptr_in_width": 0}'},
        ),
        Wrong(
            "VMfailValid without a current VMCS",
            "it is VMfailInvalid, because VMX = root and current_VMCS = 0",
            {'{"vmx": "root", "current_vmcs": 1}': '{"vmx": "root"}'},
        ),
        Wrong(
            "a guest without a current VMCS",
            "a guest was entered from the current VMCS",
            {'{"vmx": "non-root", "current_vmcs": 1}': '{"vmx": "non-root"}'},
        ),
        Wrong("the stack fault left out", "still missing: #SS(0)", {'    "#SS(0)": {"operand": "ss-fault"},\n': ""}),
        Wrong(
            "a register operand is taken for #PF", "it is #UD, because operand = register", {'"unmapped"': '"register"'}
        ),
    ],
    "1.3": [
        Wrong(
            "CPL before the VM exit",
            "it is VM exit, because VMX = non-root",
            {
                '    ({"vmx": "non-root"}, "VM exit"),\n': "",
                '"#GP(0)"),\n': '"#GP(0)"),\n    ({"vmx": "non-root"}, "VM exit"),\n',
            },
        ),
        Wrong(
            "CPL first",
            "it is #UD, because EFER.LMA = 1 and CS.L = 0",
            {"rows = [\n": 'rows = [\n    ({"cpl": [1, 2, 3]}, "#GP(0)"),\n'},
        ),
        Wrong("CPL is #UD, as in ksm", "it is #GP(0), because CPL = 1", {'"#GP(0)"': '"#UD"'}),
        Wrong(
            "the test of VMX operation forgotten",
            "it is #UD, because VMX = off",
            {'    ({"vmx": "off"}, "#UD"),\n': ""},
        ),
        Wrong(
            "no #UD in compatibility mode",
            "it is #UD, because EFER.LMA = 1 and CS.L = 0",
            {'    ({"efer_lma": 1, "cs_l": 0}, "#UD"),\n': ""},
        ),
        Wrong("CPL 3 only", "it is #GP(0), because CPL = 1", {"[1, 2, 3]": "3"}),
        Wrong(
            "another error number",
            "it is VMfailValid (error 23), because current_VMCS = 1 and dual_monitor = 1",
            {'"VMfailValid", 23': '"VMfailValid", 15'},
        ),
    ],
    "2.1": [
        Wrong(
            "a second VMXON succeeds, as in KVM's first handler",
            "it is VMfailInvalid, because VMX = root and current_VMCS = 0",
            {"    if vcpu.nested.vmxon:\n": "    if False:\n"},
        ),
        Wrong(
            "a VMfail leaves RIP, so the guest executes VMXON for ever",
            "neither queue an exception nor move RIP",
            {"| CF\n        kvm2011.skip_emulated_instruction(vcpu)\n": "| CF\n"},
        ),
        Wrong(
            "a success keeps the flags, as in KVM's first handler",
            "leave RFLAGS alone",
            {"    vcpu.rflags &= ~ALL_SIX\n": ""},
        ),
        Wrong(
            "a VMfail sets CF and keeps the other flags",
            "sets CF and clears the other five flags",
            {"vcpu.rflags & ~ALL_SIX | CF": "vcpu.rflags | CF"},
        ),
        Wrong("no test of CR0.PG, as in Bochs", "it is #GP(0), because CR0.PG = 0", {" or not vcpu.cr0 & PG": ""}),
        Wrong(
            "wrong fixed bits are #UD, as in KVM in 2022",
            "it is #GP(0), because CR0.NE = 0",
            {"PG:\n        kvm2011.kvm_inject_gp(vcpu, 0)": "PG:\n        kvm2011.kvm_queue_exception(vcpu, UD)"},
        ),
        Wrong(
            "no test of CPL, as in KVM in 2017 (CVE-2018-12904)",
            "it is #GP(0), because CPL = 1",
            {"kvm2011.vmx_get_cpl(vcpu)": "False"},
        ),
        Wrong(
            "a second VMXON is refused before CPL is tested",
            "it is #GP(0), because CPL = 1",
            {"    if kvm2011.vmx_get_cpl(vcpu):": "    if kvm2011.vmx_get_cpl(vcpu) and not vcpu.nested.vmxon:"},
        ),
    ],
    "2.2": [
        Wrong(
            "CPL before the VM exit",
            "it is VM exit, because VMX = non-root",
            {
                '    if state["vmx"] == "non-root":\n        return "VM exit"\n': "",
                '"#GP(0)"\n': '"#GP(0)"\n    if state["vmx"] == "non-root":\n        return "VM exit"\n',
            },
        ),
        Wrong("CPL is #UD, as in KVM in June 2018", "it is #GP(0), because CPL = 1", {'"#GP(0)"': '"#UD"'}),
        Wrong("only CPL 3 is refused", "it is #GP(0), because CPL = 1", {'state["cpl"] > 0': 'state["cpl"] == 3'}),
        Wrong(
            "VMXOFF succeeds outside VMX operation, as in pKVM-IA",
            "it is #UD, because VMX = off",
            {'state["vmx"] == "off" or ': ""},
        ),
        Wrong(
            "virtual-8086 mode forgotten",
            "it is #UD, because RFLAGS.VM = 1",
            {'    if state["rflags_vm"]:\n        return "#UD"\n': ""},
        ),
        Wrong(
            "the dual-monitor treatment forgotten",
            "it is VMfailInvalid, because current_VMCS = 0 and dual_monitor = 1",
            {'state["dual_monitor"]': "False"},
        ),
        Wrong(
            "VMfailValid without a current VMCS",
            "it is VMfailInvalid, because current_VMCS = 0 and dual_monitor = 1",
            {'if state["current_vmcs"]:': "if True:"},
        ),
    ],
    "3.1": [
        Wrong("CPL forgotten", "9,688 is too many", {'(manual["CPL"] == 0) & ': ""}),
        Wrong("the outcome forgotten", "8,956 is too many", {' & (manual["outcome"] == "#GP(0)")': ""}),
        Wrong("or instead of and", "16,396 is too many", {" & ": " | "}),
        Wrong("another exception", "6,360 is too many", {'"#GP(0)")).sum': '"#UD")).sum'}),
        Wrong(
            "the virtual processor of lesson 2",
            "0 is too few",
            {"answer =": 'manual = nvmx.table("VMXON", "kvm-2011", possible=True)\nanswer ='},
        ),
        Wrong(
            "impossible states counted as well",
            "is too many",
            {"answer =": 'manual = nvmx.table("VMXON", "intel", possible=None)\nanswer ='},
        ),
        Wrong(
            "a text",
            "not what this kata asks for",
            cell='nvmx.check("2248", "VMXON", "intel", outcome="#GP(0)", cpl=0)',
        ),
    ],
    "3.2": [
        Wrong(
            "the second condition forgotten",
            "a row that was not asked for",
            {' & (manual["pointer.aligned"] == 0)': ""},
        ),
        Wrong(
            "the first condition forgotten",
            "it is VMfailInvalid, because pointer.aligned = 0",
            {'(manual["outcome"] == "VMfailValid") & ': ""},
        ),
        Wrong("aligned instead of not", "a row that was not asked for", {'aligned"] == 0': 'aligned"] == 1'}),
        Wrong(
            "VMfailInvalid instead of VMfailValid",
            "it is VMfailInvalid, because pointer.aligned = 0",
            {'== "VMfailValid"': '== "VMfailInvalid"'},
        ),
        Wrong(
            "KVM of 2014, which looks at the pointer first",
            "the table has no rows",
            {"answer =": 'manual = nvmx.table("VMXON", "kvm-2014", possible=True)\nanswer ='},
        ),
        Wrong("only the first rows", "is missing: it is VMfailValid", {"\n]\n": "\n].head(3)\n"}),
    ],
    "4.1": [
        Wrong("in VMX operation", "this kata asks for VMX = off", {'{"cr0_ne": 0}': '{"vmx": "root"}'}),
        Wrong("CPL, which both look at", "both end in #GP(0)", {'{"cr0_ne": 0}': '{"cpl": 3}'}),
        Wrong("VMXE comes first for both", "both end in #UD", {'{"cr0_ne": 0}': '{"cr0_ne": 0, "cr4_vmxe": 0}'}),
        Wrong("CPL comes first for both", "both end in #GP(0)", {'{"cr0_ne": 0}': '{"ptr_aligned": 0, "cpl": 1}'}),
        Wrong("no such state", "no processor can be in this state", {'{"cr0_ne": 0}': '{"cr0_pe": 0}'}),
        Wrong("a bit that is right", "both end in success", {'{"cr0_ne": 0}': '{"cr0_ne": 1}'}),
    ],
    "4.2": [
        Wrong("real-address mode forgotten", "it is #UD, because CR0.PE = 0", {'state["cr0_pe"] == 0 or ': ""}),
        Wrong("virtual-8086 mode forgotten", "it is #UD, because RFLAGS.VM = 1", {' or state["rflags_vm"] == 1': ""}),
        Wrong(
            "protected mode taken for compatibility mode",
            "it is success",
            {'state["efer_lma"] == 1 and state["cs_l"] == 0': 'state["cs_l"] == 0'},
        ),
        Wrong(
            "CPL before VMXE",
            "it is #UD, because CR4.VMXE = 0",
            {'    if state["cr4_vmxe"]': '    if state["cpl"] > 0:\n        return "#GP(0)"\n    if state["cr4_vmxe"]'},
        ),
        Wrong("CPL as #UD, as in KVM of June 2018", "it is #GP(0), because CPL = 1", {'"#GP(0)"': '"#UD"'}),
        Wrong("no test of CPL, as in KVM of 2017", "it is #GP(0), because CPL = 1", {'["cpl"] > 0': '["cpl"] > 3'}),
        Wrong("only user code", "it is #GP(0), because CPL = 1", {'["cpl"] > 0': '["cpl"] == 3'}),
        Wrong(
            "a fixed bit as #GP(0), as in VirtualBox",
            "it is #UD, because CR4.VMXE = 0",
            {'["cr4_vmxe"] == 0:\n        return "#UD"': '["cr4_vmxe"] == 0:\n        return "#GP(0)"'},
        ),
    ],
    "5.1": [
        Wrong("VMXE comes first", "both end in #UD", {'{"cpl": 3}': '{"cpl": 3, "cr4_vmxe": 0}'}),
        Wrong("in VMX operation", "this kata asks for VMX = off", {'{"cpl": 3}': '{"cpl": 3, "vmx": "root"}'}),
        Wrong("a mode that the chip refuses", "both end in #UD", {'{"cpl": 3}': '{"cpl": 3, "cs_l": 0}'}),
        Wrong("the kernel", "both end in success", {'{"cpl": 3}': '{"cpl": 0}'}),
        Wrong("the lock, which it tests", "both end in #GP(0)", {'{"cpl": 3}': '{"fc_lock": 0}'}),
        Wrong("no such level", "value of CPL: 4 is not allowed", {'{"cpl": 3}': '{"cpl": 4}'}),
    ],
    "5.2": [
        Wrong("no check of CPL, as in KVM of 2017", "CPL = 1", {'    ({"cpl": [1, 2, 3]}, "#GP(0)"),\n': ""}),
        Wrong(
            "CPL as #UD, as in KVM of June 2018",
            "CPL = 1",
            {'({"cpl": [1, 2, 3]}, "#GP(0)")': '({"cpl": [1, 2, 3]}, "#UD")'},
        ),
        Wrong(
            "CPL above VMXE",
            "it is #UD, because CR4.VMXE = 0",
            {"rows = [\n": 'rows = [\n    ({"cpl": [1, 2, 3]}, "#GP(0)"),\n'},
        ),
        Wrong(
            "the fixed bits first and as #UD, as in KVM of June 2022",
            "CR0.NE = 0",
            {"rows = [\n": 'rows = [\n    ({"cr0_ne": 0}, "#UD"),\n'},
        ),
        Wrong("no VM exit", "it is VM exit, because VMX = non-root", {'    ({"vmx": "non-root"}, "VM exit"),\n': ""}),
        Wrong("only CPL 3", "CPL = 1", {"[1, 2, 3]": "3"}),
        Wrong(
            "VMfailValid without a current VMCS, as in ACRN",
            "VMfailInvalid",
            {'({"vmx": "root", "current_vmcs": 1}': '({"vmx": "root"}'},
        ),
    ],
    "6.1": [
        Wrong("a check that XMHF64 has", "both end in #UD", {'{"fc_lock": 0}': '{"cr4_vmxe": 0}'}),
        Wrong("no name of anything", "did you mean", {'{"fc_lock": 0}': '{"fc_locked": 0}'}),
        Wrong("no verdict about it", "is not allowed", {'{"cpl": 3}': '{"ptr_aligned": 0}'}),
        Wrong("one fault, so no order is seen", "both end in #GP(0)", {', "vmx": "root"}': "}"}),
        Wrong("two faults that end alike", "both end in #GP(0)", {'"vmx": "root"': '"cpl": 3'}),
        Wrong("no processor can be in it", "VMX", {'{"fc_lock": 0}': '{"fc_lock": 0, "vmx": "root"}'}),
    ],
    "6.2": [
        Wrong(
            "VMfailInvalid, as the manual has it",
            "by acrn it is VMfailValid (error 15)",
            {
                '({"vmx": "root"}, "VMfailValid", 15),': '({"vmx": "root", "current_vmcs": 1}, "VMfailValid", 15),\n'
                '    ({"vmx": "root", "current_vmcs": 0}, "VMfailInvalid"),'
            },
        ),
        Wrong("32-bit hypervisors welcome", "EFER.LMA = 0", {'    ({"efer_lma": 0}, "#UD"),\n': ""}),
        Wrong("KVM of 2017: no check of CPL", "CPL = 1", {'    ({"cpl": [1, 2, 3]}, "#GP(0)"),\n': ""}),
        Wrong("KVM of June 2022: a fixed bit is #UD", "CR0.NE = 0", {'"cr0_ne": 0}, "#GP(0)"': '"cr0_ne": 0}, "#UD"'}),
        Wrong(
            "VirtualBox: CR4.VMXE is a fixed bit like others",
            "CR4.VMXE = 0",
            {'"cr4_vmxe": 0}, "#UD"': '"cr4_vmxe": 0}, "#GP(0)"'},
        ),
        Wrong("ksm: CPL is #UD", "CPL = 1", {'"cpl": [1, 2, 3]}, "#GP(0)"': '"cpl": [1, 2, 3]}, "#UD"'}),
        Wrong("CPL 1 counts as the kernel", "CPL = 1", {"[1, 2, 3]": "[2, 3]"}),
    ],
    "7.1": [
        Wrong(
            "one thing at a time",
            "(wanted: 60)",
            {
                ', "cpl": 1},\n    {**guest, "cs_l": 0},\n    {**guest, "cpl": 1}': '},\n    {"cpl": 1},\n    guest',
                "{**monitor, **mode32}": "monitor",
                "    {**guest, **mode32, ": "    # {",
            },
        ),
        Wrong(
            "CPL 3 stands for all levels, and no guest executes it",
            "CPL 0 (swapped with",
            {
                '    {"cpl": 2},\n': "",
                '    {**guest, "cpl": 1},\n': "",
                '"current_vmcs": 1, "cpl": 1}': '"cpl": 3}',
                '    {**guest, "cs_l": 0},\n': "",
            },
        ),
        Wrong(
            "a state that cannot exist",
            "paging needs protected mode",
            {'    {**guest, **mode32, "cr0_pe"': '    {"cr0_pe": 0},\n    {**guest, **mode32, "cr0_pe"'},
        ),
        Wrong("a level that does not exist", "state 5", {'{"cpl": 3}': '{"cpl": 4}'}),
        Wrong("a list in a tuple", "", {"tests = [": "tests = ({}, [", "\n]\n": "\n])\n"}),
        Wrong("nothing yet", "there is no answer yet", {"tests = [": "tests = ... or ["}),
    ],
    "7.2": [
        Wrong("one thing at a time", "both end in", {', "ptr_aligned": 0}': "}"}),
        Wrong(
            "CPL alone",
            "both end in #GP(0)",
            {'    {"cr0_ne": 0, "ptr_aligned": 0},\n    {"fc_lock": 0, "ptr_aligned": 0},\n': ""},
        ),
        Wrong("the fixed bits forgotten", "both end in", {'    {"cr0_ne": 0, "ptr_aligned": 0},\n': ""}),
        Wrong("the order of the pointer forgotten", "both end in", {'    {"fc_lock": 0, "ptr_aligned": 0},\n': ""}),
        Wrong("KVM does not look at A20M at all", "both end in", {'{"cpl": 1}': '{"a20m": 1}'}),
    ],
    "8.1": [
        Wrong("the LOCK prefix forgotten", "LOCK = 1", {'state["lock"] or ': ""}),
        Wrong("a 32-bit program is like any other", "CS.L = 0", {' or not state["cs_l"]': ""}),
        Wrong("CR4.VMXE is no matter of a program", "CR4.VMXE = 0", {' or not state["cr4_vmxe"]': ""}),
        Wrong("a guest gets a signal at once", "it is VM exit", {'return "exit"': 'return "SIGSEGV"'}),
        Wrong(
            "the exit before the mode",
            "you say VM exit; it is #UD",
            {
                '"non-root":\n        return "exit"': '"never":\n        return "exit"',
                "(state):\n    if": '(state):\n    if state["vmx"] == "non-root":\n        return "exit"\n    if',
            },
        ),
        Wrong(
            "a program in root operation fails quietly",
            "you say VMfailInvalid",
            {'    return "SIGSEGV"': '    return "SIGSEGV" if state["vmx"] == "off" else "VMfailInvalid"'},
        ),
        Wrong("a signal that does not exist", "SIGSEG", {'return "SIGSEGV"': 'return "SIGSEG"'}),
    ],
    "9.1": [
        Wrong("the dump is taken for 64-bit mode", "CS.L = 0", {'"cs_l": 1, ': ""}),
        Wrong("NE is forgotten: Windows and macOS set it anyway (HAXM #29)", "CR0.NE = 0", {'"cr0_ne": 1, ': ""}),
        Wrong("the lock is taken for the permission", "FEATURE_CONTROL.vmx = 0", {', "fc_vmx": 1': ""}),
        Wrong("long mode is left, and CS.L set as well", "", {'"cs_l": 1': '"cs_l": 1, "efer_lma": 0'}),
        Wrong("bit 1 of the MSR as well as bit 2", "4 changes", {'"fc_vmx": 1': '"fc_vmx": 1, "fc_smx": 1'}),
        Wrong("bit 1 of the MSR instead of bit 2", "FEATURE_CONTROL.vmx = 0", {'"fc_vmx": 1': '"fc_smx": 1'}),
    ],
    "9.2": [
        Wrong("the first suspect of most people", "CR4.VMXE", {'"CPL"': '"CR4.VMXE"'}),
        Wrong("the fixed bit fails, too, but stands below CPL", "CR0.NE", {'"CPL"': '"CR0.NE"'}),
        Wrong("the firmware's register, which the dump does not show", "FEATURE_CONTROL", {'"CPL"': '"fc_lock"'}),
        Wrong("how it ends instead of the check", "", {'"CPL"': '"#GP(0)"'}),
        Wrong("the processor's VMX operation instead of the guest's", "VMX", {'"CPL"': '"vmx"'}),
        Wrong("no answer", "None", {'"CPL"': "None"}),
    ],
    "10.1": [
        Wrong(
            "CPL above the VM exit",
            "VM exit",
            {
                '    ({"vmx": "non-root"}, "VM exit"),\n': "",
                '3]}, "#GP(0)"),': '3]}, "#GP(0)"),\n    ({"vmx": "non-root"}, "VM exit"),',
            },
        ),
        Wrong("KVM 2017: no CPL (CVE-2018-12904)", "CPL = 1", {'    ({"cpl": [1, 2, 3]}, "#GP(0)"),\n': ""}),
        Wrong(
            "KVM 2011: a second VMXON succeeds",
            "VMX = root",
            {
                '    ({"vmx": "root", "current_vmcs": 1}, "VMfailValid", 15),\n': "",
                '    ({"vmx": "root", "current_vmcs": 0}, "VMfailInvalid"),\n': "",
            },
        ),
        Wrong("KVM of June 2022: NE is #UD", "CR0.NE = 0", {'({"cr0_ne": 0}, "#GP(0)")': '({"cr0_ne": 0}, "#UD")'}),
        Wrong("another error number", "15", {'"VMfailValid", 15': '"VMfailValid", 12'}),
        Wrong("the lock is not looked at", "FEATURE_CONTROL.lock = 0", {'    ({"fc_lock": 0}, "#GP(0)"),\n': ""}),
        Wrong(
            "bit 2 of the firmware's register also inside SMX",
            "FEATURE_CONTROL.vmx = 0",
            {
                '({"smx": 0, "fc_vmx": 0}': '({"fc_vmx": 0}',
            },
        ),
        Wrong(
            "a bad pointer is a fault",
            "pointer.aligned = 0",
            {
                '({"ptr_aligned": 0}, "VMfailInvalid")': '({"ptr_aligned": 0}, "#GP(0)")',
            },
        ),
    ],
    "10.2": [
        Wrong(
            "compatibility mode without EFER.LMA",
            "CS.L",
            {'(state["efer_lma"] and not state["cs_l"])': 'not state["cs_l"]'},
        ),
        Wrong(
            "KVM of June 2018: CPL is #UD",
            "CPL = 1",
            {'state["cpl"] > 0:\n        return "#GP(0)"': 'state["cpl"] > 0:\n        return "#UD"'},
        ),
        Wrong("only CPL 3 is user code", "CPL = 1", {'state["cpl"] > 0': 'state["cpl"] == 3'}),
        Wrong("Bochs: PE where PG was meant", "CR0.PG = 0", {'not state["cr0_pg"]': 'not state["cr0_pe"]'}),
        Wrong(
            "BitVisor: bit 31 of the revision is not looked at", "revision.bit31 = 1", {' or state["rev_bit31"]': ""}
        ),
        Wrong(
            "ACRN: root before CPL",
            "CPL",
            {
                '    if state["cpl"] > 0:\n        return "#GP(0)"\n': "",
                '    if state["a20m"] or': '    if state["cpl"] > 0:\n        return "#GP(0)"\n    if state["a20m"] or',
            },
        ),
        Wrong("the last line is forgotten", "None", {'    return "success"\n': ""}),
        Wrong("a name that does not exist", "vmxe", {'state["cr4_vmxe"]': 'state["vmxe"]'}),
    ],
}
