"""Questions in GIFT, read back by the format's rules: signs with a backslash are words, the others divide."""

import html
import re
from dataclasses import dataclass

import pytest

import nvmx
from nvmx.cli import main
from nvmx.practice import problem, problems
from nvmx.practice.gift import gift
from nvmx.practice.reply import outcome_reply

_QUESTION = re.compile(
    r"\A::(?P<title>.*?)(?<!\\)::\[html\](?P<words>.*?)(?<!\\)\{(?P<answers>.*)(?<!\\)\}\Z", re.DOTALL
)


@dataclass
class Read:
    """A question as a platform reads it: its answers with their replies, and which one is right."""

    title: str
    words: str
    replies: dict[str, str]
    right: list[str]


def plain(text: str) -> str:
    """What a piece says; a sign of the format in it would mean something else to a platform."""
    assert not re.search(r"(?<!\\)[~=#{}:]", text), text
    text = re.sub(r"\\([~=#{}:\\n])", lambda found: "\n" if found[1] == "n" else found[1], text)
    return html.unescape(text)


def read(text: str) -> list[Read]:
    found = []
    for block in text.rstrip("\n").split("\n\n"):
        question = _QUESTION.fullmatch(block)
        assert question, block
        signs = re.split(r"(?<!\\)([=~])", question["answers"])
        assert signs[0].strip() == ""
        replies, right = {}, []
        for sign, answer in zip(signs[1::2], signs[2::2], strict=True):
            words, reply = map(plain, re.split(r"(?<!\\)#", answer.strip()))
            replies[words] = reply
            right += [words] if sign == "=" else []
        found.append(Read(plain(question["title"]), plain(question["words"]), replies, right))
    return found


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_platform_reads_what_was_meant(level: int) -> None:
    asked = list(problems("state", 1, level, 8))
    found = read(gift(asked))
    assert [each.title for each in found] == [each.name for each in asked]
    for one, question in zip(asked, found, strict=True):
        assert one.facts is not None
        ladder, state = one.facts["ladder"], one.facts["state"]
        verdict = nvmx.verdict(ladder.instruction, ladder, **state.columns)
        assert question.words.startswith(f"<pre>{one.question}</pre>")
        assert question.right == [verdict.outcome]
        ends = {"success", *(rung.outcome for rung in verdict.ladder.rungs)}
        assert question.replies.keys() == ends
        for end in ends - {verdict.outcome}:
            assert question.replies[end] == f"Not so: {outcome_reply(verdict, end)}."


def test_signs_of_the_format_are_words() -> None:
    (question,) = read(gift([problem("state", seed=3, level=3)]))
    assert "CPU#0\n" in question.words  # Bochs or QEMU prints it
    assert "{" not in question.words


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", "-s", "5", "-n", "3", "--gift"]) == 0
    assert capsys.readouterr().out == gift(problems("state", 5, 1, 3))


OPEN = next(each for each in problems("state", 1, 5, 30) if "unknown" in (each.facts or {}))


@pytest.mark.parametrize("arguments", [["repair"], OPEN.name.split()[2:]])
def test_what_has_more_than_one_answer_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", *arguments, "--gift"]) == 2
    assert "asks for more than one choice; state at levels 1 to 4 does not" in capsys.readouterr().err
