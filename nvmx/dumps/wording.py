"""What in a text is no event: source code, advice, questions, rules and wishes.

A message quoted in advice, or in the code that prints it, was not printed; and a condition has not come true.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from .line import Line

# "When I execute it" tells what happened; "when CPL is 3" is a condition.
_WHEN = (
    r"when(?:ever)?(?! (?:(?:i|we|my|our|it|executing|running|doing|calling|loading|trying)\b(?!')"
    r"|the (?:driver|module|kernel|guest|hypervisor|cpu)\b))"
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|unless|whether|until|while(?! (?:i|we|executing|running)\b)|as long as|outside|should|must|would|could"
    rf"|may|might|ought|needs?|needed|requires?|required|expect(?:s|ed)?|wants?|wanted|{_WHEN}|before (?:you|executing)"
    r"|why|how|suppose|assum(?:e|ing)|instead|rather than|avoid|ensure|make sure|e\.g\.|for example|attempts? to"
    r"|manual|sdm|specification|documentation|pseudocode|fix(?:es|ed)?|solved|previously|earlier|yesterday|originally"
    r"|always(?! (?:fails?|failed|gives?|gave|returns?|crashes)\b)|an? vmxo(?:n|ff)|any vmxo(?:n|ff)|potential\w*"
    r"|(?:to|please|then|let's|let us|just|you) (?:set|clear|write|enable))\b|\?(?:\W|$)"
    r"|^\W*(?:set|clear|write|enable|put|make|use|load|change)\b"
    r"|^\W*before\b(?! (?:(?:executing|running|calling|my|the) )?_{0,2}vmx)"
)
# One of these is in every sentence that the pattern finds; they are faster to look for.
_STEMS = ("if", "unless", "whether", "until", "while", "as long", "outside", "should", "must", "would", "could", "may",
          "might", "ought", "need", "requir", "expect", "want", "when", "before", "why", "how", "suppose", "assum",
          "instead", "rather", "avoid", "ensure", "make", "e.g.", "example", "attempt", "always", "vmxo", "potential",
          "set", "clear", "write", "enable", "?", "put", "use", "load", "change", "manual", "sdm", "specif",
          "document", "pseudo", "fix", "solved", "previous", "earlier", "yesterday", "originally")  # fmt: skip
_ADVICE = re.compile(
    rf"\W*(?:(?:if|{_WHEN}|unless|in case|suppose)\b(?![=:'])"
    r"|(?:an?|the) (?:fix|solution|workaround|remedy|answer|cause|reason)s?\b|(?:this|that|it)(?: is| was|'s) not\b"
    r"|(?:this|that|it) (?:isn't|wasn't)\b|to (?:fix|avoid|solve|enable|get rid)\b"
    r"|(?:\S{1,40} ){1,5}(?:means|occurs|indicates)\b)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\W*(?:does|do|did|is|are|why|what(?! (?:i|we)\b)|which|how|can|could(?! not)|would|should)\b(?![=:'])",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:(?:does|do|did)(?: not|n't)|cannot|can't|never|there (?:is|was) no|no longer)"
    r" (?:show|say|see|get|got|contain|print|have|return|report|appear)\w*|\bthere (?:is|was) no ['\"`]",
    re.IGNORECASE,
)
_ASKED = re.compile(r"['\"`].*\?$")  # a question about something that is quoted
_QUICK = ("if ", "when", "unless", "case", "suppose", "do", "did", "is ", "are ", "why", "what", "which", "how", "can",
          "could", "would", "should", "fix", "solution", "workaround", "remedy", "answer", "cause", "reason", "not",
          "n't", "to ", "means", "occurs", "indicates", "no ", "never", "?")  # fmt: skip
_END = re.compile(r"(?<=[.!?])(?<!^\d\.)(?<!^\d\d\.) +")  # "1. " begins an item of a list
_CLAUSE = re.compile(r"(?<=;) +")
_CODE = re.compile(
    r"[\w!]\(+(?:[^\"()]{0,60}, ?)?\"|\\n\""  # a call with a string
    r"|^(?:[$#%] )?(?:grep|git|sed|rg) "
    r"|^(?:#\s*(?:define|if|ifdef|include)\b|//|/\*|(?:static|const|return|let|enum)\b|[-+]?\s*(?:if|while|switch) ?\()"
    r"|\);\s*(?://.*|/\*.*)?$|;\s*(?://|/\*)|\b1(?:u|ul|ull)? ?<< ?\d|^[\w.>*\[\]-]{1,60} ?[|&^]?= ?[^;=]{0,200};$"
)
_CONVERSION = re.compile(r"\"[^\"]{0,300}%[-#0-9.]{0,6}l{0,2}[diuxXspc]\b")
_LONGEST = 2000  # characters of a line of prose


def events(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without source code and advice; of a line of advice alone, one word is left."""
    return [line for line in map(_without_advice, lines) if line is not None]


