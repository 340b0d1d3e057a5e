"""The glossary: every word of the lessons is there, and is explained with words that come before it."""

import json
import re
from pathlib import Path

import pytest

import nvmx
from nvmx.model.axis import AXES
from nvmx.words import WORDS, Glossary, Word

ROOT = Path(__file__).parent.parent
NAMES = [name for word in WORDS for name in (word.word, *word.also)]
ABBREVIATION = re.compile(r"#?\b[A-Z][A-Z0-9_]+\b")


def mentions(text: str, name: str) -> bool:
    """Whether the text has the word, also at the beginning of a sentence, or in the plural."""
    start = name[0] if name[0].isupper() else f"[{name[0]}{name[0].upper()}]"
    return bool(re.search(rf"(?<![\w#-]){start}{re.escape(name[1:])}(s|es)?(?![\w(-])", text))


def test_no_name_is_there_twice() -> None:
    assert len({name.lower() for name in NAMES}) == len(NAMES)


def test_each_word_is_explained_with_words_that_come_before_it() -> None:
    """So there are no circles, and whoever reads from the top understands each."""
    later = [(word.word, other, name) for place, word in enumerate(WORDS) for other in WORDS[place + 1 :]
             for name in (other.word, *other.also) if mentions(word.meaning, name)]  # fmt: skip
    assert later == []
    assert mentions("VM exits and checks", "VM exit")
    assert mentions("Checks come first", "check")
    assert not mentions("non-root", "root")


def test_each_abbreviation_in_an_explanation_is_itself_explained() -> None:
    known = {token for name in NAMES for token in ABBREVIATION.findall(name)}
    for word in WORDS:
        assert set(ABBREVIATION.findall(word.meaning)) <= known, word


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_each_abbreviation_in_the_lessons_prose_is_in_the_glossary(path: Path) -> None:
    known = {token for name in NAMES for token in ABBREVIATION.findall(name)} | {"VM"}  # of VM exit, RFLAGS.VM
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>", " ", prose, flags=re.DOTALL)
    bytes_of_code = {token for token in ABBREVIATION.findall(prose) if re.fullmatch(r"[A-F]\d", token)}  # F3 0F C7
    assert set(ABBREVIATION.findall(prose)) - known - bytes_of_code == set()


def test_meanings_are_short_and_whole() -> None:
    for word in WORDS:
        assert word.meaning.endswith("."), word
        assert len(word.meaning) < 190, word
        assert 0 <= word.lesson <= 10


def test_numbers_are_those_of_the_rows() -> None:
    assert nvmx.verdict("VMXON", "intel", vmx="root", current_vmcs=1).error == 15
    places = {axis.name.split(".")[-1]: axis.where for axis in AXES if axis.name.startswith(("CR", "EFER"))}
    for name, where in places.items():
        word = nvmx.glossary(name)
        assert isinstance(word, Word)
        register, bit = re.findall(r"(CR\d|EFER) bit (\d+)", where)[0]
        assert word.meaning.startswith(f"Bit {bit} of {register}")


def test_each_picture_is_there() -> None:
    drawn = {word.picture: word.draw() for word in {word.picture: word for word in WORDS}.values()}
    assert drawn.pop("") is None
    assert set(nvmx.plots.sketches.SKETCHES) <= drawn.keys()  # each sketch has a word
    assert all(isinstance(each, nvmx.plots.Picture) for each in drawn.values())


def test_a_word_can_be_asked_for() -> None:
    found = nvmx.glossary("vmcs")
    assert isinstance(found, Word)
    assert found.word == "VMCS"
    assert nvmx.glossary("rung") is nvmx.glossary("Check")
    both = nvmx.glossary("VMXON", "#UD")
    assert isinstance(both, Glossary)
    assert list(both) == ["VMXON", "#UD"]
    assert both["#UD"].meaning in both._repr_html_()
    assert len(nvmx.glossary()) == len(WORDS)  # type: ignore[arg-type]
    with pytest.raises(nvmx.NvmxError, match="word: 'VMXOF' is not allowed; did you mean 'VMXOFF'"):
        nvmx.glossary("VMXOF")
    with pytest.raises(nvmx.NvmxError, match="word: 3 is not a string"):
        nvmx.glossary(3)  # type: ignore[arg-type]
