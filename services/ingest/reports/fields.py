"""A report as plain texts, as rows of a table and readers of messages have it, checked into the one form. Pure."""

from collections.abc import Mapping
from typing import Final

from services.ingest.reports.canonical import CanonicalPatient, CanonicalReport, ReportTexts
from services.ingest.reports.dates import instant, iso_date
from services.ingest.reports.mentions import MOST, Mentions, words
from shared.dicom.uid import is_uid
from shared.errors import Invalid
from shared.fhir.statuses import RETRACTED, ReportStatus, status_of

_STATUS_WORDS: Final[Mapping[str, ReportStatus]] = {
    **dict.fromkeys(("f", "確定", "完了"), ReportStatus.FINAL),
    **dict.fromkeys(("p", "仮", "暫定"), ReportStatus.PRELIMINARY),
    **dict.fromkeys(("c", "修正", "訂正"), ReportStatus.CORRECTED),
    "追記": ReportStatus.APPENDED,
    "a": ReportStatus.AMENDED,
    **dict.fromkeys(("x", "取消", "中止"), ReportStatus.CANCELLED),
    "w": ReportStatus.ENTERED_IN_ERROR,
}
_GENDERS: Final = {"m": "male", "f": "female", "男": "male", "女": "female", "1": "male", "2": "female", "o": "other"}


class ReportFields(ReportTexts, frozen=True, kw_only=True):
    """All texts, as they came; empty where unknown. The names are those of a mapping file."""

    report_id: str = ""
    patient_id: str = ""
    issuer: str = ""
    patient_name: str = ""
    patient_kana: str = ""
    birth_date: str = ""
    sex: str = ""
    exam_time: str = ""
    body_part: str = ""
    status: str = ""


def canonical(fields: ReportFields, mentions: Mentions | None = None) -> CanonicalReport:
    """Return the report; raise Invalid that names the field that is missing or wrong.

    mentions: what else the source names. With an attachment that was left behind, a report may have no text here.
    """
    mentions = mentions or Mentions()
    if not fields.report_id or not fields.patient_id:
        raise Invalid("missing-field", "report_id and patient_id are needed")
    status = _status(fields.status)
    has_content = any((fields.findings, fields.impression, fields.text, mentions.left_behind))
    if not has_content and status not in RETRACTED:
        raise Invalid("no-text", "findings, impression and text are all empty")
    if fields.study_uid and not is_uid(fields.study_uid):
        raise Invalid("bad-uid", "study_uid is no valid UID (PS3.5 9.1)")
    as_they_came = {name: getattr(fields, name) for name in ReportTexts.__struct_fields__}
    checked = {
        "modality": fields.modality.upper(),
        "exam_date": iso_date(fields.exam_date, "exam_date"),
        "issued": instant(fields.issued, "issued"),
        "requester": words(fields.requester),
        "radiologist": words(fields.radiologist),
    }
    return CanonicalReport(
        report_id=fields.report_id,
        patient=_patient(fields, mentions),
        status=status,
        **{**as_they_came, **checked},
        mentions=mentions.others,
        left_behind=tuple(mentions.left_behind[:MOST]),
        unmapped=min(mentions.unmapped, MOST),
    )


def _patient(fields: ReportFields, mentions: Mentions) -> CanonicalPatient:
    return CanonicalPatient(
        number=fields.patient_id,
        issuer=fields.issuer,
        name=words(fields.patient_name),
        kana=words(fields.patient_kana),
        birth_date=iso_date(fields.birth_date, "birth_date"),
        gender=_GENDERS.get(fields.sex.strip().lower(), ""),
        other_names=tuple(mentions.names),
        other_numbers=tuple(mentions.numbers),
        addresses=tuple(mentions.addresses),
        phones=tuple(mentions.phones),
    )


def _status(text: str) -> ReportStatus:
    word = text.strip().lower()
    if not word:
        return ReportStatus.FINAL
    status = status_of(word) or _STATUS_WORDS.get(word)
    if status is None:
        raise Invalid("bad-status", "status is neither a FHIR status nor a word that the mapping knows")
    return status
