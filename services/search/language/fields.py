"""The fields of a query: their names, what kind of value each takes, and how a number is read. Pure."""

import enum
import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple


class Kind(enum.Enum):
    """How a field is compared.

    TEXT: any part of it.  NAME: any part of it too, but of few values, which are counted.
    VALUE: the whole of it, ``*`` allowed.  NUMBER: equal or in a range.  DATE: a day, a month, a year, or a range.
    FLAG: yes or no.
    """

    TEXT = enum.auto()
    NAME = enum.auto()
    VALUE = enum.auto()
    NUMBER = enum.auto()
    DATE = enum.auto()
    FLAG = enum.auto()


class Field(NamedTuple):
    """One field. names: what else it is called.  unit: of a number.  is_counted: whether facets may count it.

    tag: of the Attribute that it comes from; empty if it comes from reports or from us.
    """

    name: str
    kind: Kind
    names: tuple[str, ...] = ()
    unit: str = ""
    is_counted: bool = True
    tag: str = ""


_ALL: Final = (
    Field("modality", Kind.VALUE, ("モダリティ", "検査種別"), tag="(0008,0060)"),
    Field("body_part", Kind.VALUE, ("body", "bodypart", "部位"), tag="(0018,0015)"),
    Field("sex", Kind.VALUE, ("性別",), tag="(0010,0040)"),
    Field("site", Kind.VALUE, ("施設", "病院"), tag="(0012,0030)"),
    Field("manufacturer", Kind.NAME, ("maker", "製造元", "メーカー"), tag="(0008,0070)"),
    Field("model", Kind.NAME, ("装置", "機種"), tag="(0008,1090)"),
    Field("kernel", Kind.NAME, ("関数", "再構成関数"), tag="(0018,1210)"),
    Field("sequence", Kind.NAME, ("シーケンス",), tag="(0018,0024), else (0018,9005), else (0018,0020)"),
    Field("link", Kind.VALUE, ("紐付け", "リンク")),
    Field("diagnosis_code", Kind.VALUE, ("dx_code", "病名コード")),
    Field("present", Kind.NAME, ("finding", "所見あり")),
    Field("absent", Kind.NAME, ("所見なし",)),
    Field("availability", Kind.VALUE, (), tag="(0008,0056)"),
    Field("patient", Kind.VALUE, ("patient_id", "pid", "患者"), is_counted=False, tag="(0010,0020)"),
    Field("uid", Kind.VALUE, ("study", "series"), is_counted=False, tag="(0020,000D), (0020,000E)"),
    Field("accession", Kind.VALUE, ("accession_number", "受付番号"), is_counted=False, tag="(0008,0050)"),
    Field("report", Kind.VALUE, ("report_id", "レポート"), is_counted=False),
    Field("age", Kind.NUMBER, ("年齢",), "y", tag="(0010,1010)"),
    Field("thickness", Kind.NUMBER, ("slice", "スライス厚"), "mm", tag="(0018,0050)"),
    Field("kvp", Kind.NUMBER, ("管電圧",), "kv", tag="(0018,0060)"),
    Field("field_strength", Kind.NUMBER, ("tesla", "磁場強度"), "t", tag="(0018,0087)"),
    Field("ctdi", Kind.NUMBER, ("dose", "線量"), "mgy", tag="(0018,9345)"),
    Field("series_count", Kind.NUMBER, ("シリーズ数",), tag="(0020,1206)"),
    Field("images", Kind.NUMBER, ("instances", "画像数"), tag="(0020,1208)"),
    Field("date", Kind.DATE, ("study_date", "検査日"), is_counted=False, tag="(0008,0020)"),
    Field("has_images", Kind.FLAG, ("画像",)),
    Field("has_report", Kind.FLAG, ("報告",)),
    Field("contrast", Kind.FLAG, ("造影",), tag="(0018,0010)"),
    Field("confirmed", Kind.FLAG, ("確定",)),
    Field("clinical", Kind.TEXT, ("臨床情報", "目的")),
    Field("findings", Kind.TEXT, ("所見",)),
    Field("impression", Kind.TEXT, ("診断", "印象")),
    Field("description", Kind.TEXT, ("検査名",), tag="(0008,1030), (0008,103E)"),
    Field("diagnosis", Kind.TEXT, ("dx", "確定診断", "病名")),
)
FIELDS: Final[Mapping[str, Field]] = {field.name: field for field in _ALL}
NAMES: Final[Mapping[str, Field]] = {name: field for field in _ALL for name in (field.name, *field.names)}
TEXTS: Final = tuple(field.name for field in _ALL if field.kind in (Kind.TEXT, Kind.NAME))
VALUES: Final = (*(field.name for field in _ALL if field.kind in (Kind.VALUE, Kind.NAME)), "identifier")
NUMBERS: Final = tuple(field.name for field in _ALL if field.kind in (Kind.NUMBER, Kind.DATE, Kind.FLAG))
COUNTED_VALUES: Final = tuple(f.name for f in _ALL if f.is_counted and f.kind in (Kind.VALUE, Kind.NAME))
COUNTED_NUMBERS: Final = tuple(f.name for f in _ALL if f.is_counted and f.kind in (Kind.NUMBER, Kind.FLAG))
FACETS: Final = (*COUNTED_VALUES, *COUNTED_NUMBERS)
"""What facets count. Of a number, each value that occurs; of an age, decades."""
_NUMBER: Final = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,6})?) ?([a-z%歳才]*)")
_UNITS: Final = {
    ("mm", "cm"): 10.0,
    ("y", "歳"): 1.0,
    ("y", "才"): 1.0,
    ("y", "yr"): 1.0,
    ("y", "years"): 1.0,
    ("kv", "kvp"): 1.0,
    ("t", "tesla"): 1.0,
}
_DATE: Final = re.compile(r"(\d{4})(?:[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2})日?|月)?|年)?")
_RANGES: Final = re.compile(r"(.*?)(?:\.\.|~)(.*)", re.DOTALL)
_OPEN: Final = re.compile(r"(>=|<=|>|<|=)(.+)", re.DOTALL)
_STEP: Final = 1e-6
"""What numbers may differ by: more exact than any value that an Attribute of these is written with."""


