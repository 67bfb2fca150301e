"""Rules for people who are mentioned rather than named: a surname behind a role, initials, nicknames. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names, terms_with
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.kanji_names import FUNCTION_WORDS
from services.anonymizer.text.names.readings import is_job
from services.anonymizer.text.names.spread import spread_name
from services.anonymizer.text.names.surnames import is_plain_surname, may_be_name
from services.anonymizer.text.rules import Hit, Place, Rule

_ROLES = (
    "看護師|薬剤師|助産師|技師|医師|Ns|NS|Nrs|Dr|DR|"
    "担当医?|主治医|当直医?|執刀医|師長|受持医?|読影医?|依頼医?|確認|報告"
)
_THEN = "撮影|施行|記載|報告|確認|読影|宛|同席|立会|担当|作成|入力|承認"
_WORK: Final = re.compile(
    "予定|希望|受診|紹介|相談|検査|精査|連絡|報告|確認|依頼|評価|指示|説明|検討|必要|不在|不明|同意|対応|診察|加療|治療|手術|"
    "退院|入院|外来|病棟|撮影|読影|結果|所見|画像|資格|取得|認定|在籍|常勤|交代|変更|未定|他院|当院|記載|情報|属性|年齢|性別|"
    "番号|病院|医院|センター|専門|担当|終了|完了|あり|なし|です|ます|した|する|血|意識|体動|"
    "[科医部室課済中待否可無有癌症病炎腫瘍術]$|[癌症炎腫瘍]"
)
_PARTS: Final = re.compile(rf"[{_K}]+")
_SHORTEST_KANA: Final = 2
_NOBODY: Final = re.compile("^(?:赤|坊|お.*|じい|ばあ|ジイ|バア|孫|嬢|姉|兄|妹|弟|みな|子)$")


def _behind_role(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the surname behind a role, with up to three kanji more that can be a given name."""
    start, end = match.span("v")
    start += match["v"][0] == "長" and not is_plain_surname(folded.view[start:end])  # 師長山崎, but 看護師長谷川
    if _begins_with_surname(folded.view[start:end]):
        yield start, end


def _begins_with_surname(view: str) -> bool:
    if is_plain_surname(view):
        return True
    sizes = [size for size in (2, 3, 4, 5) if is_plain_surname(view[:size])]
    return any(1 <= len(view) - size <= 3 for size in sizes) and may_be_name(view) and not terms_with(view)


def _behind_department(folded: FoldedText, match: re.Match[str]) -> list[Place]:
    """Return the people of 放射線科 佐藤/小鳥遊 at a line's end: one known surname vouches for those beside it."""
    at = match.start("v")
    places = [(at + part.start(), at + part.end()) for part in _PARTS.finditer(match["v"])]
    views = [folded.view[start:end] for start, end in places]
    vouched = any(is_plain_surname(view) for view in views)
    return places if vouched and all(view in names().surnames or may_be_name(view) for view in views) else []


def _is_work(hit: Hit) -> bool:
    """Say whether it is too short for a name, or a word of the hospital's work."""
    bare = re.sub(r"\s", "", hit.words)
    return len(bare) <= 2 or _WORK.search(bare) is not None or not may_be_name(hit.view)


def _has_clinical_word(hit: Hit) -> bool:
    return any(word in clinical_words() for word in hit.words.lower().split())


def _is_no_surname(hit: Hit) -> bool:
    return not is_plain_surname(hit.view)


def _is_no_reading(hit: Hit) -> bool:
    """Say whether kana in brackets are not how the kanji before them, or any surname with a given name, are read."""
    kana = hit.view.replace(" ", "")
    if kana in clinical_words():
        return True
    whole = any(
        kana[:n] in names().by_reading and kana[n:] in names().given_by_reading for n in range(2, len(kana) - 1)
    )
    return not (whole or kana in names().by_reading)


def _is_no_kana_name(hit: Hit) -> bool:
    return len(hit.words.replace(" ", "")) < _SHORTEST_KANA or hit.view in clinical_words()


def _is_department_in_kana(hit: Hit) -> bool:
    return hit.words.endswith(("カ", "ブ", "シツ", "キョク")) and hit.view not in names().by_reading


def _is_phrase(hit: Hit) -> bool:
    """Say whether common words stand there and no name."""
    pieces = hit.view.split()
    return any(piece in FUNCTION_WORDS or piece in clinical_words() or piece[0] in "オゴ" for piece in pieces)


def _is_only_person(hit: Hit) -> bool:
    """Say whether the title behind is one that nothing but a person has: ランさん, but not ポリープ様."""
    return hit.folded.text.startswith(("さん", "ちゃん", "くん", "氏"), hit.end)


