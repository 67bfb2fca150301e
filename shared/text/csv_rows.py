"""Rows of CSV (RFC 4180) that a spreadsheet shows as they are. Pure."""

import csv
import io
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_row(values: Iterable[str]) -> str:
    """Return a row with its line end; what a spreadsheet would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([f"'{value}" if value.startswith(_FORMULA) else value for value in values])
    return buffer.getvalue()
