"""Folds text for search, remembering where each folded character came from.

Folding: NFKC (full-width letters, half-width kana), lower case, hiragana to katakana, and white space that stands
between characters of a script without word spaces removed, since reports break lines anywhere. What is searched is
then any substring of the folded text: bigrams make that exact (design, section 7).
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from shared.text.japanese import katakana

SPACE = "␣"  # stands for a blank inside a bigram, since the tokenizer splits at blanks
_SOUND_MARKS = frozenset("ﾞﾟ゙゚")


@dataclass(frozen=True)
class Folded:
    """text: folded.  origins: for each of its characters, the start and end in the original."""

    text: str
    origins: tuple[tuple[int, int], ...]


def fold(text: str) -> Folded:
    """Fold a text; the origins allow to mark in the original what was found in the folded one."""
    characters: list[str] = []
    origins: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        for character in _fold_cluster(text[start:end]):
            characters.append(character)
            origins.append((start, end))
    keep = [i for i in range(len(characters)) if _kept(characters, i)]
    return Folded("".join(characters[i] for i in keep), tuple(origins[i] for i in keep))


def fold_text(text: str) -> str:
    """Return only the folded text."""
    return fold(text).text.strip()


def bigrams(folded: str) -> list[str]:
    """Return the overlapping pairs of characters, in order; a single character is itself."""
    text = folded.replace(" ", SPACE)
    if len(text) < 2:
        return [text] if text else []
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that must be normalised together: a character and the marks that follow it."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or not (text[index] in _SOUND_MARKS or unicodedata.combining(text[index])):
            yield start, index
            start = index


def _fold_cluster(cluster: str) -> str:
    if cluster.isspace():
        return " "
    return katakana(unicodedata.normalize("NFKC", cluster).lower())


def _kept(characters: list[str], index: int) -> bool:
    """Keep a blank only once, and only between two characters of scripts that put blanks between words."""
    if characters[index] != " ":
        return True
    if index and characters[index - 1] == " ":
        return False
    before = characters[index - 1] if index else ""
    after = next((c for c in characters[index + 1 :] if c != " "), "")
    return not (_unspaced(before) or _unspaced(after))


def _unspaced(character: str) -> bool:
    """Say whether the character belongs to a script written without blanks (or is missing)."""
    return not character or ord(character) >= 0x2E80
