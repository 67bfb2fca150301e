"""What the collection rules may ask about an Instance or a report, read from its header or Bundle. Pure.

Source: PS3.3 C.7.1.1, C.7.2.1, C.7.2.2, C.7.3.1, C.7.5.1; PS3.5 6.2 (AS, DA); FHIR R4 DiagnosticReport, Patient.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import orjson

from shared.dicom import character_sets, elements
from shared.dicom.elements import Element
from shared.dicom.file_format import Part10
from shared.errors import Invalid
from shared.fhir import systems
from shared.fhir.values import Json

_CHARACTER_SET, _STUDY_DATE, _MODALITY, _STATION = 0x00080005, 0x00080020, 0x00080060, 0x00081010
_BIRTH_DATE, _AGE, _PROCEDURE_CODES = 0x00100030, 0x00101010, 0x00081032
_PROCEDURES: Final = (0x00081030, 0x0008103E, 0x00181030, 0x00321060)
"""Study and Series Description, Protocol Name, Requested Procedure Description."""
_CODE_VALUES: Final = frozenset({0x00080100, 0x00080119, 0x00080120})  # Code Value, Long Code Value, URN Code Value
TAGS: Final = frozenset(
    {_CHARACTER_SET, _STUDY_DATE, _MODALITY, _STATION, _BIRTH_DATE, _AGE, _PROCEDURE_CODES, *_PROCEDURES}
)
_DAYS_A_YEAR: Final = {"Y": 1.0, "M": 12.0, "W": 52.1775, "D": 365.2425}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one content. It holds values of a patient: it is never logged, recorded or shown.

    modality, station: None where a report does not say it, or has no such thing; of an Instance '' if it is empty.
    procedures: descriptions and protocol names.  codes: of the procedure.  age_y: whole years, None if not known.
    """

    modality: str | None = None
    station: str | None = None
    procedures: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    age_y: int | None = None
    study_date: dt.date | None = None


def instance_facts(file: Part10[Any], found: Mapping[int, Element]) -> Facts:
    """Return the facts of an Instance. found: its elements of ``TAGS``."""

    def text(tag: int) -> str:
        element = found.get(tag)
        if element is None:
            return ""
        value = bytes(file.data[element.value : element.end])
        return character_sets.decode(value, specific).strip(" \0")

    charset = found.get(_CHARACTER_SET)
    specific = bytes(file.data[charset.value : charset.end]) if charset else b""
    study_date = _date(text(_STUDY_DATE))
    return Facts(
        modality=text(_MODALITY),
        station=text(_STATION),
        procedures=tuple(filter(None, map(text, _PROCEDURES))),
        codes=tuple(_codes(file, found.get(_PROCEDURE_CODES))),
        age_y=_age(text(_AGE), _date(text(_BIRTH_DATE)), study_date),
        study_date=study_date,
    )


def _codes(file: Part10[Any], sequence: Element | None) -> Iterator[str]:
    if sequence is None:
        return
    syntax = elements.inside(sequence, file.syntax)
    try:
        for item in elements.items(file.data, sequence, len(file.data), syntax):
            for element, _ in elements.walk(file.data, item.value, item.end, syntax):
                if element.tag in _CODE_VALUES:
                    yield elements.text(file.data[element.value : element.end])
    except Invalid:  # a rule that asks for a code does not match
        return


def _date(text: str) -> dt.date | None:
    """Return a date of the forms YYYYMMDD, YYYY.MM.DD and YYYY-MM-DD."""
    digits = re.sub(r"[-.]", "", text[:10])
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


def _age(said: str, birth: dt.date | None, study: dt.date | None) -> int | None:
    """Return whole years: as the header says (AS), else from birth and study dates."""
    stated = re.fullmatch(r"(\d{1,3})([DWMY])", said)
    if stated:
        return int(int(stated[1]) / _DAYS_A_YEAR[stated[2]])
    if birth is None or study is None or study < birth:
        return None
    return study.year - birth.year - ((study.month, study.day) < (birth.month, birth.day))


def report_facts(bundle: bytes) -> Facts:
    """Return the facts of a report, from the Bundle that it is kept as."""
    entries = orjson.loads(bundle).get("entry", [])
    resources = [
        each["resource"] for each in entries if isinstance(each, dict) and isinstance(each.get("resource"), dict)
    ]
    report: Json = next((each for each in resources if each.get("resourceType") == "DiagnosticReport"), {})
    patient: Json = next((each for each in resources if each.get("resourceType") == "Patient"), {})
    period = report.get("effectivePeriod")
    begin = period.get("start") if isinstance(period, dict) else None
    study_date = _date(_text(report.get("effectiveDateTime") or begin))
    code = report.get("code")
    texts, codes = _concept(code if isinstance(code, dict) else {})
    return Facts(
        modality=next(_modalities(report, resources), None),
        procedures=texts,
        codes=codes,
        age_y=_age("", _date(_text(patient.get("birthDate"))), study_date),
        study_date=study_date,
    )


def _modalities(report: Json, resources: list[Json]) -> Iterator[str]:
    """Yield the codes of system DCM in the report's category, and in the modality of its Studies."""
    concepts = [report.get("category"), *({"coding": each.get("modality")} for each in resources)]
    for coding in _codings(concepts):
        if coding.get("system") == systems.DCM and isinstance(coding.get("code"), str):
            yield coding["code"]


def _codings(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for each in value:
            yield from _codings(each)
    elif isinstance(value, dict) and isinstance(value.get("coding"), list | dict):
        own = value["coding"]
        yield from (each for each in (own if isinstance(own, list) else [own]) if isinstance(each, dict))


def _concept(concept: Json) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return texts and codes of a CodeableConcept."""
    codings = list(_codings(concept))
    texts = [_text(concept.get("text")), *(_text(each.get("display")) for each in codings)]
    return tuple(filter(None, texts)), tuple(filter(None, (_text(each.get("code")) for each in codings)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
