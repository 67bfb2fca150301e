"""De-identify one report: read, clean, and build a new DiagnosticReport from an allow-list of fields.

Pure: bytes and keys in, bytes and findings out. The form is docs/architecture.md, "The de-identified DiagnosticReport".
"""

import hashlib
from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
import orjson

from services.anonymizer import opted_out
from services.anonymizer.header_names.told import ToldName, names_told
from services.anonymizer.policy import Policy, text_policy_of
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.vault import Sealed, seal
from services.anonymizer.reports import elements
from services.anonymizer.reports.read import SourceReport, read_report
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.folding.spans import ResidualRisk
from services.anonymizer.text.prose import readable
from services.anonymizer.text.residual_risk import people_in
from shared.dicom.uid import is_uid
from shared.errors import Invalid, Refused
from shared.events import LinkKeys
from shared.fhir import codes, systems
from shared.fhir.report import MOST_BYTES, SECTIONS
from shared.fhir.statuses import RETRACTED, ReportStatus
from shared.fhir.values import patient_reference

_INSTITUTION_NAME = "00080080"
_LINK_BYTES = 64 << 10  # for the link that the linker adds


class DeidentifiedReport(msgspec.Struct, frozen=True):
    """document: the FHIR JSON that may leave; resource: the same, not yet written.

    removed: category → count.  dropped: kind of attachment → count.
    review: a person should read it; reasons say why, as words; risks where, by cleaned text.
    sealed: the way back, for the vault.  told: names of staff and places in its header, which stay inside the site.
    """

    report_id: str
    resource: dict[str, Any]
    document: bytes
    sha256: str
    status: ReportStatus
    issued: str
    keys: LinkKeys
    removed: dict[str, int]
    dropped: dict[str, int]
    review: bool
    reasons: tuple[str, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    risks: dict[str, tuple[ResidualRisk, ...]] = {}
    told: tuple[ToldName, ...] = ()


class _Cleaner:
    """Cleans the texts of one report with one dictionary and adds up what was found."""

    def __init__(self, identifiers: Identifiers, policy: TextPolicy) -> None:
        self._identifiers, self._policy = identifiers, policy
        self.removed: Counter[str] = Counter()
        self._risks: dict[str, tuple[ResidualRisk, ...]] = {}  # of each cleaned text

    def __call__(self, text: str) -> str:
        """Return a text cleaned, with the line ends that a page counts: a person's cuts stay where they were made."""
        text = readable(text).replace("\r\n", "\n").replace("\r", "\n")
        cleaned = clean_text(text, self._identifiers, self._policy)
        self.removed.update(cleaned.removed)
        self._risks[cleaned.text] = cleaned.risks
        return cleaned.text

    def recognise(self) -> None:
        """Add what the recogniser says of all texts."""
        for text, seen in zip(self._risks, people_in(list(self._risks)), strict=True):
            self._risks[text] += tuple(seen)

    @property
    def risks(self) -> dict[str, tuple[ResidualRisk, ...]]:
        """What a person should read, by cleaned text, and in each in order."""
        return {text: tuple(sorted(risks)) for text, risks in self._risks.items() if risks}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a person should read the report."""
        return tuple(sorted({risk.reason for risks in self._risks.values() for risk in risks}))


def deidentify(data: bytes, policy: Policy) -> DeidentifiedReport:
    """Return the de-identified report.

    A withdrawn one needs no text: that it is withdrawn is what it says.
    Raises Invalid: what the form forbids.  Raises Refused: nothing readable is left, as when all is in a PDF.
    """
    source = read_report(data)
    issuer = pseudonyms.issuer_of(source.patient_issuer, policy.site, policy.foreign_issuers)
    opted_out.check(policy.opted_out, issuer, (source.patient_id,))
    withdrawn = source.status in RETRACTED
    results = [each for each in source.sections if each.text and (withdrawn or each.code != codes.CLINICAL)]
    if not (withdrawn or source.conclusion or source.full_text or results):
        word = "report-only-attachments" if source.dropped else "report-without-text"
        raise Refused(word, "nothing of the report can be read as text, so nothing can be cleaned")
    days = shift_of(policy, issuer, source.patient_id)
    cleaner = _Cleaner(
        Identifiers.of_header(source.header),
        text_policy_of(policy, days),
    )
    own = known_by(source, data)
    report_id = pseudonyms.report_pseudonym(policy.keys, policy.site, own)
    document = _document(source, policy, report_id, issuer, days, cleaner)
    encoded = orjson.dumps(document)
    if len(encoded) > MOST_BYTES - _LINK_BYTES:
        raise Refused("report-too-long", f"a de-identified report has at most {MOST_BYTES - _LINK_BYTES} bytes")
    keys = _keys(source, policy, issuer, str(document.get("effectiveDateTime", "")))
    return DeidentifiedReport(
        report_id=report_id,
        resource=document,
        document=encoded,
        sha256=hashlib.sha256(encoded).hexdigest(),
        status=source.status,
        issued=str(document.get("issued", "")),
        keys=keys,
        removed=dict(sorted(cleaner.removed.items())),
        dropped=dict(source.dropped),
        review=bool(cleaner.reasons),
        reasons=cleaner.reasons,
        risks=cleaner.risks,
        told=names_told(source.header),
        sealed=_sealed(source, policy, issuer, (report_id, own), keys),
    )


def shift_of(policy: Policy, issuer: str, patient_id: str) -> int | None:
    """Return by how many days this patient's dates move, as those of the Instances do; None if they do not move."""
    if profile.dates(profile.load(policy.profile)) != "MODIFIED":
        return None
    return pseudonyms.shift_days(policy.keys, issuer, patient_id)


def known_by(source: SourceReport, data: bytes) -> str:
    """Return what the report's pseudonym is made from, the same for each of its versions.

    Without an identifier the order stands for it, and without an order the bytes themselves.
    """
    if source.identifier:
        return f"id|{source.issuer}|{pseudonyms.normalised(source.identifier)}"
    if source.accession_number:
        return f"order|{pseudonyms.normalised(source.accession_number)}"
    return f"bytes|{hashlib.sha256(data).hexdigest()}"


def _sealed(
    source: SourceReport, policy: Policy, issuer: str, own: tuple[str, str], keys: LinkKeys
) -> tuple[Sealed, ...]:
    """Return the way back. own: the report's pseudonym, and what it was made from."""
    originals = (
        ("report", *own),
        ("patient", keys.patient_id, f"{issuer}|{source.patient_id}"),
        ("study", keys.study_instance_uid, source.study_instance_uid),
        ("order", keys.accession_number, source.accession_number),
    )
    return tuple(seal(policy.keys, *original) for original in originals if original[1])


def _keys(source: SourceReport, policy: Policy, issuer: str, effective: str) -> LinkKeys:
    day = effective[:10].replace("-", "")
    return LinkKeys(
        patient_id=pseudonyms.patient_pseudonym(policy.keys, issuer, source.patient_id),
        accession_number=pseudonyms.accession_pseudonym(policy.keys, policy.site, source.accession_number),
        study_instance_uid=_study_uid(source, policy),
        modality=source.modality,
        study_date=day if len(day) == 8 else "",
    )


def _study_uid(source: SourceReport, policy: Policy) -> str:
    if not source.study_instance_uid:
        return ""
    if not is_uid(source.study_instance_uid):
        raise Invalid("report-bad-study-uid", "the ImagingStudy's identifier is not a UID (PS3.5 9.1)")
    return pseudonyms.uid_pseudonym(policy.keys, source.study_instance_uid)


def _document(
    source: SourceReport, policy: Policy, report_id: str, issuer: str, days: int | None, clean: _Cleaner
) -> dict[str, Any]:
    """Return the new DiagnosticReport. Every key here is the allow-list."""
    keys = _keys(source, policy, issuer, "")
    subject = patient_reference(systems.patient_system(policy.keys.version), keys.patient_id)
    texts, conclusion = _cleaned(source, clean)
    sections = [(code, text) for code, text in _in_order(texts) if text]
    observations = [elements.observation(code, text, subject, source.status) for code, text in sections]
    full_text = clean(source.full_text) if source.full_text else ""
    title = clean(source.title) if source.title else ""
    code = elements.report_code([(each.system, each.code) for each in source.code], title)
    if policy.recognise:
        clean.recognise()
    removes = profile.dates(profile.load(policy.profile)) == "REMOVED"
    document: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": report_id,
        "meta": _meta(policy, clean),
        "contained": [*elements.imaging_study(keys, source.modality, subject), *observations],
        "identifier": [{"system": systems.REPORT, "value": report_id}],
        "status": source.status,
        "category": elements.categories(source.modality),
        "code": code,
        "subject": subject if keys.patient_id else {},
        "effectiveDateTime": "" if removes else moved(source.effective, days),
        "issued": "" if removes else moved(source.issued, days),
        "result": [{"reference": f"#{each['id']}"} for each in observations],
        "imagingStudy": [{"reference": "#study"}] if keys.study_instance_uid or keys.accession_number else [],
        "conclusion": conclusion,
        "presentedForm": [elements.attachment(full_text)] if full_text else [],
    }
    return {name: value for name, value in document.items() if value}


