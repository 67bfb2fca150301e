"""The words that name findings, as patterns. Pure.

Three kinds: whole ends of Japanese words (``結節`` in 右肺結節), ends that need something before them (``病`` in
川崎病), and English words with their plurals and the endings of Greek and Latin (-itis, -oma, -osis).
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from services.search.findings.codes import names
from services.search.findings.patterns import any_of, words
from services.search.findings.view import low

_GREEK: Final = (
    r"[a-z]{2,24}(?:omas?|omata|itis|[^n]osis|oses|iasis|ectas[ie][as]|opath(?:y|ies)|megaly|rrhage|rrhea|plasias?|trophy|"
    r"thorax|celes?|liths?|malacia|penia|physema|listhesis|emboli|embolus|plegia|sclerosis|stenos[ie]s|dysplasia)"
)
_NOT_GREEK: Final = r"(?!(?:diagnos|prognos|stoma|symptom|anastomos|tomo|hypothes|atroma|automa|coma\b|aroma))"
_NAMED: Final = r"[a-z]{3,20}(?:'s)? (?:disease|syndrome)"
_ABBREVIATION: Final = re.compile(r"[A-Za-z]{0,3}[A-Z]{2,6}[0-9]?")
_KANJI: Final = r"一-龯々〆ァ-ヶー"
_STEM: Final = re.compile(rf"[{_KANJI}]+")
LONGEST_STEM: Final = 16  # signs before the end of a word that are looked at


@cache
def terms() -> re.Pattern[str]:
    """Return what finds the ends of Japanese findings in a view's lower-case text; ``kind`` says of which kind."""
    return re.compile(any_of(_kinds()))


def kind(word: str) -> str:
    """Return of which kind an end is: ``japanese``, ``bound`` (needs something before it) or ``stop`` (is none)."""
    return _kinds()[word]


@cache
def _kinds() -> dict[str, str]:
    kinds = {low(word): "bound" for word in words("heads_bound_ja")}
    known = (name for name in names() if not name.isascii())
    kinds |= dict.fromkeys(map(low, (*words("heads_ja"), *words("heads_weak_ja"), *known)), "japanese")
    return kinds | {low(word): "stop" for word in words("stop_ja")}


@cache
def english() -> re.Pattern[str]:
    """Return what finds English findings in a view's lower-case text, with the words that describe them."""
    known = [name for name in names() if name.isascii() and not _ABBREVIATION.fullmatch(name)]
    heads = [low(word) for word in (*words("heads_en", whole_lines=True), *known)]
    describing = any_of(words("describing_en", whole_lines=True))
    named = rf"(?:{any_of(_plurals(heads))}|{_NOT_GREEK}{_GREEK}|{_NAMED})"
    return re.compile(rf"(?<![a-z-])(?:{describing} ){{0,3}}{named}(?![a-z](?!/[od])|/[od])")


@cache
def abbreviations() -> re.Pattern[str]:
    """Return what finds abbreviations, in the case that they are written in."""
    listed = (name for name in names() if _ABBREVIATION.fullmatch(name))
    known = (*words("abbreviations"), *words("phrases", whole_lines=True), *listed)
    return re.compile(rf"(?<![A-Za-z]){any_of(known)}(?:s(?!/))?(?![A-Za-z](?!/[od]))")


def is_weak(term: str) -> bool:
    """Say whether a word is a finding only where a predicate speaks of it directly."""
    return any(term.endswith(word) and not terms().search(term.removesuffix(word)) for word in _weak())


@cache
def _weak() -> tuple[str, ...]:
    return tuple(map(low, words("heads_weak_ja")))


def _plurals(heads: Iterable[str]) -> set[str]:
    return {form for head in heads for form in (head, f"{head}s", f"{head}es")}


def stem_start(low: str, start: int, end: int) -> int:
    """Return where the word begins that goes on up to ``end``, not before ``start``."""
    begin = end
    while begin > start and _STEM.match(low, begin - 1, begin):
        begin -= 1
    return begin
