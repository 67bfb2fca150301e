# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find people who are mentioned rather than named: a family name behind a role, initials, nicknames, signature lines."""

import re
from collections.abc import Iterator

from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_words, names, terms_with
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.surnames import may_be_name

_K = "一-鿿々ヶ豈-\ufaff\U00020000-\U0002ffff"
_ROLES = "看護師|薬剤師|助産師|技師|医師|Ns|NS|Nrs|Dr|DR|担当医?|主治医|当直医?|執刀医|師長|受持医?|読影医?|依頼医?|確認|報告"
_THEN = "撮影|施行|記載|報告|確認|読影|宛|同席|立会|担当|作成|入力|承認"
_BEHIND_ROLE = re.compile(rf"(?:{_ROLES})[ .:]{{0,2}}(?P<v>[{_K}]{{2,7}}?)(?={_THEN}|[^{_K}]|$)")
_DEPARTMENT_LINE = re.compile(
    rf"(?:科|部|室|センター|講座|病院)[ ]{{1,2}}(?P<v>[{_K}]{{1,5}}(?:[ ]?[/・,、][ ]?[{_K}]{{1,5}})*)[ \t]*$",
    re.MULTILINE,
)
_PARTS = re.compile(rf"[{_K}]+")
_SPREAD = re.compile(
    rf"(?:氏[ ]?名|名[ ]?前|患者名|フリガナ|ふりがな)[ ]*[:=]?[ ]*(?P<v>[{_K}ぁ-んァ-ヺー]{{1,6}}(?:[ \n][{_K}ぁ-んァ-ヺー]{{1,6}}){{0,6}})"
)
# Labels behind which only a person stands: there a name goes even if no list has any of it
_PERSON_ONLY = re.compile(
    r"(?:世帯主|キーパーソン|ケアマネ(?:ージャー)?|確定者|診断専門医|[一二]次読影医?|依頼医|(?:患者|受診者)(?:氏名|名)(?=[】:])|【(?:患者|受診者)(?=】)|Ns\.|Dr\.)[ :】\]>\n]{0,3}"
    rf"(?P<v>[{_K}]{{2,6}}(?:[ \n]{{1,2}}[{_K}]{{1,3}}(?![{_K}])|[ \n]?[ぁ-ん]{{2,4}}(?=[ (\n]|様|さん|$)|[ \n]?[ァ-ヺー]{{2,4}}(?![ァ-ヺー]))?)"
    rf"(?=[ 、。,)(/\n]|に|へ|より|様|さん|氏|内線|撮影|$)"
)
_WORK = re.compile(
    "予定|希望|受診|紹介|相談|検査|精査|連絡|報告|確認|依頼|評価|指示|説明|検討|必要|不在|不明|同意|対応|診察|加療|治療|手術|退院|入院|外来|病棟|撮影|読影|結果|所見|画像|"
    "資格|取得|認定|在籍|常勤|交代|変更|未定|他院|当院|記載|情報|属性|年齢|性別|番号|病院|医院|センター|専門|担当|終了|完了|あり|なし|です|ます|した|する|血|意識|体動|[科医部室課済中待否可無有癌症病炎腫瘍術]$|[癌症炎腫瘍]"
)
_NEXT_LABEL = re.compile(
    "^(?:様|殿|さん|性別?|男|女|年齢|住所|生年|患者|番号|歳|検査|撮影|電話|保険|科|氏名|受診|身長|体重|依頼)"
)
_INITIALS = re.compile(
    r"(?<![A-Za-z0-9.])[A-Z]\.[ ]?[A-Z]\.?[ ]?(?=(?:さん|様|氏(?![名病法])|殿|くん|ちゃん|君|先生|医師|Dr|看護師|技師))"
)
_TOGETHER = re.compile(
    r"(?:by|with|to|from)[ ](?:Drs?\.?[ ])?[A-Z][A-Za-z'-]+(?:[ ][A-Z][A-Za-z'-]+){1,2}[ ]and[ ](?P<v>[A-Z][a-z'-]+(?:[ ][A-Z][A-Za-z'-]+){1,2})"
)
_ARROW = re.compile(rf"(?<![{_K}])(?P<f>[{_K}]{{2,5}})[ ]?(?:→|⇒|->|=>)[ ]?(?P<g>[{_K}]{{2,5}})(?![{_K}])")
_NICKNAME = re.compile(
    rf"(?:^|(?<=[「『(、。\s]))(?P<v>[{_K}]{{1,3}}|[ぁ-ん]{{1,4}}|[ァ-ヺー]{{1,4}})(?=ちゃん|くん)", re.MULTILINE
)
_NOBODY = re.compile("^(?:赤|坊|お.*|じい|ばあ|ジイ|バア|孫|嬢|姉|兄|妹|弟|みな|子)$")


