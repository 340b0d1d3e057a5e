"""What a processor did, held against the model; and what must never pass for an answer of a processor."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import manual
import numpy as np
import pytest

import nvmx
from nvmx import bochs
from nvmx.bochs import cases, image, machine, programs
from nvmx.bochs.__main__ import main
from nvmx.bochs.known import DEVIATIONS
from nvmx.bochs.log import FIELDS, join_logs, read_log, write_log
from nvmx.bochs.observation import STAGES, Observed, observe
from nvmx.model.ladder import Ladder
from nvmx.states.mutants import mutants_of

INSTALLED = all(shutil.which(program) for program in ("bochs", "nasm"))
live = pytest.mark.skipif(not INSTALLED, reason="Bochs or nasm is not installed")
INSTRUCTIONS = ("VMXON", "VMXOFF")


@pytest.fixture(scope="module")
def observed() -> dict[str, Observed]:
    return {each.instruction: each for each in observe(bochs.recording())}


def altered(log: bochs.Log, row: int, **changes: int) -> bochs.Log:
    """The log with some fields of one execution changed."""
    fields = {name: column.copy() for name, column in log.fields.items()}
    for name, value in changes.items():
        fields[name][row] = value
    return bochs.Log(log.said, fields)


def first(log: bochs.Log, count: int) -> bochs.Log:
    return bochs.Log(log.said, {name: column[:count] for name, column in log.fields.items()})


def run_of(instruction: str, **axes: object) -> int:
    """Where the recording has the first run of this state."""
    state = dict(nvmx.verdict(instruction, "intel", **axes).state.columns)
    return int(np.flatnonzero(bochs.recording().fields["key"] == cases.key_of(instruction, state))[0])


# ---- the model against the recording --------------------------------------------------------------------------------
def test_the_recording_holds_every_state_that_a_guest_can_reach(observed: dict[str, Observed]) -> None:
    """Counted by the second derivation of what is possible, which builds states from processor modes."""
    ready = nvmx.verdict("VMXOFF", "intel").state.columns
    operand = ("operand", "pointer.aligned", "pointer.in_width", "revision.match", "revision.bit31")
    possible = dict.fromkeys(INSTRUCTIONS, 0)
    reached = dict(possible)
    for state in manual.possible_states():
        within = state["SMX"] == 0 and state["dual_monitor"] == 0
        possible["VMXON"] += 1
        reached["VMXON"] += within
        if all(state[name] == ready[name] for name in operand):
            possible["VMXOFF"] += 1
            reached["VMXOFF"] += within
    assert {name: len(each) for name, each in observed.items()} == reached
    found = bochs.agreement(bochs.recording())
    assert found.executed + sum(found.not_reachable.values()) == sum(possible.values())
    assert all(not each.refused for each in observed.values())


def test_the_manual_and_the_processor_part_only_where_it_is_documented() -> None:
    found = bochs.agreement(bochs.recording(), "intel")
    assert found.count("disagree") == 0
    assert found.count("as documented") > 0
    assert {kind.deviation for kind in found.kinds} == set(DEVIATIONS)
    states = nvmx.executed("VMXON")
    odd = states[states["status"] == "as documented"]
    assert (odd[["CR0.PE", "CR0.PG"]] == [1, 0]).all().all()
    assert set(odd["outcome (intel)"]) == {"#GP(0)"}
    assert set(odd["outcome"]) == {"success", "VMfailInvalid"}


def test_the_ladder_of_bochs_agrees_with_it_everywhere() -> None:
    found = bochs.agreement(bochs.recording(), "bochs")
    assert found.count("agree") == found.executed == len(bochs.recording()) // 2


def test_the_second_derivation_of_the_manual_agrees_with_the_processor(observed: dict[str, Observed]) -> None:
    for instruction, each in observed.items():
        columns = {name: np.array(nvmx.axes().set_index("axis").loc[name, "values"])[place]
                   for name, place in each.places.items() if name not in ("run", "instruction")}  # fmt: skip
        codes, errors = manual.MANUAL[instruction](columns)
        unlike = (np.array(nvmx.OUTCOMES)[codes] != each.endings.outcome) | (errors != each.endings.error)
        assert int((unlike & ((columns["CR0.PG"] == 1) | (columns["CR0.PE"] == 0))).sum()) == 0


@pytest.mark.parametrize("source", nvmx.sources()["id"])
def test_every_source_can_be_laid_over_it(source: str) -> None:
    found = bochs.agreement(bochs.recording(), source)
    total = sum(found.count(status) for status in ("agree", "as documented", "disagree"))
    assert total == found.executed
    assert found.executed + found.unknown <= len(bochs.recording()) // 2
    assert sum(kind.states for kind in found.kinds) == found.executed - found.count("agree")
    assert re.fullmatch(r"\d+ executed: \d+ agree, \d+ as documented, \d+ disagree; \d+ not reachable here", found.line)


def test_the_table_and_the_picture_say_the_same() -> None:
    for instruction in INSTRUCTIONS:
        for source in ("intel", "kvm-2018-06"):
            states = nvmx.executed(instruction, source)
            counts = states["status"].value_counts()
            words = ", ".join(f"{counts[status]} {status}" for status in ("agree", "as documented", "disagree"))
            sentence = nvmx.plots.agreement(instruction, source).sentence
            assert f"Bochs 2.7 against {source}: {words}, of {len(states)} states in " in sentence
            unlike = states["outcome"].astype(str) != states[f"outcome ({source})"].astype(str)
            assert (states.loc[unlike, "status"] != "agree").all()


@pytest.mark.parametrize("source", nvmx.sources()["id"])
def test_a_picture_counts_what_was_executed_and_is_known(source: str) -> None:
    count = len(nvmx.executed("VMXON", source))
    for axis in cases.spans("VMXON"):
        assert f"of {count} states in " in nvmx.plots.agreement("VMXON", source, down=[axis], across=[]).sentence


def test_a_picture_of_other_axes_counts_the_same_states() -> None:
    picture = nvmx.plots.agreement("VMXON", "intel", down=["CPL"], across=["CR0.PG", "VMX"])
    assert picture.sentence.split(", of ")[0] == nvmx.plots.agreement("VMXON", "intel").sentence.split(", of ")[0]


# ---- how sharp the comparison is ------------------------------------------------------------------------------------
# Faults of Intel's ladders that some possible state shows, but none that Bochs 2.7 executes.
BLIND = {
    ("VMXON", "CR0.PG set", "removed"): "Bochs 2.7 does not test CR0.PG",
    ("VMXON", "VMXON enabled inside SMX", "removed|ends in|ignores FEATURE_CONTROL"): "SMX operation is not reached",
    ("VMXON", "VMXON enabled outside SMX", "ignores SMX"): "SMX operation is not reached",
    ("VMXOFF", "CPL 0", "swapped"): "nor is the dual-monitor treatment",
    ("VMXOFF", "no dual-monitor treatment (a current VMCS)", "(?!ignores dual)"): "nor is the dual-monitor treatment",
    ("VMXOFF", "no dual-monitor treatment (no current VMCS)", "(?!ignores dual)"): "nor is the dual-monitor treatment",
}


def faults(instruction: str) -> Iterator[tuple[str, str, Ladder]]:
    """Every single fault of Intel's ladder, as `nvmx.mutants` lists them: fault, rung, the altered ladder."""
    for mutant in mutants_of(nvmx.ladder(instruction, "intel")):
        yield mutant.fault, mutant.rung, mutant.ladder


