# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find places inside and beside hospitals: wards, rooms and beds, and hospitals by the short names staff use."""

import re
from collections.abc import Iterator

from services.anonymizer.text.folding.spans import Span

_K = "一-鿿々ヶ"
_WARD = re.compile(
    r"(?:(?:[東西南北中新旧本別]館?|第)?[ ]?(?:\d{1,2}(?:階|F)?[ ]?)[東西南北中A-Z]?[ ]?病棟"
    r"|[東西南北中新旧本別A-Z]館?病棟(?:[ ]?\d{1,2}(?:階|F))?|病棟[ ]?\d{1,2}(?:階|F)?(?![\d日月年名人例]))"
)
_BED = re.compile(
    r"(?<![A-Za-z0-9])(?:ICU|HCU|CCU|SCU|NICU|GCU|EICU|PICU)[ -]?\d{1,2}(?!\d|[ ]?(?:日|回|月|年|時|人|名|例|週|/|hr|day))(?:[ ]?(?:床|番|号)(?:ベッド)?)?"
)
_ROOM = re.compile(r"(?<!\d)\d{3,4}[ ]?号室(?:[ ]?\d{1,2}(?:床|番|ベッド))?")
_ENGLISH_ROOM = re.compile(
    r"(?<![A-Za-z])(?:[Ww]ard|[Rr]oom|[Bb]ed)[ ](?:[Nn]o\.?[ ]?|#)?(?:\d{1,4}[A-Z]?|[A-Z]\d{1,3})(?:[ ,]+[Bb]ed[ ]\d{1,2})?(?![A-Za-z0-9])"
)
# 若狭野HP, ひまわり丘CL, 北海医大; a school's and a hospital's abbreviations that stand behind a proper name only
_ABBREVIATED = re.compile(
    rf"(?P<v>[{_K}ァ-ヺーぁ-ん]{{2,8}}?[ ]?(?:HP|Hp|CL|Cl|クリ|医セ|医療セ|HOSP))(?=[ ]?(?:の|より|から|にて|で|へ|に|を|と|[)、。,/\n]|地域|連携|放射線|画診|画像|$))"
)
_ABBREVIATIONS = ("HP", "Hp", "CL", "Cl", "クリ", "医セ", "医療セ", "HOSP")
_OFFICES = (
    "総合",
    "記念",
    "中央",
    "市民",
    "厚生",
    "日赤",
    "赤十字",
    "労災",
    "済生会",
    "共済",
    "逓信",
    "県中",
    "県病",
    "市病",
)
_CLINICAL_BEFORE = re.compile(
    "[炎癌瘍症病腫変部脈管性後前中下上内外菌胃液染血清値]$"
)  # 慢性胃炎HP: Helicobacter pylori
_MEDICAL_SCHOOL = re.compile(rf"(?<![{_K}])[{_K}]{{1,5}}医大(?![生学事腸動量出き網腿脳型])(?:病院|附属|付属)?")
_NOT_PROPER = re.compile(
    "^(?:他|前|当|同|近|各|某|本|貴|以前|前回|今回|国立|私立|公立|単科|出身|地元|近医|前医|他院|地域|市中|救急|診療|病院|の|は|が|で|に|と|を|より)+$"
)
_KNOWN_AS = re.compile(
    rf"(?P<v>[{_K}ァ-ヺーヶノ]{{2,6}}(?:総合|記念|中央|市民|厚生|日赤|赤十字|労災|済生会|共済|逓信|県中|県病|市病))"
)
_CONTEXT_BEFORE = re.compile(
    r"(?:前医|紹介元|紹介先|他院|転院先|転院元|依頼元|画像|出典|病院)[ ]?[((:][ ]?$|(?:前医|紹介元|他院|転院先|依頼元)の?[ ]?$"
)
_CONTEXT_AFTER = re.compile(
    r"[ ]?(?:地域連携|医療連携|画像?診断?センター|画診|連携室|放射線科|のDr|の先生|よりご?紹介|からご?紹介|へ紹介|に紹介|へ転院|より転院|から転院|を受診|受診中|通院中|にて加療|で加療|にて手術|で手術|にて撮影|で撮影)"
)


