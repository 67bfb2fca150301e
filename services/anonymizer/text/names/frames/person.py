"""The name that begins at a place: how far it reaches, and how much speaks for it. Pure."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, names
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.eponyms import EPONYM_JA
from services.anonymizer.text.names.given import SIDES, is_given_part
from services.anonymizer.text.names.kanji_names import FUNCTION_WORDS
from services.anonymizer.text.names.readings import are_words
from services.anonymizer.text.names.surnames import is_name, is_plain_surname, may_be_name, surname_end
from services.anonymizer.text.rules import Hit

_PIECE: Final = re.compile(rf"[{_K}]{{1,7}}(?:[ぁ-ん]{{2,4}}(?![ぁ-ん]))?|[ァ-ヺー]{{2,10}}|[A-Z][A-Za-z'-]{{1,15}}")
_GIVEN: Final = re.compile(
    rf"[ ]{{1,2}}(?P<g>[{_K}]{{1,3}}(?![{_K}])|[ぁ-ん]{{2,4}}(?![ぁ-ん])|[ァ-ヺー]{{2,5}}(?![ァ-ヺー]))"
)
_MORE_FOREIGN: Final = re.compile(r"(?:[ ]?[・=][ ]?|[ ]{1,2})[ァ-ヺー]{2,10}(?![ァ-ヺー])")
_MORE_LATIN: Final = re.compile(r",?[ ]{1,2}(?:[A-Z][A-Za-z'-]{1,15}|[A-Z]\.?)(?![A-Za-z])")
_PEOPLE: Final = (Kind.FAMILY, Kind.GIVEN, Kind.PERSON)
_HIRAGANA: Final = "".join(map(chr, range(ord("ぁ"), ord("ん") + 1)))
_MOST_PIECES: Final = 5
_LONGEST_UNKNOWN: Final = 5  # signs
_WORK: Final = re.compile(
    "不在|同席|変更|交代|待機|終了|完了|予定|説明|連絡|報告|確認|依頼|相談|撮影|読影|記載|対応|指示|到着|呼出|同伴|"
    "付添|退室|入室|常駐|"
    "兼任|未定|未記|不要|必要|希望|同意|検討|判断|評価|診察|紹介|受診|検査|精査|画像|単純|造影|所見|結果|参照|御中|"
    "各位|一同|本人|"
    "家族|患者|以上|以下|以外|以内|代表|医師|先生|技師|看護|主治|担当|当直|当番|日直|外来|病棟|救急|他院|当院|前医|"
    "近医|同上|不明|"
    "有無|異常|正常|著変|不変|陽性|陰性|左右|両側|右側|左側|上記|下記|別紙|添付|次回|前回|今回|初回|再診|初診|午前|"
    "午後|本日|昨日|"
    "明日|番号|氏名|名前|年齢|性別|男性|女性|住所|電話|内線|要精|判定|結節|腫瘤|所属|専門|非常|常勤|中止|開始|施行|"
    "投与|継続|経過|追記|訂正"
)
_NO_SINGLE: Final = frozenset(
    "肝肺腎脳骨胃腸胸腹頭頸眼耳鼻歯舌胆膵脾脊髄血尿便痰乳陰陽低軽重強弱癌腫瘤瘍痛熱術様氏殿者医師士員名科部室課印宛記"
    "版期型群級度"
    "層枚個例無有否可済未要急至主副男女他同再初前後左右上下内外年月日時分秒件回頁点線膜管筋腱靱節核"
)


class Evidence(IntEnum):
    """What a word says of itself, beside its frame. UNKNOWN: nobody has it as a word."""

    NONE = 0
    UNKNOWN = 1
    LISTED = 2


def person_end(folded: FoldedText, at: int, least: Evidence) -> int:
    """Return where the name ends that begins at a place and has that much evidence; 0 if none does."""
    piece = _PIECE.match(folded.text, at)
    if piece is None:
        return 0
    sign = folded.text[at]
    if sign.isascii():
        return _latin_end(folded, piece)
    if "ァ" <= sign <= "ー":
        return _foreign_end(folded, piece)
    end = piece.start() + len(piece[0].rstrip(_HIRAGANA))
    if end < piece.end() and evidence(folded, at, end) >= Evidence.UNKNOWN and _is_given(folded, end, piece.end()):
        return piece.end()
    if (given := _GIVEN.match(folded.text, end)) and _is_given(folded, *given.span("g")):
        pair = folded.view[at : given.end()]
        if is_name(pair, words=True) or evidence(folded, at, end) >= Evidence.UNKNOWN:
            return given.end()
    return end if evidence(folded, at, end) >= least and not EPONYM_JA.match(folded.text, end) else 0


def evidence(folded: FoldedText, start: int, end: int) -> Evidence:
    """Return what speaks for a place in kanji being a name."""
    words = folded.words.within(start, end)
    whole = bool(words) and words[0].start == start and words[-1].end == end
    parts = tuple((word.kind, word.end - word.start) for word in words) if whole else ()
    return _evidence(folded.view[start:end], parts)


@lru_cache(8192)
def _evidence(view: str, parts: tuple[tuple[Kind, int], ...]) -> Evidence:
    if view in clinical_terms() or _WORK.search(view):
        return Evidence.NONE
    if len(view) == 1:
        return Evidence.NONE if view in _NO_SINGLE else Evidence.LISTED
    if view in names().surnames or is_name(view, words=True):
        return Evidence.LISTED
    if view in clinical_words() or not may_be_name(view):
        return Evidence.NONE
    kinds = [kind for kind, _ in parts]
    if kinds and all(kind in _PEOPLE for kind in kinds):
        return Evidence.LISTED
    rest = view[surname_end(view) :]
    if 1 <= len(rest) <= 2 and is_plain_surname(view[: -len(rest)]) and Kind.OTHER not in kinds:
        return Evidence.UNKNOWN
    has_given = view[-2:] in names().given or view[-3:] in names().given
    if len(parts) > 1 and 3 <= len(view) <= _LONGEST_UNKNOWN and has_given and Kind.OTHER not in kinds:
        return Evidence.UNKNOWN
    no_word = bool({Kind.UNKNOWN, Kind.PLACE, Kind.PROPER}.intersection(kinds)) or _is_made_up(parts)
    return Evidence.UNKNOWN if len(view) <= _LONGEST_UNKNOWN and no_word else Evidence.NONE


def is_no_reading(hit: Hit) -> bool:
    """Say whether no surname is read as the kana that stand there."""
    return hit.view not in names().by_reading


def may_sign(view: str) -> bool:
    """Say whether no word of the clinic or of its work stands there."""
    long = len(view) > 1
    return (
        not _WORK.search(view)
        and not (long and view in clinical_words() and view not in names().surnames)
        and view not in clinical_terms()
    )


def _is_made_up(parts: tuple[tuple[Kind, int], ...]) -> bool:
    """Say whether no dictionary has it, so that it falls into single signs, or a number and a sign."""
    single = len(parts) in (2, 3) and all(size == 1 for _, size in parts)
    numbers = {kind is Kind.NUMBER for kind, _ in parts}
    return single or (len(parts) == 2 and numbers == {True, False})


def is_work(view: str) -> bool:
    """Say whether a word of the hospital's work or of a report stands there: 同席, 所見."""
    return _WORK.search(view) is not None


