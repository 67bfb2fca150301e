# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find numbers and addresses that identify by their form or label, whoever's they are."""

import re
from collections.abc import Iterator

from services.anonymizer.text.folding.spans import Span

_ID = r"[A-Za-z]{0,4}[-_]?\d(?:[\dA-Za-z]|[-_/.](?=[\dA-Za-z]))*"
_REST = r"[^\s、。)）」<>\"]*"
_JP = r"\.(?:co|or|ne|ac|go|ed|gr|lg)\.jp"

# category, signs of which one must be in the text for the rule to be tried, pattern; group v is what goes, else all.
# A pattern begins with a literal wherever it can, because the engine then skips to it.
_RULES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("email", ("@",), r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    ("url", ("://",), rf"(?:https?|ftp)://{_REST}"),
    ("url", ("www.",), rf"www\.[A-Za-z0-9-]+\.{_REST}"),
    ("url", (".jp",), rf"(?<![A-Za-z0-9.@-])(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+{_JP}(?:/{_REST})?"),
    ("uid", (".",), r"[0-2](?<![\d.][0-2])(?:\.(?:0|[1-9]\d*)){5,}(?![\d.])"),
    (
        "phone",
        ("+",),
        r"\+(?:81[\s-]?\(?0?\)?\d{1,4}[\s)-]{0,2}\d{1,4}[\s-]?\d{3,4}|\d{1,3}[\s-]\(?\d{2,4}\)?[\s-]\d{3,4}[\s-]?\d{3,4})(?!\d)",
    ),
    ("phone", ("-", ")", " "), r"0(?<![\d.-]0)\d{1,4}(?:\)[\s-]?|[\s-]\(?|\()\d{1,4}\)?[\s-]?\d{3,4}(?![\d-])"),
    ("phone", ("0",), r"0(?<![\d.A-Za-z-]0)(?:[789]0\d{8}|120\d{6}|[1-9]\d{8})(?!\d)"),
    ("phone", (".",), r"0(?<![\d.-]0)\d{1,3}\.\d{3,4}\.\d{4}(?!\d|\.\d)"),
    ("phone", ("(",), r"\(\d{3}\)\s?\d{3}-\d{4}(?!\d)"),
    ("phone", ("-",), r"[2-9]\d\d(?<![\d.-]\d\d\d)-[2-9]\d\d-\d{4}(?![\d-])"),
    (
        "phone",
        (
            "TEL",
            "Tel",
            "tel",
            "FAX",
            "Fax",
            "fax",
            "hone",
            "HONE",
            "電話",
            "携帯",
            "連絡先",
            "内線",
            "PHS",
            "ピッチ",
            "xt",
            "自宅",
            "勤務先",
        ),
        r"(?:TEL|Tel|tel|FAX|Fax|fax|Phone|phone|PHONE|電話番号?|携帯(?:電話)?(?:番号)?|連絡先|内線|PHS|ピッチ|自宅|勤務先|[Ee]xt(?:ension)?\.?)[\s:.=は]*(?P<v>[+(]?\d[\d \t()-]{2,18}\d)",
    ),
    (
        "phone",
        (" x", "ager", "eeper"),
        r"(?:[Pp]ager|[Bb]eeper)[\s:#]*(?P<v>\d[\d-]{2,11})|(?<=\s)(?P<w>x\d{4,5})(?!\d)",
    ),
    ("address", ("Box", "BOX"), r"P\.?\s?O\.?\s?B(?:ox|OX)\s?\d+"),
    ("vehicle", ("late",), r"(?:[Ll]icense|[Nn]umber)\s[Pp]late[\s:#]*(?P<v>[A-Z0-9][A-Z0-9 -]{2,8}[A-Z0-9])"),
    (
        "other_id",
        ("erial", "S/N", "cct", "ccount"),
        r"(?:[Ss]erial(?:\s(?:[Nn]o\.?|[Nn]umber))?|S/N|[Aa]cct\.?|[Aa]ccount)(?:\s(?:[Nn]o\.?|[Nn]umber))?[\s:#]*(?P<v>[A-Z]{0,4}\d[\dA-Z-]{4,})",
    ),
    (
        "postal_code",
        ("〒", "郵便番号", "ostal", "ip", "IP"),
        r"〒\s*\d{3}\s?-?\s?\d{4}(?!\d)|(?:郵便番号|[Pp]ostal\s?[Cc]ode|[Zz][Ii][Pp](?:\s?[Cc]ode)?)[\s:は]*(?P<v>\d{3}-?\d{4}|\d{5}(?:-\d{4})?)(?!\d)",
    ),
    (
        "insurance",
        ("保険", "公費", "受給者", "国保", "社保", "記号", "nsurance", "olicy"),
        r"(?:保険者番号|被保険者(?:証)?(?:の)?(?:記号)?・?(?:番号)?|保険証(?:の)?(?:記号)?・?(?:番号)?|記号・?番号|公費(?:負担者|受給者)?番号|受給者(?:証)?番号|国保|社保|"
        r"[Ii]nsurance(?:\s(?:[Nn]o\.?|[Nn]umber|ID|[Pp]olicy))?|[Pp]olicy\s(?:[Nn]o\.?|[Nn]umber))[\s:#=は]*(?P<v>(?:[一-鿿]{1,4}[ ・-]?)?[A-Za-z]{0,4}[ -]?\d(?:[\dA-Z ・-]{0,20}\d)?)",
    ),
    (
        "my_number",
        ("マイナンバー", "個人番号", "umber"),
        r"(?:マイナンバー|個人番号|[Mm]y\s?[Nn]umber)[\s:は]*(?P<v>\d{4}[\s-]?\d{4}[\s-]?\d{4})",
    ),
    (
        "other_id",
        ("免許", "旅券", "パスポート", "assport", "icense", "社員", "学籍", "介護", "SSN", "Social"),
        r"(?:運転免許証?|旅券|パスポート|[Pp]assport|免許証|[Ll]icense|社員|学籍|介護|SSN|Social Security)(?:\s*(?:番号|No\.?|NO\.?|#|number|Number|num))?\s*(?:[:=は]|(?<![A-Za-z0-9])is(?![A-Za-z0-9])|->)?\s*(?P<v>[A-Z]{0,2}\d[\d-]{3,})",
    ),
    (
        "accession",
        ("番号", "ID", "No", "NO", "no", "umber", "#"),
        r"(?:受付|検査|オーダー?|依頼|整理|照射録|伝票|予約|フィルム|画像|[Aa]ccession|ACCESSION|ACC|[Oo]rder|[Rr]equest)(?:\s*ID|番号|\s*[Nn]o\.?|\s*NO\.?|\s*#|\s*[Nn]umber)\s*[:=は#]?\s*(?P<v>"
        + _ID
        + ")",
    ),
    ("accession", ("ccession", "CCESSION", "ACC"), rf"(?:[Aa]ccession|ACCESSION|ACC)\s*[:=#]\s*(?P<v>{_ID})"),
    (
        "patient_id",
        ("ID", "番号", "№", "umber", "No", "no"),
        rf"(?:ID|番号|№|[Nn]umber|[Nn]o\.?)\s*[:=は#.]?\s*(?P<v>{_ID})(?![\d]|\s*(?:mm|cm|回|個|枚|例|R(?![A-Za-z0-9])|L(?![A-Za-z0-9])|リンパ節))",
    ),
    ("other_id", ("",), r"[A-Z](?<![A-Za-z0-9./_-][A-Z])[A-Z]{0,3}-?\d{6,12}(?![\dA-Za-z]|\.\d| ?\^)"),
    (
        "patient_id",
        ("番号", "ID"),
        r"(?:カルテ|患者|診察券|登録|病歴|受診者)(?:番号|ID|No\.?)\s*[】\]>:=は]?\s*(?P<v>\d(?:[ -]?\d){3,14})(?!\d)",
    ),
    # Leading zeros are written where a number is a name: 00501534, 007-103-18; counts and measurements have none.
    ("other_id", ("0",), r"0(?<![\d.,:/A-Za-z-]0)\d{5,}(?![\d/:-]|\.\d)"),
    ("other_id", ("0",), r"0(?<![\d.,:A-Za-z-]0)\d{2,3}(?:-\d{2,4}){1,2}(?![\d:-]|\.\d)"),
    ("patient_id", ("MR",), rf"MRN?(?:\s*[:=#]\s*(?P<v>{_ID})|\s+(?P<w>\d[\d-]{{3,}}))"),
)
_PHONE_DIGITS = 9
_COMPILED = tuple((category, needs, re.compile(pattern)) for category, needs, pattern in _RULES)
_VEHICLE = re.compile(r"\d{2,3}[\s・]?[ぁ-ん]\s?(?:\d{1,2}-\d{2}|[・.]{1,3}\d{1,3}|\d{2,4})(?!\d)")
_OFFICE = re.compile("[一-鿿ぁ-んァ-ヶ]{1,4}\\s?$")
_TWELVE = re.compile(r"\d(?<![\d.-]\d)\d{3}[ \t-]?\d{4}[ \t-]?\d{4}(?![\d.-])")
# Longer than any count or measurement; 12 and 14 digits may be a moment, which is the dates' matter.
_LONG = re.compile(r"\d(?<![\d.,:/A-Za-z_-]\d)\d{8,}(?![\d.:/-]|\s?(?:mm|cm|HU|ml|mL|Bq|MBq|kBq|/))")
_MOMENT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_THREE_DIGITS = re.compile(r"\d[\d\s().-]?\d[\d\s().-]?\d")


