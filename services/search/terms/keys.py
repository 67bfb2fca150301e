"""What a name and what is typed are compared by. Pure.

Names are compared without width, case, blanks and punctuation, hiragana as katakana. Readings are compared as romaji of
one spelling, so that kana, Hepburn, Kunrei and what an input method takes meet: si = shi, tu = tsu, zya = ja, nn = n.
"""

import re
import unicodedata
from typing import Final

import jaconv

from shared.terms.term import Term
from shared.text.japanese import katakana

_KANA: Final = re.compile("[ァ-ヴー]+")
_DROPPED: Final = re.compile(r"[\s\-‐‑–—・,.、，()（）\[\]<>＜＞/']+")
_SPELLINGS: Final = (
    ("sh", "sy"), ("ch", "ty"), ("ts", "t"), ("j", "zy"), ("f", "h"), ("di", "zi"), ("du", "zu"),
    ("syi", "si"), ("tyi", "ti"), ("zyi", "zi"), ("yy", "y"), ("mb", "nb"), ("mp", "np"), ("mm", "nm"),
    ("-", ""), ("ou", "o"), ("oo", "o"), ("uu", "u"), ("nn", "n"),
)  # fmt: skip
MOST: Final = 100
"""Characters of what is typed that are looked at."""


def name_key(text: str) -> str:
    """Return what a name is compared by."""
    return _DROPPED.sub("", katakana(unicodedata.normalize("NFKC", text).casefold()))


def sound_key(text: str) -> str:
    """Return kana or romaji as romaji of one spelling; empty if it is neither."""
    folded = name_key(text)
    if _KANA.fullmatch(folded):
        folded = jaconv.kana2alphabet(jaconv.kata2hira(folded)).replace("ー", "")
    if not (folded.isascii() and folded.isalpha()):
        return ""
    for one, other in _SPELLINGS:
        folded = folded.replace(one, other)
    return folded


def keys_of(term: Term) -> tuple[str, ...]:
    """Return all that a term is found by, each once."""
    readings = [term.kana, *(name for name in term.names if _KANA.fullmatch(name_key(name)))]
    names = [name_key(each) for each in (*term.names, term.code)]
    return tuple(dict.fromkeys(key for key in (*names, *map(sound_key, readings)) if key))


def asked_keys(text: str) -> tuple[str, ...]:
    """Return what typed text may be: a name, a reading."""
    text = text[:MOST]
    return tuple(dict.fromkeys(key for key in (name_key(text), sound_key(text)) if key))


def pairs(key: str) -> list[str]:
    """Return the overlapping pairs of characters of a key, in order: what stands inside a name is found by them."""
    return [key[i : i + 2] for i in range(len(key) - 1)]
