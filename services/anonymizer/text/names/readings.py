"""Whether a word that the analyser read can be a name: the questions that rules put to it. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, names
from services.anonymizer.text.folding.morphemes import Kind, Morpheme
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.given import is_given, is_made_like_given

_NAMES: Final = (Kind.FAMILY, Kind.GIVEN, Kind.PERSON)
_JOB: Final = re.compile(
    "ヘルパー|スタッフ|ドクター|ナース|ケアマネ(?:ージャー|ジャー)?|メーカー|クラーク|ボランティア|オペレータ[ーア]?|パート|ソーシャルワーカー|"
    "ワーカー|ディーラー|テクニシャン|コーディネーター?|オジイ|オバア|ガラス|ポリープ|カリフラワー|スリガラス|アミロイド|ムチン|ゼリー|フィブリン"
)
_LONGEST: Final = 6  # signs of an unknown word that may be a name in Japanese


def is_family(folded: FoldedText, word: Morpheme) -> bool:
    """Say whether both readers hold a word for a surname: the analyser, and our lists where it sees a place."""
    view = folded.view[word.start : word.end]
    if is_clinical(view):
        return False
    return word.kind is Kind.FAMILY or (word.kind in (Kind.PLACE, Kind.GIVEN) and view in names().surnames)


def is_given_name(folded: FoldedText, word: Morpheme) -> bool:
    """Say whether a word behind a surname is a given name, by the analyser or by our lists."""
    view = folded.view[word.start : word.end]
    if is_clinical(view):
        return False
    if word.kind is Kind.GIVEN:
        return True
    if word.kind in (Kind.FAMILY, Kind.PLACE, Kind.PERSON, Kind.PROPER):
        return is_given(view) or is_made_like_given(view) or view in names().given_by_reading
    return word.kind is Kind.UNKNOWN and script(folded.text[word.start]) == "kanji" and is_made_like_given(view)


def may_stand_in_slot(folded: FoldedText, word: Morpheme) -> bool:
    """Say whether a word where only a person stands can be the person: a name, or no word that anybody knows."""
    view = folded.view[word.start : word.end]
    if is_clinical(view) or not folded.text[word.start].isalpha():
        return False
    if word.kind in _NAMES or word.kind is Kind.PLACE:
        return True
    if word.kind is Kind.UNKNOWN:
        return len(view) <= _LONGEST and not view.isascii()
    if word.kind is Kind.PROPER:
        return view in names().surnames or view in names().given or script(folded.text[word.start]) == "katakana"
    return word.kind is Kind.NOUN and view in names().surnames and len(view) > 1


def are_words(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether a place is made of common words that are nobody's plain name: 左乳房, 術前, but not 健 or 正."""
    view = folded.view[start:end].strip()
    if view in names().given and len(view) > 1 and view not in names().given_words:
        return False
    return len(view) > 1 and folded.words.are_common(start, end)


def joined_by(folded: FoldedText, left: Morpheme, right: Morpheme) -> bool:
    """Say whether two words follow each other, or are parted by no more than a blank, a dot or a line's end."""
    return re.fullmatch(r"[ \t]{0,2}\n?[ \t]{0,2}|[ ]?・[ ]?", folded.text[left.end : right.start]) is not None


def is_job(word: str) -> bool:
    """Say whether a word in katakana is somebody's work or what something is like, not a name: ヘルパー."""
    return _JOB.match(word) is not None
