"""A question on paper: its choices as boxes to tick, or with the right one marked and the replies."""

import json

from bs4 import Tag
from cells import TRY_AGAIN
from tree import element, parsed


class Questions:
    """The questions of a lesson, numbered."""

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers
        self._count = 0

    def written(self, asked: Tag) -> list[Tag]:
        """Return what stands on paper for a stand-in of a question: the question, and for teachers its answer."""
        self._count += 1
        data = json.loads(str(asked["data-nvmx-quiz"]))
        question = element("question", element("b", data["question"]), number=self._count)
        for name, reply, _, label in data["choices"] or ():
            choice = element("choice", label)
            if self._answers:
                choice["right"] = str(int(name == data["right"]))
                if reply:
                    choice.append(element("reply", *parsed(reply.removesuffix(TRY_AGAIN)).contents))
            question.append(choice)
        if not (data["choices"] or self._answers):
            question.append(element("blank", unit=data["unit"]))
        if not self._answers or asked.details is None:
            return [question]
        return [question, asked.details.extract()]  # the answer is opened like all that is folded
