"""Rules for whole names of people whom no label, title or header announces: a surname and a given name side by side.

Two lists must agree, of surnames and of given names, by their kanji, their reading, or the romaji of a reading, and
nothing may touch them that makes them a part of a longer word. Pure.
"""

import re
from typing import Final

from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.kanji_names import FUNCTION_WORDS, KATAKANA_WORDS, is_announced, kanji_name
from services.anonymizer.text.names.readings import are_words
from services.anonymizer.text.rules import Hit, Rule

_TITLED: Final = re.compile(f"[ ]?(?:さん|殿|先生|様(?![{_K}の]))")


def _is_no_pair(hit: Hit) -> bool:
    """Say whether two words in katakana are no name, by their sound or by a title."""
    family, given = (hit.folded.view[slice(*hit.match.span(group))] for group in "fg")
    if _TITLED.match(hit.folded.text, hit.end) and family not in clinical_words():
        return False
    if _sounds(family, given):
        return False
    return not (_sounds_partly(family, given) and is_announced(hit.folded, hit.start, hit.end))


def _is_no_whole_name(hit: Hit) -> bool:
    kana = hit.view
    return not any(_sounds(kana[:size], kana[size:]) for size in range(2, len(kana) - 1))


def _sounds(family: str, given: str) -> bool:
    """Say whether two pieces in katakana are readings of a surname and of a given name."""
    if family in clinical_words() or given in clinical_words() or given in FUNCTION_WORDS:
        return False
    return family in names().by_reading and given in names().given_by_reading


def _sounds_partly(family: str, given: str) -> bool:
    """Say whether one of two pieces is a reading; who is announced may have a name that no list has."""
    if family in clinical_words() or given in clinical_words() or given in FUNCTION_WORDS | KATAKANA_WORDS:
        return False
    return family in names().by_reading or given in names().given_by_reading


RULES: Final = (
    Rule(
        "name", re.compile(rf"[{_K}]{{1,14}}"),
        "次に⟦鈴木一郎⟧が説明", "高安動脈炎、川崎病後、国立大学",
        place=kanji_name, veto=lambda hit: are_words(hit.folded, hit.start, hit.end),
    ),
    Rule(
        "name", re.compile(r"(?<![ァ-ヺー])(?P<f>[ァ-ヺー]{2,7})[ ・]{1,2}(?P<g>[ァ-ヺー]{2,6})(?![ァ-ヺー])"),
        "本日⟦ヤマダ ハナコ⟧が来院", "フォークト・コヤナギ、スコア テスト",
        veto=_is_no_pair,
    ),
    Rule(
        "name",
        re.compile(
            r"(?:(?<=[の、。「(:\s])|(?<![ぁ-ん]))(?P<v>[ぁ-ん]{4,12}?)[ ]?"
            r"(?=(?:さん|さま|様|ちゃん|くん|殿|氏)(?![ぁ-ん]{0,2}[るた]))"
        ),
        "「⟦やまだはなこ⟧さん」", "おかあさま、ごかぞくさま",
        veto=_is_no_whole_name,
    ),
)  # fmt: skip