def bounds_of(field: Field, typed: str) -> tuple[float | None, float | None] | None:
    """Return the bounds, both taken in, that a value of a number or date field means; None if it cannot be read.

    ``5``, ``>=5``, ``<5``, ``5..10``, ``5-10``, ``5..``, with the field's unit; a date is ``2024``, ``2024-05`` or
    ``2024-05-31``.
    """
    text = unicodedata.normalize("NFKC", typed).strip().lower().replace("〜", "~").replace("≧", ">=").replace("≦", "<=")
    read = _day if field.kind is Kind.DATE else _number
    if compared := _OPEN.fullmatch(text):
        own = read(field, compared[2].strip())
        return None if own is None else _compared(field, compared[1], *own)
    ends = _RANGES.fullmatch(text) or (_dashed(text) if field.kind is Kind.NUMBER else None)
    if ends is None:
        return read(field, text)
    low, high = (read(field, end.strip()) if end.strip() else (None, None) for end in (ends[1], ends[2]))
    if low is None or high is None or (low[0] is None and high[1] is None):
        return None
    return low[0], high[1]


def _compared(field: Field, sign: str, low: float, high: float) -> tuple[float | None, float | None]:
    step = 1.0 if field.kind is Kind.DATE else _STEP
    return {
        "=": (low, high),
        ">=": (low, None),
        "<=": (None, high),
        ">": (high + step, None),
        "<": (None, low - step),
    }[sign]


def _dashed(text: str) -> re.Match[str] | None:
    return re.fullmatch(r"([^-]+)-([^-]+)", text)


def _number(field: Field, text: str) -> tuple[float, float] | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    unit = match[2]
    factor = 1.0 if unit in ("", field.unit) else _UNITS.get((field.unit, unit))
    if factor is None:
        return None
    value = round(float(match[1]) * factor, 6)
    return value, value


def _day(_: Field, text: str) -> tuple[float, float] | None:
    """Return the first and last day as YYYYMMDD; of a month or year, days that no calendar has are no harm."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if month > 12 or day > 31 or (match[2] and not month) or (match[3] and not day):
        return None
    return year * 10000 + (month or 1) * 100 + (day or 1), year * 10000 + (month or 12) * 100 + (day or 31)