def _is_job_in_katakana(hit: Hit) -> bool:
    word = hit.words.split(" ")[-1]
    return (
        is_job(word)
        or (hit.view in clinical_words() and not _is_only_person(hit))
        or word.endswith(("ーム", "ンター", "ビス", "ガラス"))
    )


def _is_nobody(hit: Hit) -> bool:
    return _NOBODY.match(hit.words) is not None


RULES: Final = (
    Rule(
        "physician", re.compile(rf"(?:{_ROLES})[ .:]{{0,2}}(?P<v>[{_K}]{{2,7}}?)(?={_THEN}|[^{_K}]|$)"),
        "看護師⟦山崎⟧へ連絡", "看護師待機、技師長不在",
        place=_behind_role,
    ),
    # Labels behind which only a person stands: there a name goes even if no list has any of it
    Rule(
        "name",
        re.compile(
            r"(?:世帯主|キーパーソン|ケアマネ(?:ージャー)?|確定者|診断専門医|[一二]次読影医?|依頼医|"
            r"(?:患者|受診者)(?:氏名|名)(?=[】:])|【(?:患者|受診者)(?=】)|Ns\.|Dr\.)[ :】\]>\n]{0,3}"
            rf"(?P<v>[{_K}]{{2,6}}(?:[ \n]{{1,2}}[{_K}]{{1,3}}(?![{_K}])|[ \n]?[ぁ-ん]{{2,4}}(?=[ (\n]|様|さん|$)|"
            r"[ \n]?[ァ-ヺー]{2,4}(?![ァ-ヺー]))?)"
            r"(?=[ 、。,)(/\n]|に|へ|より|様|さん|氏|内線|撮影|$)"
        ),
        "キーパーソン:⟦頴川俊⟧に電話", "キーパーソン:不在、依頼医:検査待",
        veto=_is_work,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:科|部|室|センター|講座|病院)[ ]{{1,2}}(?P<v>[{_K}]{{1,5}}(?:[ ]?[/・,、][ ]?[{_K}]{{1,5}})*)[ \t]*$",
            re.MULTILINE,
        ),
        "放射線科 ⟦佐藤⟧", "放射線科 単純",
        place=_behind_department,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?:氏[ ]?名|名[ ]?前|患者名|フリガナ|ふりがな)[ ]*[:=]?[ ]*"
            rf"(?P<v>[{_K}ぁ-んァ-ヺー]{{1,6}}(?:[ \n][{_K}ぁ-んァ-ヺー]{{1,6}}){{0,6}})"
        ),
        "氏 名 : ⟦山 田 花 子⟧ 女", "氏名の記載なし",
        place=spread_name,
    ),
    Rule(
        "physician",
        re.compile(
            r"(?:by|with|to|from)[ ](?:Drs?\.?[ ])?[A-Z][A-Za-z'-]{1,200}(?:[ ][A-Z][A-Za-z'-]{1,200}){1,2}[ ]and[ ]"
            r"(?P<v>[A-Z][a-z'-]{1,200}(?:[ ][A-Z][A-Za-z'-]{1,200}){1,2})"
        ),
        "with Emily Carver and ⟦Betty Ross⟧", "compared with Chest Film and White Matter",
        signs=(" and ",), veto=_has_clinical_word,
    ),
    Rule(
        "physician",
        re.compile(rf"(?<![{_K}])(?P<v>[{_K}]{{2,5}})[ ]?(?:→|⇒|->|=>)[ ]?(?P<w>[{_K}]{{2,5}})(?![{_K}])"),
        "⟦佐藤⟧→変更", "単純→造影",
        veto=_is_no_surname,
    ),
    Rule(
        "physician", re.compile(
            rf"[{_K}]{{1,5}}[ ]?[(](?P<v>[ァ-ヺー]{{2,6}}(?:[ ][ァ-ヺー]{{2,6}})?|"
            rf"[ぁ-ん]{{2,6}}(?:[ ][ぁ-ん]{{2,6}})?)[)]"),
        "木下(⟦キノシタ⟧)", "病変(ポリープ)",
        signs=("(",), veto=_is_no_reading,
    ),
    Rule(
        "name",
        re.compile(
            r"(?:カナ(?:氏名)?|フリガナ|ふりがな|よみがな|ヨミガナ|ヨミ|シメイ)(?:氏名)?(?:[ ]?[:=|│][ ]{0,4}|[ ]{1,4})"
            r"(?P<v>[ァ-ヺー・ぁ-ゖ]{1,12}(?:[ ]{1,2}[ァ-ヺー・ぁ-ゖ]{1,12}){0,4})"
        ),
        "カナ:⟦デュボワ エミリー⟧", "カナ氏名:- ",
        signs=("カナ", "ガナ", "がな", "ヨミ", "シメイ"), veto=_is_no_kana_name,
    ),
    Rule(
        "physician",
        re.compile(
            r"(?:ドクエイ|イライ|イライモト|ギシ|カンゴシ|シュジイ|タントウ|キロク|ショウニン|カクニン|サツエイ|シンダン|ケンサ)(?:イ|シャ|シ)?"
            r"[ ]?[:=][ ]?(?P<v>[ァ-ヺー]{2,8}(?:[ ][ァ-ヺー]{2,6})?)"
        ),
        "ドクエイ:⟦ツムラヤ⟧", "イライカ:ナイカ",
        signs=("イ:", "シ:", "ャ:", "ウ:", "ン:", "ク:", "サ:"), veto=_is_department_in_kana,
    ),
    # HL7 v2 and DICOM write names so: PS3.5 6.2.1, HL7 2.5 XPN
    Rule(
        "name",
        re.compile(
            rf"(?<![A-Za-z0-9{_K}ァ-ヺー])(?:[A-Z][A-Za-z'-]{{1,20}}\^[A-Z][A-Za-z'. -]{{1,30}}|"
            rf"[ァ-ヺー]{{1,10}}\^[ァ-ヺー ]{{1,16}}|"
            rf"[{_K}]{{1,5}}\^[{_K}ぁ-んァ-ヺー]{{1,6}})"
        ),
        "|⟦YAMADA^HANAKO⟧|", "10^3、T2^",
        signs=("^",),
    ),
    Rule(
        "name",
        re.compile(
            r"(?:患者(?:名)?|被験者|症例|氏名|Pt|"
            r"Patient)[ ]?(?:No\.?)?\d{0,3}[ ]?[:=]?[ ]{0,2}(?P<v>[A-Z]\.[ ]?[A-Z]\.?)(?![A-Za-z0-9])"
        ),
        "患者:⟦K.K.⟧ 53歳", "症例3 T.1",
        signs=("患者", "被験者", "症例", "氏名", "Pt", "Patient"),
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![A-Za-z0-9.])(?P<v>[A-Z]\.[ ]?[A-Z]\.?)(?=[ ]{1,2}(?:満?\d{1,3}[ ]?(?:歳|才|y)|[男女](?![ぁ-ん])))"
        ),
        "⟦T.S.⟧ 52歳女", "T.S. 52 mm",
        signs=("歳", "才", "男", "女", "y"),
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![ぁ-ゖ])(?P<v>[ぁ-ゖー]{2,8}(?:[ ]{1,2}[ぁ-ゖー]{2,8}){1,3})(?=さん|さま|様|ちゃん|くん|殿|」)"),
        "⟦でらくるす らみる⟧さんと呼名", "どなた かさま",
        signs=("さん", "さま", "様", "ちゃん", "くん", "殿", "」"),
        veto=_is_phrase,
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![ァ-ヺー])(?P<v>[ァ-ヺー]{2,10}(?:[ ・]{1,2}[ァ-ヺー]{2,10}){0,4})"
            r"(?=[ ]?(?:さん|さま|氏(?![名病法])|殿|ちゃん|くん|様(?=[ 　\n(、。:/)\]|]|$|より|から|へ|に電|ご|御)))"
        ),
        "⟦タパ⟧さんは転倒", "ヘルパーさん、ポリープ様病変",
        signs=("さん", "さま", "氏", "殿", "ちゃん", "くん", "様"), veto=_is_job_in_katakana,
    ),
    Rule(
        "name",
        re.compile(
            r"(?<![A-Za-z0-9.])[A-Z]\.[ ]?[A-Z]\.?[ ]?"
            r"(?=(?:さん|様|氏(?![名病法])|殿|くん|ちゃん|君|先生|医師|Dr|看護師|技師))"
        ),
        "本日⟦K.S.⟧さんが来院", "L.S.とTh.を撮影",
    ),
    Rule(
        "name",
        re.compile(
            rf"(?:^|(?<=[「『(、。\s]))(?P<v>[{_K}]{{1,3}}|[ぁ-ん]{{1,4}}|[ァ-ヺー]{{1,4}})(?=ちゃん|くん)",
            re.MULTILINE
        ),
        "「⟦はな⟧ちゃん」と呼ぶ", "赤ちゃん、おばあちゃん",
        veto=_is_nobody,
    ),
)  # fmt: skip