def test_every_fault_of_the_manual_that_can_be_seen_is_noticed(observed: dict[str, Observed]) -> None:
    for instruction in INSTRUCTIONS:
        truth = observed[instruction]
        before = truth.endings.differ(truth.expected(nvmx.ladder(instruction, "intel")))
        listed = nvmx.mutants(instruction, "intel").itertuples()
        for (fault, rung, ladder), row in zip(faults(instruction), listed, strict=True):
            assert (row.fault, row.rung) == (fault, rung)
            noticed = int((truth.endings.differ(truth.expected(ladder)) & ~before).sum())
            blind = any([instruction, rung] == where and re.match(pattern, fault) for *where, pattern in BLIND)
            assert (noticed > 0) == (row.observable and not blind), (instruction, rung, fault)


@pytest.mark.parametrize(
    ("axes", "changes"),
    [
        ({"cpl": 3}, {"vector": 6}),
        ({"cpl": 3}, {"error": 8}),
        ({"cpl": 3}, {"moved": 4}),
        ({"cpl": 3}, {"flags": 0x10044}),
        ({"cpl": 3}, {"after": 1}),
        ({}, {"moved": 4}),
        ({}, {"after": 2}),
        ({}, {"after": 0}),
        ({}, {"flags": 0x06}),
        ({}, {"flags": 0x43}),
        ({"vmx": "root", "current_vmcs": 1}, {"vm_error": 16}),
        ({"vmx": "root", "current_vmcs": 1}, {"flags": 0x03}),
        ({"vmx": "non-root", "current_vmcs": 1}, {"exit_reason": 26}),
        ({"operand": "unmapped"}, {"error": 4}),
    ],
)
@pytest.mark.parametrize("runs", [(0,), (1,), (0, 1)])
def test_one_altered_answer_is_a_disagreement(
    axes: dict[str, object], changes: dict[str, int], runs: tuple[int, ...]
) -> None:
    wrong = bochs.recording()
    for run in runs:
        wrong = altered(wrong, run_of("VMXON", **axes) + run, **changes)
    found = bochs.agreement(wrong)
    assert found.count("disagree") == 1
    (kind,) = [kind for kind in found.kinds if kind.deviation is None]
    assert kind.states == 1
    assert "1 state, DISAGREES" in str(found)


