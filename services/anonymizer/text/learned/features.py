"""What the learned reader sees of each word: its form and kind, the words around it, and its place in the line. Pure.

Of words that analyser or lists take for names, and of digits, it sees the form alone and never what is written: so it
learns how names stand in a text, and not which.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from services.anonymizer.text.folding import lexicon
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import script

VERSION: Final = 1
"""Of the features: a model is read with those that it was made with."""
CODE: Final = "code"
"""What is made of Latin letters, digits and the signs between them: one word, however the analyser cuts it."""
_CODE: Final = re.compile(r"[A-Za-z0-9]+(?:[-_.@][A-Za-z0-9]+)*")
_UNSEEN: Final = frozenset({Kind.FAMILY, Kind.GIVEN, Kind.PERSON, Kind.UNKNOWN, Kind.PROPER, Kind.PLACE, Kind.NUMBER})
_PLACES: Final = frozenset({Kind.NOUN, Kind.PLACE, Kind.PROPER})
_LONGEST_NAME: Final = 3
_SHAPE_SIGNS: Final = 12
_LINE_END: Final = "<line>"
_AROUND: Final = (-4, -3, -2, -1, 1, 2, 3)
_NEAR: Final = 2


class Word(NamedTuple):
    """One word, as (start, end) in the folded text, and what may be seen of it. text: empty if it may be a name."""

    start: int
    end: int
    kind: str
    text: str
    shape: str
    is_surname: bool
    is_given: bool
    is_parted: bool


def read(folded: FoldedText) -> tuple[list[Word], list[list[str]]]:
    """Return the words of a text, without blanks, and the features of each."""
    words = [_word(folded, *each) for each in _cut(folded)]
    return words, [[*own, *_beside(words, at)] for at, own in enumerate(_own(folded, words))]


def _cut(folded: FoldedText) -> Iterator[tuple[int, int, str]]:
    """Yield the words of the analyser, of which those that make up a code are one."""
    codes = [match.span() for match in _CODE.finditer(folded.text) if _is_code(match[0])]
    at = 0
    for start, end, kind in folded.words.words:
        while at < len(codes) and codes[at][1] <= start:
            at += 1
        if at < len(codes) and codes[at][0] <= start:
            if start == codes[at][0]:
                yield *codes[at], CODE
            start = max(start, codes[at][1])
        if folded.text[start:end].strip(" "):
            yield start, end, str(kind)


def _is_code(written: str) -> bool:
    return any(map(str.isdigit, written)) and not written.isdigit()


def _word(folded: FoldedText, start: int, end: int, kind: str) -> Word:
    written, view = folded.text[start:end], folded.view[start:end]
    known = lexicon.names()
    is_surname, is_given = view in known.surnames, view in known.given
    if "\n" in written:
        seen = _LINE_END
    elif kind in _UNSEEN or (is_surname and len(view) <= _LONGEST_NAME) or any(map(str.isdigit, written)):
        seen = ""
    else:
        seen = written.lower()
    return Word(start, end, kind, seen, _shape(written), is_surname, is_given, folded.before(start) == " ")


def _shape(written: str) -> str:
    """Return the scripts of a word, runs of one as one sign."""
    runs: list[str] = []
    for sign in written[:_SHAPE_SIGNS]:
        kind = _script(sign)
        if not runs or runs[-1] != kind:
            runs.append(kind)
    return "".join(runs)


def _script(sign: str) -> str:
    if sign.isdigit():
        return "0"
    if sign.isascii() and sign.isalpha():
        return "A" if sign.isupper() else "a"
    return {"kanji": "K", "hiragana": "h", "katakana": "t"}.get(script(sign), sign if sign.isprintable() else "_")


def _own(folded: FoldedText, words: Sequence[Word]) -> list[list[str]]:
    """Return what is seen of each word itself and of its line."""
    begins, ends = _lines(words)
    seen = []
    for at, word in enumerate(words):
        length = min(word.end - word.start, 10)
        features = [
            "b", f"k={word.kind}", f"s={word.shape}", f"l={length}", f"ksl={word.kind}|{word.shape}|{length}",
            f"kn={word.kind}|{word.is_surname:d}{word.is_given:d}",
            f"pos={min(at - begins[at], 4)}", f"rest={min(ends[at] - at, 4)}",
            f"len={min((ends[at] - begins[at]) // 3, 5)}",
        ]  # fmt: skip
        features += [name for name, holds in _flags(word) if holds]
        if word.text:
            features.append(f"w={word.text}")
        if word.kind in _PLACES:
            features.append(f"last={folded.text[word.end - 1]}")
        if (first := words[begins[at]].text) and at > begins[at]:
            features.append(f"first={first}")
        seen.append(features)
    return seen


def _flags(word: Word) -> tuple[tuple[str, bool], ...]:
    return ("su", word.is_surname), ("gi", word.is_given), ("bb", word.is_parted)


def _lines(words: Sequence[Word]) -> tuple[list[int], list[int]]:
    """Return for each word where its line begins and ends, as numbers of words."""
    begins, start = [], 0
    for at, word in enumerate(words):
        begins.append(start)
        if word.text == _LINE_END:
            start = min(at + 1, len(words) - 1)
    ends, end = [0] * len(words), len(words)
    for at in range(len(words) - 1, -1, -1):
        if words[at].text == _LINE_END:
            end = at
        ends[at] = end
    return begins, ends


def _beside(words: Sequence[Word], at: int) -> list[str]:
    """Return what is seen of the words around one."""
    word, seen = words[at], []
    for distance in _AROUND:
        if not 0 <= at + distance < len(words):
            seen.append(f"{distance}:end")
            continue
        other = words[at + distance]
        seen.append(f"{distance}:k={other.kind}")
        if abs(distance) <= _NEAR:
            seen.append(f"{distance}:s={other.shape}")
        if other.text:
            seen.append(f"{distance}:w={other.text}")
        if abs(distance) == 1:
            seen.append(f"{distance}:kk={word.kind}|{other.kind}")
            seen += [f"{distance}:{name}" for name, holds in _flags(other) if holds]
            if other.text:
                seen.append(f"{distance}:wk={other.text}|{word.kind}")
    if 0 < at < len(words) - 1:
        before, behind = words[at - 1], words[at + 1]
        seen.append(f"between={before.text or before.kind}|{word.kind}|{behind.text or behind.kind}")
    return seen
