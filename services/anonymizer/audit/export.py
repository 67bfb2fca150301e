"""Writes entries of the audit log as JSON lines or CSV (RFC 4180). Pure."""

import csv
import io
from enum import StrEnum

import msgspec

from services.anonymizer.audit.entries import FIELDS, Entry

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How entries are written."""

    JSONL = "jsonl"
    CSV = "csv"


def begun(form: Format) -> str:
    """Return what stands before the first entry."""
    return _row(FIELDS) if form is Format.CSV else ""


def line(entry: Entry, form: Format) -> str:
    """Return one entry with its line end. A spreadsheet takes no cell for a formula."""
    if form is Format.JSONL:
        return msgspec.json.encode(entry).decode() + "\n"
    values = (str(getattr(entry, field)) for field in FIELDS)
    return _row(tuple(f"'{value}" if value.startswith(_FORMULA) else value for value in values))


def _row(values: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()
