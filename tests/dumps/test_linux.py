"""What Linux prints, in the variants of its versions."""

import pytest

import nvmx

from . import texts

LONG = {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0}
TAIL = "RIP: 0010:vmxon+0x1/0x2 [kvm_intel]\nCode: 90 <f3> 0f c7 30\n"


@pytest.mark.parametrize(
    ("headline", "observed"),
    [
        ("general protection fault: 0000 [#1] SMP", "#GP(0)"),
        ("general protection fault: 0000 [#1] PREEMPT SMP DEBUG_PAGEALLOC KASAN", "#GP(0)"),
        ("general protection fault, maybe for address 0xffff888001234000: 0000 [#1] SMP PTI", "#GP(0)"),
        ("general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#2] SMP",
         "#GP(0)"),
        ("Oops: general protection fault, maybe for address 0xffff888001234000: 0000 [#1] PREEMPT_RT SMP", "#GP(0)"),
        ("Oops: general protection fault: 0000 [#1] SMP NOPTI", "#GP(0)"),
        ("segment-related general protection fault: 0000 [#1] SMP", "#GP(0)"),
        ("invalid opcode: 0000 [#1] SMP", "#UD"),
        ("Oops: invalid opcode: 0000 [#1] PREEMPT SMP", "#UD"),
        ("stack segment: 0000 [#1] SMP", "#SS(0)"),
        ("Oops: stack segment: 0000 [#1] SMP", "#SS(0)"),
        ("BUG: unable to handle page fault for address: ffffc90000001000\n#PF: supervisor read access in kernel mode\n"
         "#PF: error_code(0x0000) - not-present page\nOops: 0000 [#1] SMP", "#PF"),
        ("BUG: unable to handle kernel paging request at ffffc90000001000\nOops: 0000 [#1] SMP", "#PF"),
        ("general protection fault, maybe for address 0xffff888001234000:\n0000 [#1] SMP PTI", "#GP(0)"),
        ("general protection fault, maybe for\naddress 0xffff888001234000: 0000 [#1] SMP PTI", "#GP(0)"),
    ],
)  # fmt: skip
def test_headlines(headline: str, observed: str) -> None:
    reading = nvmx.read(f"{headline}\n{TAIL}")
    assert (reading.instruction, reading.observed) == ("VMXON", (observed,))
    assert reading.ignored == 0


@pytest.mark.parametrize(
    ("line", "cs_l", "cpl"),
    [
        ("RIP: 0010:[<ffffffffa0123456>]  [<ffffffffa0123456>] hardware_enable+0x76/0x90 [kvm_intel]", 1, 0),
        ("RIP: 0010:hardware_enable+0x76/0x90 [kvm_intel]", 1, 0),
        ("RIP: 0010:0xffffffffa0123456", 1, 0),
        ("RIP: e030:hardware_enable+0x76/0x90 [kvm_intel]", 1, None),
    ],
)
def test_the_instruction_pointer(line: str, cs_l: int, cpl: int) -> None:
    reading = nvmx.read(f"invalid opcode: 0000 [#1] SMP\n{line}\n")
    assert reading.known["CS.L"] == cs_l
    assert reading.known.get("CPL") == cpl


def test_under_xen_cs_says_nothing_about_cpl() -> None:
    reading = nvmx.read(
        "RIP: e030:hardware_enable+0x76/0x90 [kvm_intel]\nCS:  e030 DS: 0000 ES: 0000 CR0: 0000000080050033\n"
    )
    assert "CPL" not in reading.known
    assert any("PV guest of Xen" in note for note in reading.notes)


def test_code_that_cannot_be_read() -> None:
    reading = nvmx.read("invalid opcode: 0000 [#1] SMP\nRIP: 0010:0xffffffffa0123456\n"
                        "Code: Unable to access opcode bytes at 0xffffffffa012342c.\n")  # fmt: skip
    assert (reading.instruction, reading.observed) == (None, ("#UD",))
    found = reading.explain()
    assert (found.observed, found.named) == ("#UD", None)
    assert set(found.outcomes) == {"#UD"}
    assert any("no instruction was named" in note for note in found.notes)
    other = reading.explain(cr4_vmxe=1, cr0_pe=1, cs_l=1, rflags_vm=0, lock=0, operand="mapped")
    assert "#UD cannot be of VMXON here" in other.notes
    assert other.refused is None


