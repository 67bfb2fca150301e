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
_ABBREVIATION: Final = re.compile("(?:CT|MRI?|PET|US|XP|CR|DR|AP|PA|HU|SUV|ROI|MIP|MPR|TNM|CD|DVD|ID|OK|NG|[,. ])+")
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


_CAPITALS: Final = r"[A-Z][A-Za-z'-]{1,15}"


def _has_clinical_word(hit: Hit) -> bool:
    if _ABBREVIATION.fullmatch(hit.words):
        return True
    return any(word in clinical_words() or word in _ENGLISH for word in re.split(r"[ ,.]+", hit.words.lower()))


RULES: Final = (
    Rule(
        "physician",
        re.compile(
            r"(?<![A-Za-z])(?:[Aa]ssistants?|[Aa]ttending|[Rr]esident|[Ff]ellow|[Oo]perator|[Rr]adiographer|[Ss]crub|"
            r""
            rf"[Ss]onographer|[Aa]n(?:a)?esthetist|[Ii]ntern)[ :]{{1,2}}(?P<v>{_CAPITALS}(?:,?[ ](?:{_CAPITALS}|"
            rf"[A-Z]\.?)){{0,2}})(?![A-Za-z])"
        ),
        "Resident ⟦Tani⟧ / Attending", "Resident CT",
        signs=("ssistant", "ttending", "esident", "ellow", "perator", "adiographer", "crub", "onographer",
               "sthetist", "ntern"),
        veto=_has_clinical_word,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?<![A-Za-z0-9'-])(?P<v>{_CAPITALS}(?:,?[ ]{_CAPITALS}){{0,3}})"
            r"(?=[ ]?(?:様(?![一-鿿の])|さん|殿|氏(?![名病法]))|[ ]{1,2}\d{1,3}[ ]?(?:歳|才|y/?o|[MF](?![A-Za-z])))"
        ),
        "⟦THAPA SITA⟧様", "CT様、MRI 62歳、DSA 4 F/S",
        signs=("様", "さん", "殿", "氏", "歳", "才", "y", "M", "F"), veto=_has_clinical_word,
    ),
    Rule(
        "name",
        re.compile(
            r"(?<=[\"|;\t,])[ ]?(?P<v>[A-Z]{2,15},[ ]?[A-Z]{2,15}(?:[ ][A-Z]{2,15}){0,2})[ ]?(?=[\"|;\t,])"),
        "\"⟦MORI,FUSA⟧\"", "\"CT,MR\"",
        signs=(",",), veto=_has_clinical_word,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?<![A-Za-z0-9])(?:RN|RT|Tech|tech)[ :.]{{1,2}}(?P<v>{_CAPITALS})(?![A-Za-z])|"
            rf"(?P<w>{_CAPITALS}),[ ](?:M\.?D\.?|Ph\.?D\.?)(?![A-Za-z])"),
        "Contact RN ⟦KUSUNOKI⟧ now", "RT PLANNING PELVIS",
        signs=("RN", "RT", "ech", "M.D", "MD", "Ph"), veto=_has_clinical_word,
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![A-Za-z])(?:[Ww]ife|[Hh]usband|[Ss]on|[Dd]aughter|[Mm]other|[Ff]ather|[Ss]ister|[Bb]rother|"
            r"[Pp]artner|[Aa]unt|[Uu]ncle|[Nn]iece|"
            r"[Nn]ephew|[Cc]ousin|[Ff]riend|[Cc]aregiver)[ ,:]{1,2}(?P<v>[A-Z][a-z]{1,14}(?:[ ][A-Z][a-z]{1,14}){0,2}"
            r"|[一-鿿]{1,4}|"
            r"[ァ-ヺー]{2,8})(?=[ ,.)]|$)"
        ),
        "his wife ⟦Hanako⟧ was informed", "her sister Chest, and",
        signs=("ife", "usband", "on", "aughter", "ther", "ister", "artner", "unt", "ncle", "iece", "ephew", "ousin",
               "riend", "aregiver"),
        veto=_has_clinical_word,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?<![A-Za-z])(?:[Dd]ictated|DICTATED|[Ss]igned|SIGNED|[Rr]ead|[Rr]eported|[Rr]eviewed|[Tt]ranscribed|[Vv]erified|"
            rf"[Aa]pproved)(?:[ ]by)?[ :]{{1,2}}(?P<v>(?:[A-Z]\.[ ]?){{1,2}}{_CAPITALS})"),
        "Dictated ⟦R. Gupta⟧", "Read: CT",
        signs=("ictated", "ICTATED", "igned", "IGNED", "ead", "eported", "eviewed", "ranscribed", "erified", "pproved"),
        veto=_has_clinical_word,
    ),
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
