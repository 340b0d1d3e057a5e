"""The glossary: every word of the lessons, in the order in which they are explained, each under its own address."""

from pathlib import Path

from lessons import LESSONS

from nvmx.plots.picture import Picture
from nvmx.words import WORDS, Word

from .markdown import picture, plain, write_page

_ABOUT = "Each word is explained with words that come before it. The number is that of the lesson that explains it."


def write(source: Path) -> None:
    """Write the page and its pictures."""
    write_page(source, "glossary", "# Glossary", _ABOUT, *(_entry(word, source) for word in WORDS))


def _entry(word: Word, source: Path) -> str:
    lesson = LESSONS[word.lesson]
    also = f" (also: {plain(', '.join(word.also))})" if word.also else ""
    text = f"## {plain(word.word)}\n\n{plain(word.meaning)}{also} [Lesson {word.lesson}]({lesson}.ipynb)"
    drawn = word.draw()
    if not isinstance(drawn, Picture):
        return text
    name = f"word-{word.picture}.svg"
    drawn.save(source / name)
    return f"{text}\n\n{picture(name, drawn.sentence)}"