def test_32_bits() -> None:
    reading = nvmx.read(texts.OOPS_32)
    assert (reading.instruction, reading.observed) == ("VMXOFF", ("#UD",))
    assert reading.known == {
        "LOCK": 0, "CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 0, "EFER.LMA": 0, "RFLAGS.VM": 0,
        "CPL": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "observed"),
    [
        ("traps: a.out[123] general protection fault ip:401136 sp:7ffc0000 error:0 in a.out[401000+1000]", ("#GP(0)",)),
        ("traps: a.out[123] general protection ip:401136 sp:7ffc0000 error:0 in a.out[401000+1000]", ("#GP(0)",)),
        ("traps: a.out[123] trap invalid opcode ip:401136 sp:7ffc0000 error:0 in zero[0,7ff5d68cb000+1000]", ("#UD",)),
        ("traps: a.out[123] general protection fault ip:401136 sp:7ffc0000 error:18 in a.out[401000+1000]", ()),
    ],
)
def test_user_code(line: str, observed: tuple[str, ...]) -> None:
    reading = nvmx.read(line)
    assert (reading.instruction, reading.observed, reading.known) == (None, observed, {"CPL": 3})


def test_registers_of_user_code_alone_are_not_used() -> None:
    reading = nvmx.read(
        "RIP: 0033:0x401136\nRSP: 002b:00007ffc00000000 EFLAGS: 00000202\nFS:  00007f0000000000 GS:  0000000000000000\n"
    )
    assert reading.known == {}
    assert any("user code" in note for note in reading.notes)


def test_the_second_oops_is_not_used() -> None:
    second = texts.OOPS.replace("00000000007626e0", "00000000007606e0").replace("[#1]", "[#2]")
    reading = nvmx.read(texts.OOPS + second)
    assert reading.known["CR4.VMXE"] == 1
    assert any("another block of registers" in note for note in reading.notes)


def test_processors_that_disagree() -> None:
    block = "CPU: {0} PID: 1 Comm: x\nRIP: 0010:f+0x1/0x2\nCS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\n" \
            "CR2: 0000000000000000 CR3: 0000000001000000 CR4: 000000000003{1}6e0\n"  # fmt: skip
    backtraces = "".join(f"NMI backtrace for cpu {cpu}\n{block.format(cpu, digit)}" for cpu, digit in ((1, 6), (2, 4)))
    reading = nvmx.read(backtraces)
    assert "CR4.VMXE" not in reading.known
    assert reading.known["CR0.NE"] == 1
    assert any("CPU 1: 1 (line 5); CPU 2: 0 (line 10)" in note for note in reading.notes)


def test_the_msr_of_the_processor_that_faulted() -> None:
    reading = nvmx.read(texts.OOPS.replace("CPU: 35 ", "CPU: 2 ") + "# rdmsr -a 0x3a\n5\n5\n1\n5\n")
    assert reading.known["FEATURE_CONTROL.vmx"] == 0
    assert reading.evidence["FEATURE_CONTROL.vmx"][0].text == "1"


@pytest.mark.parametrize(
    ("cr0", "cr4"), [("0000000000050033", "00000000003626e0"), ("000000000000021f", "00000000003626e0"),
                     ("0000000080050033", "00000000003626c0"), ("0000000080050032", "00000000003626e0")],
)  # fmt: skip
def test_a_block_that_contradicts_itself(cr0: str, cr4: str) -> None:
    reading = nvmx.read(texts.OOPS.replace("0000000080050033", cr0).replace("00000000007626e0", cr4))
    assert reading.refused
    assert "contradicts itself" in reading.refused
    assert reading.known == {}


def test_fixed_bits() -> None:
    msrs = "IA32_VMX_CR0_FIXED0 = 0x80000021\nIA32_VMX_CR0_FIXED1 = 0xffffffff\nIA32_VMX_CR4_FIXED0 = 0x2000\n"
    good = nvmx.read(f"{texts.OOPS}{msrs}IA32_VMX_CR4_FIXED1 = 0x7767ff\n")
    assert good.known["other_fixed_bits"] == 1
    assert len(good.evidence["other_fixed_bits"]) == 6
    bad = nvmx.read(f"{texts.OOPS}{msrs}IA32_VMX_CR4_FIXED1 = 0x3767ff\n")
    assert bad.known["other_fixed_bits"] == 0
    assert any("CR4 bit 22 must be 0 (IA32_VMX_CR4_FIXED1), and is not" in note for note in bad.notes)
    assert "other_fixed_bits" not in nvmx.read(texts.OOPS + msrs).known


