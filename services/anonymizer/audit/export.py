"""Writes entries of the audit log as JSON lines or CSV (RFC 4180). Pure."""

from enum import StrEnum

import msgspec

from services.anonymizer.audit.entries import FIELDS, Entry
from shared.text.csv_rows import csv_row


class Format(StrEnum):
    """How entries are written."""

    JSONL = "jsonl"
    CSV = "csv"


def begun(form: Format) -> str:
    """Return what stands before the first entry."""
    return csv_row(FIELDS) if form is Format.CSV else ""


def line(entry: Entry, form: Format) -> str:
    """Return one entry with its line end. A spreadsheet takes no cell for a formula."""
    if form is Format.JSONL:
        return msgspec.json.encode(entry).decode() + "\n"
    return csv_row(str(getattr(entry, field)) for field in FIELDS)
