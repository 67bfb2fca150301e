"""Rules for people whom the analyser sees, with a second kind of evidence: our lists, a given name, a title, a role.

A surname alone goes where it stands by itself, between signs and particles; a part of a longer word is an eponym or a
place. A given name alone goes beside a word for a person. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical, names
from services.anonymizer.text.folding.morphemes import Kind, Morpheme
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names.eponyms import EPONYM_JA, means_disease
from services.anonymizer.text.names.readings import is_family, is_given_name, joined_by
from services.anonymizer.text.names.titles import TITLE_AFTER
from services.anonymizer.text.rules import Place, Rule

ROLE_BEFORE: Final = re.compile(
    "(?:医師?|看護師|技師|技士|薬剤師|助産師|保健師|介護士|栄養士|療法士|相談員|師長|主任|院長|部長|医長|教授|講師|助教|"
    "研修医|秘書|事務|受付|クラーク|担当者?|先生|患者|本人|氏|名|殿|様|者|妻|夫|父|母|娘|息子|[長次三四]男|[長次三四]女|兄|弟|"
    "姉|妹|孫|嫁|婿|祖父|祖母|叔父|叔母|伯父|伯母|義父|義母|旧姓|姓)[ :の・はが]{0,2}$"
)
WORK: Final = re.compile(
    "[ ]?(?:撮影|施行|読影|記載|報告|確認|担当|作成|入力|承認|立会|同席|説明|記|拝|筆|印|代行|代|済|検像|介助|"
    "執刀|実施|診察)"
)
_WITH_PERSON: Final = re.compile(
    "[ ]?(?:が|は|に|へ|と|より|から|まで|にも|へも|とも|も)?[ ]?(?:連絡|報告|相談|確認|電話|TEL|説明|依頼|紹介|指示|"
    "コンサルト|読影|撮影|担当|施行|記載|申し送|申送|問い合わせ|問合|伝達|伝え|引き継|引継|返信|回答|了解|了承|入力|実施|話|"
    "聴取|同席|診察|判断|対応|一報|済)"
)
_PUBLISHED: Final = re.compile(r"[ ]?(?:ら(?:の|は|が|に)|et al|and|&)")
_LAY_TITLE: Final = re.compile("[ ]?(?:さん|様|さま|氏|殿|くん|君|ちゃん)")
_LAY_BEFORE: Final = re.compile("(?:患者|本人|名|妻|夫|父|母|娘|息子|男|女|兄|弟|姉|妹|孫|嫁|婿|姓)[ :の・はが]{0,2}$")
_MAY_BEGIN: Final = (Kind.FAMILY, Kind.PLACE, Kind.GIVEN)
_SHORTEST_ALONE: Final = 2
_LONGEST_DOUBTED: Final = 3  # signs
_SHORTEST_PAIR: Final = 2  # signs
_TEXT: Final = re.compile(r"\A")


@lru_cache(4)
def _people(folded: FoldedText) -> tuple[tuple[str, int, int], ...]:
    """Return (category, start, end) of everybody who is named: full names, staff by their surnames, lay people."""
    words = folded.words.words
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(words):
        if words[at].kind not in _MAY_BEGIN:  # most words, so that this comes first
            at += 1
            continue
        stop = _full_name(folded, words, at)
        category = "name"
        if not stop:
            stop = _alone(folded, words, at)
            category = "name" if stop and _is_lay(folded, words[at]) else "physician"
        if stop:
            found.append((category, words[at].start, words[stop - 1].end))
        at = max(stop, at + 1)
    return tuple(found)


def _named(category: str) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    def places(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
        yield from ((start, end) for kind, start, end in _people(folded) if kind == category)

    return places


def _is_lay(folded: FoldedText, word: Morpheme) -> bool:
    if _LAY_TITLE.match(folded.text, word.end):
        return True
    return _LAY_BEFORE.search(folded.text, max(0, word.start - 8), word.start) is not None


def _full_name(folded: FoldedText, words: Sequence[Morpheme], at: int) -> int:
    """Return where, among the words, a surname with its given name ends that begins at one; 0 if none does."""
    family = words[at]
    if not is_family(folded, family) or script(folded.text[family.start]) == "latin":
        return 0
    given = at + 1
    while given < len(words) and words[given].kind is Kind.SIGN and given < at + 3:
        given += 1
    if given >= len(words) or not joined_by(folded, family, words[given]) or not is_given_name(folded, words[given]):
        return 0
    view = folded.view[family.start : words[given].end]
    whole = view.replace(" ", "")
    is_prefix = family.end - family.start == 1 and words[given].start == family.end  # 高 in 高リジン血症
    mixed = is_prefix and not _is_kanji(folded, words[given])
    if (len(whole) <= _SHORTEST_PAIR or mixed) and not _is_framed(folded, family.start, words[given].end):
        return 0
    if is_clinical(whole) or _is_inside(folded, family.start, words[given].end):
        return 0
    return given + 1


def _is_kanji(folded: FoldedText, word: Morpheme) -> bool:
    return script(folded.text[word.start]) == "kanji"


def _is_framed(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether signs stand on both sides, or a title behind: 東 光, but not 島回の."""
    if TITLE_AFTER.match(folded.text, end) or WORK.match(folded.text, end):
        return True
    return script(folded.before(start)) == script(folded.after(end)) == "other"