def mentioned(reading: Reading) -> Iterator[Span]:
    """Yield who is mentioned; only the dictionary's surnames count where a word could stand."""
    for match in _BEHIND_ROLE.finditer(reading.text):
        start, end = match.span("v")
        start += match["v"][0] == "長" and not _is_surname(reading.view[start:end])  # 師長山崎, but 看護師長谷川
        if _begins_with_surname(reading.view[start:end]):
            yield Span(start, end, "physician")
    yield from _behind_label(reading)
    yield from _signed(reading)
    yield from _spread(reading)
    for match in _TOGETHER.finditer(reading.text) if " and " in reading.text else ():
        if not any(word in clinical_words() for word in match["v"].lower().split()):
            yield Span(*match.span("v"), "physician")
    for match in _ARROW.finditer(reading.text):
        yield from (Span(*match.span(g), "physician") for g in "fg" if _is_surname(reading.view[slice(*match.span(g))]))
    for match in _INITIALS.finditer(reading.text):
        yield Span(match.start(), match.end(), "name")
    for match in _NICKNAME.finditer(reading.text):
        if not _NOBODY.match(match["v"]):
            yield Span(*match.span("v"), "name")


def _behind_label(reading: Reading) -> Iterator[Span]:
    for match in _PERSON_ONLY.finditer(reading.text):
        bare = re.sub(r"\s", "", match["v"])
        if len(bare) > 2 and not _WORK.search(bare) and may_be_name(reading.view[slice(*match.span("v"))]):
            yield Span(*match.span("v"), "name")


def _is_surname(view: str) -> bool:
    return len(view) > 1 and view in names().surnames and view not in names().words and view not in clinical_words()


def _begins_with_surname(view: str) -> bool:
    """Say whether it is a surname, with up to three kanji more that can be a given name."""
    if _is_surname(view):
        return True
    sizes = [size for size in (2, 3, 4, 5) if _is_surname(view[:size])]
    return any(1 <= len(view) - size <= 3 for size in sizes) and may_be_name(view) and not terms_with(view)


def _signed(reading: Reading) -> Iterator[Span]:
    """Yield the people of 放射線科 佐藤/小鳥遊 at a line's end: one known surname vouches for those beside it."""
    for match in _DEPARTMENT_LINE.finditer(reading.text):
        pieces = [(match.start("v") + m.start(), match.start("v") + m.end()) for m in _PARTS.finditer(match["v"])]
        views = [reading.view[slice(*piece)] for piece in pieces]
        if any(_is_surname(view) for view in views) and all(
            view in names().surnames or may_be_name(view) for view in views
        ):
            yield from (Span(*piece, "physician") for piece in pieces)


def _spread(reading: Reading) -> Iterator[Span]:
    """Yield the name behind 氏 名 : however it is spread over spaces and lines, up to the next label."""
    for match in _SPREAD.finditer(reading.text):
        end, joined = match.start("v"), ""
        best = 0
        for piece in re.finditer(r"[^ \n]+", match["v"]):
            view = reading.view[match.start("v") + piece.start() : match.start("v") + piece.end()]
            broken = "\n" in match["v"][: piece.start()]
            if joined and (_NEXT_LABEL.match(piece[0]) or (broken and best)):
                break
            joined, end = joined + view, match.start("v") + piece.end()
            if _is_whole(joined):
                best = end
        if best:
            yield Span(match.start("v"), best, "name")


def _is_whole(name: str) -> bool:
    """Say whether it is a surname with up to four signs of a given name, in kanji or by its sound."""
    if any(
        name[:size] in names().by_reading and name[size:] in names().given_by_reading for size in range(2, len(name))
    ):
        return True
    if any(name[size:] in names().given and len(name) - size > 1 and may_be_name(name) for size in (2, 3, 4)):
        return True
    sizes = [size for size in (1, 2, 3, 4, 5) if name[:size] in names().surnames]
    return any(1 <= len(name) - size <= 4 for size in sizes) and may_be_name(name)
