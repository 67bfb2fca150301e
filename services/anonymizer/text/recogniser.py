"""Find who is named in a cleaned text by a named-entity recogniser and a dictionary of morphemes. It only flags.

An optional dependency (``jmid[names]``): GiNZA's model ``ja_ginza`` and the SudachiDict it reads with, both offline.
What it finds is never cut: it takes 鈴木分類 and Hodgkin for people (measured in docs/deidentification-reports.md).
"""

import importlib
import logging
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from services.anonymizer.text.folding.fold import name_view
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.eponyms import EPONYM_EN, EPONYM_FOREIGN, EPONYM_JA

MODEL: Final = "ja_ginza"
REASON: Final = "recogniser-sees-person"
_UNUSED: Final = ("parser", "morphologizer", "attribute_ruler", "compound_splitter", "bunsetu_recognizer")
_PERSON: Final = "Person"  # of Sekine's extended named entities, which the model was trained on
_TITLE: Final = re.compile(
    "^(?:妻|夫|父|母|長男|長女)[ ]?|[ ]?(?:ちゃん|さん|くん|さま|先生|医師|技師|看護師|[様殿氏君])$"
)
_LATIN_NAME: Final = re.compile(r"(?<![A-Za-z-])[A-Z][a-z'-]+(?:,?[ ][A-Z][A-Za-z'-]+)+")
_MARKER_SIGN: Final = "\ufffc"  # what FoldedText puts in the place of markers
_MAX_CHARACTERS: Final = 16_000  # of one look: SudachiPy refuses more than 49,149 bytes


def available() -> bool:
    """Return whether the recogniser is installed."""
    return _engine() is not None


def reasons_to_read(texts: Iterable[str]) -> set[str]:
    """Return the reason, as a word, why a person should read cleaned texts; none if nobody is seen in them."""
    return {REASON} if any(people(text) for text in texts) else set()


def people(text: str) -> list[tuple[int, int]]:
    """Return where people seem to be named: (start, end) in the text as ``FoldedText`` folds it, in order.

    Markers, clinical terms, eponyms and what stands in the clinical lexicon are nobody. Empty without the recogniser.
    """
    folded = FoldedText(text)
    clinical = [match.span() for match in _terms().finditer(folded.view)]
    return [
        (start, end)
        for start, end in sorted(set(_entities(folded.text)))
        if not any(low < end and start < high for low, high in clinical)
        and _can_name(folded.text[start:end])
        and not _is_eponym(folded.text, start, end)
    ]


def _entities(text: str) -> Iterator[tuple[int, int]]:
    engine = _engine()
    if engine is None:
        return
    for at in range(0, len(text), _MAX_CHARACTERS):
        tokens = engine(text[at : at + _MAX_CHARACTERS])
        for entity in tokens.ents:
            if entity.label_ == _PERSON:
                yield at + entity.start_char, at + entity.end_char
        for token in tokens:
            if token.tag_.startswith("名詞-固有名詞-人名"):
                yield at + token.idx, at + token.idx + len(token)


def _can_name(words: str) -> bool:
    """Say whether it can be somebody's name: Japanese, or two Latin words with capitals, and nothing clinical."""
    bare = _TITLE.sub("", words.replace(_MARKER_SIGN, " ").strip())
    if any(script(sign) in ("kanji", "hiragana", "katakana") for sign in bare):
        return name_view(bare) not in clinical_words()
    pairs = [match[0].replace(",", "").lower().split() for match in _LATIN_NAME.finditer(bare)]
    return any(not clinical_words().intersection(pair) for pair in pairs)


def _is_eponym(text: str, start: int, end: int) -> bool:
    """Say whether a word for a disease, a sign or a structure ends it or follows it."""
    if script(text[start]) == "kanji":
        return any(EPONYM_JA.match(text, at) for at in range(start + 1, end + 1))
    patterns = (EPONYM_EN, EPONYM_FOREIGN)
    return any(pattern.match(text, at) for pattern in patterns for at in range(start + 1, end + 1))


@cache
def _terms() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(clinical_terms(), key=len, reverse=True))))


@cache
def _engine() -> Any:
    try:
        spacy = importlib.import_module("spacy")
        importlib.import_module(MODEL)
    except ImportError:
        return None
    logging.getLogger("spacy").setLevel(logging.ERROR)
    return spacy.load(MODEL, exclude=_UNUSED)
