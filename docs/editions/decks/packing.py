"""Elements on slides: as many on one as fit."""

from bs4 import Tag

from .room import LINES, divided, is_too_wide, lines
from .slide import Slide

_MOST = 4  # a table, a list or a text is divided into so many slides; what is longer stays in the lesson
_BESIDE = 880  # a picture that is so wide, if it is as high as the slide, leaves room for text at its left
_HEIGHT = 720


def pack(body: list[Tag], slide: Slide) -> list[Slide]:
    """Return slides with these elements, of which this is the first; none if nothing can be shown."""
    lead = sum(map(lines, body[:-1])) if only_text(body[:-1]) else 0  # it stands above the first part
    slides = [slide]
    for part in (part for piece in body for part in parts(piece, LINES - min(lead, LINES / 3))):
        if slides[-1].body and sum(map(lines, [*slides[-1].body, part])) > LINES:
            slides.append(Slide(slide.kind, slide.title))
        slides[-1].body.append(part)
    return slides if slide.body else []


def parts(piece: Tag, room: float = LINES) -> list[Tag]:
    """Return an element in parts that fit; none if it is too wide, or they are too many: it is in the lesson."""
    if piece.name == "table" and is_too_wide(piece):
        return []
    found = list(divided(piece, room))
    return found if len(found) <= _MOST else []


def is_narrow(picture: Tag) -> bool:
    """Return whether there is room beside a picture that is as high as the slide."""
    return float(str(picture["width"])) / float(str(picture["height"])) * _HEIGHT <= _BESIDE


def letters(body: list[Tag]) -> int:
    """Return how many letters are in these elements."""
    return sum(len(each.get_text()) for each in body)


def only_text(body: list[Tag]) -> bool:
    """Return whether these are paragraphs."""
    return all(each.name == "p" for each in body)
