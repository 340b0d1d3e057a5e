"""Two ladders side by side: differences, flags, and summaries that say exactly what the differences are."""

import re

import numpy as np
import pandas as pd
import pytest
from sample import some

import nvmx
from nvmx.ladders import all_sources
from nvmx.model.modes import MODE_AXES, mode_of
from nvmx.states.compare import compare

PAIRS = [(each.instruction, each.source) for source in all_sources().values() for each in source.ladders]


def where(states: pd.DataFrame, condition: str) -> pd.Series:
    """The states that a line of a summary describes, read back from its words."""
    hit = pd.Series(data=True, index=states.index)
    for part in condition.split(" and ") if condition else []:
        name, values = re.fullmatch(r"([\w.]+)=(.*)", part).groups()  # type: ignore[union-attr]
        hit &= states[name].isin([value for value in states[name].unique() if str(value) in values.split("|")])
    return hit


@pytest.mark.parametrize(("instruction", "source"), some(3, PAIRS))
def test_a_summary_says_where_two_ladders_differ_and_nothing_else(instruction: str, source: str) -> None:
    summary = nvmx.summary(instruction, source, "intel")
    difference = nvmx.diff(instruction, source, "intel")
    found = compare(instruction, source, "intel")
    domains, codes = found.states.domains, found.states.codes
    both = pd.DataFrame(
        {name: pd.Categorical.from_codes(column, domains[name]) for name, column in zip(domains, codes, strict=True)}
    )
    for name, answers in (("outcome", found.a), ("outcome b", found.b)):
        both[name] = np.array(nvmx.OUTCOMES)[answers.codes]
    if "EFER.LMA" in both:
        bits = both[list(MODE_AXES)]
        modes = {tuple(row.values()): mode_of(row) for row in bits.drop_duplicates().to_dict("records")}
        both["mode"] = [modes[row] for row in bits.itertuples(index=False, name=None)]
    differ = both["outcome"] != both["outcome b"]
    assert differ.sum() == len(difference)
    lines = [where(both, condition) for condition in summary["when"]]
    said = pd.concat(lines, axis=1).any(axis=1) if lines else pd.Series(data=False, index=both.index)
    assert (said == differ).all()
    for n, line in enumerate(lines):
        assert line.sum() == summary["states"][n]
        assert set(summary[f"outcome ({source})"][n].split(" | ")) == set(both.loc[line, "outcome"])
        rest = [other for m, other in enumerate(lines) if m != n]
        if rest:  # no line can be left out
            assert not (line <= pd.concat(rest, axis=1).any(axis=1)).all()


def test_flags_can_be_compared() -> None:
    """The first handler's success leaves RFLAGS stale; two years later success writes it."""
    plain = nvmx.diff("VMXON", "kvm-2011", "kvm-2013")
    flags = nvmx.diff("VMXON", "kvm-2011", "kvm-2013", flags=True)
    assert len(flags) > len(plain)
    both = flags[(flags["outcome (kvm-2011)"] == "success") & (flags["outcome (kvm-2013)"] == "success")]
    assert len(both) == len(flags) - len(plain)
    assert set(both["flags (kvm-2011)"]) == {"left alone"}
    assert set(both["flags (kvm-2013)"]) == {"cleared"}
    assert set(flags["flags (kvm-2013)"]) == {"left alone", "cleared", "CF set", "ZF set"}
    text = nvmx.summary("VMXON", "kvm-2011", "kvm-2013", flags=True)
    assert text["outcome (kvm-2011)"].str.contains("flags left alone").all()


def test_a_ladder_against_itself_is_no_difference() -> None:
    assert nvmx.diff("VMXON", "intel", "intel").empty
    assert nvmx.summary("VMXON", "intel", "intel").empty
    assert list(nvmx.summary("VMXON", "intel", "intel").columns) == [
        "when",
        "outcome (intel)",
        "outcome (intel, b)",
        "states",
    ]
