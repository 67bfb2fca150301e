"""Rules for whole names of Japanese people in Latin letters: romaji of a surname and of a given name. Pure."""

import re
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.fold import name_view
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.names.eponyms import EPONYM_EN
from services.anonymizer.text.names.kana import kana_spellings
from services.anonymizer.text.rules import Hit, Rule

_ROMAJI: Final = re.compile(
    "(?:(?:ky|gy|ny|hy|by|py|my|ry|sh|ch|ts|sy|ty|zy|jy|cch|ssh|tch|kk|ss|tt|pp|[kgsztdnhbpmyrwjf])?[aiueo]h?|"
    "[nm](?![aiueoy]))+"
)
_ENGLISH: Final = frozenset("no none the a one two same are here there ten more home side made date note name".split())
_SHORTEST_PAIR: Final = 7  # letters
_SHORTEST_WITH_INITIAL: Final = 4


def _is_no_pair(hit: Hit) -> bool:
    """Say whether two words are not a surname and a given name, in both orders, with a comma or without."""
    first, second = hit.match["f"].lower(), hit.match["g"].lower()
    if first in clinical_words() or second in clinical_words() or len(first + second) < _SHORTEST_PAIR:
        return True
    has_comma = "," in hit.folded.text[hit.match.end("f") : hit.match.start("g")]
    if has_comma and _is_family(first) and _ROMAJI.fullmatch(second) and second not in _ENGLISH:
        return False
    return not ((_is_family(first) and _is_given(second)) or (_is_given(first) and _is_family(second)))


def _is_no_surname(hit: Hit) -> bool:
    name = (hit.match["f"] or hit.match["g"]).lower()
    return name in clinical_words() or not _is_family(name) or bool(EPONYM_EN.match(hit.folded.text, hit.end))


def is_romaji_family(latin: str) -> bool:
    """Say whether lower-case letters are the romaji of a surname, also with an initial: kudo, ykudo, kudoy."""
    longest = len(latin) > _SHORTEST_WITH_INITIAL
    return _is_family(latin) or (longest and (_is_family(latin[1:]) or _is_family(latin[:-1])))


@lru_cache(4096)
def _is_family(latin: str) -> bool:
    return len(latin) > 2 and any(kana in names().by_reading for kana in _sounds(latin))


@lru_cache(4096)
def _is_given(latin: str) -> bool:
    return any(kana in names().given_by_reading for kana in _sounds(latin))


def _sounds(latin: str) -> tuple[str, ...]:
    if not _ROMAJI.fullmatch(latin):
        return ()
    return tuple(name_view(kana) for kana in kana_spellings(latin))


RULES: Final = (
    Rule(
        "name",
        re.compile(
            r"(?<![A-Za-z0-9'-])(?P<f>[A-Z][A-Za-z]{1,14})(?=,?[ ](?P<g>[A-Z][A-Za-z]{1,12})(?![A-Za-z0-9']))"
        ),
        "⟦Yamada Hanako⟧ was seen", "No Gamma Knife, Same Side",
        place=lambda _, match: [(match.start("f"), match.end("g"))], veto=_is_no_pair,
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![A-Za-z0-9.])(?:(?P<i>[A-Z])\.[ ]?(?P<f>[A-Z][a-z]{2,14})|"
            r"(?P<g>[A-Z][a-z]{2,14}),[ ](?P<j>[A-Z])\.)(?![A-Za-z0-9])"
        ),
        "seen by ⟦K. Yamada⟧ today", "T. Takayasu arteritis, A. Node",
        veto=_is_no_surname,
    ),
)  # fmt: skip
