"""What a slide shows of a text: its key sentences and its lists.  All of it stays in the notes."""

import copy
import re

from bs4 import Tag
from tree import element, parsed

_END = re.compile(r"""(?<=[.!?])((?:</(?:strong|em|b)>|[)"”])*)\s+(?=[^a-z])""")
_POINTS_BACK = re.compile(
    r"(it|its|this|that|these|those|they|their|both|so|then|but|and|such|there|we call|in it|here|not|by that)\b", re.I
)
_POINTS_ON = re.compile(r"(?<=\w):$")
_SHORT = 230  # letters: so much is shown as it is
_MOST = 330
_LONG_ITEM = 130


def sentences(paragraph: Tag) -> list[str]:
    """Return the sentences of a paragraph, as HTML; a heading in bold belongs to the sentence behind it.

    >>> sentences(parsed("<p><strong>The flags.</strong> Is CF 1? (It is.) So <b>no</b>.</p>").p)
    ['<strong>The flags.</strong> Is CF 1?', '(It is.)', 'So <b>no</b>.']
    """
    pieces, start = [], 0
    html = paragraph.decode_contents().strip()
    for end in _END.finditer(html):
        piece = html[start : end.end()].strip()
        if piece.startswith("<strong>") and piece.endswith("</strong>"):
            continue
        pieces.append(piece)
        start = end.end()
    return [*pieces, html[start:]]


def key_sentences(paragraphs: list[Tag], most: int = _MOST) -> list[Tag]:
    """Return the one or two sentences that the slide shows: the first, and the first with a word in bold.

    Without such a word, the beginning of the last paragraph.  A sentence that points back brings the one before it.  If
    all of it is short, it is shown.
    """
    texts = [sentences(each) for each in paragraphs]
    if not texts:
        return []
    if sum(len(each.get_text()) for each in paragraphs) <= min(_SHORT, most):
        return [_key(" ".join(text)) for text in texts]
    first = [texts[0][0]]
    found = next(((n, k) for n, text in enumerate(texts) for k, each in enumerate(text) if _is_bold(each, n, k)), None)
    if found is None and len(texts) > 1:
        found = next(((n, 0) for n in range(len(texts) - 1, 0, -1) if not _POINTS_ON.search(texts[n][0])), None)
    second: list[str] = []
    if found is not None:
        paragraph, place = found
        second = texts[paragraph][place : place + 1]
        if _POINTS_BACK.match(_plain(second[0])) and place and (paragraph, place) != (0, 1):
            second.insert(0, texts[paragraph][place - 1])
    elif len(texts[0]) > 1:
        second = texts[0][1:2]
    if len(_plain(first[0])) + sum(len(_plain(each)) for each in second) > most:
        second = second[-1:]
    if len(_plain(first[0])) + sum(len(_plain(each)) for each in second) > most:
        second = []
    if found == (0, 1) or (found is None and second):
        return [_key(" ".join(first + second))]
    return [_key(_finished(first[0])), *([_key(" ".join(second))] if second else [])]


def question_in(paragraphs: list[Tag]) -> str:
    """Return the question with which a text ends, and the sentence before it, as HTML; "" if it ends otherwise."""
    if not paragraphs:
        return ""
    last = sentences(paragraphs[-1])
    return " ".join(last[-2:]) if last[-1].rstrip("*_)").endswith("?") else ""


def short_list(items: Tag) -> Tag:
    """Return a list with the first sentence of each long item."""
    shown = copy.copy(items)
    for item in shown.find_all("li", recursive=False):
        for more in item.find_all(["ul", "ol", "pre", "table"]):
            more.decompose()
        if len(item.get_text()) > _LONG_ITEM:
            text = element("p")
            text.extend(parsed(" ".join(each.decode_contents() for each in item.find_all("p")) or
                               item.decode_contents()).contents)  # fmt: skip
            first = sentences(text)[0]
            item.clear()
            item.extend(list(parsed(first).contents))
    return shown


def without_links(tree: Tag, *, addresses: bool = False) -> Tag:
    """Return the tree in which links are plain text; with their addresses, if they lead out of the course."""
    for link in tree.find_all("a"):
        if addresses and re.match(r"https?:", str(link["href"])):
            continue
        link.unwrap()
    return tree


def _key(html: str) -> Tag:
    return element("p", *list(parsed(html).contents), **{"class": "key"})


def _finished(html: str) -> str:
    """A sentence that leads on to what stands below it ends here."""
    return _POINTS_ON.sub(".", html)


def _plain(html: str) -> str:
    return parsed(html).get_text()


def _is_bold(html: str, paragraph: int, place: int) -> bool:
    return (paragraph, place) != (0, 0) and "<strong>" in html and not _POINTS_ON.search(html)
