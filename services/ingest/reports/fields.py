"""A report as plain texts, as rows of a table and readers of messages have it, checked into the one form. Pure."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from services.ingest.reports.canonical import CanonicalPatient, CanonicalReport, ReportTexts
from services.ingest.reports.dates import instant, iso_date
from services.ingest.reports.mentions import MOST, Mentions, words
from shared.dicom.uid import is_uid
from shared.errors import Invalid
from shared.fhir.report import MOST_TEXT_SIGNS
from shared.fhir.statuses import RETRACTED, ReportStatus, status_of

_STATUS_WORDS: Final[Mapping[str, ReportStatus]] = {
    **dict.fromkeys("f 確 確定 確定済 確定済み 確定報告 確報 完了 報告済 報告済み".split(), ReportStatus.FINAL),
    **dict.fromkeys("最終 最終報告 最終確定 正式 正式報告 本報告 承認 承認済 承認済み".split(), ReportStatus.FINAL),
    **dict.fromkeys("二次確定 二次確定済 二次承認 二次承認済 二次報告".split(), ReportStatus.FINAL),
    **dict.fromkeys("二次読影済 二次読影済み".split(), ReportStatus.FINAL),
    **dict.fromkeys("p 仮 仮確定 仮報告 仮保存 暫定 暫定報告 速報 一次".split(), ReportStatus.PRELIMINARY),
    **dict.fromkeys("一次報告 一次読影 一次読影済 一次読影済み 一次確定".split(), ReportStatus.PRELIMINARY),
    **dict.fromkeys("二次読影 二次読影中 二次読影待 二次読影待ち 一次読影中".split(), ReportStatus.PRELIMINARY),
    **dict.fromkeys("下書き 未確定 未承認 差戻 差戻し 差し戻し".split(), ReportStatus.PRELIMINARY),
    **dict.fromkeys("承認待ち 承認待 確認待ち 途中 作成中 読影中 一時保存".split(), ReportStatus.PRELIMINARY),
    **dict.fromkeys("依頼 依頼中 受付 受付済 未読 未読影 未着手 未作成".split(), ReportStatus.REGISTERED),
    **dict.fromkeys("c 修正 修正済 修正済み 修正報告 訂正 訂正済 訂正済み 訂正報告".split(), ReportStatus.CORRECTED),
    **dict.fromkeys("追記 追記済 追記済み 追加報告 追加 補足".split(), ReportStatus.APPENDED),
    **dict.fromkeys("a 改訂 改版 変更 変更済".split(), ReportStatus.AMENDED),
    **dict.fromkeys("x 取消 取消し 取り消し 取消済 中止 キャンセル 破棄".split(), ReportStatus.CANCELLED),
    **dict.fromkeys("w 誤登録 誤報告 無効 削除 削除済".split(), ReportStatus.ENTERED_IN_ERROR),
}
"""Words of reporting systems, each as ``folded``; a site's mapping may add others."""
_GENDERS: Final = {"m": "male", "f": "female", "男": "male", "女": "female", "1": "male", "2": "female", "o": "other"}


class ReportFields(ReportTexts, frozen=True, kw_only=True):
    """All texts, as they came; empty where unknown. The names are those of a mapping file.

    order_number: one a line; for the cleaning only.
    """

    order_number: str = ""
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


def canonical(
    fields: ReportFields, mentions: Mentions | None = None, words_of_site: Mapping[str, ReportStatus] | None = None
) -> CanonicalReport:
    """Return the report; raise Invalid that names the field that is missing or wrong.

    mentions: what else the source names. With an attachment that was left behind, a report may have no text here.
    words_of_site: what its own words for a status mean, each as ``folded``.
    """
    mentions = mentions or Mentions()
    for number in fields.order_number.splitlines():
        mentions.number(number)
    if not fields.report_id or not fields.patient_id:
        raise Invalid("missing-field", "report_id and patient_id are needed")
    status = _status(fields.status, words_of_site or {})
    has_content = any((fields.findings, fields.impression, fields.text, mentions.left_behind))
    if not has_content and status not in RETRACTED:
        raise Invalid("no-text", "findings, impression and text are all empty")
    if fields.study_uid and not is_uid(fields.study_uid):
        raise Invalid("bad-uid", "study_uid is no valid UID (PS3.5 9.1)")
    if any(len(getattr(fields, name)) > MOST_TEXT_SIGNS for name in ReportTexts.__struct_fields__):
        raise Invalid("text-too-long", f"a text of a report has at most {MOST_TEXT_SIGNS} characters")
    as_they_came = {name: getattr(fields, name) for name in ReportTexts.__struct_fields__}
    checked = {
        "modality": fields.modality.upper(),
        "procedure": _procedure(fields),
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


def _procedure(fields: ReportFields) -> str:
    """Return the procedure with the body part, where it does not say that already."""
    is_said = fields.body_part in fields.procedure
    return fields.procedure if is_said else f"{fields.procedure} {fields.body_part}".strip()


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


def folded(word: str) -> str:
    """Return a word as words for a status are compared: without width, case, blanks and brackets around it."""
    return unicodedata.normalize("NFKC", word).strip(" []()【】「」:").lower()


def _status(text: str, words_of_site: Mapping[str, ReportStatus]) -> ReportStatus:
    word = folded(text)
    if not word:
        return ReportStatus.FINAL
    status = words_of_site.get(word) or status_of(word) or _STATUS_WORDS.get(word)
    if status is None:
        raise Invalid("bad-status", "status is neither a FHIR status nor a word that the mapping knows")
    return status
