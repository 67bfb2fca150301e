"""Events and documents as the anonymizer makes them; every value is invented and already a pseudonym."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.events import InstanceRef, InstancesDeidentified, LinkKeys, ReportDeidentified

CT = "1.2.840.10008.5.1.4.1.1.2"
START = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def uid(*numbers: int) -> str:
    """Return an invented UID."""
    return ".".join(["1.2.826.0.1.3680043.10.999", *map(str, numbers)])


def keys(**fields: str) -> LinkKeys:
    """Return keys of patient P1, accession A1, a CT of 1 April 2026 unless told otherwise."""
    return LinkKeys(
        **{"patient_id": "P1", "accession_number": "A1", "modality": "CT", "study_date": "20260401", **fields}
    )


def refs(study: str, count: int, *, first: int = 1, size_bytes: int = 100) -> tuple[InstanceRef, ...]:
    """Return references to Instances of one Study."""
    return tuple(
        InstanceRef(f"instances/{study}.1.{n}.dcm", size_bytes, CT, f"{study}.1.{n}", f"{study}.1", "CT")
        for n in range(first, first + count)
    )


def instances(
    study: str, count: int = 2, *, first: int = 1, receipt: str = "r-images", at: datetime = START, **fields: str
) -> InstancesDeidentified:
    """Return the event of one batch."""
    return InstancesDeidentified.first(
        f"{study}|{first}|{count}|{receipt}",
        correlation_id=receipt,
        site="hospital",
        occurred_at=at,
        receipt_id=receipt,
        keys=keys(study_instance_uid=study, **fields),
        instances=refs(study, count, first=first),
    )


def document(
    report_id: str = "R1", *, text: str = "No finding.", status: str = "final", **fields: Any
) -> dict[str, Any]:
    """Return a de-identified DiagnosticReport."""
    imaging = {
        "resourceType": "ImagingStudy",
        "id": "study",
        "status": "available",
        "subject": {"identifier": {"system": "urn:jmid:patient:1", "value": "P1"}},
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": "A1"}],
    }
    return {
        "resourceType": "DiagnosticReport",
        "id": report_id,
        "meta": {"source": "urn:jmid:site:hospital", "tag": [{"system": "urn:jmid:profile", "code": "jmid/1"}]},
        "identifier": [{"system": "urn:jmid:report", "value": report_id}],
        "status": status,
        "category": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
        "subject": {"identifier": {"system": "urn:jmid:patient:1", "value": "P1"}},
        "effectiveDateTime": "2026-04-01",
        "issued": "2026-04-01T10:00:00+09:00",
        "conclusion": text,
        "contained": [imaging],
        "imagingStudy": [{"reference": "#study"}],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}],
        **fields,
    }


def flagged(document_: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the flag for a person to look at it."""
    tags = [*document_["meta"]["tag"], {"system": "urn:jmid:review", "code": "flagged"}]
    return {**document_, "meta": {**document_["meta"], "tag": tags}}


def packed(document_: dict[str, Any]) -> tuple[bytes, str]:
    """Return the document's bytes and their SHA-256."""
    data = orjson.dumps(document_, option=orjson.OPT_SORT_KEYS)
    return data, hashlib.sha256(data).hexdigest()


def report(
    document_: dict[str, Any], *, receipt: str = "r-report", at: datetime = START, **fields: str
) -> ReportDeidentified:
    """Return the event of one version of a report."""
    _, sha256 = packed(document_)
    return ReportDeidentified.first(
        f"{sha256}|{receipt}",
        correlation_id=receipt,
        site="hospital",
        occurred_at=at,
        receipt_id=receipt,
        report_id=document_["id"],
        blob=f"reports/{sha256}.json",
        sha256=sha256,
        status=document_["status"],
        issued=document_["issued"],
        keys=keys(**fields),
    )
