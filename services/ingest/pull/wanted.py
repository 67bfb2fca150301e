"""What a pull asks for: a query, a list of Study Instance UIDs, or a CSV of accession numbers. Pure.

Source: PS3.4 C.6.2.1 (Study Root), C.2.2.2 (matching); PS3.18 10.6.1.
"""

import csv
import io
from collections.abc import Sequence
from typing import Final

import msgspec
from pydicom.datadict import tag_for_keyword

from shared.dicom.uid import is_uid
from shared.errors import Invalid

MOST_STUDIES: Final = 50_000
ACCESSION_COLUMNS: Final = ("accession_number", "AccessionNumber", "アクセッション番号")
_KEYWORDS: Final = frozenset(
    {
        *("StudyDate", "StudyTime", "AccessionNumber", "PatientID", "PatientName", "StudyID", "StudyInstanceUID"),
        *("ModalitiesInStudy", "StudyDescription", "ReferringPhysicianName", "PatientBirthDate", "PatientSex"),
    }
)
Keys = dict[str, str]


class Wanted(msgspec.Struct, frozen=True):
    """queries: the matching keys of each query, keyword to value."""

    queries: tuple[Keys, ...]


class Studies(msgspec.Struct, frozen=True):
    """The Study Instance UIDs that were found, in the order in which they are pulled."""

    uids: tuple[str, ...]


def by_query(pairs: Sequence[str]) -> Wanted:
    """Return one query of KEYWORD=VALUE pairs; raise Invalid that names the wrong one."""
    keys: Keys = {}
    for pair in pairs:
        keyword, equals, value = pair.partition("=")
        if keyword not in _KEYWORDS or not equals or not value.strip():
            raise Invalid("bad-query", f"a query is KEYWORD=VALUE with one of {', '.join(sorted(_KEYWORDS))}")
        keys[keyword] = value.strip()
    if not set(keys) - {"ModalitiesInStudy", "PatientSex", "StudyTime"}:
        raise Invalid("bad-query", "a query that every Study fits is not asked: give a date, a patient or an order")
    return Wanted((keys,))


def by_uids(text: str) -> Wanted:
    """Return a query for each line of a list of UIDs; raise Invalid with the number of a line that is none."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    uids = [(number, line) for number, line in lines if line and not line.startswith("#")]
    wrong = next((number for number, uid in uids if not is_uid(uid)), None)
    if wrong is not None:
        raise Invalid("bad-uid", f"line {wrong} is no valid UID (PS3.5 9.1)")
    return _each("StudyInstanceUID", [uid for _, uid in uids])


def by_accession_numbers(text: str) -> Wanted:
    """Return a query for each accession number of a CSV with a head line; of one column, the head line may lack."""
    rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    if not rows:
        raise Invalid("nothing-asked", "the file holds no accession number")
    head = [cell.strip() for cell in rows[0]]
    column = next((head.index(name) for name in ACCESSION_COLUMNS if name in head), None)
    if column is None and len(head) != 1:
        raise Invalid("bad-csv", f"no column is called {' or '.join(ACCESSION_COLUMNS)}")
    body = rows if column is None else rows[1:]
    numbers = [row[column or 0].strip() for row in body if len(row) > (column or 0)]
    if any(set(number) & set("*?\\") for number in numbers):
        raise Invalid("bad-csv", "an accession number holds *, ? or a backslash, which would match others")
    return _each("AccessionNumber", [number for number in numbers if number])


def _each(keyword: str, values: Sequence[str]) -> Wanted:
    if not values:
        raise Invalid("nothing-asked", "the file names no Study")
    if len(values) > MOST_STUDIES:
        raise Invalid("too-many", f"one pull has at most {MOST_STUDIES} Studies")
    return Wanted(tuple({keyword: value} for value in dict.fromkeys(values)))


def tag_of(keyword: str) -> str:
    """Return the tag of a keyword as DICOM JSON writes it."""
    return f"{tag_for_keyword(keyword):08X}"
