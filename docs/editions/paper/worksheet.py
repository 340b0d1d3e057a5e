"""The worksheet: ten problems for a hall without computers, and their answers, from the engine of `nvmx practice`."""

from itertools import groupby, islice

import nvmx
from nvmx.practice import Problem, problems

from .typeset import typeset

_SEED, _COUNT = 1, 10
# To tell hypervisors apart, one would need their ladders; the manual's are on the card.
_NOT_IN_A_HALL = ("distinguish",)
_ONCE = "nvmx axes"  # who reads on paper has no command; what such a line says stands at the top


def chosen() -> list[Problem]:
    """Return the problems of the worksheet: all kinds in turn, easy ones."""
    kinds = problems(None, _SEED, level=1, count=2 * _COUNT)
    return list(islice((each for each in kinds if each.kind not in _NOT_IN_A_HALL), _COUNT))


def worksheet(*, answers: bool) -> bytes:
    """Return the PDF of the worksheet, or of its answer sheet."""
    title = f"VMXON and VMXOFF: {'answers to the ' if answers else ''}worksheet"
    about = {
        "title": title,
        "short": title,
        "edition": "with answers" if answers else "for students",
        "licence": f"nvmx {nvmx.__version__} contributors, GPL-2.0-only; made by: nvmx practice",
        "answers": answers,
        "problems": [_problem(each) for each in chosen()],
    }
    return typeset("worksheet.typ", about)


def _problem(problem: Problem) -> dict[str, object]:
    lines = [line for line in problem.lines if line and _ONCE not in line]
    return {
        "name": problem.name,
        "parts": [
            {"columns": columns, "text": "\n".join(part)}
            for columns, part in groupby(lines, lambda line: line[0] == " ")
        ],
        "blanks": [{"label": each.label, "answer": each.answer, "why": each.why} for each in problem.blanks],
    }