def test_a_deviation_is_known_of_its_own_processor_alone() -> None:
    log = bochs.recording()
    elsewhere = bochs.Log({**log.said, "machine": "silicon"}, log.fields)
    found, known = bochs.agreement(elsewhere), bochs.agreement(log)
    assert found.count("as documented") == 0
    assert found.count("disagree") == known.count("as documented")


def test_a_source_that_says_neither_what_the_manual_nor_what_the_processor_does_disagrees() -> None:
    intel = nvmx.ladder("VMXON", "intel")
    rungs = [replace(rung, outcome="#UD") if rung.name == "CR0.PG set" else rung for rung in intel.rungs]
    found = bochs.agreement(bochs.recording(), Ladder("VMXON", "wrong", tuple(rungs), intel.effect))
    assert found.count("as documented") == 0
    assert found.count("disagree") > bochs.agreement(bochs.recording(), intel).count("as documented") > 0


def test_what_was_not_reached_is_counted_for_what_is_compared() -> None:
    parts = [bochs.agreement(bochs.recording(), nvmx.ladder(name, "intel")) for name in INSTRUCTIONS]
    whole = bochs.agreement(bochs.recording(), "intel")
    for reason, count in whole.not_reachable.items():
        assert count == sum(part.not_reachable[reason] for part in parts)
        assert all(part.not_reachable[reason] > 0 for part in parts)


def test_what_a_processor_refuses_is_counted_with_its_reason() -> None:
    log = bochs.recording()
    place = run_of("VMXON", a20m=1)
    for stage, more, reason in (
        (2, {}, "A20 does not take the value"),
        (7, {"vm_error": 7}, "VM entry fails (VM-instruction error 7)"),
        (7, {"exit_reason": 33}, "VM entry fails (exit reason 33)"),
    ):
        changes = {"stage": stage, **more}
        refusing = altered(altered(log, place, **changes), place + 1, **changes)
        found = bochs.agreement(refusing)
        assert found.refused == {reason: 1}
        assert found.not_reachable == {**bochs.agreement(log).not_reachable, reason: 1}
        assert found.executed == bochs.agreement(log).executed - 1
        assert f"refused by this processor, 1 states: {reason}" in str(found)
        with pytest.raises(ValueError, match=re.escape(f"this state was not executed: {reason}")):
            bochs.ask("VMXON", refusing, a20m=1)


