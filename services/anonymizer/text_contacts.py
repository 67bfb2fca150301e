
"""Find numbers and addresses that identify by their form or label, whoever's they are."""

import re
from collections.abc import Iterator

from services.anonymizer.text_spans import Span

_ID = r"[A-Za-z]{0,4}[-_]?\d(?:[\dA-Za-z]|[-_/.](?=[\dA-Za-z]))*"
_IS = r"(?:\s*(?:番号|No\.?|NO\.?|#|number|Number|num))?\s*(?:[:=は]|\bis\b|->)?\s*"

_RULES: tuple[tuple[str, str], ...] = (
    ("email", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    ("url", r"(?:https?|ftp)://[^\s、。)）」<>\"]+|\bwww\.[A-Za-z0-9-]+\.[^\s、。)）」<>\"]+"),
    ("url", r"(?<![A-Za-z0-9.@-])(?:[A-Za-z0-9-]+\.)+(?:co|or|ne|ac|go|ed|gr|lg)\.jp(?:/[^\s、。)）」<>\"]*)?"),
    ("uid", r"(?<![\d.])[0-2](?:\.(?:0|[1-9]\d*)){5,}(?![\d.])"),
    ("phone", r"(?<![\d.-])\+81[\s-]?\(?0?\)?\d{1,4}[\s)-]{0,2}\d{1,4}[\s-]?\d{3,4}(?!\d)"),
    ("phone", r"(?<![\d.-])\+\d{1,3}[\s-]\(?\d{2,4}\)?[\s-]\d{3,4}[\s-]?\d{3,4}(?!\d)"),
    ("phone", r"(?<![\d.-])\(?0\d{1,4}\)?[\s-]{0,2}\(?\d{1,4}\)?[\s-]\d{3,4}(?![\d-])"),
    ("phone", r"(?<![\d.-])\(0\d{1,4}\)\s?\d{1,4}-?\d{3,4}(?!\d)"),
    ("phone", r"(?<![\d.A-Za-z-])0(?:[789]0\d{8}|120\d{6})(?!\d)"),
    ("phone", r"(?<![\d.-])\(\d{3}\)\s?\d{3}-\d{4}(?!\d)|(?<![\d.-])[2-9]\d{2}-[2-9]\d{2}-\d{4}(?![\d-])"),
    (
        "phone",
        r"(?:TEL|Tel|tel|FAX|Fax|fax|Phone|phone|PHONE|電話番号?|携帯(?:電話)?(?:番号)?|連絡先|内線|PHS|ピッチ|[Ee]xt(?:ension)?\.?)[\s:.=は]*(?P<v>[+(]?\d[\d\s()-]{2,18}\d)",
    ),
    (
        "postal_code",
        r"〒\s*\d{3}\s?-?\s?\d{4}(?!\d)|(?:郵便番号|[Pp]ostal\s?[Cc]ode|[Zz][Ii][Pp](?:\s?[Cc]ode)?)[\s:は]*(?P<v>\d{3}-?\d{4}|\d{5}(?:-\d{4})?)(?!\d)",
    ),
    (
        "vehicle",
        r"[一-鿿ぁ-んァ-ヶ]{1,4}\s?\d{2,3}[\s・]?[ぁ-ん]\s?(?:\d{1,2}-\d{2}|[・.]{1,3}\d{1,3}|\d{2,4})(?!\d)",
    ),
    (
        "insurance",
        r"(?:保険者番号|被保険者(?:証)?(?:の)?(?:記号)?・?(?:番号)?|保険証(?:の)?(?:記号)?・?(?:番号)?|記号・番号|公費(?:負担者|受給者)?番号|受給者(?:証)?番号|国保|社保|"
        r"[Ii]nsurance(?:\s(?:[Nn]o\.?|[Nn]umber|ID|[Pp]olicy))?|[Pp]olicy\s(?:[Nn]o\.?|[Nn]umber))[\s:#=は]*(?P<v>[A-Za-z0-9一-鿿]{0,6}[\s・-]{0,2}\d(?:[\d\sA-Z・-]{1,16}\d)?)",
    ),
    ("my_number", r"(?:マイナンバー|個人番号|[Mm]y\s?[Nn]umber)[\s:は]*(?P<v>\d{4}[\s-]?\d{4}[\s-]?\d{4})"),
    (
        "other_id",
        r"(?:運転免許証?|旅券|パスポート|[Pp]assport|免許証|[Ll]icense|社員|学籍|介護|SSN|Social Security)"
        + _IS
        + r"(?P<v>[A-Z]{0,2}\d[\d-]{3,})",
    ),
    (
        "accession",
        r"(?:受付|検査|オーダー?|依頼|整理|照射録|[Aa]ccession|ACCESSION|\bACC|[Oo]rder|[Rr]equest|伝票|予約|フィルム|画像)(?:\s*ID|番号|\s*[Nn]o\.?|\s*NO\.?|\s*#|\s*[Nn]umber)\s*[:=は#]?\s*(?P<v>"
        + _ID
        + r")",
    ),
    (
        "patient_id",
        r"(?:患者|カルテ|診察券|登録|病歴|外来|入院|整理|個人|[Pp]atient|PATIENT|[Cc]hart|[Hh]ospital|[Cc]ase|\bPt\.?|MRN?|\bMR)?[\s・]*(?:ID|番号|№|[Nn]umber|[Nn]o\.?)\s*[:=は#.]?\s*(?P<v>"
        + _ID
        + r")(?![\d]|\s*(?:mm|cm|回|個|枚|例|R\b|L\b|リンパ節))",
    ),
    ("patient_id", r"\bMRN?\s*[:=#]\s*(?P<v>" + _ID + r")|\bMRN\s+(?P<w>\d[\d-]{3,})"),
)
_COMPILED = tuple((category, re.compile(pattern)) for category, pattern in _RULES)
_TWELVE = re.compile(r"(?<![\d.-])\d{4}[\s-]?\d{4}[\s-]?\d{4}(?![\d.-])")
_SHORT_LABEL = re.compile(r"[Nn]o\.?$|番号$|[Nn]umber$")


def contact_spans(text: str) -> Iterator[Span]:
    """Yield e-mail, URL, UID, phone, postal code, vehicle, insurance, and labelled numbers."""
    for category, pattern in _COMPILED:
        for match in pattern.finditer(text):
            if category == "patient_id" and _is_clinical_number(match):
                continue
            yield Span(*_value(match), category)
    for match in _TWELVE.finditer(text):
        if _is_my_number(re.sub(r"\D", "", match[0])):
            yield Span(match.start(), match.end(), "my_number")


def _value(match: re.Match[str]) -> tuple[int, int]:
    for name in ("v", "w"):
        if name in match.re.groupindex and match[name] is not None:
            return match.span(name)
    return match.span()


def _is_clinical_number(match: re.Match[str]) -> bool:
    """Say whether it is only "No. 7" or "番号 3", as lymph nodes and lesions are counted."""
    label = match[0][: match.start("v") - match.start()] if match["v"] else ""
    bare = re.match(r"\s*(?:[Nn]o\.?|番号|[Nn]umber|№)", label) is not None
    return bare and len(re.sub(r"\D", "", match["v"] or "")) < 5


def _is_my_number(digits: str) -> bool:
    """Check the twelfth digit. Source: Ordinance of the Ministry of Internal Affairs 2014 No. 85, article 5."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)