def _cleaned(source: SourceReport, clean: _Cleaner) -> tuple[dict[str, str], str]:
    """Return the cleaned texts by LOINC code, and the conclusion, which stands for a missing impression."""
    texts = {section.code: "" for section in source.sections}
    for section in source.sections:
        texts[section.code] = "\n".join(filter(None, (texts[section.code], clean(section.text))))
    conclusion = clean(source.conclusion) if source.conclusion else texts.get(codes.IMPRESSION, "")
    return {**texts, codes.IMPRESSION: texts.get(codes.IMPRESSION) or conclusion}, conclusion


def _meta(policy: Policy, clean: _Cleaner) -> dict[str, Any]:
    """Return the source (if the profile tells the site) and the tags."""
    loaded = profile.load(policy.profile)
    tags = [{"system": systems.PROFILE, "code": loaded.label}]
    if not policy.analyse:
        tags.append({"system": systems.TEXT, "code": "rules-only"})
    if clean.reasons:
        tags.append({"system": systems.REVIEW, "code": "flagged"})
    tells_site = any(rule.tag == _INSTITUTION_NAME and rule.action == profile.Action.SITE for rule in loaded.rules)
    return {"source": f"{systems.SITE}{policy.site}", "tag": tags} if tells_site else {"tag": tags}


def _in_order(texts: dict[str, str]) -> list[tuple[str, str]]:
    rest = [code for code in texts if code not in SECTIONS]
    return [(code, texts[code]) for code in (*SECTIONS, *rest) if code in texts]


def moved(value: str, days: int | None) -> str:
    """Return a FHIR dateTime moved by whole days; partial dates, which cannot move, go."""
    if days is None or not value:
        return value
    try:
        return (date.fromisoformat(value[:10]) + timedelta(days=days)).isoformat() + value[10:]
    except (ValueError, OverflowError):
        return ""