@pytest.mark.parametrize(
    ("message", "instruction", "executed", "known"),
    [
        ("kvm: disabled by bios", "VMXON", False, {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
        ("kvm: support for 'kvm_intel' disabled by bios", "VMXON", False,
         {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
        ("x86/cpu: VMX (outside TXT) disabled by BIOS", "VMXON", False,
         {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
        ("x86/cpu: VMX (inside TXT) disabled by BIOS", "VMXON", False,
         {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.smx": 0}),
        ("kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3", "VMXON", False, {}),
        ("kvm_intel: VMX not supported by CPU 3", "VMXON", False, {"CR4.VMXE": 0}),
        ("kvm: no hardware support for 'kvm_intel'", "VMXON", False, {"CR4.VMXE": 0}),
        ("kvm: no hardware support", "VMXON", False, {}),
        ("modprobe: ERROR: could not insert 'kvm_intel': Input/output error", "VMXON", False, {}),
        ("unchecked MSR access error: RDMSR from 0x480 at rIP: 0xffffffff81001234 (f+0x1/0x2)", "RDMSR", True, {}),
        ("unchecked MSR access error: WRMSR to 0x1b0 (tried to write 0x1) at rIP: 0xffffffff8100", None, None, {}),
        ("kvm_intel: vmwrite failed: field=4000 val=1 err=12", "VMWRITE", True, {}),
        ("kernel: x86/cpu: SGX disabled by BIOS.", None, None, {}),
        ("(XEN) CPU0: VMX disabled by BIOS.", "VMXON", False, {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}),
        ("(XEN) CPU1: VMXON failed: perhaps because of TXT settings in your BIOS configuration?", "VMXON", True,
         {"FEATURE_CONTROL.lock": 1}),
        ("(XEN) VMX: CPU0 has insufficient CPU-Based Exec Control (a5b9fffe; requires 1)", "VMXON", False, {}),
        ("(XEN) CPU1: unexpected VMXON failure", "VMXON", True, {}),
        ("(XEN) CPU0: some settings of host CR0 are not allowed in VMX operation.", "VMXON", False, {}),
    ],
)  # fmt: skip
def test_messages(message: str, instruction: str | None, executed: bool | None, known: dict[str, int]) -> None:
    reading = nvmx.read(f"[    1.234567] {message}")
    assert (reading.instruction, reading.executed, reading.known) == (instruction, executed, known)


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("$ sudo rdmsr 0x3a\n5", {"lock": 1, "smx": 0, "vmx": 1}),
        ("# rdmsr -a 0x3a\n100005\n100005", {"lock": 1, "smx": 0, "vmx": 1}),
        ("# rdmsr -x -0 0x3a\n000000000000ff07", {"lock": 1, "smx": 1, "vmx": 1}),
        ("# rdmsr -c 0x3a\n0x1", {"lock": 1, "smx": 0, "vmx": 0}),
        ("# rdmsr -u 58\n5", {"lock": 1, "smx": 0, "vmx": 1}),
        ("rdmsr 0x3a: 5", {"lock": 1, "smx": 0, "vmx": 1}),
        ("# rdmsr -f 2:0 0x3a\n5", {}),
        ("# rdmsr 0x3a\nrdmsr: CPU 0 cannot read MSR 0x0000003a", {}),
        ("5", {}),
        ("# dd if=/dev/cpu/0/msr bs=8 iflag=skip_bytes skip=0x3a | xxd\n00000000: 0500 0000 0000 0000  ........",
         {"lock": 1, "smx": 0, "vmx": 1}),
        ("# od -An -t x8 -j 0x3a -N 8 /dev/cpu/0/msr\n 0000000000000001", {"lock": 1, "smx": 0, "vmx": 0}),
        ("# rdmsr -a 0x3a\n5\n0", {"smx": 0}),
    ],
)  # fmt: skip
def test_rdmsr(command: str, known: dict[str, int]) -> None:
    assert nvmx.read(command).known == {f"FEATURE_CONTROL.{bit}": value for bit, value in known.items()}


def test_cpuinfo() -> None:
    flags = " ".join(f"flag{number}" for number in range(40))
    missing = nvmx.read(f"vendor_id\t: GenuineIntel\nflags\t\t: {flags} hypervisor\n")
    assert missing.known == {"SMX": 0}
    assert any("flag vmx is missing" in note for note in missing.notes)
    assert any("virtual machine" in note for note in missing.notes)
    width = nvmx.read("address sizes\t: 39 bits physical, 48 bits virtual\nvmxon_pointer=0x8000000000\n")
    assert width.known["pointer.in_width"] == 0
    assert nvmx.read(f"flags\t\t: {flags} svm\n").refused


def test_the_tool_cpuid() -> None:
    assert nvmx.read("      VMX: virtual machine extensions         = false\n").known == {"CR4.VMXE": 0}
    assert nvmx.read("      VMX: virtual machine extensions         = true\n").known == {}
    raw = nvmx.read("   0x00000001 0x00: eax=0x000906ea ebx=0x00100800 ecx=0x7ffafbdf edx=0xbfebfbff\n")
    assert raw.known == {"CR4.VMXE": 0}


@pytest.mark.parametrize("reason", ["VMON", "VMXON"])
def test_a_trace(reason: str) -> None:
    line = "CPU 0/KVM-42 [003] d..1 100.123456: "
    reading = nvmx.read(f"{line}kvm_exit: reason {reason} rip 0x401000 info 0 0\n{line}kvm_inj_exception: #UD (0x0)\n")
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("#UD",))


def test_a_trace_of_two_processors() -> None:
    one, two = "a-1 [000] d..1 1.000000: ", "b-2 [001] d..1 1.000001: "
    reading = nvmx.read(f"{one}kvm_exit: reason VMON rip 0x1 info 0 0\n{two}kvm_inj_exception: #GP (0x0)\n"
                        f"{one}kvm_entry: vcpu 0\n")  # fmt: skip
    assert (reading.instruction, reading.observed) == ("VMXON", ())


def test_kvm_unit_tests() -> None:
    block = nvmx.read(texts.UNIT_TEST)
    assert (block.instruction, block.observed) == (None, ("#GP(0)",))
    assert block.known == {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "RFLAGS.VM": 0, "CPL": 0}
    results = "PASS: VMXON with CR4 bit 13 cleared should UD, got '6'\n"
    results += "FAIL: VMXON with CR0 bit 5 cleared should GP, got '6'\n"
    failed = nvmx.read(results)
    assert (failed.instruction, failed.observed, failed.known) == ("VMXON", ("#UD",), {"CR0.NE": 0})


@pytest.mark.parametrize(
    ("sentence", "instruction", "executed", "observed"),
    [
        ("VMXON fails with #GP", "VMXON", True, ("#GP(0)",)),
        ("vmxon -> #UD", "VMXON", True, ("#UD",)),
        ("My VMXOFF raises an invalid opcode exception", "VMXOFF", True, ("#UD",)),
        ("vmxon failed, RFLAGS was 0x203", "VMXON", True, ("RFLAGS 0x203",)),
        ("VMXON returned with ZF=1", "VMXON", True, ("VMfailValid",)),
        ("VMXON fails: VM-instruction error 15", "VMXON", True, ("error 15",)),
        ("VMXON failed with error 77", "VMXON", True, ("failed",)),
        ("CR4.VMXE is already set", "VMXON", False, ()),
        ("Virtualization is disabled in the BIOS", "VMXON", False, ()),
        ("wrmsr raises #GP", "WRMSR", True, ("#GP(0)",)),
        ("When I execute vmxon I get a general protection fault", "VMXON", True, ("#GP(0)",)),
        ("#GP(0) at vmxon", "VMXON", True, ("#GP(0)",)),
        ("VMXON: VMfailValid, error 15", "VMXON", True, ("VMfailValid", "error 15")),
        ("EXCEPTION: GENERAL PROTECTION FAULT", None, True, ("#GP(0)",)),
        ("VMXOFF/intel?cpl=3", "VMXOFF", None, ()),
        ("When CPL is 3, VMXON raises #GP", None, None, ()),
        ("VMXON should raise #GP if CPL is 3", None, None, ()),
        ("VMXON does not raise #GP", None, None, ()),
        ("Why does VMXON raise #GP?", None, None, ()),
        ("VT-d is disabled in BIOS", None, None, ()),
        ("locked (Disabled in bios?)", None, None, ()),
        ("VMXON and VMXOFF are instructions", None, None, ()),
    ],
)
def test_sentences(sentence: str, instruction: str | None, executed: bool | None, observed: tuple[str, ...]) -> None:
    reading = nvmx.read(sentence)
    assert (reading.instruction, reading.executed, reading.observed) == (instruction, executed, observed)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("cr0: 0x80050033, cr4: 0x2620,", {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1}),
        ("cr0: 2147483697, cr4: 8224", {}),  # these may be decimal
        ("CR4=2020", {"CR4.VMXE": 1}),
        ("CR4=0x2020 CR4=0x20", {}),
        ("efer:0xd00 cr0:0x80000031", {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "EFER.LMA": 1}),
        ("cs_access_rights=0x00af9b00 efer=0x500", {"EFER.LMA": 1, "CS.L": 1}),
        ("cs_access_rights=0xa09b efer=0x500", {"EFER.LMA": 1, "CS.L": 1}),
        ("CPL=3", {"CPL": 3}),
        ("CPL 3", {"CPL": 3}),
        ("It runs in ring 3", {"CPL": 3}),
        ("if CPL = 3", {}),
        ("CR0 is 0x80050033 and CR4 reads 0x2620", {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1}),
        ("CR4 2020", {}),
        ("https://example.org/#VMXON/intel?vmx=root&cr4_vmxe=1", {"CR4.VMXE": 1, "VMX": "root"}),
        ("VMXON/intel?nothing=1", {}),
        ("InterruptStackFrame { instruction_pointer: VirtAddr(0xffffffff80012345), cpu_flags: 0x10046 }",
         {"CR0.PE": 1, "CR0.PG": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1}),
        ("CPL=7", {}),
        ("fc_lock=0, CR0.NE = 1", {"CR0.NE": 1, "FEATURE_CONTROL.lock": 0}),
        ("VMX=1 SMX=1 LOCK=1", {}),
        ("revision=0x80000012 VMX_BASIC=0x00da040000000012", {"revision.match": 1, "revision.bit31": 1}),
        ("SMM_MONITOR_CTL=0x0", {"dual_monitor": 0}),
        ("SMM_MONITOR_CTL=0x1", {}),
    ],
)  # fmt: skip
def test_assignments(given: str, known: dict[str, int]) -> None:
    assert nvmx.read(given).known == known


def test_a_trap_of_user_code_does_not_say_where_a_refused_vmxon_would_have_run() -> None:
    trap = "traps: a.out[123] trap invalid opcode ip:401136 sp:7ffc0000 error:0 in a.out[401000+1000]"
    assert "CPL" not in nvmx.read(f"{trap}\nkvm: disabled by bios").known


def test_an_axis_given_by_hand_wins_and_is_noted() -> None:
    answer = nvmx.read("VMXON raises #GP\nCR4=0x2020").explain(cr4_vmxe=0)
    assert answer.known["CR4.VMXE"] == 0
    assert "CR4.VMXE = 0 was given, but the text says 1" in answer.notes


def test_the_bytes_win_over_the_words() -> None:
    oops = texts.OOPS.replace("<f3> 0f c7 34 24", "<0f> 32 48 c1 e2")
    reading = nvmx.read(f"Loading my driver, VMXON raises #GP:\n{oops}")
    assert (reading.instruction, reading.observed) == ("RDMSR", ("#GP(0)",))
    assert any("the words are about VMXON, but what is shown is RDMSR" in note for note in reading.notes)
    assert any("RDMSR of 3Ah" in note for note in reading.notes)


def test_a_refusal_does_not_borrow_the_registers_of_another_fault() -> None:
    oops = (
        texts.OOPS.replace("<f3> 0f c7 34 24", "<48> 8b 00")
        .replace("hardware_enable+", "draw+")
        .replace("kvm_intel", "gpu")
    )
    reading = nvmx.read(f"kvm: disabled by bios\n{oops}")
    assert (reading.instruction, reading.executed) == ("VMXON", False)
    assert reading.known == {"FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0}


def test_a_message_and_the_registers_behind_it() -> None:
    early = (
        texts.OOPS.replace("<f3> 0f c7 34 24", "<48> 8b 00")
        .replace("hardware_enable+", "draw+")
        .replace("7626e0", "7606e0")
    )
    late = texts.WARNING + "CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\n"
    late += "CR2: 0000000000000000 CR3: 0000000001000000 CR4: 00000000007626e0\n"
    reading = nvmx.read(early + late)
    assert (reading.instruction, reading.observed, reading.known["CR4.VMXE"]) == ("VMXON", ("fault",), 1)


def test_code_as_decodecode_prints_it() -> None:
    reading = nvmx.read("general protection fault: 0000 [#1] SMP\nRIP: 0010:vmx_enable (vmx/vmx.c:2846) kvm_intel\n"
                        "All code\n  28:\t90                   \tnop\n"
                        "  2a:*\tf3 0f c7 34 24       \tvmxon  (%rsp)\t\t<-- trapping\n")  # fmt: skip
    assert (reading.instruction, reading.observed) == ("VMXON", ("#GP(0)",))


def test_xens_vmcs() -> None:
    reading = nvmx.read("".join(f"(XEN) {line}\n" for line in (
        "*** Guest State ***",
        "CR0: actual=0x0000000080000039, shadow=0x0000000000000011, gh_mask=ffffffffffffffff",
        "CR4: actual=0x0000000000002050, shadow=0x0000000000000000, gh_mask=ffffffffffffffff",
        "RSP = 0x0000000000006f00 (0x0000000000006f00)  RIP = 0x0000000000000100 (0x0000000000000100)",
        "RFLAGS=0x00000002 (0x00000002)  DR7 = 0x0000000000000400",
        "       sel  attr  limit   base",
        "  CS: 0008 0c09b ffffffff 0000000000000000",
        "  SS: 0010 0c093 ffffffff 0000000000000000",
        "EFER(VMCS) = 0x0000000000000000  PAT = 0x0007040600070406",
    )))  # fmt: skip
    assert reading.known == {
        "CR0.PE": 1, "CR0.NE": 0, "CR0.PG": 0, "CR4.VMXE": 0, "EFER.LMA": 0, "RFLAGS.VM": 0, "CS.L": 0, "CPL": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("modprobe: ERROR: could not insert 'kvm_intel': Operation not supported\nvendor_id\t: AuthenticAMD", True),
        ("kvm_amd: SVM not supported by CPU 0\nvendor_id\t: GenuineIntel", False),
        ("kvm_amd and kvm_intel", False),
        ("kvm_amd", True),
    ],
)
def test_the_vendor(text: str, refused: bool) -> None:
    assert bool(nvmx.read(text).refused) == refused


@pytest.mark.parametrize(
    ("context", "known"),
    [
        ("hypervisor", {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "EFER.LMA": 1, "RFLAGS.VM": 0, "CS.L": 1,
                        "CPL": 0}),
        ("hvm guest (d1v0)", {"CR0.PE": 1, "CR0.NE": 1, "CR0.PG": 1, "CR4.VMXE": 1, "RFLAGS.VM": 0, "CPL": 3}),
        ("pv guest (d0v0)", {}),
    ],
)  # fmt: skip
def test_frames_of_xen(context: str, known: dict[str, int]) -> None:
    selector = "e008" if context == "hypervisor" else "0033"
    frame = texts.XEN.replace("CONTEXT: hypervisor", f"CONTEXT: {context}").replace("e008", selector)
    frame = frame.split("Xen code")[0].replace("RIP:    e008:[<0000000045f1e11f>]", "RIP:    e008:[<0000000000001000>]")
    if "guest" in context:
        frame = frame.replace("[<0000000045f1e11f>]", "[<0000000000001000>]")
    assert nvmx.read(frame).known == known


def test_xens_older_words_for_a_fault() -> None:
    older = texts.XEN.replace("FATAL TRAP: vec 13, #GP[0000]", "GENERAL PROTECTION FAULT\n[error_code=0000]")
    assert nvmx.read(older).observed == ("#GP(0)",)
    oldest = texts.XEN.replace("FATAL TRAP: vec 13, #GP[0000]", "FATAL TRAP: vector = 13 (general protection fault)")
    assert nvmx.read(oldest).observed == ("#GP(0)",)


def test_xen_is_in_vmx_operation() -> None:
    reading = nvmx.read("(XEN) HVM: VMX enabled\n")
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, ("success",))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("kvm_intel             385024  0", "kvm_intel is loaded"),
        ("vboxdrv               602112  2 vboxnetadp,vboxnetflt", "vboxdrv is loaded"),
        ("Hypervisor vendor:     KVM", "this is a virtual machine of KVM"),
        ("tboot: found shared page at phys addr 0x7a000", "there was a measured launch"),
        ("set kvm_intel.dump_invalid_vmcs=1 to dump internal KVM state.", "a VM entry failed"),
        ("wrmsrl_safe (MSR_IA32_FEATURE_CONTROL, 00000005) failed error -5", "WRMSR of 3Ah faulted"),
    ],
)
def test_what_is_only_noted(text: str, note: str) -> None:
    reading = nvmx.read(text)
    assert any(note in each for each in reading.notes)
    assert reading.known == {}


