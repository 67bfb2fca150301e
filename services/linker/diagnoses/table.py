"""Confirmed diagnoses as lines of CSV (RFC 4180), which a spreadsheet takes for no formula. Pure."""

from typing import Final

from services.linker.diagnoses.records import Diagnosis
from shared.text.csv_rows import csv_row

COLUMNS: Final = (
    "study_instance_uids",
    "report_id",
    "id",
    "version",
    "state",
    "system",
    "system_version",
    "code",
    "modifiers",
    "name",
    "display",
    "certainty",
    "basis",
    "date",
    "reading",
    "by",
    "at",
    "note",
)


def head() -> str:
    """Return the first line."""
    return csv_row(COLUMNS)


def row(entry: Diagnosis) -> str:
    """Return the line of what holds now."""
    content = entry.content
    values = {
        "study_instance_uids": " ".join(entry.studies),
        "report_id": entry.report_id,
        "id": entry.id,
        "version": str(len(entry.versions)),
        "state": entry.state.value,
        "modifiers": " ".join(content.modifiers),
    }
    return csv_row([values[name] if name in values else str(getattr(content, name)) for name in COLUMNS])
