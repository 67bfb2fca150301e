"""Rules for ways to reach somebody: e-mail, URL, phone, pager, post-office box. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.rules import Hit, Place, Rule

_REST = r"[^\s、。)）」<>\"]*"
_JP = r"\.(?:co|or|ne|ac|go|ed|gr|lg)\.jp"
_PHONE_DIGITS: Final = 9
_KANJI_DIGIT: Final = "[〇零一二三四五六七八九]"
_LABEL: Final = (
    "TEL|Tel|tel|FAX|Fax|fax|Phone|phone|PHONE|電話(?:番号)?|携帯(?:電話)?(?:番号)?|けいたい|ケータイ|連絡先|内線|"
    "PHS|ピッチ|自宅|実家|"
    "勤務先|職場|[Ee]xt(?:ension)?\\.?|EXT|[Cc]ell|[Mm]obile|℡|☎|📞|内|直通|代表|ポケベル|ナイセン|折り?返し|お?問い?合わ?せ(?:先)?|際は|"
    "リーダー直通|院内|ダイヤル|コール|ハイ|鳴らす"
)
_NUMBER_SIGN: Final = re.compile("[A-Za-z]|[ ]?(?:リンパ|mm|cm|番|LN|歯|枚|回|例)")


def has_numbers(folded: FoldedText) -> bool:
    """Say whether a rule for numbers is worth a try."""
    return folded.has_numbers


def _with_bracket(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the number, with an opening bracket before it that it closes."""
    opened = match.start() > 0 and folded.text[match.start() - 1] == "(" and ")" in match[0]
    yield match.start() - opened, match.end()


def _is_code(hit: Hit) -> bool:
    """Say whether it is an ordinary word or a lesion's number: #4Rリンパ節, 10 x 200."""
    return bool(_NUMBER_SIGN.match(hit.folded.text, hit.end))


def _is_short(hit: Hit) -> bool:
    """Say whether it has fewer digits than a phone number: 04-01-2024 is a date."""
    return sum(map(str.isdecimal, hit.match[0])) < _PHONE_DIGITS


def _is_no_broken(hit: Hit) -> bool:
    """Say whether it is whole in its line, or has other than ten or eleven digits."""
    return "\n" not in hit.words or sum(map(str.isdecimal, hit.words)) not in (10, 11)


