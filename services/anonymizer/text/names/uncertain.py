"""Rules for what looks like somebody's name and is not certain enough to be cut: it flags the text. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names, own_names, terms_with
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.eponyms import EPONYM_JA
from services.anonymizer.text.rules import Hit, Place, Rule


def _is_no_surname(hit: Hit) -> bool:
    """Say whether a run of kanji is neither a known surname nor one with a known given name, or is a clinical term."""
    run = hit.view
    surnames, words, given = names().surnames, names().words, names().given
    sizes = [size for size in (2, 3, 4, 5) if run[:size] in surnames and size <= len(run) and run[:size] not in words]
    if not any(size == len(run) or (run[size:] in given and len(run) - size > 1) for size in sizes):
        return True
    is_eponym = EPONYM_JA.match(hit.folded.text, hit.end) is not None  # 福岡ガイドライン
    return is_eponym or run in clinical_words() or bool(terms_with(run))


def _beside_given(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield kanji that no list of surnames has, with a known given name behind."""
    family = folded.view[slice(*match.span("f"))]
    group = next(name for name in ("hira", "kata", "kanji") if match[name])
    given = folded.view[slice(*match.span(group))]
    known = given in (names().given if group == "kanji" else own_names().given_by_reading)
    if known and given not in clinical_words() and _may_be_family(family):
        yield match.span()


def _may_be_family(view: str) -> bool:
    if is_clinical(view) or terms_with(view):
        return False
    return view not in names().words and view not in names().given_words


def _is_no_pair(hit: Hit) -> bool:
    family, given = (hit.folded.view[slice(*hit.match.span(group))] for group in "fg")
    is_pair = family in names().by_reading and family not in clinical_words() and given in names().given_by_reading
    return not is_pair


RESIDUAL: Final = (
    Rule(
        "surname-in-text", re.compile("(?<![一-鿿々])[一-鿿々]{2,5}(?![一-鿿々])"),
        "本件は⟦滝口⟧だ", "上部と下部を比較、菊池病",
        veto=_is_no_surname,
    ),
    Rule(
        "name-like-words",
        re.compile(
            rf"(?<![{_K}])(?P<f>[{_K}]{{1,4}})"
            r"(?:[ ]{0,2}\n?(?P<hira>[ぁ-ゖ]{3,5}?)"
            r"(?=さん|さま|ちゃん|くん|より|から|[がはのにとへをも]?(?:[^ぁ-ゖ]|$))|"
            r"[ ]{0,2}\n?(?P<kata>[ァ-ヺー]{3,5})(?![ァ-ヺー])|"
            rf"(?:[ ]{{1,2}}|\n)(?P<kanji>[{_K}]{{2,3}})(?![{_K}]))"
        ),
        "⟦鷲巣さくら⟧が撮影", "所見あたり、結節 なし",
        place=_beside_given,
    ),
    Rule(
        "name-like-words",
        re.compile(r"(?<![ァ-ヺー])(?P<f>[ァ-ヺー]{3,6})[ ・\n](?P<g>[ァ-ヺー]{2,5})(?![ァ-ヺー])"),
        "⟦オオシロ\nキクエ⟧の所見", "フォークト・コヤナギ病",
        veto=_is_no_pair,
    ),
)  # fmt: skip
