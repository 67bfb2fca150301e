"""Blanks and line ends that stand inside words: of fax and OCR, of lines cut at a width, of names cut in two. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.scripts import script

_LETTER: Final = r"[一-鿿㐀-䶿々〆ヵヶぁ-ゖァ-ヺーA-Za-z0-9〇-]"
_WIDE: Final = r"[一-鿿㐀-䶿々〆ヵヶぁ-ゖァ-ヺー〇]"
_PIECE: Final = re.compile(r"\S+")
_BLANK: Final = re.compile(rf"(?:(?<={_WIDE})|(?<=[\d:.\-()/]))[ \t](?=(?:{_WIDE}|[\d:.\-()/]))")
_LINE_END: Final = re.compile(rf"(?<={_LETTER})[ \t]*\n[ \t]*(?={_LETTER})")
_SINGLES: Final = re.compile(r"(?<!\S)\w\s+\w(?!\S)")  # side by side, which 一次 辻 / 二次 原 has not
_SHORTEST_SPACED: Final = 4  # pieces of a line that is spaced out
_SHORT_PIECE: Final = 2
_LEAST_SPACED: Final = 0.5  # of its pieces, how many are as short
_LEAST_SINGLE: Final = 0.34  # and how many are single signs, which words of two are not: 叔父 英治 大腸癌
_LEAST_LINES, _NARROWEST = 3, 12
_ABBREVIATION: Final = re.compile(
    r"(?<![A-Za-z])(?:CT|CTA|MRI?|MRA|MRCP|US|PET|XP|XR|CR|DR|MMG|SPECT|DSA|RI|HRCT|OP|"
    r"IC)$"
)
_SHORTER: Final = 2  # signs that a full line may be shorter than the longest


def breaks(text: str) -> tuple[set[int], set[int]]:
    """Return the positions of the blanks and line ends that may stand inside a word, and which of them are doubtful.

    A line's end is doubtful if the line was not cut because it was full.
    """
    found: set[int] = set()
    doubtful: set[int] = set()
    for low, high in spaced_lines(text):
        found.update(at for match in _BLANK.finditer(text, low, high) for at in _all(match))
    full = _full_width(text)
    for match in _LINE_END.finditer(text):
        begin = text.rfind("\n", 0, match.start()) + 1
        if full and match.start() - begin >= full:
            found.update(_all(match))
        elif _is_of_one_word(text, match):
            found.update(_all(match))
            doubtful.update(_all(match))
    return found, doubtful


def _all(match: re.Match[str]) -> range:
    return range(match.start(), match.end())


def spaced_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines in which blanks stand between single signs, as a machine that read a fax writes them."""
    at = 0
    for line in text.split("\n"):
        pieces = _PIECE.findall(line)
        if len(pieces) >= _SHORTEST_SPACED and _SINGLES.search(line):
            short = sum(len(piece) <= _SHORT_PIECE for piece in pieces)
            single = sum(len(piece) == 1 for piece in pieces)
            if short >= _LEAST_SPACED * len(pieces) and single >= _LEAST_SINGLE * len(pieces):
                yield at, at + len(line)
        at += len(line) + 1


def _full_width(text: str) -> int:
    """Return how long a line is that was cut because it was full; 0 if lines were not cut."""
    lengths = [len(line) for line in text.split("\n") if line.strip()]
    longest = max(lengths, default=0)
    full = longest - _SHORTER
    return full if sum(length >= full for length in lengths) >= _LEAST_LINES and longest >= _NARROWEST else 0


def _is_of_one_word(text: str, line_end: re.Match[str]) -> bool:
    """Say whether what stands before and behind a line's end can be one word: both of one script."""
    before, behind = script(text[line_end.start() - 1]), script(text[line_end.end()])
    if before == "latin" and _ABBREVIATION.search(text, max(0, line_end.start() - 6), line_end.start()):
        return False
    return before == behind and before in ("kanji", "katakana", "digit", "latin")