def _without_advice(line: Line) -> Line | None:
    text = line.text
    if len(text) > _LONGEST:
        return line
    if ("(" in text or '"' in text or ";" in text or "<<" in text or text[0] in "#$%/scrleg") and is_source_code(text):
        return None
    lower = text.lower()
    if not any(word in lower for word in _QUICK):
        return line
    parts = _END.split(text)
    kept = [part for part in parts if not (_ADVICE.match(part) or _DENIED.search(part) or _ASKED.search(part))]
    if kept and kept[0] == parts[0] and _QUESTION.match(text):
        del kept[0]
    if len(kept) == len(parts):
        return line
    return Line(line.number, " ".join(kept)) if kept else _only_if(line)


def _only_if(line: Line) -> Line:
    """Return a line that says no more than that it is hypothetical, for the sentence before it may go on here."""
    return Line(line.number, "if" if line.text[0].islower() else "If")


def is_source_code(text: str) -> bool:
    r"""Return whether a line is one of a program, and not of its output.

    >>> is_source_code('printk("VMXON failed\\n");'), is_source_code("VMXON failed")
    (True, False)
    """
    return bool(_CODE.search(text) or _CONVERSION.search(text))


def is_hypothetical(sentence: str) -> bool:
    """Return whether a sentence is a condition, rule, wish or question, so that it says nothing about what happened.

    >>> is_hypothetical("VMXON is #UD if CPL is 3"), is_hypothetical("VMXON gives #UD")
    (True, False)
    """
    lower = sentence.lower()
    return any(stem in lower for stem in _STEMS) and _HYPOTHETICAL.search(lower) is not None


def statements(lines: Sequence[Line], wanted: Callable[[str], bool]) -> Iterator[tuple[Line, str]]:
    """Yield the clauses of sentences that say what was, of those lines whose text in small letters is `wanted`.

    A sentence may go on in the next line.
    """
    for place, line in enumerate(lines):
        if len(line.text) > _LONGEST or not wanted(line.text.lower()):
            continue
        parts = _END.split(line.text)
        for number, part in enumerate(parts):
            whole = part
            if number == 0 and place > 0 and _goes_on(lines[place - 1], line):
                whole = f"{_END.split(lines[place - 1].text[-_LONGEST:])[-1]} {whole}"
            if number == len(parts) - 1 and place + 1 < len(lines) and _goes_on(line, lines[place + 1]):
                whole = f"{whole} {_END.split(lines[place + 1].text[:_LONGEST])[0]}"
            if not is_hypothetical(whole):
                yield from ((line, clause) for clause in _CLAUSE.split(part))


def _goes_on(line: Line, following: Line) -> bool:
    """Return whether a line of prose goes on in the following line."""
    return (
        following.number == line.number + 1
        and following.text[:1].islower()
        and line.text[:1].isalpha()
        and " " in line.text
        and line.text[-1] not in ".!?:;"
    )
