"""Rules for who greets, closes or is spoken with: initials below a report, 拝, letters and notes in English. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import is_no_reading, is_side
from services.anonymizer.text.names.unfamiliar import is_said
from services.anonymizer.text.rules import Hit, Rule

_INITIALS: Final = r"[A-Z]\.?[ ]?[A-Z]\.?"
_ABBREVIATIONS: Final = frozenset(
    "CT MR US NP PE RA XA CR DX MG NM PT RF OK NA GE SD PR PD NC NS ER OR IV CP DM HT AF MI PV LN GB IR RT ED OB HD WI "
    "CE NED".split()
)
_WRITER: Final = r"[A-Z][a-z]{2,14}(?:[ ][A-Z][a-z]{2,14})?|[A-Z]{2,12}"
_WORDS: Final = frozenset("the and team patient family ward nurse staff surgery oncology clinic doctor".split())


def _is_abbreviation(hit: Hit) -> bool:
    return hit.words.replace(".", "").replace(" ", "") in _ABBREVIATIONS


def _is_word(hit: Hit) -> bool:
    return hit.words in _ABBREVIATIONS or hit.words.lower() in _WORDS or hit.view in clinical_words()


def _is_said(hit: Hit) -> bool:
    """Say whether what closes a report in brackets is a clinical word or one of the hospital's work."""
    return is_said(hit.view) or hit.view[-1] in "側位部院科的性中後前時"


def _is_nobody(hit: Hit) -> bool:
    return is_side(hit.view) or hit.words in "再参礼崇"


RULES: Final = (
    Rule(
        "physician",
        re.compile(r"(?:[。.)]|\n)[ \t]*[(](?P<v>[一-鿿々]{2,3})[)]\s*\Z"),
        "所見を疑う。(⟦堤内⟧)",
        "所見を疑う。(不変)",
        signs=("(",),
        veto=_is_said,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:\n|[。.)][ ]{{0,4}})[ \t]*[(\[]?(?P<v>{_INITIALS})[)\]]?\s*\Z"),
        "新たな病変なし。\n⟦T.K.⟧",
        "造影剤は使わず。\nCT",
        veto=_is_abbreviation,
    ),
    Rule(
        "physician",
        re.compile(
            rf"^[ \t]*(?:Best|Best regards|Kind regards|Regards|Sincerely|Thanks|Thank you|Rgds|Cheers)[,. ]*\n"
            rf"[ \t]*(?P<v>{_INITIALS}|{_WRITER})[ \t]*$",
            re.MULTILINE,
        ),
        "Best,\n⟦A.K.⟧",
        "Best quality,\nCT",
        signs=("est", "egards", "hank", "incerely", "gds", "heers"),
        veto=_is_abbreviation,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:^|(?<=[\s。、])) *(?P<v>[{_K}]{{1,4}}|[ァ-ヺー]{{2,8}})[ ]?拝(?=$|[\s。/,])", re.MULTILINE),
        "著変なし。⟦王⟧拝",
        "紹介状を拝見。",
        signs=("拝",),
        veto=_is_nobody,
    ),
    Rule(
        "physician",
        re.compile(r"(?:\A|読影は|担当は)(?P<v>[ぁ-ん]{2,6}?)(?=です[。、]|。)"),
        "⟦ごとう⟧です。心電図を送ります。",
        "ふくらはぎです。腫脹あり。",
        veto=is_no_reading,
    ),
    Rule(
        "physician",
        re.compile(
            rf"\b(?:[Dd]iscussed|[Ss]poke|[Rr]eviewed|[Cc]onfirmed|d/w)(?:[ ](?:w/|with|by))?[ ]"
            rf"(?P<v>{_WRITER})(?:[ ](?:and|&)[ ](?P<w>{_WRITER}|[{_K}]{{1,3}}))?(?=[ .,;:(]|$)"
        ),
        "discussed w/ ⟦UTO⟧ (当直).",
        "discussed with the team.",
        signs=("iscussed", "poke", "eviewed", "onfirmed", "d/w"),
        veto=_is_word,
    ),
    Rule(
        "physician",
        re.compile(rf"\b(?:Hi|Dear|Hello|Hey)[ ](?P<v>{_WRITER})(?=[ -](?:sensei|san\b|Dr)|,)"),
        "Hi ⟦Eto⟧-sensei, please see.",
        "Dear Team, please see.",
        signs=("Hi ", "Dear ", "Hello ", "Hey "),
        veto=_is_word,
    ),
)