def test_the_width_of_addresses_from_the_tool_cpuid() -> None:
    pointer = "vmxon_pointer=0x1000000000"
    raw = "   0x80000008 0x00: eax=0x00003024 ebx=0x00000000 ecx=0x00000000 edx=0x00000000"
    words = "      maximum physical address bits         = 0x24 (36)"
    for line in (raw, words):
        known = nvmx.read(f"{line}\n{pointer}").known
        assert (known["pointer.aligned"], known["pointer.in_width"]) == (1, 0)


def test_smx_needs_its_flag() -> None:
    assert nvmx.read("      SMX: safer mode extensions             = false").known == {"SMX": 0}


@pytest.mark.parametrize(
    ("sentence", "observed"),
    [
        ("The next VMREAD returned", ("VMREAD returned",)),
        ("The next VMREAD faulted", ("VMREAD #UD",)),
        ("vmxon faults", ("fault",)),
        ("vmxon succeeded", ("success",)),
    ],
)
def test_other_observations(sentence: str, observed: tuple[str, ...]) -> None:
    reading = nvmx.read(sentence)
    assert (reading.instruction, reading.executed, reading.observed) == ("VMXON", True, observed)


def test_words_about_single_bits() -> None:
    for negated in ("FEATURE_CONTROL isn't locked", "if FEATURE_CONTROL is locked", "VMXE isn't set", "VMXE is set?"):
        assert nvmx.read(negated).known == {}
    assert nvmx.read("FEATURE_CONTROL is locked").known == {"FEATURE_CONTROL.lock": 1}
    assert nvmx.read("VMXE is clear; FEATURE_CONTROL is not locked").known == {"CR4.VMXE": 0, "FEATURE_CONTROL.lock": 0}


