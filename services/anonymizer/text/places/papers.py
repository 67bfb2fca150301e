"""Rules for the numbers of papers and orders, by their labels: insurance, passport, accession, number plate. Pure."""

import re
from typing import Final

from services.anonymizer.text.places.contacts import has_numbers
from services.anonymizer.text.rules import Hit, Rule

ID: Final = r"[A-Za-z]{0,4}[-_]?\d(?:[\dA-Za-z]|[-_/.](?=[\dA-Za-z]))*"
_MOMENT: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
)


def _is_image_number(hit: Hit) -> bool:
    """Say whether it is a Series and an image: 画像番号 8-21."""
    return hit.match[0].startswith("画像") and re.fullmatch(r"\d{1,4}(?:[-/.]\d{1,4})?", hit.words) is not None


def is_moment(hit: Hit) -> bool:
    """Say whether it is a date with a time, which is the dates' matter."""
    return _MOMENT.fullmatch(hit.words) is not None and "番号" not in hit.match[0]


RULES: Final = (
    Rule(
        "vehicle", re.compile(r"(?:[Ll]icense|[Nn]umber)\s[Pp]late[\s:#]*(?P<v>[A-Z0-9][A-Z0-9 -]{2,8}[A-Z0-9])"),
        "license plate ⟦7ABC123⟧", "growth plate 123",
        signs=("late",), gate=has_numbers,
    ),
    Rule(
        "other_id",
        re.compile(
            r"(?:[Ss]erial(?:\s(?:[Nn]o\.?|[Nn]umber))?|S/N|[Aa]cct\.?|[Aa]ccount)(?:\s(?:[Nn]o\.?|[Nn]umber))?[\s:#]*"
            r"(?P<v>[A-Z]{0,4}\d[\dA-Z-]{4,})"
        ),
        "pump serial number ⟦AB12-3456⟧", "S/N比は123",
        signs=("erial", "S/N", "cct", "ccount"), gate=has_numbers,
    ),
    Rule(
        "postal_code",
        re.compile(
            r"〒\s*\d{3}\s?-?\s?\d{4}(?!\d)|"
            r"(?:郵便番号|[Pp]ostal\s?[Cc]ode|[Zz][Ii][Pp](?:\s?[Cc]ode)?)[\s:は]*(?P<v>\d{3}-?\d{4}|"
            r"\d{5}(?:-\d{4})?)(?!\d)"
        ),
        "⟦〒105-0099⟧ 港区", "MIP 105-0099",
        signs=("〒", "郵便番号", "ostal", "ip", "IP"), gate=has_numbers,
    ),
    Rule(
        "insurance",
        re.compile(
            r"(?:保険者番号|被保険者(?:証)?(?:の)?(?:記号)?・?(?:番号)?|保険証(?:の)?(?:記号)?・?(?:番号)?|記号・?番号|"
            r"公費(?:負担者|受給者)?番号|受給者(?:証)?番号|国保|社保|"
            r"[Ii]nsurance(?:\s(?:[Nn]o\.?|[Nn]umber|ID|[Pp]olicy))?|[Pp]olicy\s(?:[Nn]o\.?|[Nn]umber))[\s:#=は]*"
            r"(?P<v>(?:[一-鿿]{1,4}[ ・-]?)?[A-Za-z]{0,4}[ -]?\d(?:[\dA-Z ・-]{0,20}\d)?)"
        ),
        "被保険者番号 ⟦12345678⟧", "保険適用外、CT 120 kV",
        signs=("保険", "公費", "受給者", "国保", "社保", "記号", "nsurance", "olicy"), gate=has_numbers,
    ),
    Rule(
        "insurance",
        re.compile(
            r"(?:記号|被保険者証|保険証|"
            r"母子手帳(?:番号)?)[ :]{0,3}(?:No\.?)?[ :]{0,2}(?<=[ :.])(?P<v>[ぁ-んァ-ヺ一-鿿]{0,2}\d{2,8})"
            r"(?:[ ]{0,3}(?:番号|・)[ :]{0,3}(?P<w>[ぁ-んァ-ヺ一-鿿]{0,2}\d{2,8}))?(?!\d)"
        ),
        "記号 ⟦60235⟧ 番号 あ6739", "記号で12を参照",
        signs=("記号", "保険", "母子手帳"),
    ),
    Rule(
        "insurance", re.compile(r"記号[ ]?(?P<v>\d{2,8})[ ]{0,3}番号[ ]?(?P<w>\d{2,8})(?!\d)"),
        "記号⟦7356⟧ 番号24697", "記号 3、番号 4",
        signs=("記号",),
    ),
    Rule(
        "insurance",
        re.compile(r"記号[ :]{0,3}(?P<v>\d{1,5}[-・]\d{1,7})(?=[ 、,・]{0,3}番号)"),
        "記号 ⟦39-595⟧、番号:60235", "記号 3-4、図の番号",
        signs=("記号",),
    ),
    Rule(
        "accession",
        re.compile(
            r"(?:<|\")(?i:accession|acc|order|study|request|req|exam)_?(?i:no|id|number|num)?(?:>|\"[ ]?:[ ]?\"?)[ ]?"
            r"(?P<v>[A-Z]{0,5}-?\d[\dA-Z-]{3,24})(?=[ ]?[<\",}])"
        ),
        "<accession>⟦R-2015-8938⟧</accession>", "<study>CT</study>",
        signs=("<", '"'),
    ),
    Rule(
        "patient_id",
        re.compile(
            r"(?:<|\")(?i:patient|pt|chart|karte)_?(?i:no|id|number|num)(?:>|\"[ ]?:[ ]?\"?)[ ]?"
            r"(?P<v>[A-Z]{0,3}-?\d(?:[ -]?\d){3,14})(?=[ ]?[<\",}])"
        ),
        '"patientId": "⟦3068 868⟧",', '"patientId": "",',
        signs=("<", '"'),
    ),
    Rule(
        "birth_date",
        re.compile(
            r"(?:<|\")(?i:birth_?(?:date|day)?|dob|born)(?:>|\"[ ]?:[ ]?\"?)[ ]?"
            r"(?P<v>[MTSHR明大昭平令]?[和治正成]?\d{1,4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?)(?=[ ]?[<\",}])"
        ),
        "<birth>⟦S8/5/22⟧</birth>", "<birth>unknown</birth>",
        signs=("<", '"'),
    ),
    # OCR and fax put blanks between the signs
    Rule(
        "birth_date",
        re.compile(
            r"生[ ]{0,2}年[ ]{0,2}月[ ]{0,2}日[ :]{0,4}"
            r"(?P<v>(?:(?:[MTSHR]|[明大昭平令][ ]{0,2}[治正和成])[ ]{0,2})?(?:\d[ ]{0,2}){1,4}"
            r"[-/.年][ ]{0,2}(?:\d[ ]{0,2}){1,2}[-/.月][ ]{0,2}\d(?:[ ]{0,2}\d)?(?:[ ]{0,2}日)?)"
        ),
        "生年 月日 ⟦昭 和２６年 ７月 ２７日⟧ 60歳代", "生年月日 不詳",
        signs=("生",),
    ),
    Rule(
        "my_number",
        re.compile(r"(?:マイナンバー|個人番号|[Mm]y\s?[Nn]umber)[\s:は]*(?P<v>\d{4}[\s-]?\d{4}[\s-]?\d{4})"),
        "マイナンバー ⟦1234 5678 9012⟧", "マイナンバーカード提示、CT 120 kV",
        signs=("マイナンバー", "個人番号", "umber"), gate=has_numbers,
    ),
    Rule(
        "other_id",
        re.compile(
            r"(?:運転免許証?|旅券|パスポート|[Pp]assport|免許証|[Ll]icense|社員|学籍|介護(?:保険)?|医療保険|"
            r"在留カード|SSN|Social Security)"
            r"(?:\s*(?:番号|No\.?|NO\.?|#|number|Number|num))?\s*(?:[:=は]|(?<![A-Za-z0-9])is(?![A-Za-z0-9])|->)?\s*"
            r"(?P<v>[A-Z]{0,2}\d[\d-]{3,})"
        ),
        "passport number ⟦TK1234567⟧", "要介護 3、120 kV",
        signs=(
            "免許", "旅券", "パスポート", "assport", "icense", "社員", "学籍", "介護", "医療保険", "在留", "SSN",
            "Social",
        ),
        gate=has_numbers,
    ),
    Rule(
        "accession",
        re.compile(
            r"(?:受付|検査|オーダー?|依頼|整理|照射録|伝票|デンピョウ|ウケツケ|ケンサ|予約|フィルム|画像|"
            r"[Aa]ccession|ACCESSION|ACC|[Oo]rder|[Rr]equest)"
            rf"(?:\s*ID|番号|\s*[Nn]o\.?|\s*NO\.?|\s*#|\s*[Nn]umber)\s*[:=は#/│|]?\s*(?P<v>{ID})"
        ),
        "検査番号 ⟦A2024040155⟧", "検査は120 kV、画像番号8-21",
        signs=("番号", "ID", "No", "NO", "no", "umber", "#"), veto=_is_image_number,
    ),
    Rule(
        "accession",
        re.compile(
            r"(?<![A-Za-z0-9])(?:[Aa]cc(?:ession)?#?|ACC#?|受付|標本|検体|病理(?:組織)?|細胞診|剖検|遺体番号|オーダ|"
            r"整理番号|事件番号|契約No\.?)"
            r"(?:番号|No\.?|[ ]?#)?[ ]{0,3}[:=|"
            r"│#]?[ ]{0,4}(?:No\.[ ]?)?(?P<v>第?[ ]?[A-Za-z]{0,4}[-_]?\d(?:[\dA-Za-z]|"
            r"[-_](?=[\dA-Za-z])){4,}号?)"
        ),
        "受付番号 |⟦RD-55084⟧", "検体 12 mm、標本2個",
        signs=("cc", "CC", "受付", "標本", "検体", "病理", "細胞診", "剖検", "遺体番号", "オーダ", "番号", "契約"),
        gate=has_numbers, veto=is_moment,
    ),
    Rule(
        "accession", re.compile(r"第\d{2}-\d{3,6}号|(?<![A-Za-z0-9-])[A-Z]{1,3}\d{2}-\d{3,6}(?![\d-])"),
        "既往 ⟦S22-60482⟧", "第12-3号、L2-345",
        signs=("-",), gate=has_numbers,
    ),
    Rule(
        "accession",
        re.compile(
            r"(?<![A-Za-z0-9-])[A-Z]{1,4}-(?:19|20)\d\d-\d{3,7}(?![\d-])|"
            r"(?<![A-Za-z0-9])\d{6}(?:CT|MR|US|XP|CR|DR|DX|MG|NM|PT|RF|XA)\d{2,5}(?![A-Za-z0-9])"
        ),
        "⟦R-2021-90818⟧;F;", "JCS-2018、120CT12",
        gate=has_numbers,
    ),
    # The digit is the era: 3 for 昭和, as in insurers' records
    Rule(
        "birth_date",
        re.compile(
            r"(?:生年[ ]?月[ ]?日|DOB|生)[ ]?[:=|│/]?[ ]{0,3}(?P<v>[1-5]-\d{6})(?!\d)|"
            r"(?<=[|,;\t^│\"])(?P<x>[1-5]-\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?=[|,;\t^│\"])|"
            r"(?<![\d-])(?P<w>[1-5]-\d{6})(?=[ ]?生)"),
        "⟦3-350728⟧生", "3-350728を参照",
        gate=has_numbers,
    ),
    Rule(
        "accession", re.compile(rf"(?:[Aa]ccession|ACCESSION|ACC)\s*[:=#]\s*(?P<v>{ID})"),
        "Accession: ⟦A2024040155⟧", "ACC/AHA 2019",
        signs=("ccession", "CCESSION", "ACC"),
    ),
)  # fmt: skip
