"""`nvmx practice`."""

import click

from ..model.errors import InvalidValue
from ..practice import KINDS, Mark, Problem, problems
from ..practice.gift import gift
from ..practice.marking import marks, named_problems
from ..practice.page import html_page, page, worksheet
from ..practice.seeds import seed_for
from .output import say, show
from .text_file import text_of

NOT_ALL_RIGHT = 1
_SHEET = 10  # problems on a worksheet


@click.command()
@click.argument("kind", required=False, metavar="[KIND]")
@click.option("-s", "--seed", default=1, show_default=True, help="Another number makes another problem.")
@click.option("-n", "--count", type=click.IntRange(1, 1000), help="How many problems.  Default: 1; of a worksheet, 10.")
@click.option("--level", default=1, show_default=True, help="From 1 (easy) to 5.")
@click.option("-c", "--answers", is_flag=True, help="Print the same page with the answers and the reasons.")
@click.option("--final", is_flag=True, help="Of a sequence, ask only for the end.")
@click.option("--check", "file", metavar="FILE", help="Compare the answers in FILE (- for standard input).")
@click.option("--worksheet", "sheet", is_flag=True, help="Print a page for a hall, with an answer sheet.")
@click.option("--html", is_flag=True, help="Print HTML instead of text.")
@click.option("--gift", "for_platform", is_flag=True, help="Print questions for a learning platform, in GIFT.")
@click.option("--user", metavar="NAME", help="Whose problems: each user has other ones.  Needs --secret.")
@click.option("--secret", metavar="TEXT", help="Only who knows it can compute a user's seed.")
def practice(
    kind: str | None, seed: int, count: int | None, level: int, answers: bool, final: bool, file: str | None,
    sheet: bool, html: bool, for_platform: bool, user: str | None, secret: str | None,
) -> int:  # fmt: skip
    """Print problems to practise on, without end.

    KIND is state (how does it end?), repair (the fewest changes), reverse (from the outcome to the bits), sequence
    (a program, step by step), diagnose (the fault of a handler), distinguish (which hypervisor is it?) or read (a
    report).  Without KIND, they take turns.  The same command prints the same problems everywhere.

    \b
    nvmx practice state -s 17 --level 3
    nvmx practice state -s 17 --level 3 -c
    nvmx practice -n 7 > answers.txt       write behind the arrows, and then:
    nvmx practice --check answers.txt
    nvmx practice state -n 50 --gift > quiz.gift

    Exit status: 0; of --check, 1 if an answer is wrong or missing.
    """
    if (user is None) != (secret is None):
        raise InvalidValue("--user and --secret belong together")
    if for_platform and kind is None:
        kind = "state"  # the only one that is multiple choice
    first = seed if user is None or secret is None else seed_for(user, secret, seed)
    text = None if file is None else text_of(file, "practice")
    chosen = _chosen(text) if text is not None and kind is None and count is None and user is None else None
    chosen = chosen or list(problems(kind, first, level, count or (_SHEET if sheet else 1), final=final))
    if text is not None:
        return _report(marks(chosen, text))
    if for_platform:
        show(gift(chosen).rstrip("\n"))
        return 0
    about = [f"kind {kind or ', '.join(KINDS) + ' in turn'}", f"seed {first}", f"count {len(chosen)}", f"level {level}"]
    about += [f"user {user} (exercise {seed})"] if user else []
    about += ["final"] if final else []
    if sheet:
        title = "Worksheet" if user is None else f"Worksheet of {user}"
        show(worksheet(chosen, html=html, title=title))
    else:
        show((html_page if html else page)(chosen, answers=answers, about=about))
    return 0


def _chosen(text: str) -> list[Problem]:
    """Return the problems that a page of answers names."""
    found = named_problems(text)
    if not found:
        raise InvalidValue(
            "no problem is named in this file: say which it is about, such as: nvmx practice state -s 17"
        )
    return found


def _report(found: list[Mark]) -> int:
    for mark in found:
        show(str(mark))
    right = sum(mark.passed for mark in found)
    say(f"{right} of {len(found)} right")
    return 0 if right == len(found) else NOT_ALL_RIGHT