def is_side(view: str) -> bool:
    """Say whether it is one kanji that reports are full of: 右, 中."""
    return view in SIDES


def _is_given(folded: FoldedText, start: int, end: int) -> bool:
    view = folded.view[start:end]
    if view in _NO_SINGLE or _WORK.search(view):
        return False
    if view in names().given_by_reading and len(view) < _LONGEST_UNKNOWN and view not in FUNCTION_WORDS:
        return True
    if len(view) > 1 and view in names().given and view not in clinical_words():
        return True  # 弥生, also if it is a word
    return is_given_part(view) and not are_words(folded, start, end)


def _foreign_end(folded: FoldedText, piece: re.Match[str]) -> int:
    end, pieces = piece.end(), 1
    while pieces < _MOST_PIECES and (more := _MORE_FOREIGN.match(folded.text, end)):
        end, pieces = more.end(), pieces + 1
    words = re.split(r"[ ・=]+", folded.view[piece.start() : end])
    known = any(word in clinical_words() for word in words)
    return 0 if known and pieces < 3 else end


def _latin_end(folded: FoldedText, piece: re.Match[str]) -> int:
    end, pieces = piece.end(), 1
    while pieces < _MOST_PIECES and (more := _MORE_LATIN.match(folded.text, end)):
        end, pieces = more.end(), pieces + 1
    words = re.findall("[a-z]+", folded.text[piece.start() : end].lower())
    return 0 if any(word in clinical_words() for word in words) or (piece[0].isupper() and len(piece[0]) < 4) else end
