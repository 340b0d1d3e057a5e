"""The text form of a question, to be pasted anywhere: `VMXON/intel?cpl=3&cr4_vmxe=0`."""

from collections.abc import Mapping

from .axis import BY_NAME, Value
from .errors import InvalidValue


def write_address(instruction: str, source: str, values: Mapping[str, Value]) -> str:
    """Return the text form: the instruction, the source, and values by column name.

    >>> write_address("VMXON", "intel", {"CR4.VMXE": 0, "CPL": 3})
    'VMXON/intel?cr4_vmxe=0&cpl=3'
    """
    query = "&".join(f"{BY_NAME[name].keyword}={value}" for name, value in values.items())
    if not source.replace("-", "").isalnum() or not source.isascii():
        from urllib.parse import quote  # slow to load, and only for a Ladder of one's own with an unusual name

        source = quote(source, safe="")
    return f"{instruction}/{source}" + (f"?{query}" if query else "")


def is_address(text: object) -> bool:
    """Return whether this looks like a text form: no name of an instruction has a slash.

    >>> is_address("VMXON/intel"), is_address("VMXON")
    (True, False)
    """
    return isinstance(text, str) and "/" in text


def parse_address(text: str) -> tuple[str, str, dict[str, object]]:
    """Return the instruction, the source and the axes of a text form; raise InvalidValue if it is none.

    >>> parse_address("VMXON/intel?cpl=3&vmx=non-root")
    ('VMXON', 'intel', {'cpl': 3, 'vmx': 'non-root'})
    """
    from urllib.parse import parse_qsl, unquote

    path, _, query = text.strip().lstrip("#").partition("?")
    instruction, slash, source = path.partition("/")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        slash = ""
    if not slash or not instruction or not source:
        raise InvalidValue(f"{text!r} is not of the form VMXON/intel?cpl=3&cr4_vmxe=0")
    axes: dict[str, object] = {}
    for name, value in pairs:
        if name in axes:
            raise InvalidValue(f"{text!r}: {name} is named twice")
        axes[name] = int(value) if value.isdecimal() and value.isascii() else value
    return instruction, unquote(source), axes
