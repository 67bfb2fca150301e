"""Rules for numbers that identify by their form, and for a patient's by their label. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.places.contacts import has_numbers
from services.anonymizer.text.places.papers import ID, is_moment
from services.anonymizer.text.rules import Hit, Place, Rule

_OFFICE = re.compile("[一-鿿ぁ-んァ-ヶ]{1,4}\\s?$")
_WHOSE = re.compile(
    r"(?:患者|カルテ|診察券|登録|病歴|外来|入院|個人|[Pp]atient|PATIENT|[Cc]hart|[Hh]ospital|[Cc]ase|Pt\.?)\s*$"
)
_OF_THINGS: Final = re.compile("(?:施設|装置|機器|機種|画像|撮影室|シリーズ|スライス|コイル|プロトコル|モデル)$")
_COUNTED: Final = 5  # digits; fewer count lymph nodes and lesions
_WEIGHTS: Final = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def _with_office(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield a number plate, which begins with the name of an office."""
    office = _OFFICE.search(folded.text, max(0, match.start() - 5), match.start())
    if office:
        yield office.start(), match.end()


def _is_of_thing(hit: Hit) -> bool:
    return _OF_THINGS.search(hit.folded.text, max(0, hit.match.start() - 6), hit.match.start()) is not None


def _is_clinical(hit: Hit) -> bool:
    """Say whether it is only "No. 7" or "番号 3", as lymph nodes and lesions are counted."""
    text, at = hit.folded.text, hit.match.start()
    if _is_of_thing(hit):
        return True
    if hit.match[0].startswith("ID"):
        return at > 0 and text[at - 1].isascii() and text[at - 1].isalpha()
    return not _WHOSE.search(text[max(0, at - 10) : at]) and len(re.sub(r"\D", "", hit.words)) < _COUNTED


def _is_no_my_number(hit: Hit) -> bool:
    """Check the twelfth digit. Source: Ordinance of the Ministry of Internal Affairs 2014 No. 85, article 5."""
    digits = re.sub(r"\D", "", hit.words)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11
    return int(digits[11]) != (0 if rest <= 1 else 11 - rest)


def _is_day(hit: Hit) -> bool:
    """Say whether it is a date, which is the dates' matter."""
    return re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", hit.words) is not None