def _is_inside(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether a short pair, as the analyser may part any word, touches more signs of a word."""
    last = script(folded.text[end - 1])
    if last != "kanji" and script(folded.after(end)) == last != "hiragana":
        return True
    if end - start > _LONGEST_DOUBTED:
        return False
    touching = script(folded.before(start)) == "kanji" or script(folded.after(end)) in ("kanji", "katakana")
    return touching and not (TITLE_AFTER.match(folded.text, end) or WORK.match(folded.text, end))


def _alone(folded: FoldedText, words: Sequence[Morpheme], at: int) -> int:
    """Return where a surname, or a given name, ends that stands by itself; 0 if none does."""
    word = words[at]
    if not (word.kind is Kind.GIVEN or is_family(folded, word)):
        return 0
    view = folded.view[word.start : word.end]
    titled = TITLE_AFTER.match(folded.text, word.end) is not None
    announced = ROLE_BEFORE.search(folded.text, max(0, word.start - 8), word.start) is not None
    if is_clinical(view):
        return 0
    left, right = _stands_left(words, at), _stands_right(words, at)
    if titled and (left or announced):
        return at + 1
    if announced and (right or WORK.match(folded.text, word.end)):
        return 0 if _is_eponym(folded, view, word.end) else at + 1
    plain = script(folded.text[word.start]) == "kanji" and len(view) >= _SHORTEST_ALONE
    stands = left and (right or WORK.match(folded.text, word.end) is not None)
    return at + 1 if plain and stands and _is_person(folded, word, view) else 0


def _is_person(folded: FoldedText, word: Morpheme, view: str) -> bool:
    """Say whether a name that nothing announces is somebody's, and not what is called by it."""
    if _is_eponym(folded, view, word.end) or _PUBLISHED.match(folded.text, word.end):
        return False
    if "-" in (folded.before(word.start), folded.after(word.end)):
        return False  # Vogt-小柳-原田
    if word.kind is Kind.FAMILY:
        return True
    known = view in names().surnames if word.kind is Kind.PLACE else view in names().given
    return known and _WITH_PERSON.match(folded.text, word.end) is not None


def _is_eponym(folded: FoldedText, view: str, end: int) -> bool:
    return EPONYM_JA.match(folded.text, end) is not None or means_disease(folded, view, end)


def _stands_left(words: Sequence[Morpheme], at: int) -> bool:
    return at == 0 or words[at - 1].kind in (Kind.SIGN, Kind.OTHER, Kind.NUMBER) or words[at - 1].end < words[at].start


def _stands_right(words: Sequence[Morpheme], at: int) -> bool:
    behind = words[at + 1] if at + 1 < len(words) else None
    return behind is None or behind.kind in (Kind.SIGN, Kind.OTHER) or behind.start > words[at].end


RULES: Final = (
    Rule(
        "name", _TEXT,
        "⟦小鳥遊 健⟧が来院", "高安 動脈炎、山口県",
        place=_named("name"),
    ),
    Rule(
        "physician", _TEXT,
        "所見は⟦小鳥遊⟧と確認", "高安動脈炎、橋本の既往、山口県",
        place=_named("physician"),
    ),
)  # fmt: skip