# ---- what must never pass -------------------------------------------------------------------------------------------
TEXT = write_log(first(bochs.recording(), 40))
LINES = TEXT.splitlines(keepends=True)
CASE = next(n for n, line in enumerate(LINES) if line.startswith("@0000"))


def replaced(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the guest printed nothing"),
        ("a kernel's messages\n", "the guest printed nothing"),
        ("".join(LINES[:-1]), "breaks off after 40 of 40 cases"),
        ("".join(LINES[:20]), "breaks off after"),
        (TEXT[: len(TEXT) // 2], "this is no line of a log"),
        ("".join(LINES[: CASE + 7] + LINES[CASE + 8 :]), "case 8 stands where case 7 is expected"),
        ("".join([*LINES[: CASE + 7], LINES[CASE + 8], LINES[CASE + 7], *LINES[CASE + 9 :]]), "case 8 stands where"),
        ("".join([*LINES[: CASE + 7], LINES[CASE + 6], *LINES[CASE + 7 :]]), "case 6 stands where case 7"),
        (replaced("@0003 ", "@0013 "), "case 19 stands where case 3"),
        (replaced(LINES[CASE + 3], LINES[CASE + 3].replace(" 06 ", " 0D ")), "something was altered"),
        (replaced(LINES[CASE + 3], LINES[CASE + 3].replace(" 06 ", " 0x ")), "this is no line of a log"),
        (replaced("@cases 0028", "@cases 0029"), "40 cases stand here, but 41 were announced"),
        (replaced("@end 0028", "@end 0027"), "40 cases stand here"),
        (replaced("@width 28\n", ""), "does not say its width"),
        (replaced("@width 28\n", "@width 28\n@host width 27\n"), "a host cannot speak for the guest"),
        (f"@host processor mine\n{TEXT}", "a host cannot speak for the guest"),
        (replaced("@nvmx log 1", "@nvmx log 2"), "instead of '@nvmx log 1'"),
        ("@nvmx log 1\n@processor Some CPU\n@no VMX\n", "(Some CPU) has no VMX"),
    ],
)
def test_a_log_that_is_not_whole_is_refused(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(bochs.LogError, match=re.escape(words)):
        read_log(text.splitlines())
    path = tmp_path / "vmx.log"
    path.write_text(text, encoding="utf-8")
    assert main(["--log", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nvmx.bochs: ")
    assert words in err


def test_a_log_with_other_lines_between_is_read() -> None:
    noisy = "booting\n" + TEXT.replace("\n", "\r\nsomething else\r\n") + "done\n"
    assert write_log(read_log(noisy.split("\n"))) == TEXT


def test_a_log_of_fewer_states_or_of_another_model_is_refused() -> None:
    log = bochs.recording()
    for count in (40, 0):
        few = first(log, count)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases, and these are not the"):
            bochs.agreement(few)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases"):
            nvmx.executed("VMXON", log=few)
        with pytest.raises(bochs.LogError, match=f"holds {count} cases"):
            nvmx.plots.agreement("VMXON", log=few)
        with pytest.raises(ValueError, match="the log does not hold it"):
            bochs.ask("VMXON", few)
    with pytest.raises(bochs.LogError, match="written for other axes"):
        bochs.agreement(bochs.Log({**log.said, "key": "run=0,1"}, log.fields))
    with pytest.raises(bochs.LogError, match="pairs of runs"):
        observe(first(log, 41))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cr0": 0x80000011}, "CR0.NE=1 was asked for, but the processor was at CR0.NE=0"),
        ({"cr4": 0x20}, "CR4.VMXE=1 was asked for"),
        ({"efer": 0}, "EFER.LMA=1 was asked for"),
        ({"cs": 0xC09B}, "CS.L=1 was asked for"),
        ({"ss": 0xC0F3}, "CPL=0 was asked for, but the processor was at CPL=3"),
        ({"feature_control": 4}, "FEATURE_CONTROL.lock=1 was asked for"),
        ({"a20m": 1}, "A20M=0 was asked for"),
        ({"before": 1}, "VMX=off was asked for, but the processor was at VMX=root"),
    ],
)
def test_a_processor_that_was_in_another_state_is_noticed(changes: dict[str, int], words: str) -> None:
    with pytest.raises(bochs.LogError, match=words):
        bochs.agreement(altered(bochs.recording(), run_of("VMXON"), **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": 1}, "its two runs did not come equally far"),
        ({"stage": 0}, "its stage is none that the guest prints"),
        ({"stage": 9}, "its stage is none that the guest prints"),
        ({"before": 7}, "its before is none that the guest prints"),
        ({"after": 9}, "its after is none that the guest prints"),
        ({"a20m": 2}, "its a20m is none that the guest prints"),
    ],
)
def test_a_value_that_no_guest_prints_is_refused(changes: dict[str, int], words: str) -> None:
    place = run_of("VMXON")
    with pytest.raises(bochs.LogError, match=f"case {place} of the log: {words}"):
        bochs.agreement(altered(bochs.recording(), place, **changes))


def test_a_log_in_which_nothing_was_executed_is_no_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = bochs.recording()
    stages = np.full(len(log), 1)
    path = tmp_path / "refused.log"
    bochs.save(bochs.Log(log.said, {**log.fields, "stage": stages}), path)
    assert main(["--log", str(path)]) == 2
    assert "nothing was executed: IA32_FEATURE_CONTROL does not take the value" in capsys.readouterr().err


def test_a_name_in_another_alphabet(tmp_path: Path) -> None:
    log = first(bochs.recording(), 40)
    bochs.save(bochs.Log({**log.said, "processor": "Prozessor für alle"}, log.fields), tmp_path / "vmx.log")
    assert bochs.read(tmp_path / "vmx.log").said["processor"] == "Prozessor für alle"


def test_files(tmp_path: Path) -> None:
    log = first(bochs.recording(), 40)
    for name in ("vmx.log", "vmx.log.xz"):
        bochs.save(log, tmp_path / name)
        assert write_log(bochs.read(tmp_path / name)) == TEXT
    whole = (tmp_path / "vmx.log.xz").read_bytes()
    (tmp_path / "vmx.log.xz").write_bytes(whole[:-20])
    with pytest.raises(bochs.LogError, match="is not a whole"):
        bochs.read(tmp_path / "vmx.log.xz")


def test_parts_of_different_processors_are_not_joined() -> None:
    log = first(bochs.recording(), 40)
    joined = join_logs([log, log])
    assert len(joined) == 80
    assert joined.fields["id"].tolist() == list(range(80))
    with pytest.raises(bochs.LogError, match="differ in their width"):
        join_logs([log, bochs.Log({**log.said, "width": "27"}, log.fields)])


def test_there_is_room_for_no_more_cases_than_a_number_tells_apart() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        bochs.build_image(np.zeros(0x10000, dtype=np.int64))


@pytest.mark.parametrize("missing", ["bochs", "nasm"])
def test_a_missing_program_is_one_sentence(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing == "bochs":
        if not shutil.which("nasm"):
            pytest.skip("nasm is not installed")
        (tmp_path / "nasm").symlink_to(shutil.which("nasm") or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"nvmx.bochs: {missing} is not installed")
    assert err.endswith(f"{programs.APT}\n")


def test_a_program_that_fails_is_one_sentence() -> None:
    command = [sys.executable, "-c", "import sys; print('no such label', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(programs.MachineError, match="failed: no such label"):
        programs.call(command)
    assert programs.call(command, check=False) == "no such label\n"


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--recording"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == bochs.agreement(bochs.recording()).line
    assert main(["--recording", "--source", "kvm-2011"]) == 1
    assert "knows nothing of them" in capsys.readouterr().out
    assert main(["--recording", "--source", "kvm2011"]) == 2
    assert "did you mean 'kvm-2011'" in capsys.readouterr().err
    assert main(["--log", str(tmp_path / "none")]) == 2
    path = tmp_path / "wrong.log"
    bochs.save(altered(bochs.recording(), run_of("VMXON"), vector=13), path)
    assert main(["--log", str(path)]) == 1
    for wrong in (["--limit", "0"], ["--limit", "inf"]):
        assert main(wrong) == 2
    for wrong in (["--recording", "--model", "ryzen"], ["--image", str(path), "--record", str(path)]):
        with pytest.raises(SystemExit):
            main(wrong)


def test_the_commands_for_a_processor_of_ones_own_stand_everywhere_alike(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.replace("\\\n", " ").split())
    command = re.search(r"qemu-system-x86_64 .*?isa-debug-exit", told)
    assert command
    root = Path(__file__).parent.parent
    for name in ("README.md", "notebooks/08-ask-a-processor.ipynb"):
        text = (root / name).read_text(encoding="utf-8")
        if name.endswith(".ipynb"):
            text = "".join(line for cell in json.loads(text)["cells"] for line in cell["source"])
        text = " ".join(text.replace("\\\n", " ").split())
        assert command[0] in text
        assert programs.APT in text


def test_what_assembly_and_python_both_count_is_the_same() -> None:
    guest = Path(image.__file__).parent / "guest"
    text, boot = ((guest / name).read_text(encoding="utf-8") for name in ("guest.asm", "boot.asm"))
    sizes = {"resd 1": "<u4", "resw 1": "<u2", "resb 4": "<u4"}
    entry = re.findall(r"^\.(\w+): +(res\w \d)", text, re.MULTILINE)
    assert [(name, sizes[size]) for name, size in entry] == [
        (name, image._ENTRY[name].str) for name in image._ENTRY.names or ()
    ]
    stages = re.findall(r"^(?:AT_\w+|EXECUTED) +equ (\d)", text, re.MULTILINE)
    assert [int(number) for number in stages] == list(range(1, len(STAGES) + 1))
    printed = re.findall(r"field   (?:current \+ case\.)?(\w+), (\d)", boot)
    names = [name.removesuffix("_read").replace("fc", "feature_control") for name, _ in printed]
    assert dict(zip(names, (int(digits) for _, digits in printed), strict=True)) == FIELDS


# ---- one state ------------------------------------------------------------------------------------------------------
def test_ask_tells_what_was_done_in_one_state() -> None:
    found = bochs.ask("VMXON", cpl=3)
    assert (found.outcome, found.vector, found.error_code, found.moved) == ("#GP(0)", 13, 0, 0)
    found = bochs.ask("VMXON", vmx="root", current_vmcs=1)
    assert (found.outcome, found.error, found.flags, found.vmx) == ("VMfailValid", 15, "ZF set", "root")
    found = bochs.ask("VMXOFF", vmx="non-root", current_vmcs=1, cr0_pg=0, efer_lma=0, cs_l=0)
    assert (found.outcome, found.exit_reason, found.vector, found.vmx) == ("VM exit", 26, None, "non-root")
    assert bochs.ask("VMXON").outcome == "success"
    assert (
        repr(bochs.ask("VMXOFF"))
        == "<VMXOFF executed: success — it completed; flags cleared; then VMX off, no current VMCS>"
    )


def test_ask_agrees_with_the_table() -> None:
    for instruction in INSTRUCTIONS:
        states = nvmx.executed(instruction)
        axes = list(cases.spans(instruction))
        for row in states.iloc[:: len(states) // 20].to_dict("records"):
            found = bochs.ask(instruction, **{name: row[name] for name in axes})
            assert (found.outcome, found.flags, found.vmx) == (row["outcome"], row["flags"], row["VMX after"])


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"smx": 1}, "this state was not executed: SMX operation"),
        ({"cr0_pe": 0}, "no processor can be in this state: long mode needs paging"),
        ({"cpl": 4}, "value of CPL: 4 is not allowed"),
    ],
)
def test_ask_says_why_it_has_no_answer(axes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        bochs.ask("VMXON", **axes)


# ---- live -----------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is run here works in a folder of this test, by which `left_behind` knows it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that still use this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and "bochsrc" in words:
            found.append(words)
    return found


def test_where_this_is_built_bochs_is_installed() -> None:
    assert INSTALLED or "CI" not in os.environ


@live
def test_a_fresh_run_is_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "fresh.log.xz"
    done = subprocess.run(
        [sys.executable, "-m", "nvmx.bochs", "--record", str(path)], capture_output=True, text=True, check=False
    )
    fresh, recording = bochs.read(path), bochs.recording()
    assert done.stdout.splitlines()[-1] == bochs.agreement(fresh).line
    assert done.returncode == 0
    assert not left_behind(tmp_path)
    if fresh.name == recording.name:
        for name in FIELDS:
            assert int((fresh.fields[name] != recording.fields[name]).sum()) == 0, name


def small_image(code: bytes = b"", count: int = 4) -> bytearray:
    """An image of a few cases at CPL 0; `code` replaces the third's instruction."""
    place = run_of("VMXON")
    keys = bochs.recording().fields["key"][place - place % 2 :][:count]
    made = bytearray(bochs.build_image(keys))
    if code:
        made[3 * 64 - 4 : 3 * 64] = code.ljust(4, b"\xcc")
    return made


@live
def test_a_small_image_runs() -> None:
    assert len(machine.run_image(bytes(small_image()))) == 4


@live
def test_a_guest_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(bochs.MachineError, match=r"the guest hangs: nothing came for 4 s; .* said: @0001 "):
        machine.run_image(bytes(small_image(b"\xeb\xfe")), silence=4)
    assert not left_behind(tmp_path)


@live
def test_a_run_without_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(bochs.MachineError, match=r"the time limit of 1 s is over"):
        machine.run_image(bytes(small_image(b"\xeb\xfe")), limit=1)
    assert not left_behind(tmp_path)


@live
@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_leaves_nothing_behind(order: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "nvmx.bochs"], stderr=subprocess.PIPE, text=True) as run:
        while not left_behind(tmp_path):
            time.sleep(0.05)
            assert run.poll() is None
        run.send_signal(order)
        assert run.communicate(timeout=20)[1].splitlines()[-1] == "nvmx.bochs: stopped"
    assert run.returncode == 2
    assert not left_behind(tmp_path)


@live
def test_one_part_that_fails_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    images = iter([bytes(small_image(b"\xeb\xfe")), bytes(small_image(b"\x0f\x01\x1f"))])
    ends: list[str] = []

    def watched(image: bytes, **settings: Any) -> bochs.Log:
        try:
            return run_image(image, **settings)
        except bochs.MachineError as error:
            ends.append(str(error))
            raise

    run_image = machine.run_image
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(machine, "build_image", lambda _keys: next(images))
    monkeypatch.setattr(machine, "run_image", watched)
    with pytest.raises(bochs.MachineError, match="Bochs: exception"):
        machine.run()
    assert any(end.startswith("stopped") for end in ends)


@live
def test_a_guest_that_brings_the_processor_down_is_reported() -> None:
    with pytest.raises(bochs.MachineError, match=r"Bochs stopped before the guest had ended \(Bochs: exception"):
        machine.run_image(bytes(small_image(b"\x0f\x01\x1f")))  # LIDT from memory that holds no such table


@live
def test_a_table_out_of_order_is_noticed() -> None:
    made = small_image()
    made[64:128], made[128:192] = made[128:192], made[64:128]
    with pytest.raises(bochs.LogError, match="case 2 stands where case 1 is expected"):
        machine.run_image(bytes(made))


@live
def test_an_unknown_processor_model_is_reported() -> None:
    with pytest.raises(bochs.MachineError, match="Bochs stopped before the guest had ended"):
        machine.run_image(bytes(small_image()), model="i4004")
