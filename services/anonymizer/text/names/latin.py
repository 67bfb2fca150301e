# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find whole names of Japanese people in Latin letters: two words that are romaji of a surname and of a given name."""

import re
from collections.abc import Iterator
from functools import lru_cache

from services.anonymizer.text.folding.fold import name_view
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.kana import kana_spellings
from services.anonymizer.text.names.known import EPONYM_EN

_LATIN_PAIR = re.compile(
    r"(?<![A-Za-z0-9'-])(?P<f>[A-Z][A-Za-z]{1,14})(?=,?[ ](?P<g>[A-Z][A-Za-z]{1,12})(?![A-Za-z0-9']))"
)
_LATIN_INITIAL = re.compile(
    r"(?<![A-Za-z0-9.])(?:(?P<i>[A-Z])\.[ ]?(?P<f>[A-Z][a-z]{2,14})|(?P<g>[A-Z][a-z]{2,14}),[ ](?P<j>[A-Z])\.)(?![A-Za-z0-9])"
)
_ROMAJI = re.compile(
    "(?:(?:ky|gy|ny|hy|by|py|my|ry|sh|ch|ts|sy|ty|zy|jy|cch|ssh|tch|kk|ss|tt|pp|[kgsztdnhbpmyrwjf])?[aiueo]h?|[nm](?![aiueoy]))+"
)
_ENGLISH = frozenset("no none the a one two same are here there ten more home side made date note name".split())


def latin_names(reading: Reading) -> Iterator[Span]:
    """Yield names in romaji, in both orders, with a comma, or with an initial."""
    for match in _LATIN_PAIR.finditer(reading.text):
        first, second = match["f"].lower(), match["g"].lower()
        if first in clinical_words() or second in clinical_words() or len(first + second) < 7:
            continue
        listed = "," in reading.text[match.end("f") : match.start("g")] and _is_family(first)
        if (
            (listed and _ROMAJI.fullmatch(second) and second not in _ENGLISH)
            or (_is_family(first) and _is_spoken_given(second))
            or (_is_spoken_given(first) and _is_family(second))
        ):
            yield Span(match.start("f"), match.end("g"), "name")
    for match in _LATIN_INITIAL.finditer(reading.text):
        name = (match["f"] or match["g"]).lower()
        if name not in clinical_words() and _is_family(name) and not EPONYM_EN.match(reading.text, match.end()):
            yield Span(*match.span(), "name")


@lru_cache(4096)
def _is_family(latin: str) -> bool:
    return len(latin) > 2 and any(kana in names().by_reading for kana in _viewed(latin))


@lru_cache(4096)
def _is_spoken_given(latin: str) -> bool:
    return any(kana in names().given_by_reading for kana in _viewed(latin))


def _viewed(latin: str) -> tuple[str, ...]:
    if not _ROMAJI.fullmatch(latin):
        return ()
    return tuple(name_view(kana) for kana in kana_spellings(latin))
