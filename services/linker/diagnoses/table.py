"""Confirmed diagnoses as lines of CSV (RFC 4180), which a spreadsheet takes for no formula. Pure."""

import csv
import io
from typing import Final

from services.linker.diagnoses.records import Diagnosis

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
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def head() -> str:
    """Return the first line."""
    return _line(COLUMNS)


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
    return _line([values[name] if name in values else str(getattr(content, name)) for name in COLUMNS])


def _line(values: tuple[str, ...] | list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([f"'{value}" if value.startswith(_FORMULA) else value for value in values])
    return text.getvalue()
