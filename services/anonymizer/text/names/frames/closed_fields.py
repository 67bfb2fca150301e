"""Rules for fields that a person alone can fill: who stands there goes, also if it is a word or a date. Pure.

Their places are not weighed against dates: 判定医:八月一日 names a reader.
"""

import re
from typing import Final

from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.frames.person import is_work
from services.anonymizer.text.names.unfamiliar import is_common_sign
from services.anonymizer.text.rules import Hit, Rule

_NAME: Final = rf"[{_K}]{{1,5}}(?:[ ]{{1,2}}(?:[{_K}]{{1,3}}|[ぁ-んァ-ヺー]{{2,5}}))?"
_LATIN: Final = (
    r"[A-Z][A-Za-z'-]{2,15}(?:,?[ ][A-Z][A-Za-z'-]{0,15}){0,4}|[A-Z][A-Za-z](?:[ ][A-Z][A-Za-z'-]{1,15}){1,4}|"
    r"[ァ-ヺー]{2,10}(?:[ ・][ァ-ヺー]{1,10}){1,4}"
)
_DOER: Final = (
    "(?:[一二三]次(?:読影)?|第[12一二]|依頼|主治|読影|報告|診断|確認|承認|撮影|検像|担当|執刀|検査|指導|判定|当直|校閲|"
    "診察|施行|麻酔|説明|紹介|記載|最終判定|総合判定)"
)
_LABEL: Final = (
    rf"(?:{_DOER}(?:医師?|技師|技士)|(?:{_DOER}|口述|記入|入力|取込|受領)者|(?<![{_K}])[一二三]次(?=[ ]?:)|術者|"
    "署名|文責|(?<![A-Za-z])(?:R|C|Rad|Chk|Dr)(?=[ ]?:[ ]))"
)
_LABEL_BEGINS: Final = re.compile("[一二三第依主読報診確承撮検担執指判当校施麻説紹記最総口入取受術署文RCD]")
DATE: Final = r"(?:[MTSHR明大昭平令]{1,2}[和治正成]?\.?)?(?:\d{1,4}|元)[-/.年]\d{1,2}[-/.月](?:\d{1,2}日?)?"
"""A day as a form writes it beside who signs: R3.3.30, 2021年4月15日."""
_DAY: Final = rf"[(][ ]?{DATE}[ ]?[)]"
_FIELD_ENDS: Final = rf"(?=[ ]*(?:$|[\n/|│┃)]|[(]\d|[ ]{{1,2}}(?:{DATE})|{_DAY})|[ ]{{1,3}}{_LABEL}[ ]?[:]?)"
_STATES: Final = frozenset("有無済未要否可不同他各両名印様氏上全員複数代行自動本人")
"""Signs of what is no name in a field: 済, 同上, 両名."""
_STATES_AND_SIDES: Final = frozenset("右左上下中前後内外正異良高低軽重陰陽新旧")
_RESULTS: Final = frozenset("正常 良好 不変 陰性 陽性 不明 以上 異常 同様 問題 疑い 軽度 重度 所見 了解 大丈夫".split())
_PLACE_ENDS: Final = ("科", "院", "課", "病棟", "外来", "センター")
_NUMBER_NAME: Final = r"[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日|一二三|九十九"
"""Surnames that are written as dates and numbers: 八月一日 Hozumi, 四月一日 Watanuki."""


def _is_nobody(hit: Hit) -> bool:
    """Say whether a state, a word of the hospital's work or a department fills the field."""
    words = hit.words
    return _STATES.issuperset(words) or is_work(hit.view) or words.endswith(_PLACE_ENDS)


def _is_no_signature(hit: Hit) -> bool:
    """Say whether it is one kanji that a report may end with: 右, 済."""
    return hit.view in _STATES_AND_SIDES or _is_nobody(hit)


def _is_no_speaker(hit: Hit) -> bool:
    """Say whether a result stands before です: 正常, 不変."""
    return _is_no_signature(hit) or hit.words in _RESULTS


