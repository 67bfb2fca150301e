"""The report that says of one that was handed over that it was an error: no text, the same id, status entered-in-error.

It is made from the audit row alone, so that it can be made when the identified bytes are gone. Pure.

Source: FHIR R4 DiagnosticReport.status (valueset-diagnostic-report-status).
"""

from datetime import UTC, datetime
from typing import Any

from services.anonymizer.records import ReportAudit
from services.anonymizer.reports import elements
from shared.fhir import systems
from shared.fhir.instants import full_instant, instant
from shared.fhir.statuses import ReportStatus
from shared.fhir.values import patient_reference


def retraction_of(audit: ReportAudit, at: str) -> dict[str, Any]:
    """Return the DiagnosticReport. at: RFC 3339, when a person rejected what had been handed over."""
    keys = audit.keys
    subject = patient_reference(systems.patient_system(audit.keys_version), keys.patient_id)
    study = elements.imaging_study(keys, keys.modality, subject)
    document = {
        "resourceType": "DiagnosticReport",
        "id": audit.report_id,
        "meta": {"tag": [{"system": systems.PROFILE, "code": audit.profile}]},
        "contained": study,
        "identifier": [{"system": systems.REPORT, "value": audit.report_id}],
        "status": ReportStatus.ENTERED_IN_ERROR,
        "category": elements.categories(keys.modality),
        "code": elements.report_code((), ""),
        "subject": subject if keys.patient_id else {},
        "issued": retracted_at(audit, at),
        "imagingStudy": [{"reference": "#study"}] if study else [],
    }
    return {name: value for name, value in document.items() if value}


def retracted_at(audit: ReportAudit, at: str) -> str:
    """Return the issue time of the retraction: not before that of what it retracts, whose dates may be moved."""
    issued = instant(audit.issued)
    if issued is None:
        return ""
    if issued <= datetime.fromisoformat(at).timestamp():
        return at
    is_whole = full_instant(audit.issued) == audit.issued  # a record of before may have a day alone
    return audit.issued if is_whole else datetime.fromtimestamp(issued, UTC).isoformat()