# A pattern begins with a literal wherever it can, because the engine then skips to it.
_LABEL_BEGINS: Final = re.compile("[CEFMPTcefmpt℡☎おけケコダナハピポリ代内勤問実折携直職自連院際電鳴📞]")
RULES: Final = (
    Rule(
        "email", re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
        "連絡は⟦taro@example.co.jp⟧まで", "造影@120kV",
        signs=("@",),
    ),
    Rule(
        "url", re.compile(rf"(?:https?|ftp)://{_REST}"),
        "⟦https://pacs.example/a?b=1⟧ 参照", "比はTE://TR",
        signs=("://",),
    ),
    Rule(
        "url", re.compile(rf"www\.[A-Za-z0-9-]+\.{_REST}"),
        "⟦www.example.com/x⟧ 参照", "www. とだけ記載",
        signs=("www.",),
    ),
    Rule(
        "url", re.compile(rf"(?<![A-Za-z0-9.@-])(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+{_JP}(?:/{_REST})?"),
        "⟦hosp.example.ne.jp⟧ 参照", "key01.jpとは別",
        signs=(".jp",),
    ),
    Rule(
        "uid", re.compile(r"[0-2](?<![\d.][0-2])(?:\.(?:0|[1-9]\d*)){5,}(?![\d.])"),
        "UID ⟦1.2.392.200036.9116.2.6⟧", "章1.2.3.4を参照、123例",
        signs=(".",), gate=has_numbers,
    ),
    Rule(
        "phone",
        re.compile(
            r"\+(?:81[\s-]?\(?0?\)?\d{1,4}[\s)-]{0,2}\d{1,4}[\s-]?\d{3,4}|"
            r"\d{1,3}[\s-]\(?\d{2,4}\)?[\s-]\d{3,4}[\s-]?\d{3,4})(?!\d)"
        ),
        "連絡は⟦+81-3-5555-0123⟧へ", "CT値は+15-20 HU、+120 HU",
        signs=("+",), gate=has_numbers, place=_with_bracket,
    ),
    Rule(
        "phone", re.compile(r"0(?<![\d.-]0)\d{1,4}(?:\)[\s-]?|[\s-]\(?|\()\d{1,4}\)?[\s-]?\d{3,4}(?![\d-])"),
        "連絡は⟦03-5555-0123⟧へ", "前回は04-01-2024",
        signs=("-", ")", " "), gate=has_numbers, place=_with_bracket, veto=_is_short,
    ),
    Rule(
        "phone", re.compile(r"0(?<![\d.A-Za-z-]0)(?:[789]0\d{8}|120\d{6}|[1-9]\d{8})(?!\d)"),
        "連絡は⟦09055550123⟧へ", "標本00123456",
        signs=("0",), gate=has_numbers,
    ),
    Rule(
        "phone", re.compile(r"0(?<![\d.-]0)\d{1,3}\.\d{3,4}\.\d{4}(?!\d|\.\d)"),
        "連絡は⟦03.5555.0123⟧へ", "ADCは0.123 mm2/s",
        signs=(".",), gate=has_numbers,
    ),
    Rule(
        "phone", re.compile(r"\(\d{3}\)\s?\d{3}-\d{4}(?!\d)"),
        "call ⟦(312) 555-0123⟧ now", "(512) 340-35 matrix",
        signs=("(",), gate=has_numbers, place=_with_bracket,
    ),
    Rule(
        "phone", re.compile(r"[2-9]\d\d(?<![\d.-]\d\d\d)-[2-9]\d\d-\d{4}(?![\d-])"),
        "call ⟦312-555-0123⟧ now", "range 312-155 ms",
        signs=("-",), gate=has_numbers,
    ),
    Rule(
        "phone",
        re.compile(
            rf"(?:{_LABEL})(?:番号)?[\])】》]?[ \t:.=はのへに#№(\[]{{0,6}}(?:[Nn]o\.?[ ]?)?"
            r"(?P<v>[+(]?[\d①-⑳][\d \t().・-]{1,18}\d)(?![\d%]|[ ]?(?:mm|cm|kV|mA|mL|ml|日|月|年|時|分|回|人|名|"
            r"床|階|号))"
        ),
        "技師 [PHS]⟦4432⟧", "電話にて報告、内 12 mm、120 kV",
        begins=_LABEL_BEGINS,
        gate=has_numbers,
    ),
    Rule(
        "phone",
        re.compile(r"(?:連絡|折り?返し|電話(?:します|しました|済|を)?|呼出|"
            r"コール)[ ]?[→(:][ ]?(?P<v>\d{4}(?:-\d{4})?)(?=[ )(へにまで、。\n]|$)"),
        "出棟時連絡→⟦3375⟧(担当)", "連絡→2024/4/1",
        signs=("連絡", "返し", "電話", "呼出", "コール"),
    ),
    # A narrow column breaks it once or twice
    Rule(
        "phone",
        re.compile(r"(?:電話|TEL|Tel|FAX|Fax|携帯|連絡先)[ :]{0,2}\n?(?P<v>\(?0(?:[\d()-]|"
            r"[ ]?\n[ ]{0,2}){8,18}\d)(?![\d-])"),
        "電話⟦0155\n-39-6435⟧、撮影", "電話0\n1) 胃癌",
        signs=("\n",), gate=has_numbers, veto=_is_no_broken,
    ),
    Rule(
        "phone", re.compile(
            r"(?:[Pp]ager|[Bb]eeper)[\s:#]*(?P<v>\d[\d-]{2,11})|(?<=[\s(,/])(?P<w>[xX]\d{3,5})(?!\d|\.\d)"),
        "reached at (⟦x4432⟧)", "10 x 200 mm",
        signs=("x", "X", "ager", "eeper"), gate=has_numbers,
    ),
    Rule(
        "phone", re.compile(r"(?<![A-Za-z0-9])[#＃*][ ]?(?P<v>\d{3,5})(?!\d|\.\d)"),
        "夜間は#⟦8812⟧", "#123Rリンパ節、#12",
        signs=("#", "*"), gate=has_numbers, veto=_is_code,
    ),
    Rule(
        "phone",
        re.compile(
            rf"[〇零](?:{_KANJI_DIGIT}{{1,4}}[-ー・の ]{_KANJI_DIGIT}{{1,4}}[-ー・の ]{_KANJI_DIGIT}{{3,4}}|"
            rf"{_KANJI_DIGIT}{{9,10}})"
        ),
        "連絡は⟦〇九〇-〇〇〇〇-〇一九八⟧へ", "二〇二四年",
        signs=("〇", "零"),
    ),
    Rule(
        "phone", re.compile(r"0(?<![\d.A-Za-z-]0)\d{1,4}[ ]?[・/_~.][ ]?\d{1,4}[ ]?[・/_~.][ ]?\d{3,4}(?![\d-])"),
        "連絡は⟦090・1234・5678⟧へ", "04/01/2024",
        signs=("・", "/", "_", "~", "."), gate=has_numbers, veto=_is_short,
    ),
    Rule(
        "address", re.compile(r"P\.?\s?O\.?\s?B(?:ox|OX)\s?\d+"),
        "mail to ⟦P.O. Box 1234⟧", "Box 123 of the slides",
        signs=("Box", "BOX"), gate=has_numbers,
    ),
)  # fmt: skip
