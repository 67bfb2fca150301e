"""The case: one per Study, from its images, its reports, or both; and how it is put together. No I/O."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

FINDINGS, IMPRESSION, CLINICAL = "18782-3", "19005-8", "55752-0"  # LOINC
_SITE = "urn:jmid:site:"
_AGE = re.compile(r"(\d{3})([DWMY])")  # PS3.5 6.2, AS
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
_UID = "urn:oid:"
HIDDEN = frozenset({"entered-in-error", "cancelled"})

Json = Mapping[str, Any]


class Series(msgspec.Struct, frozen=True):
    """One Series as the portal shows it."""

    series_instance_uid: str
    modality: str = ""
    number: str = ""
    description: str = ""
    body_part: str = ""
    instances: int = 0


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
            ("Clinical information 依頼", self.clinical_information),
            ("Findings 所見", self.findings),
            ("Impression 診断", self.impression),
        ]
        found = [(heading, text) for heading, text in named if text]
        bare = "".join(self.text.split())
        is_whole = found and all("".join(text.split()) in bare for _, text in found)
        if self.text and not is_whole:
            found.append(("Further text その他" if found else "Report", self.text))
        return found


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

    patient_id: a pseudonym.  study_date: YYYYMMDD as a number, 0 if unknown.  age_years: -1 if unknown.
    """

    id: str
    study_instance_uid: str = ""
    site: str = ""
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
    reports: Sequence[Json],
    diagnoses: Sequence[Diagnosis] = (),
    annotations: int = 0,
) -> Case | None:
    """Put a case together from QIDO-RS answers (DICOM JSON) and FHIR DiagnosticReports; None if nothing is left."""
    shown = [report for report in reports if report.get("status") not in HIDDEN]
    if study is None and not shown:
        return None
    views = tuple(sorted((_series(each) for each in series), key=_series_order))
    header = study or {}
    first = shown[0] if shown else {}
    return Case(
        id=study_instance_uid or f"report-{first.get('id', '')}",
        study_instance_uid=study_instance_uid,
        site=next((site for each in series if (site := _first(each, "00080080"))), "") or _site_of(shown),
        patient_id=_first(header, "00100020") or _path(first, "subject", "identifier", "value"),
        study_date=_date(_first(header, "00080020") or str(first.get("effectiveDateTime", ""))),
        age_years=_age(_first(header, "00101010")),
        sex=_first(header, "00100040"),
        modalities=_distinct([*_all(header, "00080061"), *(v.modality for v in views), *_categories(shown)]),
        body_parts=_distinct([v.body_part for v in views]),
        description=_first(header, "00081030"),
        accession_number=_first(header, "00080050"),
        availability=_first(header, "00080056"),
        series=views,
        reports=tuple(sorted((read_report(each) for each in shown), key=lambda r: r.issued, reverse=True)),
        diagnoses=tuple(diagnoses),
        annotations=annotations,
    )


def read_report(report: Json) -> Report:
    """Read the de-identified form of docs/architecture.md."""
    values = {_loinc(each): str(each.get("valueString", "")) for each in _contained(report, "Observation")}
    tags = _list(_mapping(report.get("meta")).get("tag"))
    return Report(
        report_id=str(report.get("id", "")),
        status=str(report.get("status", "")),
        issued=str(report.get("issued", "")),
        clinical_information=values.get(CLINICAL, ""),
        findings=values.get(FINDINGS, ""),
        impression=values.get(IMPRESSION, "") or str(report.get("conclusion", "")),
        text=_plain_text(report),
        flagged=any(tag.get("system") == "urn:jmid:review" for tag in tags),
    )


def studies_of(report: Json) -> tuple[str, ...]:
    """Return the Study Instance UIDs that a report is linked to; several where one report reads several Studies."""
    identifiers = [i for imaging in _contained(report, "ImagingStudy") for i in _list(imaging.get("identifier"))]
    uids = (str(i.get("value", "")).removeprefix(_UID) for i in identifiers if i.get("system") == "urn:dicom:uid")
    return _distinct(uids)


def _series(header: Json) -> Series:
    return Series(
        series_instance_uid=_first(header, "0020000E"),
        modality=_first(header, "00080060"),
        number=_first(header, "00200011"),
        description=_first(header, "0008103E"),
        body_part=_first(header, "00180015"),
        instances=int(_first(header, "00201209") or 0),
    )


def _series_order(series: Series) -> tuple[int, str]:
    return (int(series.number) if series.number.lstrip("-").isdigit() else 0, series.series_instance_uid)


def _all(header: Json, tag: str) -> list[str]:
    """Return the values of an Attribute of DICOM JSON (PS3.18 F.2) as text."""
    values = _mapping(header.get(tag)).get("Value") or []
    return [str(v.get("Alphabetic", "") if isinstance(v, dict) else v) for v in values if v is not None]


def _first(header: Json, tag: str) -> str:
    return next(iter(_all(header, tag)), "")


def _date(text: str) -> int:
    digits = text.replace("-", "")[:8]
    return int(digits) if len(digits) == 8 and digits.isascii() and digits.isdigit() else 0


def _age(text: str) -> int:
    match = _AGE.fullmatch(text)
    return int(int(match[1]) / _PER_YEAR[match[2]]) if match else -1


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _categories(reports: Sequence[Json]) -> list[str]:
    """The modalities that reports name: they count too when the images are not there (yet)."""
    codings = [c for r in reports for category in _list(r.get("category")) for c in _list(category.get("coding"))]
    return [str(c.get("code", "")) for c in codings if str(c.get("system", "")).endswith("/DCM")]


def _site_of(reports: Sequence[Json]) -> str:
    sources = (str(_mapping(report.get("meta")).get("source", "")) for report in reports)
    return next((source.removeprefix(_SITE) for source in sources if source.startswith(_SITE)), "")


def _contained(report: Json, kind: str) -> list[Json]:
    return [each for each in _list(report.get("contained")) if each.get("resourceType") == kind]


def _loinc(observation: Json) -> str:
    codings = _list(_mapping(observation.get("code")).get("coding"))
    return next((str(coding.get("code", "")) for coding in codings), "")


def _plain_text(report: Json) -> str:
    for form in _list(report.get("presentedForm")):
        if str(form.get("contentType", "")).startswith("text/plain"):
            return base64.b64decode(str(form.get("data", ""))).decode("utf-8", "replace")
    return ""


def _path(value: Json, *names: str) -> str:
    for name in names[:-1]:
        value = _mapping(value.get(name))
    return str(value.get(names[-1], ""))


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
