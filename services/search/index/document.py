"""What of a case is compared with a query: by field of the language, texts, values and numbers. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from services.search.case import Case
from services.search.language.tree import TEXT, Document

LINKED, IMAGES_ONLY, REPORT_ONLY = "linked", "images-only", "report-only"
NUMBERS_OF_SERIES: Final = {
    "thickness": "thickness_mm",
    "kvp": "kvp",
    "field_strength": "field_strength_t",
    "ctdi": "ctdi_vol_mgy",
}
"""Field of the language → field of a Series."""


def document_of(case: Case) -> Document:
    """Return what the index holds of a case, and what a plain reference reads."""
    return Document(texts=_texts(case), values=_values(case), numbers=_numbers(case))


def _texts(case: Case) -> Mapping[str, Sequence[str]]:
    names = {name: _of_series(case, name) for name in ("manufacturer", "model", "kernel", "sequence")}
    return {
        TEXT: case.texts(),
        "clinical": [report.clinical_information for report in case.reports if report.clinical_information],
        "findings": [report.findings for report in case.reports if report.findings],
        "impression": [report.impression for report in case.reports if report.impression],
        "description": [text for text in (case.description, *(s.description for s in case.series)) if text],
        "present": case.present,
        "absent": case.absent,
        "diagnosis": [part for d in case.diagnoses for part in (d.code, d.display, d.note) if part],
        **names,
    }


def _values(case: Case) -> Mapping[str, Sequence[str]]:
    uids = [case.study_instance_uid, *(series.series_instance_uid for series in case.series)]
    reports = [report.report_id for report in case.reports]
    listed: dict[str, Iterable[str]] = {
        "modality": case.modalities,
        "body_part": case.body_parts,
        "sex": [case.sex],
        "site": [case.site],
        "link": [_link(case)],
        "availability": [case.availability],
        "diagnosis_code": [diagnosis.code for diagnosis in case.diagnoses],
        "present": case.present,
        "absent": case.absent,
        "patient": [case.patient_id],
        "uid": uids,
        "accession": [case.accession_number],
        "report": reports,
        "identifier": [case.patient_id, *uids, case.accession_number, *reports],
        **{name: _of_series(case, name) for name in ("manufacturer", "model", "kernel", "sequence")},
    }
    return {name: [value for value in dict.fromkeys(values) if value] for name, values in listed.items()}


def _numbers(case: Case) -> Mapping[str, Sequence[float]]:
    contrasts = [series.contrast for series in case.series if series.contrast is not None]
    return {
        "date": [case.study_date] if case.study_date else [],
        "age": [case.age_years] if case.age_years >= 0 else [],
        "series_count": [len(case.series)] if case.series else [],
        "images": [case.instances] if case.series else [],
        "has_images": [float(case.has_images)],
        "has_report": [float(bool(case.reports))],
        "confirmed": [float(bool(case.diagnoses))],
        "contrast": [float(any(contrasts))] if contrasts else [],
        **{name: _numbers_of_series(case, field) for name, field in NUMBERS_OF_SERIES.items()},
    }


def _link(case: Case) -> str:
    if case.has_images and case.reports:
        return LINKED
    return IMAGES_ONLY if case.has_images else REPORT_ONLY


def _of_series(case: Case, name: str) -> list[str]:
    return [value for value in dict.fromkeys(getattr(series, name) for series in case.series) if value]


def _numbers_of_series(case: Case, name: str) -> list[float]:
    numbers = (getattr(series, name) for series in case.series)
    return sorted({round(number, 6) for number in numbers if number is not None})
