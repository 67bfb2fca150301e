# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find what looks like a person's name of which no list has the surname. It is not certain enough to be cut: it flags."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, names, own_names, terms_with

_K: Final = "一-鿿々ヶ豈-\ufaff\U00020000-\U0002ffff"
_BESIDE_GIVEN: Final = re.compile(
    rf"(?<![{_K}])(?P<f>[{_K}]{{1,4}})(?:[ ]{{0,2}}\n?(?P<hira>[ぁ-ゖ]{{3,5}}?)(?=さん|さま|ちゃん|くん|より|から|[がはのにとへをも]?(?:[^ぁ-ゖ]|$))|[ ]{{0,2}}\n?(?P<kata>[ァ-ヺー]{{3,5}})(?![ァ-ヺー])|(?:[ ]{{1,2}}|\n)(?P<kanji>[{_K}]{{2,3}})(?![{_K}]))"
)
_KANA_PAIR: Final = re.compile(r"(?<![ァ-ヺー])(?P<f>[ァ-ヺー]{3,6})[ ・\n](?P<g>[ァ-ヺー]{2,5})(?![ァ-ヺー])")


def suspects(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where such names stand, as positions in the folded text."""
    for match in _BESIDE_GIVEN.finditer(reading.text):
        family = reading.view[slice(*match.span("f"))]
        group = next(name for name in ("hira", "kata", "kanji") if match[name])
        given = reading.view[slice(*match.span(group))]
        known = given in (names().given if group == "kanji" else own_names().given_by_reading)
        if known and given not in clinical_words() and _may_be_family(family):
            yield match.span()
    for match in _KANA_PAIR.finditer(reading.text):
        family, given = (reading.view[slice(*match.span(group))] for group in "fg")
        if family in names().by_reading and family not in clinical_words() and given in names().given_by_reading:
            yield match.span()


def _may_be_family(view: str) -> bool:
    if view in clinical_words() or view in clinical_terms() or terms_with(view):
        return False
    return view not in names().words and view not in names().given_words
