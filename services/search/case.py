"""The case: one per Study, from its images, its reports, or both; and how it is put together. No I/O."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.search.acquisition import acquisition_of
from shared.dicom.json_values import integer, text, texts
from shared.fhir import codes
from shared.fhir.report import PublishedReport
from shared.fhir.statuses import RETRACTED
from shared.web.language import translatable

_AGE = re.compile(r"(\d{3})([DWMY])")  # PS3.5 6.2, AS
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")  # PS3.5 6.2, IS, and longer ones that a peer may send
SITE_ID = "00120030"
"""Clinical Trial Site ID: the archive answers the site that all Instances of a Study came from there."""
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}

Json = Mapping[str, Any]


class Series(msgspec.Struct, frozen=True):
    """One Series as the portal shows it, and how it was made: see ``acquisition``; None and empty are unknown."""

    series_instance_uid: str
    modality: str = ""
    number: str = ""
    description: str = ""
    body_part: str = ""
    instances: int = 0
    manufacturer: str = ""
    model: str = ""
    kernel: str = ""
    sequence: str = ""
    thickness_mm: float | None = None
    kvp: float | None = None
    field_strength_t: float | None = None
    ctdi_vol_mgy: float | None = None
    contrast: bool | None = None


class Report(msgspec.Struct, frozen=True):
    """One de-identified report. flagged: the anonymizer asks a person to look at it."""

    report_id: str
    status: str = ""
    issued: str = ""
    clinical_information: str = ""
    findings: str = ""
    impression: str = ""
    text: str = ""
    flagged: bool = False

    def sections(self) -> list[tuple[str, str]]:
        """Return the headings and texts that are there.

        A plain text that holds the sections is the whole report and says nothing new; another does, as of an addendum.
        """
        named = [
            (translatable("Clinical information"), self.clinical_information),
            (translatable("Findings"), self.findings),
            (translatable("Impression"), self.impression),
        ]
        texts = [(heading, text) for heading, text in named if text]
        bare = "".join(self.text.split())
        is_whole = texts and all("".join(text.split()) in bare for _, text in texts)
        if self.text and not is_whole:
            texts.append((translatable("Further text") if texts else translatable("Report"), self.text))
        return texts


class Diagnosis(msgspec.Struct, frozen=True):
    """A confirmed diagnosis 確定診断."""

    code: str = ""
    system: str = ""
    display: str = ""
    note: str = ""
    by: str = ""
    at: str = ""


class Case(msgspec.Struct, frozen=True):
    """id: the Study Instance UID, or ``report-`` and the report's id where no Study is known.

    site: to show.  only_site: that the Study and all reports are known to have come from; empty if they are of several,
    or one of them is of none that is known.
    present, absent: codes of the findings that the reports say are there, and of those that they say are not.
    patient_id: a pseudonym.  study_date: YYYYMMDD as a number, 0 if unknown.  age_years: -1 if unknown.
    """

    id: str
    study_instance_uid: str = ""
    site: str = ""
    only_site: str = ""
    patient_id: str = ""
    study_date: int = 0
    age_years: int = -1
    sex: str = ""
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    description: str = ""
    accession_number: str = ""
    availability: str = ""
    series: tuple[Series, ...] = ()
    reports: tuple[Report, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    annotations: int = 0
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def has_images(self) -> bool:
        """Say whether the archive knows the Study."""
        return bool(self.series)

    @property
    def instances(self) -> int:
        """Count the Instances of all Series."""
        return sum(series.instances for series in self.series)

    def texts(self) -> list[str]:
        """Return everything a reader may search for, piece by piece."""
        own = [self.description, *self.body_parts, *(series.description for series in self.series)]
        from_reports = [text for report in self.reports for _, text in report.sections()]
        confirmed = [part for d in self.diagnoses for part in (d.display, d.note, d.code)]
        return [text for text in (*from_reports, *confirmed, *own) if text]


def build_case(
    study_instance_uid: str,
    study: Json | None,
    series: Sequence[Json],
    reports: Sequence[PublishedReport],
    diagnoses: Sequence[Diagnosis] = (),
    annotations: int = 0,
) -> Case | None:
    """Put a case together from QIDO-RS answers (DICOM JSON) and reports; None if nothing is left."""
    shown = [report for report in reports if report.status not in RETRACTED]
    if study is None and not shown:
        return None
    views = tuple(sorted((_series(each) for each in series), key=_series_order))
    header = study or {}
    first = shown[0] if shown else None
    sites = [*([text(study, SITE_ID)] if study is not None else []), *(each.site for each in shown)]
    return Case(
        id=study_instance_uid or f"report-{first.report_id if first else ''}",
        study_instance_uid=study_instance_uid,
        site=next(filter(None, sites), ""),
        only_site=sites[0] if len(set(sites)) == 1 else "",
        patient_id=text(header, "00100020") or (first.patient_id if first else ""),
        study_date=_date(text(header, "00080020") or (first.effective if first else "")),
        age_years=_age(text(header, "00101010")),
        sex=text(header, "00100040"),
        modalities=_distinct([*texts(header, "00080061"), *(v.modality for v in views), *_modalities(shown)]),
        body_parts=_distinct([v.body_part for v in views]),
        description=text(header, "00081030"),
        accession_number=text(header, "00080050"),
        availability=text(header, "00080056"),
        series=views,
        reports=tuple(sorted((shown_report(each) for each in shown), key=lambda r: r.issued, reverse=True)),
        diagnoses=tuple(diagnoses),
        annotations=annotations,
    )


def of_patient(case: Case | None, patient_id: str) -> Case | None:
    """Return the case as that of the patient whose pseudonym stays after a merge; empty leaves it as it is."""
    return msgspec.structs.replace(case, patient_id=patient_id) if case is not None and patient_id else case


def shown_report(report: PublishedReport) -> Report:
    """Return what the portal shows of a report; its conclusion stands for a missing impression."""
    sections = report.sections
    return Report(
        report_id=report.report_id,
        status=report.status,
        issued=report.issued,
        clinical_information=sections.get(codes.CLINICAL, ""),
        findings=sections.get(codes.FINDINGS, ""),
        impression=sections.get(codes.IMPRESSION, "") or report.conclusion,
        text=report.text,
        flagged=report.is_flagged,
    )


def _series(header: Json) -> Series:
    return Series(
        series_instance_uid=text(header, "0020000E"),
        modality=text(header, "00080060"),
        number=text(header, "00200011"),
        description=text(header, "0008103E"),
        body_part=text(header, "00180015"),
        instances=integer(header, "00201209", 0),
        **acquisition_of(dict(header)),
    )


def _series_order(series: Series) -> tuple[int, str]:
    number = _NUMBER.fullmatch(series.number)
    return (int(number[0]) if number else 0, series.series_instance_uid)


def _date(text: str) -> int:
    digits = text.replace("-", "")[:8]
    return int(digits) if len(digits) == 8 and digits.isascii() and digits.isdigit() else 0


def _age(text: str) -> int:
    match = _AGE.fullmatch(text)
    return int(int(match[1]) / _PER_YEAR[match[2]]) if match else -1


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _modalities(reports: Sequence[PublishedReport]) -> list[str]:
    """The modalities that reports name: they count too when the images are not there (yet)."""
    return [modality for report in reports for modality in report.modalities]
