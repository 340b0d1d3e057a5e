"""From a text as people post it to logical lines: quotes, time stamps and other wrappers removed, wraps joined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line: the number of its first line in the text (from 1), and what is left without wrappers."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.text}"


# What stands before a line, and says nothing.  They are removed one after the other until none is left.
_WRAPPERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:>[ \t]?)+",  # a mail's quotes
        r"(?:```|~~~)[\w-]*$|[*-][ \t]+(?=\S)|`+",  # Markdown: fences, bullets, code
        r"<\d>|<\d{2,3}>(?=[^\d\s])",  # the level of a kernel message, and not a marked byte of code
        r"\[[ \t]*\d+\.\d{3,9}\]",  # its time
        r"\[[ \t]*[TC]\d+\]",  # its thread or processor
        r"[A-Z][a-z]{2}[ \t]+\d{1,2}[ \t]\d\d:\d\d:\d\d(?:\.\d+)?[ \t]\S+[ \t](?:kernel|[\w.-]+\[\d+\]):",  # syslog
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*[ \t]+(?:\S+[ \t]+)?kernel:",
        r"\(XEN\)",
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?:?(?=[ \t])",  # libvirt
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\]",
        r"\d{1,4}:\d\d:\d\d\.\d{6}",  # VirtualBox
        r"\d{8}\t\d+\.\d+(?:\t|$)",  # DebugView
    )
)
_MAX_WRAPPERS = 12
_LONGEST = 16_000  # characters; a longer line is no line of a dump, and is not read

_TOO_LONG = "(a line that is too long)"

# A name whose value was pushed onto the next line, and the beginning of such a value.
_NAME_AT_END = re.compile(r"(?:^|[\s|,])[A-Za-z][A-Za-z0-9_]{1,12}[ \t]*[:=]$")
_VALUE = re.compile(r"(?:0x)?[0-9A-Fa-f]{2,16}(?:$|[\s,.(:])")
_HEADLINE = re.compile(r"general protection fault|invalid opcode|stack segment|page fault")
_REST_OF_HEADLINE = re.compile(r"(?:address )?(?:0x)?[0-9a-f]{1,16}(?::|$| \[#)|0000\b|for |address\b")
_DIGITS_AT_END = re.compile(r"\b(?:R[A-Z0-9]{2}|CR[0-4]): ([0-9a-f]{1,15})$")
_DIGITS = re.compile(r"[0-9a-f]+")
_HALF_BYTE = re.compile(r" [0-9a-f]$")
_HALF_AND_BYTES = re.compile(r"[0-9a-f](?: <?[0-9a-f]{2}>?)*$")
_BYTES = re.compile(r"(?:<?[0-9a-f]{2}>?(?: |$))+$", re.IGNORECASE)

_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"', "&#39;": "'", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))
# In quoted-printable, what is encoded is "=", blanks at a line's end, and what is not ASCII (and "." and "F", which may
# confuse mail programs at the beginning of a line).  Anything else after "=" is not encoded: `CR0=00000031`.
_ENCODED = re.compile(r"=(3D|20|09|2E|46|[89A-F][0-9A-F])")
_NOT_ENCODED = re.compile(rf"=(?!{_ENCODED.pattern[1:]}|[ \t]*$|.\Z)", re.MULTILINE)
_STAMPED = re.compile(r"\[ *\d+\.\d{3,9}\]|\d\d:\d\d:\d\d")
_NUMBER_AT_END = re.compile(r"\b(?:0x)?[0-9A-Fa-f]{1,20}\Z")
_WHOLE = (8, 16)  # digits: a number of this width is printed with zeros in front, and is not cut off


def logical_lines(text: str) -> list[Line]:
    r"""Return the logical lines of a text; blank ones are left out.

    >>> logical_lines("> [   12.345678] CR0: actual=0x1,\n> shadow=0x1")
    [Line(number=1, text='CR0: actual=0x1, shadow=0x1')]
    """
    found: list[Line] = []
    number = 0
    for count, raw in _physical_lines(_cleaned(text)):
        line = _unwrapped(raw)
        if found and line and (_is_cut(found[-1].text, line) or _continues(found[-1].text, line)):
            glue = "" if _is_cut(found[-1].text, line) else " "
            found[-1] = Line(found[-1].number, f"{found[-1].text}{glue}{line}")
        elif line:
            found.append(Line(number + 1, line))
        number += count
    return found


def _cleaned(text: str) -> str:
    """Return the text without what a terminal, a web page or a wrong encoding has put into it."""
    text = text.replace("\0", "").replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: _ENTITIES[match[0]], text)
    return _without_cut_number(text)


def _without_cut_number(text: str) -> str:
    """Return the text without a number at its end that may be cut off: it has zeros in front, or it is in a log."""
    last = text[text.rfind("\n") + 1 :][:_LONGEST]
    match = _NUMBER_AT_END.search(last)
    if match is None:
        return text
    digits = match[0].removeprefix("0x")
    perhaps_cut = len(digits) not in _WHOLE and (digits.startswith("00") or _STAMPED.search(last))
    return text[: len(text) - len(match[0])] if perhaps_cut else text


def _physical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, each with the number of lines of the text that it is made of (quoted-printable breaks lines)."""
    # Not splitlines(): form feeds and the like are no line ends.
    lines = text.split("\n")
    encoded = "quoted-printable" in text or ("=3D" in text and not _NOT_ENCODED.search(text))
    waiting, count = "", 0
    for line in lines:
        line = line.rstrip()
        count += 1
        soft = line.endswith("=") and (encoded or (len(line) > 60 and not _NAME_AT_END.search(line)))
        if soft and count < 50:
            # The quotes of a mail come back in each of its lines, before the encoding.
            waiting += line[:-1]
            continue
        whole = waiting + line
        yield count, _decoded(whole) if encoded else whole
        waiting, count = "", 0
    if waiting:
        yield count, _decoded(waiting) if encoded else waiting


def _decoded(line: str) -> str:
    return line if _NOT_ENCODED.search(line) else _ENCODED.sub(lambda match: chr(int(match[1], 16)), line)


def _unwrapped(line: str) -> str:
    line = line.strip(" \t\ufeff\xff\xfe") if len(line) <= _LONGEST else _TOO_LONG
    for _ in range(_MAX_WRAPPERS):
        for wrapper in _WRAPPERS:
            match = wrapper.match(line)
            if match:
                line = line[match.end() :].lstrip()
                break
        else:
            break
    return line


def _is_cut(before: str, line: str) -> bool:
    """Return whether a line was broken within a register's 16 digits or within a byte of code."""
    if not line[0].isalnum() or not before[-1].isalnum():
        return False
    if before.startswith("Code:"):
        return _HALF_BYTE.search(before) is not None and _HALF_AND_BYTES.match(line) is not None
    digits = _DIGITS_AT_END.search(before) if len(line) < 16 else None
    return digits is not None and len(digits[1]) + len(line) == 16 and _DIGITS.fullmatch(line) is not None


def _continues(before: str, line: str) -> bool:
    """Return whether `line` is the rest of a line that a mail program broke."""
    if before.endswith(","):
        return ("actual=" in before or "shadow=" in before) and line.startswith(("shadow=", "gh_mask="))
    if before.endswith((":", "=")) and _NAME_AT_END.search(before):
        return _VALUE.match(line) is not None
    if before.startswith(("Code:", "Xen code around")):
        return _BYTES.match(line) is not None
    if _HEADLINE.search(before) and "[#" not in before and len(before) < 200:
        return "[#" in line and _REST_OF_HEADLINE.match(line) is not None
    return False
