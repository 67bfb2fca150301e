"""What the learned reader sees of each word: its form and kind, the words around it, and its place in the line. Pure.

Of words that analyser or lists take for names, and of digits, it sees the form alone and never what is written: so it
learns how names stand in a text, and not which.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
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
    """One word, as (start, end) in the folded text, and what may be seen of it."""

    start: int
    end: int
    seen: "Seen"


class Seen(NamedTuple):
    """What is seen of a word wherever it stands. text: empty if it may be a name.

    own: the features of the word itself.  beside: those that it gives to a word so far before or behind it.
    """

    kind: str
    text: str
    own: tuple[str, ...]
    beside: dict[int, tuple[str, ...]]


def read(folded: FoldedText) -> tuple[list[Word], list[list[str]]]:
    """Return the words of a text, without blanks, and the features of each."""
    words = [_word(folded, *each) for each in _cut(folded)]
    seen = [word.seen for word in words]
    features = _own(folded, words)
    for at, own in enumerate(features):
        _add_beside(own, seen, at)
    return words, features


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
    return Word(start, end, _seen(written, view, kind, folded.before(start) == " "))


@lru_cache(8192)
def _seen(written: str, view: str, kind: str, is_parted: bool) -> Seen:
    known = lexicon.names()
    is_surname, is_given = view in known.surnames, view in known.given
    if "\n" in written:
        text = _LINE_END
    elif kind in _UNSEEN or (is_surname and len(view) <= _LONGEST_NAME) or any(map(str.isdigit, written)):
        text = ""
    else:
        text = written.lower()
    last = written[-1] if kind in _PLACES else ""
    return _features(kind, text, _shape(written), min(len(written), 10), is_surname, is_given, is_parted, last)


@lru_cache(8192)
def _features(
    kind: str, text: str, shape: str, length: int, is_surname: bool, is_given: bool, is_parted: bool, last: str
) -> Seen:
    flags = [name for name, holds in (("su", is_surname), ("gi", is_given), ("bb", is_parted)) if holds]
    own = [
        "b", f"k={kind}", f"s={shape}", f"l={length}", f"ksl={kind}|{shape}|{length}",
        f"kn={kind}|{is_surname:d}{is_given:d}", *flags,
    ]  # fmt: skip
    if text:
        own.append(f"w={text}")
    if last:
        own.append(f"last={last}")
    return Seen(kind, text, tuple(own), {at: _seen_from(at, kind, text, shape, flags) for at in _AROUND})


def _seen_from(distance: int, kind: str, text: str, shape: str, flags: Sequence[str]) -> tuple[str, ...]:
    """Return what a word so far away sees of a word."""
    seen = [f"{distance}:k={kind}"]
    if abs(distance) <= _NEAR:
        seen.append(f"{distance}:s={shape}")
    if text:
        seen.append(f"{distance}:w={text}")
    if abs(distance) == 1:
        seen += [f"{distance}:{name}" for name in flags]
    return tuple(seen)


def _shape(written: str) -> str:
    """Return the scripts of a word, runs of one as one sign."""
    runs: list[str] = []
    for sign in written[:_SHAPE_SIGNS]:
        kind = _script(sign)
        if not runs or runs[-1] != kind:
            runs.append(kind)
    return "".join(runs)


@cache
def _script(sign: str) -> str:
    if sign.isdigit():
        return "0"
    if sign.isascii() and sign.isalpha():
        return "A" if sign.isupper() else "a"
    return {"kanji": "K", "hangul": "K", "hiragana": "h", "katakana": "t"}.get(
        script(sign), sign if sign.isprintable() else "_"
    )


def _own(folded: FoldedText, words: Sequence[Word]) -> list[list[str]]:
    """Return what is seen of each word itself and of its line."""
    begins, ends = _lines(words)
    features = []
    for at, word in enumerate(words):
        begin, end = begins[at], ends[at]
        own = [
            *word.seen.own,
            f"pos={min(at - begin, 4)}", f"rest={min(end - at, 4)}", f"len={min((end - begin) // 3, 5)}",
        ]  # fmt: skip
        if (first := words[begin].seen.text) and at > begin:
            own.append(f"first={first}")
        features.append(own)
    return features


def _lines(words: Sequence[Word]) -> tuple[list[int], list[int]]:
    """Return for each word where its line begins and ends, as numbers of words."""
    begins, start = [], 0
    for at, word in enumerate(words):
        begins.append(start)
        if word.seen.text == _LINE_END:
            start = min(at + 1, len(words) - 1)
    ends, end = [0] * len(words), len(words)
    for at in range(len(words) - 1, -1, -1):
        if words[at].seen.text == _LINE_END:
            end = at
        ends[at] = end
    return begins, ends


def _add_beside(features: list[str], words: Sequence[Seen], at: int) -> None:
    """Add what is seen of the words around one."""
    kind, count = words[at].kind, len(words)
    for distance in _AROUND:
        if 0 <= at + distance < count:
            features += words[at + distance].beside[distance]
        else:
            features.append(f"{distance}:end")
    for distance in (-1, 1):
        if 0 <= at + distance < count:
            other = words[at + distance]
            features.append(f"{distance}:kk={kind}|{other.kind}")
            if other.text:
                features.append(f"{distance}:wk={other.text}|{kind}")
    if 0 < at < count - 1:
        before, behind = words[at - 1], words[at + 1]
        features.append(f"between={before.text or before.kind}|{kind}|{behind.text or behind.kind}")
