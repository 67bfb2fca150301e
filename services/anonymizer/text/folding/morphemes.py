"""Read a folded text with a morphological analyser: words, and which of them its dictionary knows as names.

SudachiPy with SudachiDict, offline. It is a second reader beside our lists: it sees the words around a name, which no
list does. What it sees is evidence for rules, and alone decides nothing.
"""

import importlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple

from shared.errors import SettingsError

DICTIONARY: Final = "sudachidict_core"
_MOST_SIGNS: Final = 12_000  # of one look: SudachiPy refuses more than 49,149 bytes


class Kind(StrEnum):
    """What a word is. UNKNOWN: no dictionary has it."""

    FAMILY = "family"
    GIVEN = "given"
    PERSON = "person"
    PLACE = "place"
    PROPER = "proper"
    NOUN = "noun"
    NUMBER = "number"
    AFFIX = "affix"
    OTHER = "other"
    SIGN = "sign"
    UNKNOWN = "unknown"


_PEOPLE: Final = {"姓": Kind.FAMILY, "名": Kind.GIVEN}
_PROPER: Final = {"人名": Kind.PERSON, "地名": Kind.PLACE}
_OTHERS: Final = {
    "接頭辞": Kind.AFFIX, "接尾辞": Kind.AFFIX, "補助記号": Kind.SIGN, "記号": Kind.SIGN, "空白": Kind.SIGN,
}  # fmt: skip


class Morpheme(NamedTuple):
    """One word, as (start, end) in the folded text."""

    start: int
    end: int
    kind: Kind


class Morphemes:
    """The words of one text, in order, and questions to them."""

    def __init__(self, words: Sequence[Morpheme]) -> None:
        self.words = words
        self._starts = [word.start for word in words]

    def within(self, start: int, end: int) -> Sequence[Morpheme]:
        """Return the words that lie in a place or reach into it."""
        low = max(0, bisect_right(self._starts, start) - 1)
        high = bisect_left(self._starts, end)
        if low < high and self.words[low].end <= start:
            low += 1
        return self.words[low:high]

    def begins(self, at: int) -> bool:
        """Say whether a word begins at a position."""
        number = bisect_left(self._starts, at)
        return number < len(self._starts) and self._starts[number] == at

    def are(self, start: int, end: int, *kinds: Kind) -> bool:
        """Say whether a place is made of whole words, all of these kinds."""
        words = self.within(start, end)
        whole = bool(words) and words[0].start == start and words[-1].end == end
        return whole and all(word.kind in kinds for word in words)

    def are_common(self, start: int, end: int) -> bool:
        """Say whether a place is made of whole common words that the dictionary has, and of no name."""
        return self.are(start, end, Kind.NOUN, Kind.NUMBER, Kind.AFFIX, Kind.OTHER)


def available() -> bool:
    """Return whether the analyser and its dictionary are installed."""
    try:
        _tokenizer()
    except SettingsError:
        return False
    return True


def read(text: str) -> Morphemes:
    """Return the words of a folded text. Raises SettingsError: the analyser is not installed."""
    return Morphemes(list(_words(text)))


def _words(text: str) -> Iterator[Morpheme]:
    tokenizer, kinds = _tokenizer()
    for low, high in _pieces(text):
        for word in tokenizer.tokenize(text[low:high]):
            start = low + word.begin()
            kind = kinds(word.part_of_speech_id(), word)
            if kind is not Kind.NUMBER and word.is_oov():
                kind = Kind.UNKNOWN if text[start].isalpha() else Kind.NUMBER if text[start].isdigit() else Kind.SIGN
            yield Morpheme(start, low + word.end(), kind)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield parts that the analyser takes at once, which end with a line where there is one."""
    low = 0
    while low < len(text):
        high = low + _MOST_SIGNS
        if high < len(text):
            line_end = text.rfind("\n", low + 1, high)
            high = line_end + 1 if line_end > low else high
        yield low, min(high, len(text))
        low = high


@cache
def _tokenizer() -> tuple[Any, Any]:
    try:
        sudachi = importlib.import_module("sudachipy")
        importlib.import_module(DICTIONARY)
    except ImportError as error:
        message = "the text analyser (sudachipy, sudachidict_core) is not installed; requirements.lock has it"
        raise SettingsError(message) from error
    known: dict[int, Kind] = {}

    def kind_of(number: int, word: Any) -> Kind:
        kind = known.get(number)
        if kind is None:
            kind = known[number] = _kind(word.part_of_speech())
        return kind

    return sudachi.Dictionary(dict="core").create(mode=sudachi.SplitMode.C), kind_of


def _kind(parts: Sequence[str]) -> Kind:
    first, second, third, fourth = parts[:4]
    if first in _OTHERS:
        return _OTHERS[first]
    if first != "名詞":
        return Kind.OTHER
    if second == "固有名詞":
        return _PEOPLE.get(fourth, Kind.PERSON) if third == "人名" else _PROPER.get(third, Kind.PROPER)
    return Kind.NUMBER if second == "数詞" else Kind.NOUN