def contact_spans(text: str) -> Iterator[Span]:
    """Yield e-mail, URL, UID, phone, postal code, vehicle, insurance, and labelled numbers."""
    numbers = _THREE_DIGITS.search(text) is not None
    for category, needs, pattern in _COMPILED:
        if not (numbers or category in ("email", "url", "patient_id", "accession")):
            continue
        if not any(sign in text for sign in needs):
            continue
        for match in pattern.finditer(text):
            if category == "phone" and match[0][0] == "0" and sum(map(str.isdecimal, match[0])) < _PHONE_DIGITS:
                continue  # 04-01-2024 is a date
            if category != "patient_id" or not _is_clinical_number(match):
                yield Span(*_value(match), category)
    if numbers:
        yield from _vehicles(text)
        for match in _TWELVE.finditer(text):
            if _is_my_number(re.sub(r"\D", "", match[0])):
                yield Span(match.start(), match.end(), "my_number")
        for match in _LONG.finditer(text):
            if not _MOMENT.fullmatch(match[0]):
                yield Span(match.start(), match.end(), "other_id")


def _vehicles(text: str) -> Iterator[Span]:
    for match in _VEHICLE.finditer(text):
        office = _OFFICE.search(text, max(0, match.start() - 5), match.start())
        if office:
            yield Span(office.start(), match.end(), "vehicle")


