"""A question on two slides: on the first it is live and alone; the second has the answer and the replies."""

import copy
import json
from typing import Any

from bs4 import Tag
from cells import TRY_AGAIN
from tree import element, moved, parsed

from .prose import question_in
from .slide import Slide, labelled

_NOT_SO = "Not so: "
_FEW = 5  # so many replies stand on the slide of the answer; more get one of their own


def question_slides(heading: str, stand_in: Tag, before: list[Tag]) -> list[Slide]:
    """Return the slides of a question's stand-in; `before` are the paragraphs that lead to it."""
    asked: dict[str, Any] = json.loads(str(stand_in["data-nvmx-quiz"]))
    alone = element("div", **{"data-nvmx-quiz": stand_in["data-nvmx-quiz"]})
    lead = question_in(before)
    question = Slide("question", heading, choices=len(asked["choices"] or ()))
    if lead and asked["question"] not in lead:
        question.body.append(element("p", *list(parsed(lead).contents), **{"class": "lead"}))
    question.body.append(alone)
    praise = parsed(asked["praise"])
    question.ask = [
        labelled("Ask", lead_text(lead), asked["question"]),
        element("p", "Let everyone choose, take the most frequent wrong answer as the first try, and read its reply."),
        element("p", *list(parsed(asked["praise"]).contents)),
        *_wrong(asked),
    ]
    answer = Slide("answer", "Answer", [element("p", asked["question"], **{"class": "asked"})])
    answer.right = asked["right"] if asked["choices"] else ""
    answer.body.append(element("p", *list(praise.contents), **{"class": "right"}))
    answer.ask = [copy.copy(each) for each in _wrong(asked)]
    slides = [question, answer]
    replies = _replies(asked)
    if replies is not None:
        if len(replies.find_all("tr")) > _FEW:
            slides.append(Slide("answer", "Why not the others?", [replies]))
        else:
            answer.body.append(replies)
    return slides


def lead_text(lead: str) -> str:
    """Return the words that lead to a question."""
    return f"{parsed(lead).get_text()} " if lead else ""


def _replies(asked: dict[str, Any]) -> Tag | None:
    """Return the table of the wrong choices and what is replied to each."""
    if not asked["choices"]:
        return None
    rows = element("tbody")
    for name, first, _, _ in asked["choices"]:
        if first:
            rows.append(element("tr", element("th", name, scope="row"), _reply(first)))
    return element("table", rows, **{"class": "replies"})


def _reply(text: str) -> Tag:
    said = text.removesuffix(TRY_AGAIN).removeprefix(_NOT_SO)
    cell = element("td")
    moved(cell, parsed(said).contents)
    return cell


def _wrong(asked: dict[str, Any]) -> list[Tag]:
    """Return the usual wrong answers and why they are wrong, for the notes."""
    items = []
    for name, first, _, label in asked["choices"] or ():
        if first:
            items.append(
                element("li", element("b", label or name), ": ", *list(parsed(first.removesuffix(TRY_AGAIN)).contents))
            )
    if not items:
        return []
    return [element("p", element("b", "Wrong answers, and why:")), element("ul", *items)]
