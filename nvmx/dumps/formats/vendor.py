"""Whose processor it is.  AMD's SVM uses many of the words of Intel's VMX, so the vendor must be looked for."""

import re
from collections.abc import Iterator, Sequence

from ..facts import Block, Fact, Vendor
from ..line import Line

_WORDS = re.compile(
    r"\bkvm_amd\b|\bsvm_[a-z_]+\+0x|\bAuthenticAMD\b|\bHygonGenuine\b|\bSVM\b(?=:| (?:disabled|not|support|enabled))"
    r"|\bAMD-V\b|(?<!not )(?<!not an )(?<!no )\b(?i:amd (?:epyc|ryzen|opteron|athlon|fx|phenom|cpu|processor))\b"
    r"|\bkvm_intel\b|\bGenuineIntel\b|\bvmx_[a-z_]+\+0x|\bIntel\(R\) (?:Core|Xeon)"
)
_QUICK = ("kvm_", "svm_", "vmx_", "Authentic", "Genuine", "SVM", "AMD", "amd ", "Intel(R)")


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """Yield the vendor that each line names."""
    block = Block("system")
    for line in lines:
        if any(word in line.text for word in _QUICK):
            for match in _WORDS.finditer(line.text):
                intel = match[0].startswith(("kvm_intel", "Genuine", "vmx_", "Intel"))
                yield Vendor(line, block, "Intel" if intel else "AMD", match[0].partition("+")[0])