_AFTER_POSTAL = re.compile(
    r"〒\s*\d{3}\s?-?\s?\d{4}[ \t]+(?P<v>[^\n。]{3,60}?)(?=[ ]*(?:$|\n|TEL|Tel|tel|電話|FAX|℡|[。)」]))"
)
_NUMBERS = re.compile(r"\d-\d")
_STREET_LINE = re.compile(rf"^[ \t]*[{_K}ぁ-んァ-ヺー]{{2,12}}\d{{1,4}}-\d{{1,3}}(?:-\d{{1,4}})?[ \t]*$", re.MULTILINE)
_BEFORE_OFFICE = re.compile(
    rf"(?:^|(?<=[\s、。]))(?P<v>[{_K}ぁ-んァ-ヺー・]{{2,12}})(?=[ ]?(?:地域連携室|医療連携室|地域医療連携|画診センター|画像診断センター))",
    re.MULTILINE,
)
_ELSEWHERE = re.compile(
    r"(?:他院|前医|紹介元|紹介先|転院元|転院先|依頼元|他施設)(?:画像|検査|病院)?[ ]?[(](?P<v>[^()\d\n、。,]{2,14})[)](?=[ ]?(?:CT|MR|PET|US|XP|X線|の|と|で|に|より|から|へ|画像|を|は|,|、|。|$))"
)
_NO_PLACE = re.compile(
    "(?i:CT|MRI?|PET|US|XP|単純|造影|同日|他科|詳細不明|不明|近医|前医|画像|持参|術前|術後|手術|治療|比較|なし|あり|内科|外科|.*科|.*[頃日月年])$"
)
_CHECKUP = re.compile(
    rf"(?:健診|検診|人間ドック|メディカル|ヘルス(?:ケア)?)(?:プラザ|パーク|モール|ステーション|スクエア|ポート)[ ]?(?:[{_K}]{{1,6}}|[ァ-ヺー]{{2,8}})?"
)
_EN_CHECKUP = re.compile(
    r"(?:[A-Z][a-z]+ ){1,3}(?:Checkup|Check-up|Medical|Health|Screening|Imaging|Diagnostic)[ ](?:Plaza|Park|Mall|Station|Square|Center|Centre)(?![a-z])"
)
_STREET = re.compile(
    rf"(?:[{_K}ぁ-んァ-ヺー]{{1,7}}[町村野台丘通原浜島崎里山川谷沢田井本木森橋坂条元ヶが前東西南北中])(?<!前回)(?<!肺野)\d{{1,2}}-\d{{1,3}}(?:-\d{{1,4}}(?![\d-]|[ ]?[mc]m|/)"
    r"|[ ]?(?:メゾン|ハイツ|コーポ|マンション|アパート|レジデンス|ハイム|グリーン|サン|パーク|ヴィラ)[^\s、。]{0,16}?\d{1,4}(?:号室?)?)"
)


def facility_spans(text: str) -> Iterator[Span]:
    """Yield wards, rooms and beds, and hospitals by their short names."""
    if any(sign in text for sign in ("病棟", "号室", "CU", "ard ", "oom ", "ed ")):
        for pattern in (_WARD, _BED, _ROOM, _ENGLISH_ROOM):
            yield from (Span(match.start(), match.end(), "department") for match in pattern.finditer(text))
    for match in _ABBREVIATED.finditer(text) if any(sign in text for sign in _ABBREVIATIONS) else ():
        name = re.sub("[ ]?(?:HP|Hp|CL|Cl|クリ|医セ|医療セ|HOSP)$", "", match["v"])
        if not _NOT_PROPER.match(name) and not _CLINICAL_BEFORE.search(name):
            yield Span(*match.span("v"), "institution")
    for match in _MEDICAL_SCHOOL.finditer(text) if "医大" in text else ():
        if not _NOT_PROPER.match(match[0].split("医大")[0]):
            yield Span(match.start(), match.end(), "institution")
    for pattern, signs in ((_ELSEWHERE, ("(",)), (_BEFORE_OFFICE, ("連携室", "診センター", "断センター"))):
        for match in pattern.finditer(text) if any(sign in text for sign in signs) else ():
            if not _NO_PLACE.fullmatch(match["v"]) and not _NOT_PROPER.match(match["v"]):
                yield Span(*match.span("v"), "institution")
    for pattern in (_CHECKUP, _EN_CHECKUP):
        yield from (Span(match.start(), match.end(), "institution") for match in pattern.finditer(text))
    if "〒" in text:
        yield from (Span(*match.span("v"), "address") for match in _AFTER_POSTAL.finditer(text))
    if "-" in text and _NUMBERS.search(text):
        yield from (Span(match.start(), match.end(), "address") for match in _STREET.finditer(text))
        yield from (Span(match.start(), match.end(), "address") for match in _STREET_LINE.finditer(text))
    for match in _KNOWN_AS.finditer(text) if any(sign in text for sign in _OFFICES) else ():
        before = _CONTEXT_BEFORE.search(text, max(0, match.start() - 8), match.start())
        generic = _NOT_PROPER.match(re.sub("(?:総合|記念|中央|市民|厚生)$", "", match["v"]) or "他")
        if not generic and (before or _CONTEXT_AFTER.match(text, match.end())):
            yield Span(*match.span("v"), "institution")