RULES: Final = (
    Rule(
        "physician",
        re.compile(rf"{_LABEL}[ ]?[:][ ]{{0,2}}(?P<v>{_NAME}){_FIELD_ENDS}", re.MULTILINE),
        "検査者:根本 判定医:⟦八月一日⟧\n",
        "一次:有\n判定医:同上\n",
        begins=_LABEL_BEGINS,
        veto=_is_nobody,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:{_DOER}(?:医師?|技師|技士|者)|文責|署名)[ ]{{1,2}}(?P<v>{_NAME})(?=[ ]*$)", re.MULTILINE),
        "総合判定:C3\n判定医 ⟦上下⟧\n",
        "検査者 無\n判定医 不在\n",
        begins=_LABEL_BEGINS,
        veto=_is_nobody,
    ),
    Rule(
        "physician",
        re.compile(rf"{_LABEL}[ ]?[: ][ ]{{0,2}}(?P<v>{_LATIN})(?=[ ]*(?:$|[\n/|│┃(]))", re.MULTILINE),
        "判定医 ⟦LE THI THU HA⟧\n",
        "判定者:CT/MR\n",
        begins=_LABEL_BEGINS,
        veto=_is_nobody,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:^|(?<=[。.\s]))[ ]*(?:放射線?(?:診断)?科|放科|放診|画診|放射線部|画像診断部|診断科)[ ]"
            rf"(?P<v>{_NUMBER_NAME}|"
            rf"[{_K}]|{_LATIN}|[ァ-ヺー]{{2,8}})[ ]*$",
            re.MULTILINE,
        ),
        "疑う所見なし。\n放科 ⟦八月一日⟧",
        "放射線科 済\n所見 八月一日",
        signs=("科", "診", "部"),
        veto=_is_no_signature,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:\n|[。.])[ ]*[(](?P<v>{_NUMBER_NAME})[)]\s*\Z"),
        "疑う。\n(⟦八月一日⟧)",
        "疑う。\n(正常)",
        signs=("(",),
    ),
    Rule(
        "physician",
        re.compile(rf"以上(?:です|でした)?[。. ][ ]?(?P<v>{_NUMBER_NAME}|[{_K}]|[ァ-ヺー]{{2,8}})\s*\Z"),
        "以上です。⟦八月一日⟧",
        "以上です。済",
        signs=("以上",),
        veto=_is_no_signature,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:確定|承認|読影|報告|診断|記載|印)済?[ ](?:{DATE}[ ])?(?P<v>{_NUMBER_NAME}|[{_K}])(?={_DAY})"),
        "指摘できません。確定 ⟦一二三⟧(2019年4月13日)",
        "確定 済(2019年4月13日)",
        signs=("確定", "承認", "読影", "報告", "診断", "記載", "印"),
        veto=_is_no_signature,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:{_NUMBER_NAME})(?=[ ]?(?:医師|先生|Dr|DR|技師|看護師|Ns|様|さん|教授|殿|と申し))"),
        "⟦八月一日⟧医師より依頼",
        "八月一日の検査、一二三の順",
        signs=("医師", "先生", "Dr", "DR", "師", "Ns", "様", "さん", "教授", "殿", "申し"),
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:科|部|室|院|を|は|の|^|[、。:\s])(?P<v>[{_K}]{{1,4}})"
            r"(?=(?:医師|先生|Dr\.?|DR)(?:より|から|の?へ|宛|に(?:依頼|連絡|紹介)))",
            re.MULTILINE,
        ),
        "総合診療科⟦上下⟧医師より依頼",
        "前医先生より、各医師へ、主治医師へ",
        signs=("医師", "先生", "Dr", "DR"),
        veto=lambda hit: _is_nobody(hit) or hit.words[-1] in "医科部室院治当任前同他各両女男"
        or is_common_sign(hit.view),
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:^|[\n>|])[ ]*[^\n。]{{1,12}}(?:様|先生|さん|各位|Dr)[ ]?[、,][ ]?(?P<v>[{_K}]{{1,4}})"
            r"(?=です[。.、,]?[ ]*(?:$|\n))",
            re.MULTILINE,
        ),
        "根本様、⟦四方⟧です。\n右腫瘤は軽度増悪。",
        "根本様、正常です。\n",
        signs=("様", "先生", "さん", "各位", "Dr"),
        veto=_is_no_speaker,
    ),
    Rule(
        "physician",
        re.compile(rf"(?:済|{DATE})[ ](?P<v>[{_K}]{{1,3}})(?=[ ]?(?:印|㊞)[)〉》\]])"),
        "(読影済 2021年4月15日 ⟦浦⟧㊞)",
        "(読影済 2021年4月15日 検印)",
        signs=("印", "㊞"),
        veto=lambda hit: hit.view in "検押代捺認受"  or _is_no_signature(hit),
    ),
)  # fmt: skip
