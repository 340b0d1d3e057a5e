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
_LEADS = re.compile(r"^(\w+ ){0,2}\w+:$")  # such as "The table:"
_SHORT = 240  # letters: so much is shown as it is
_BEGINNING = 170
_MOST = 390
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


def key_sentences(paragraphs: list[Tag], without: str = "", leave_out: re.Pattern[str] | None = None) -> list[Tag]:
    """Return the few sentences that the slide shows: how the text begins, and those that explain a word in bold.

    A sentence that points back brings the one before it.  If all is short, all is shown.  `without` is what has been
    said already: a first sentence that says it again is left out.  So is one in which `leave_out` is found.
    """
    texts = [sentences(each) for each in paragraphs]
    if leave_out is not None:
        texts = [[each for each in text if not leave_out.search(each)] for text in texts]
    texts = [[each for each in text if not _LEADS.search(_plain(each))] for text in texts]
    texts = [text for text in texts if text]
    if not texts:
        return []
    if texts and without and _plain(texts[0][0]).startswith(f"{without}, "):
        texts = [texts[0][1:], *texts[1:]] if len(texts[0]) > 1 else texts[1:]
    if sum(len(_plain(each)) for text in texts for each in text) <= _SHORT:
        return [_key(" ".join(text)) for text in texts]
    chosen: set[tuple[int, int]] = {(0, 0)}
    for place in range(1, len(texts[0])):
        if _letters(texts, chosen) + len(_plain(texts[0][place])) > _BEGINNING:
            break
        chosen.add((0, place))
    bold = [(n, k) for n, text in enumerate(texts) for k, each in enumerate(text) if _explains(each)]
    if not bold and len(texts) > 1 and len(chosen) == 1 and not _POINTS_BACK.match(_plain(texts[1][0])):
        bold = [(1, 0)]
    for n, k in bold:
        new = {(n, k), (n, k - 1)} if k and _POINTS_BACK.match(_plain(texts[n][k])) else {(n, k)}
        if _letters(texts, chosen | new) <= _MOST:
            chosen |= new
    kept = [[each for k, each in enumerate(text) if (n, k) in chosen] for n, text in enumerate(texts)]
    return [_key(_finished(" ".join(text))) for text in kept if text]


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
    return without_links(element("p", *list(parsed(html).contents), **{"class": "key"}))


def _finished(html: str) -> str:
    """A sentence that leads on to what stands below it ends here."""
    return _POINTS_ON.sub(".", html)


def _plain(html: str) -> str:
    return parsed(html).get_text()


def _explains(html: str) -> bool:
    return "<strong>" in html and not _POINTS_ON.search(_plain(html))


def _letters(texts: list[list[str]], chosen: set[tuple[int, int]]) -> int:
    return sum(len(_plain(texts[n][k])) for n, k in chosen)