def _value(match: re.Match[str]) -> tuple[int, int]:
    """Return the span of the value; an opening bracket before a phone number belongs to it."""
    for name in ("v", "w"):
        if name in match.re.groupindex and match[name] is not None:
            return match.span(name)
    bracket = match.start() > 0 and match.string[match.start() - 1] == "(" and ")" in match[0]
    return match.start() - bracket, match.end()


def _is_clinical_number(match: re.Match[str]) -> bool:
    """Say whether it is only "No. 7" or "番号 3", as lymph nodes and lesions are counted."""
    if "v" not in match.re.groupindex or match["v"] is None or match[0].startswith("MR"):
        return False
    if match[0].startswith("ID"):
        return (
            match.start() > 0
            and match.string[match.start() - 1].isascii()
            and match.string[match.start() - 1].isalpha()
        )
    labelled = re.search(
        r"(?:患者|カルテ|診察券|登録|病歴|外来|入院|個人|[Pp]atient|PATIENT|[Cc]hart|[Hh]ospital|[Cc]ase|Pt\.?)\s*$",
        match.string[max(0, match.start() - 10) : match.start()],
    )
    return not labelled and len(re.sub(r"\D", "", match["v"])) < 5


def _is_my_number(digits: str) -> bool:
    """Check the twelfth digit. Source: Ordinance of the Ministry of Internal Affairs 2014 No. 85, article 5."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)