def test_words_and_a_value_that_disagree() -> None:
    reading = nvmx.read("kvm: disabled by bios\n# rdmsr 0x3a\n5\n")
    assert reading.known["FEATURE_CONTROL.vmx"] == 1
    assert any("the words say FEATURE_CONTROL.vmx = 0, but its value is 1" in note for note in reading.notes)


def test_what_failed_counts_more_than_what_succeeded() -> None:
    reading = nvmx.read("vmxon succeeded; vmptrld succeeded; vmlaunch: VMfailValid")
    assert (reading.instruction, reading.observed) == ("VMLAUNCH", ("VMfailValid",))


def test_what_people_write_beside_the_registers_of_a_guest_is_about_the_guest() -> None:
    reading = nvmx.read(f"In my guest, vmxon -> #UD. There, rdmsr(0x3a) returns 0x5.\n{texts.GUEST_VMCS}")
    assert (reading.instruction, reading.observed) == ("VMXON", ("#UD",))
    assert (reading.known["CR4.VMXE"], reading.known["FEATURE_CONTROL.lock"]) == (0, 1)


def test_an_msr_of_the_host_says_nothing_about_a_guest() -> None:
    reading = nvmx.read(f"# rdmsr 0x3a\n5\n{texts.GUEST_VMCS}")
    assert "FEATURE_CONTROL.lock" not in reading.known
    assert any("not of the guest" in note or "is not used" in note for note in reading.notes)
