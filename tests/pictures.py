"""Compare a picture in a notebook's outputs with the one that its cell draws today."""

import base64
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageChops

PNG = "image/png"


def flaw(png: bytes, today: bytes) -> str:
    """What is wrong with a PNG, if `today` is what it should be; "" if nothing is.

    Another version of matplotlib may draw a letter, a legend or the edge a little elsewhere.  So up to 2 % of the
    squares of 12 by 12 pixels may differ (0.6 % do between matplotlib 3.9 and 3.11), and the size by one pixel.
    """
    try:
        with Image.open(io.BytesIO(png)) as file:
            image, description = (
                file.convert("L"),
                file.info.get("Description"),
            )
    except OSError:
        return "no image"
    with Image.open(io.BytesIO(today)) as file:
        expected, sentence = file.convert("L"), file.info.get("Description")
    if description != sentence:
        return "another sentence"
    if max(abs(a - b) for a, b in zip(image.size, expected.size, strict=True)) > 1:
        return "another size"
    width, height = (min(sizes) for sizes in zip(image.size, expected.size, strict=True))
    box = (0, 0, width, height)
    difference = ImageChops.difference(image.crop(box).reduce(12), expected.crop(box).reduce(12)).histogram()
    return "another picture" if sum(difference[48:]) > sum(difference) / 50 else ""


def flaws(outputs: Sequence[Any], today: Sequence[Any]) -> list[str]:
    """What is wrong with each picture among a cell's outputs; `today` are the outputs of a run."""
    pairs = [[each for each in many if PNG in each.get("data", {})] for many in (outputs, today)]
    if len(pairs[0]) != len(pairs[1]):
        return [f"{len(pairs[0])} pictures, not {len(pairs[1])}"]
    found = []
    for stored, fresh in zip(*pairs, strict=True):
        png, drawn = (base64.b64decode("".join(each["data"][PNG])) for each in (stored, fresh))
        texts = {"".join(each["data"]["text/plain"]) for each in (stored, fresh)}
        alts = {each["metadata"][PNG]["alt"] for each in (stored, fresh)}
        found.append(flaw(png, drawn) or ("" if len(texts | alts) == 1 else "another text"))
    return found