RULES: Final = (
    Rule(
        "patient_id",
        re.compile(
            rf"(?:ID|番号|№|[Nn]umber|[Nn]o\.?)\s*[:=は#./]?\s*(?P<v>{ID})"
            r"(?![\d]|\s*(?:mm|cm|回|個|枚|例|R(?![A-Za-z0-9])|L(?![A-Za-z0-9])|リンパ節))"
        ),
        "ID:⟦123-456⟧", "番号 3の病変、No.7リンパ節",
        signs=("ID", "番号", "№", "umber", "No", "no"), veto=_is_clinical,
    ),
    Rule(
        "patient_id",
        re.compile(
            r"(?:(?<![A-Za-z])I[ ]?D|MRN|PID|Ptno|Pt[ ]?No|患者番号|患者ID|カルテ番号|診察券(?:番号)?|受診番号|"
            r"リストバンド|アイディー)[ ]?(?:番号|No)?"
            r"[ .:=#/│|がは、\t]{0,6}(?P<v>[A-Z]{0,3}\d(?:[ -]{0,2}\d){4,11})(?![\d])"
        ),
        "ID#⟦0503 3841⟧", "ID なし、MRN なし",
        signs=("ID", "I D", "MRN", "Pt", "番号", "診察券", "リストバンド", "アイディー"), veto=_is_of_thing,
    ),
    Rule(
        "patient_id", re.compile(
            r"(?:さん|様|氏|殿|くん|ちゃん|[男女FM])[ ]{0,2}[(](?P<v>[A-Z]{0,2}\d(?:[ -]?\d){4,9})[)]"),
        "奥様(⟦6280594⟧)", "様(12)",
        signs=("(",), gate=has_numbers,
    ),
    Rule(
        "other_id", re.compile(r"(?<=[|,;\t^│(/\"])[ ]?(?P<v>\d{3}[ ]\d{3,4}|\d{6,14}(?:-\d{1,3})?|"
            r"\d{3}-\d{3,4}-\d{1,3}|[A-Z]{1,4}-?\d{4,14}(?:-\d{1,4})?)"
            r"[ ]?(?=[|,;\t^│)/\"])"),
        "|⟦691087⟧|", "(12345)、|20240401|",
        gate=has_numbers, veto=_is_day,
    ),
    Rule(
        "other_id", re.compile(r"[A-Z](?<![A-Za-z0-9./_-][A-Z])[A-Z]{0,3}-?\d{6,12}(?:-\d{1,4})?(?![\dA-Za-z]|\.\d|"
            r" ?\^)"),
        "参照⟦S-2024123⟧", "L4/5、T12345",
        gate=has_numbers,
    ),
    Rule(
        "patient_id",
        re.compile(
            r"(?:カルテ|患者|診察券|登録|病歴|受診者)(?:番号|ID|"
            r"No\.?)\s*[】\]>:=は]?\s*(?P<v>\d(?:[ -]?\d){3,14})(?!\d)"
        ),
        "カルテ番号:⟦12 34 567⟧", "患者番号 未定、CT 120 kV",
        signs=("番号", "ID"), veto=_is_clinical,
    ),
    # Leading zeros are written where a number is a name: 00501534, 007-103-18; counts and measurements have none.
    Rule(
        "other_id", re.compile(r"0(?<![\d.,:/A-Za-z-]0)\d{5,}(?![\d/:-]|\.\d)"),
        "参照 ⟦00501534⟧", "ADC 0.00501534",
        signs=("0",), gate=has_numbers,
    ),
    Rule(
        "other_id", re.compile(r"0(?<![\d.,:A-Za-z-]0)\d{2,3}(?:-\d{2,4}){1,2}(?![\d:-]|\.\d)"),
        "参照 ⟦007-103-18⟧", "区間 100-10-18",
        signs=("0",), gate=has_numbers,
    ),
    Rule(
        "patient_id", re.compile(rf"MRN?(?:\s*[:=#]\s*(?P<v>{ID})|\s+(?P<w>\d[\d-]{{3,}}))"),
        "(MRN ⟦123456⟧)", "MR 3T、123例",
        signs=("MR",),
    ),
    Rule(
        "vehicle", re.compile(r"\d{2,3}[\s・]?[ぁ-ん]\s?(?:\d{1,2}-\d{2}|[・.]{1,3}\d{1,3}|\d{2,4})(?!\d)"),
        "⟦品川 300 あ 12-34⟧", "CT 300 と 12 mm",
        gate=has_numbers, place=_with_office,
    ),
    Rule(
        "my_number", re.compile(r"\d(?<![\d.-]\d)\d{3}[ \t-]?\d{4}[ \t-]?\d{4}(?![\d.-])"),
        "⟦1234 5678 9018⟧", "1234 5678 9012",
        gate=has_numbers, veto=_is_no_my_number,
    ),
    # Longer than any count or measurement; 12 and 14 digits may be a moment.
    Rule(
        "other_id",
        re.compile(r"\d(?<![\d.,:/A-Za-z_-]\d)\d{8,}(?![\d.:/-]|\s?(?:mm|cm|HU|ml|mL|Bq|MBq|kBq|/))"),
        "参照 ⟦512345678⟧", "20240401102359に撮影",
        gate=has_numbers, veto=is_moment,
    ),
    Rule(
        "other_id", re.compile(r"^[ \t]*(?P<v>\d{6,10}|(?:19|20)\d{6}-\d{2,4})[ \t]*$", re.MULTILINE),
        "\n⟦97057529⟧\n所見", "20240401\n所見",
        gate=has_numbers, veto=_is_day,
    ),
    Rule(
        "other_id",
        re.compile(
            r"(?<![\d.,:/A-Za-z-])[1-9]\d{2}-\d{3,4}-\d{1,5}(?![\d.:/-]|\s?(?:mm|cm|HU|ml|mL|/))"
        ),
        "参照 ⟦693-3199-1⟧", "100-110-120 mm",
        signs=("-",), gate=has_numbers,
    ),
    # As they are dictated, or typed in words
    Rule(
        "patient_id",
        re.compile(
            r"(?<![ァ-ヺー])(?P<v>(?:(?:ゼロ|レイ|マル|イチ|ニイ?|サン|ヨン|シイ?|ゴオ?|ロク|ナナ|シチ|ハチ|キュウ|"
            r"ク)[ ・]?){5,14})(?![ァ-ヺー])|"
            r"(?:番号|ID|アイディー)[ :は、がの]{0,3}(?P<w>[〇零一二三四五六七八九]{5,12})"
        ),
        "アイディー、⟦ゼロゴロクゼロニハチ⟧、次", "サンゴ、ニクシン、番号 三の病変",
        signs=(
            "ゼロ", "レイ", "マル", "イチ", "サン", "ヨン", "ロク", "ナナ", "ハチ", "キュウ", "番号", "ID",
            "アイディー",
        ),
    ),
    Rule(
        "other_id",
        re.compile(
            r"(?<![\d/A-Za-z-])(?:19|20)\d{6}-\d{3,4}(?![\d-])|\*(?P<v>\d{5,12}(?:-\d{1,5})?)\*|"
            r"^[ \t]*(?P<w>\d{4}-\d{4})(?=[ \t\n]|$)|"
            r"(?:カルテ|[ <]id=\")[ ]?(?P<x>\d(?:[\d-]){4,14}\d)", re.MULTILINE
        ),
        "件名 ⟦20180711-035⟧", "2018-07-11、*12*、カルテ12",
        gate=has_numbers,
    ),
)  # fmt: skip
