"""A CSV table of numbers that are of one patient: which one stays, which one goes, and since when. Pure."""

from collections.abc import Iterator
from typing import Final

from services.ingest.reports.csv.reader import CsvMapping
from services.ingest.reports.csv.records import Record, records
from services.ingest.reports.dates import instant
from services.ingest.reports.merges import MERGE, UNMERGE, PatientMerge, PatientNumber, merge_document
from shared.errors import Invalid

_COLUMNS: Final = {
    "replaced": ("replaced_patient_id", "旧患者番号", "統合元患者番号"),
    "surviving": ("surviving_patient_id", "新患者番号", "統合先患者番号"),
    "at": ("merged_at", "統合日時", "統合日"),
    "action": ("action", "区分"),
    "issuer": ("issuer", "発行者"),
}
_ACTIONS: Final = {"": MERGE, "merge": MERGE, "統合": MERGE, "unmerge": UNMERGE, "統合解除": UNMERGE, "取消": UNMERGE}


def is_merge_table(data: bytes, mapping: CsvMapping) -> bool:
    """Say whether the head line has a column for each of the two numbers."""
    top = next(records(data, mapping.encodings, mapping.delimiter), None)
    return top is not None and {"replaced", "surviving"} <= _places(top).keys()


def merge_rows(data: bytes, mapping: CsvMapping) -> Iterator[tuple[Record, bytes | Invalid]]:
    """Yield each row with its document, or with why it is none."""
    read = records(data, mapping.encodings, mapping.delimiter)
    top = next(read)
    places = _places(top)
    for record in read:
        if any(cell.strip() for cell in record.cells):
            yield record, _document(record, places, len(top.cells))


def _document(record: Record, places: dict[str, int], columns: int) -> bytes | Invalid:
    if record.is_broken or not record.is_readable or len(record.cells) != columns:
        return Invalid("bad-csv", "the row breaks RFC 4180, or has not as many cells as the head line")
    cells = {name: record.cells[at].strip() for name, at in places.items()}
    action = _ACTIONS.get(cells.get("action", "").lower())
    if action is None:
        return Invalid("not-an-action", f"action takes {MERGE} or {UNMERGE}")
    issuer = cells.get("issuer", "")
    try:
        merge = PatientMerge(
            replaced=PatientNumber(cells["replaced"], issuer),
            surviving=PatientNumber(cells["surviving"], issuer),
            at=instant(cells.get("at", ""), "merged_at"),
            action=action,
        )
        return merge_document(merge)
    except Invalid as error:
        return error


def _places(top: Record) -> dict[str, int]:
    head = [cell.strip().lower() for cell in top.cells]
    found = {name: [head.index(each) for each in known if each in head] for name, known in _COLUMNS.items()}
    return {name: places[0] for name, places in found.items() if places}
