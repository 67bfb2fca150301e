"""Rules for who stands beside a date, at the end of a text or a sentence, in brackets, or speaks in a talk. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import names
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import (
    Evidence,
    evidence,
    is_no_reading,
    is_side,
    is_work,
    may_sign,
    person_end,
)
from services.anonymizer.text.names.surnames import is_name, is_plain_surname
from services.anonymizer.text.rules import Hit, Place, Rule

_DAY: Final = (
    r"(?:(?:[MTSHR明大昭平令]{1,2}[和治正成]?\.?[ ]?)?(?:\d{1,4}|元)[-/.年][ ]?\d{1,2}[-/.月](?:[ ]?\d{1,2}日?)?|"
    r"'\d\d\.\d{1,2}\.\d{1,2}|"
    r"(?:19|20)\d{6}|\d{1,2}月\d{1,2}日|\d{1,2}/\d{1,2})"
)
_DAY_BEGINS: Final = re.compile(r"[\d'MTSHR明大昭平令元当]")
_HOUR: Final = r"(?:[ ]?\d{1,2}:\d{2}(?::\d{2})?)?"
_NAME: Final = rf"[{_K}]{{1,5}}(?:[ ]{{1,2}}(?:[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}|[ァ-ヺー]{{2,5}}))?"
_WHOSE: Final = (
    r"[^()\n]{0,12}?(?:医|師|士|員|ワーカー|ケアマネ|クラーク|MSW|PSW|SW|Ns|NS|Dr|DR|Tech|役|長|係|主任|秘書|事務|先生)"
)


def _people(least: Evidence) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields those marked parts of a match that are wholly a name with so much evidence."""

    def places(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
        for group in ("v", "w", "x"):
            if group in match.re.groupindex and match[group]:
                start, end = match.span(group)
                if person_end(folded, start, least) == end or _is_pair(folded, start, end):
                    yield start, end

    return places


def _is_pair(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether it is a listed surname, a blank and what is no word of the clinic or its work: 村上 弦."""
    family, blank, given = folded.view[start:end].partition(" ")
    if not blank or not is_plain_surname(family) or is_work(given.strip()):
        return False
    low = end - len(given.lstrip())
    return len(given.strip()) == 1 or not folded.words.are_common(low, end)


def _plain(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the marked part if nothing but a name, which is no ordinary noun, or of one kanji and no side."""
    start, end = match.span("v")
    view = folded.view[start:end]
    is_one = len(view) == 1 and evidence(folded, start, end) and not is_side(view)
    if is_one or is_name(view, words=False) or (len(view) > 2 and evidence(folded, start, end) is Evidence.LISTED):
        yield start, end


def _listed(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    start, end = match.span("v")
    is_one = end - start == 1
    if evidence(folded, start, end) is Evidence.LISTED and not (is_one and is_side(folded.view[start:end])):
        yield start, end


def _last(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield who signs in the last line: a listed surname, also if it is a word."""
    start, end = match.span("v")
    view = folded.view[start:end]
    listed = view in names().surnames or is_name(view, words=True)
    if person_end(folded, start, Evidence.LISTED) == end and (listed or len(view) == 1):
        yield start, end


def _pair(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield both of two who signed, if either is a listed surname and the other can be one."""
    spans = [match.span("v"), match.span("w")]
    found = [evidence(folded, start, end) for start, end in spans]
    sides = [is_side(folded.view[start:end]) for start, end in spans]
    if max(found) >= Evidence.LISTED and not all(sides) and all(map(_may_sign, [folded] * 2, spans)):
        yield from spans


def _may_sign(folded: FoldedText, place: Place) -> bool:
    return may_sign(folded.view[slice(*place)])


def _is_everybody(hit: Hit) -> bool:
    return hit.words in "各両同他当前先女男全担主後"


RULES: Final = (
    Rule(
        "physician",
        re.compile(rf"(?:^|(?<=[\s、。:・/(]))(?P<v>[{_K}])(?=[ ]?(?:先生|Dr(?![A-Za-z])|医師))", re.MULTILINE),
        "呼吸器内科 ⟦王⟧先生", "各先生、両医師",
        signs=("先生", "Dr", "医師"), veto=_is_everybody,
    ),
    Rule(
        "physician", re.compile(rf"[(\[](?P<v>{_NAME})[)\]]\s*\Z"),
        "所見を疑う。(⟦佃⟧)", "所見を疑う。(正常)",
        place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician",
        re.compile(rf"(?:{_DAY}|当直){_HOUR}[ ]?(?P<v>{_NAME})(?=指示|確認|記載|承認|対応|説明|連絡|修正|担当|追記|"
            rf"[ ]\d{{1,2}}:\d{{2}})"),
        "安静解除 9/15 ⟦首藤⟧指示", "9/15 造影指示",
        begins=_DAY_BEGINS,
        place=_listed,
    ),
    Rule(
        "physician", re.compile(rf"(?:^|(?<=[\n ㊞]))(?P<v>{_NAME})(?=@|[ ]?㊞)|㊞[ ]?(?P<w>{_NAME})", re.MULTILINE),
        "所見。\n⟦纐纈⟧@画像診断", "所見。\n画像@診断",
        signs=("@", "㊞"), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:^|(?<=[\s。]))[RDT]\.(?P<v>[{_K}]{{1,4}})[ \t]*$", re.MULTILINE),
        "所見。\nR.⟦奥⟧", "所見。\nR.肺",
        signs=(".",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:(?<=\s)|^|(?<=[。(、]))(?:{_DAY}){_HOUR}[ ]{{1,3}}(?P<v>{_NAME})[ ]?(?=[)\]】]|"
            rf"印|"
            rf"記|拝|$)", re.MULTILINE),
        "所見。 2025/07/26 ⟦鎌⟧", "2025/07/26 単純",
        begins=_DAY_BEGINS,
        place=_people(Evidence.LISTED),
    ),
    Rule(
        "physician", re.compile(rf"(?:^|[ 。%])(?P<v>{_NAME})[ ]{{1,2}}{_DAY}{_HOUR}[ ]*$", re.MULTILINE),
        "狭窄あり。⟦佃⟧ 2016/2/24", "増大なし 2024/4/1",
        place=_plain,
    ),
    Rule(
        "physician", re.compile(rf"[(\[](?:{_DAY})[^()\n]{{0,8}}?[ 、,](?P<v>{_NAME})[)\]]"),
        "旧レポート(11月4日 ⟦城⟧)", "(11月4日 単純)",
        signs=("(", "["), place=_people(Evidence.LISTED),
    ),
    Rule(
        "physician", re.compile(rf"[(](?P<v>{_NAME})[ ]?(?:{_DAY})[)]"),
        "訂正(⟦城⟧ 9月13日)", "訂正(前回 9月13日)",
        signs=("(",), place=_plain,
    ),
    Rule(
        "physician", re.compile(rf"(?:以上|お?終?わり)[、,。. ][ ]?(?P<v>{_NAME})(?=[ ]*(?:$|\n|。|でした|です|"
            rf"、入力|$))"),
        "以上、⟦佃⟧", "以上、正常です",
        signs=("以上",), place=_people(Evidence.LISTED),
    ),
    Rule(
        "physician", re.compile(r"以上[、,。. ][ ]?(?P<v>[ァ-ヺー]{2,10}(?:[ ・][ァ-ヺー]{2,10}){1,4})(?=[ ]*(?:$|\n|"
            r"。|でした|です|"
            r"、))"),
        "以上、⟦エヴァンス グウェン⟧、", "以上、ポリープ です",
        signs=("以上",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"^[ \t]*[\[(]?(?:{_DAY}[ ])?\d{{1,2}}:\d{{2}}(?::\d{{2}})?[\])]?[ ]+(?P<v>{_NAME})("
            rf"?=[ ]?(?::|「|>))", re.MULTILINE),
        "12:58 ⟦島⟧: 了解", "12:58 検査: 終了",
        signs=(":",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(r"^[ \t]*[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?[ ]+(?P<v>[ぁ-ん]{2,6}|"
            r"[ァ-ヺー]{2,6})(?=[ ]?:)", re.MULTILINE),
        "12:58 ⟦ごとう⟧: 了解", "12:58 エコー: 終了",
        signs=(":",), veto=is_no_reading,
    ),
    Rule(
        "physician",
        re.compile(rf"^[ \t]*[・●○■◆★]?(?P<v>{_NAME})[ ]?(?:>|→)[ ]?(?P<w>{_NAME})(?=[ 「:]|$)", re.MULTILINE),
        "⟦三枝⟧>嶽 了解", "単純→造影",
        place=_people(Evidence.LISTED),
    ),
    Rule(
        "physician", re.compile(rf"(?<=[→⇒])[ ]?(?P<v>{_NAME})(?=[「(])"),
        "→⟦星⟧「慢性」", "→右「慢性」",
        place=_people(Evidence.LISTED),
    ),
    Rule(
        "physician", re.compile(rf"^[ \t]*(?:放射?|外|内|整|脳|救|病|循|呼|消|乳|泌|婦|小|耳|眼|皮|麻|"
            rf"司)・(?P<v>[{_K}]{{1,5}}|"
            rf"[ァ-ヺー]{{2,8}})(?=[)])", re.MULTILINE),
        "放・⟦纐纈⟧)所見", "放・単純)",
        signs=("・",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:^[ \t]*[(\[]?|[。.][ ]?[(\[])(?P<v>[{_K}]{{1,4}})[ ]?[/／・][ ]?(?P<w>[{_K}]"
            rf"{{1,4}})[)\]]?[ \t]*$", re.MULTILINE),
        "所見。\n⟦根本⟧/背戸\n", "所見。\n頭部/胸部\n",
        place=_pair,
    ),
    Rule(
        "physician", re.compile(rf"(?:[。\n.][ ]*|説明済み?|了解|済み)[(\[](?P<v>[{_K}]{{1,4}})[)\]](?=[ ]*(?:$|"
            rf"[\n。]))"),
        "所見を疑う。(⟦堤⟧)", "所見を疑う。(右)",
        signs=("(", "["), place=_plain,
    ),
    Rule(
        "physician", re.compile(rf"(?:^|(?<=[\s、,:;/・(]))(?P<v>{_NAME}|"
            rf"[ァ-ヺー]{{2,10}}(?:[ ・][ァ-ヺー]{{2,10}}){{0,4}})[ ]?(?=[(]{_WHOSE}[)])", re.MULTILINE),
        "長女、⟦十文字⟧(ソーシャルワーカー)", "単純(担当医)",
        signs=("(",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:^|(?<=[\s、,:;(]))(?P<v>[{_K}]{{1,5}})/(?P<w>[{_K}]{{1,7}})(?=[ ]?[(]{_WHOSE}[)]"
            rf")", re.MULTILINE),
        "ER ⟦柳⟧/奥山(初期研修医)", "頭部/胸部(担当医)",
        signs=("(",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"(?:科|線|病理|整形|形成|[内外]|部|室|センター|病院|診|赤|会|連|"
            rf"保)の(?P<v>[{_K}]{{1,5}})(?=(?:です|と申し|でござい|"
            rf"先生|Dr|医師))"),
        "放射線の⟦榊⟧です", "内科の予定です、病院の先生",
        signs=("の",), place=_people(Evidence.UNKNOWN),
    ),
    Rule(
        "physician", re.compile(rf"\n[ \t]*(?P<v>[{_K}]{{1,4}}(?:[ ]{{1,2}}(?:[{_K}]{{1,3}}|[ぁ-ん]{{2,4}}))?)\s*\Z"),
        "所見。\n⟦下地⟧\n", "所見。\n以上\n",
        place=_last,
    ),
)  # fmt: skip
