"""Pages of problems: as text or HTML, the same with and without answers, and worksheets with an answer sheet."""

from collections.abc import Sequence

from ..model.html import Markup, join, tag
from .task import Problem

_NOTATION = (
    "Each problem begins with its name: the command that shows it again; with -c, it shows the answers as well.",
    "Write your answers behind the arrows, in place of the question marks. A check may be written by its number",
    "(nvmx ladder VMXON intel), its name, or the bit that it looks at; a set with commas, in any order; or none.",
)
_STYLE = Markup(
    "<style>body{font:12pt/1.4 serif;margin:2em auto;max-width:60em}pre{font:9.5pt/1.4 monospace;white-space:pre-wrap}"
    "section{break-inside:avoid}.answers{break-before:page}h2{font-size:1em;font-family:monospace}</style>"
)
_LINE = "________________________"


def page(problems: Sequence[Problem], *, answers: bool = False, about: Sequence[str] = ()) -> str:
    """Return problems as text; with `answers`, the same lines with the answers and reasons in place of "?".

    `about` are lines for the head of the page.

    >>> from nvmx.practice import problem
    >>> print(page([problem("sequence", seed=1)]).splitlines()[-1])
    1c  CR4.VMXE := 0  --> ?
    """
    blocks = ["\n".join([*(f"ARG {line}" for line in about), *([""] if about else []), *_NOTATION])]
    blocks += [_block(number, each, answers=answers) for number, each in enumerate(problems, 1)]
    return "\n\n".join(blocks)


def _block(number: int, problem: Problem, *, answers: bool) -> str:
    return "\n".join([f"{number}. {problem.name}", "", *problem.lines, "", *problem.fields(number, answers=answers)])


def worksheet(problems: Sequence[Problem], *, html: bool = False, title: str = "Worksheet") -> str:
    """Return a page to print, with room for the answers, and an answer sheet on a page of its own.

    >>> from nvmx.practice import problem
    >>> text = worksheet([problem("state")])
    >>> text.splitlines()[0], text.count(chr(12))
    ('Worksheet', 1)
    """
    if html:
        return _html_sheet(problems, title)
    tasks = [
        _block(number, each, answers=False).replace("--> ?", f"--> {_LINE}") for number, each in enumerate(problems, 1)
    ]
    answers = [line for number, each in enumerate(problems, 1) for line in [
        f"{number}. {each.name}", *each.fields(number, answers=True), ""]]  # fmt: skip
    head = f"{title}\n\nName: {_LINE}{_LINE}  Date: {_LINE}"
    return "\n\n".join([head, *tasks]) + f"\n\f\n{title}: answers\n\n" + "\n".join(answers).rstrip()


def html_page(problems: Sequence[Problem], *, answers: bool = False, about: Sequence[str] = ()) -> str:
    """Return what `page` returns, as a document in HTML.

    >>> from nvmx.practice import problem
    >>> html_page([problem("state")]).startswith("<!DOCTYPE html>")
    True
    """
    head = tag("p", *(join(line, tag("br")) for line in (*(f"ARG {line}" for line in about), *_NOTATION)))
    return _document("Practice", head, *_sections(problems, answers=answers))


def _html_sheet(problems: Sequence[Problem], title: str) -> str:
    answers = [join(tag("h2", f"{number}. {each.name}"), tag("pre", "\n".join(each.fields(number, answers=True))))
               for number, each in enumerate(problems, 1)]  # fmt: skip
    return _document(
        title,
        tag("p", f"Name: {_LINE}{_LINE} Date: {_LINE}"),
        *_sections(problems, answers=False),
        Markup(f"<div class='answers'>{join(tag('h1', f'{title}: answers'), *answers)}</div>"),
    )


def _sections(problems: Sequence[Problem], *, answers: bool) -> list[Markup]:
    return [tag("section", tag("h2", f"{number}. {each.name}"), each.html(number, answers=answers))
            for number, each in enumerate(problems, 1)]  # fmt: skip


def _document(title: str, *parts: Markup) -> str:
    head = join(Markup("<meta charset='utf-8'/>"), tag("title", title), _STYLE)
    body = tag("body", tag("h1", title), *parts)
    return f"<!DOCTYPE html>\n<html lang='en'><head>{head}</head>{body}</html>\n"
