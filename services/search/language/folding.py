"""Folds text for search, remembering where each folded character came from. Pure.

Folding: NFKC (full-width letters, half-width kana, ㎜), case folding, hiragana to katakana, older forms of kanji to
those of today, dashes to one. A run of letters (of scripts with blanks between words) or a number stands in blanks,
whether there were any or not; no other blank is kept, since reports break lines anywhere. So ``12mm``, ``12 mm`` and
``12㎜`` are one, a word or a number is found whole, and Japanese is found as any substring: bigrams make both exact.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.search.language.variants import VARIANTS
from shared.text.japanese import HIRAGANA_TO_KATAKANA

SPACE: Final = "␣"  # stands for a blank inside a bigram, since the tokenizer splits at blanks
_RUN: Final = re.compile(r"\d+(?:\.\d+)*|[^\W\d_⺀-\U0010ffff]+")
_RUN_KEPT: Final = re.compile(f"({_RUN.pattern})")
_SHORT: Final = 64
"""Up to so many characters a folded text is kept: names of devices and values come again with each case."""
_BORDER: Final = "\ue000"  # marks the ends of a run until they become blanks; of private use
_BORDERS: Final = re.compile(f"{_BORDER}+")
_DASHES: Final = "‐‑‒–—―−⁻"
_TABLE: Final = {
    **HIRAGANA_TO_KATAKANA,
    **{ord(old): new for old, new in VARIANTS.items()},
    **dict.fromkeys(map(ord, _DASHES), "-"),
    ord("×"): "x",
    ord("〜"): "~",
    **dict.fromkeys(map(ord, "ヵヶゕゖ"), "カ"),
    ord(SPACE): None,
    ord(_BORDER): None,
}


@dataclass(frozen=True)
class Folded:
    """text: folded.  origins: for each of its characters, the start and end in the original."""

    text: str
    origins: tuple[tuple[int, int], ...]


def fold_text(text: str) -> str:
    """Return the folded text; the blanks at its ends say that a word or number begins or ends there."""
    return _folded(text) if len(text) <= _SHORT else _folded.__wrapped__(text)


@functools.lru_cache(20_000)
def _folded(text: str) -> str:
    plain = "".join(_BORDER.join(_RUN_KEPT.split(_characters(text))).split())
    return _BORDERS.sub(" ", plain)


def fold(text: str) -> Folded:
    """Fold a text; the origins allow to mark in the original what was found in the folded one."""
    characters: list[str] = []
    origins: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        folded = _characters(text[start:end])
        characters += folded
        origins += [(start, end)] * len(folded)
    ends = {at for run in _RUN.finditer("".join(characters)) for at in run.span()}
    kept: list[str] = []
    places: list[tuple[int, int]] = []
    for index, character in enumerate([*characters, ""]):
        if index in ends and kept[-1:] != [" "]:
            kept.append(" ")
            places.append(origins[min(index, len(origins) - 1)])
        if character and not character.isspace():
            kept.append(character)
            places.append(origins[index])
    return Folded("".join(kept), tuple(places))


def runs(folded: str) -> set[str]:
    """Return the words and numbers of a folded text."""
    return set(_RUN.findall(folded))


def bigrams(folded: str) -> list[str]:
    """Return the overlapping pairs of characters, in order; a single character is itself."""
    text = folded.replace(" ", SPACE)
    if len(text) < 2:
        return [text] if text else []
    return list(map("".join, itertools.pairwise(text)))


def _characters(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(_TABLE)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that must be normalised together: a character and what composes with it."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or not _composes(text[index]):
            yield start, index
            start = index


@functools.lru_cache(4096)
def _composes(character: str) -> bool:
    """Say whether normalisation may join the character with the one before it (UAX #15, 5)."""
    first = unicodedata.normalize("NFKD", character)[:1]
    return bool(unicodedata.combining(first)) or "\u1160" <= first <= "\u11ff" or first in _seconds()


@functools.cache
def _seconds() -> frozenset[str]:
    """Return the characters that are second in a canonical composition."""
    pairs = (unicodedata.decomposition(chr(code)).split() for code in range(0xC0, 0x11A00))
    return frozenset(chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<"))
