"""Records as files: DICOM audit messages, FHIR AuditEvents, or CSV (RFC 4180); one a line. Pure."""

import enum
from typing import Final

import orjson

from shared.audit.dicom_message import message
from shared.audit.fhir_event import audit_event
from shared.audit.record import AuditRecord
from shared.text.csv_rows import csv_row

FIELDS: Final = tuple(name for name in AuditRecord.__struct_fields__ if name != "key")


class Format(enum.StrEnum):
    """How records are written. dicom: XML of PS3.15 A.5, a message a line.  fhir: NDJSON of AuditEvents."""

    DICOM = "dicom"
    FHIR = "fhir"
    CSV = "csv"


MEDIA_TYPES: Final = {
    Format.DICOM: "application/xml-seq",
    Format.FHIR: "application/fhir+ndjson",
    Format.CSV: "text/csv",
}


def begun(form: Format) -> str:
    """Return what stands before the first record."""
    return csv_row(("number", *FIELDS)) if form is Format.CSV else ""


def line(record: AuditRecord, form: Format) -> str:
    """Return one record with its line end. A spreadsheet takes no cell for a formula."""
    match form:
        case Format.DICOM:
            return message(record, alone=False).decode() + "\n"
        case Format.FHIR:
            return orjson.dumps(audit_event(record)).decode() + "\n"
        case Format.CSV:
            return csv_row((str(record.number), *(_text(getattr(record, field)) for field in FIELDS)))


def _text(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
