"""The CSV report channel: rows to plain fields, by a mapping that a site can adapt. Pure.

A mapping file is TOML: ``encoding`` (utf-8-sig, cp932, …; empty tries both), ``delimiter``, and a table ``[columns]``
of field = "column name" or a list of names. A table ``[status]`` says what further words of a status mean, as
word = "final" or another FHIR status.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from services.ingest.reports.csv.records import Record, records
from services.ingest.reports.fields import ReportFields, folded
from shared.errors import Invalid, SettingsError
from shared.fhir.statuses import ReportStatus, status_of

_TEXTS = frozenset({"findings", "impression", "clinical_info", "text", "order_number"})
"""Fields of which every column is read."""
_NUMBER = re.compile(r"(?=.*[0-9])[^\s,]{1,64}")
DEFAULT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "report_id": ("report_id", "レポート番号", "報告書番号"),
    "patient_id": ("patient_id", "患者ID", "患者番号"),
    "issuer": ("issuer",),
    "patient_name": ("patient_name", "患者氏名", "氏名"),
    "patient_kana": ("patient_kana", "患者カナ", "カナ氏名", "フリガナ"),
    "birth_date": ("birth_date", "生年月日"),
    "sex": ("sex", "性別"),
    "accession_number": ("accession_number", "アクセッション番号"),
    "order_number": ("order_number", "オーダー番号", "オーダー№", "オーダNo", "受付番号", "依頼番号"),
    "study_uid": ("study_uid", "study_instance_uid", "検査UID"),
    "modality": ("modality", "モダリティ", "検査種別"),
    "exam_date": ("exam_date", "study_date", "検査日"),
    "exam_time": ("exam_time", "検査時刻"),
    "body_part": ("body_part", "部位"),
    "procedure": ("procedure", "検査項目", "検査名"),
    "status": ("status", "状態", "ステータス"),
    "issued": ("issued", "報告日時", "確定日時"),
    "requester": ("requester", "依頼医"),
    "radiologist": ("radiologist", "読影医"),
    "department": ("department", "診療科", "依頼科"),
    "institution": ("institution", "施設名", "病院名"),
    "clinical_info": ("clinical_info", "依頼内容", "臨床情報", "検査目的"),
    "findings": ("findings", "所見"),
    "impression": ("impression", "診断", "結論"),
    "text": ("text", "本文", "レポート本文"),
}


class CsvMapping(msgspec.Struct, frozen=True):
    """How a site's CSV is read."""

    columns: Mapping[str, tuple[str, ...]]
    encodings: tuple[str, ...] = ("utf-8-sig", "cp932")
    delimiter: str = ","
    status_words: Mapping[str, ReportStatus] = msgspec.field(default_factory=dict)


class Row(msgspec.Struct, frozen=True):
    """One row. line: where it begins in the file, from 1.  raw: the row alone, with the head, as it may be kept.

    unmapped: how many of its cells stand in columns that no field has.
    problem: why it is no report, as a key of PROBLEMS; empty if it can be one.
    """

    line: int
    fields: ReportFields
    raw: bytes
    unmapped: int = 0
    problem: str = ""


PROBLEMS: Mapping[str, str] = {
    "bad-csv": "the row breaks RFC 4180",
    "bad-encoding": "the row holds bytes that are not of the file's encoding",
    # an unquoted delimiter has shifted what follows it: a name may stand where no name is looked for
    "cell-count": "the row has not as many cells as the head line (RFC 4180 2.4)",
    "behind-bad-csv": "the row stands behind one that breaks RFC 4180, and may be a part of that",
}

DEFAULT = CsvMapping(DEFAULT_COLUMNS)


def load_mapping(path: Path | None) -> CsvMapping:
    """Read a mapping file; raise SettingsError that says what is wrong with it."""
    if path is None:
        return DEFAULT
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"JMID_INGEST_CSV_MAPPING: {path} is not a readable TOML file") from error
    columns = {
        name: (text,) if isinstance(text, str) else tuple(text) for name, text in settings.get("columns", {}).items()
    }
    unknown = sorted(set(columns) - set(DEFAULT_COLUMNS))
    if unknown:
        raise SettingsError(
            f"JMID_INGEST_CSV_MAPPING: {unknown[0]} is no field; known are {', '.join(DEFAULT_COLUMNS)}"
        )
    delimiter = str(settings.get("delimiter", ","))
    if len(delimiter) != 1:
        raise SettingsError(f"JMID_INGEST_CSV_MAPPING: delimiter is one character, such as ',', not {delimiter!r}")
    encoding = str(settings.get("encoding", ""))
    encodings = (encoding,) if encoding else DEFAULT.encodings
    return CsvMapping({**DEFAULT_COLUMNS, **columns}, encodings, delimiter, _status_words(settings.get("status", {})))


def _status_words(added: Any) -> Mapping[str, ReportStatus]:
    words = added.items() if isinstance(added, dict) else [("status", added)]
    read = {folded(word): status_of(status) for word, status in words}
    wrong = next((word for word, status in read.items() if status is None), None)
    if wrong is not None:
        known = ", ".join(ReportStatus)
        raise SettingsError(f"JMID_INGEST_CSV_MAPPING: status {wrong!r} is none of FHIR; known are {known}")
    return {word: status for word, status in read.items() if status}


def rows(data: bytes, mapping: CsvMapping) -> Iterator[Row]:
    """Yield the rows of a file, those that are no reports too; raise Invalid if the head line cannot be read.

    Behind a row that breaks RFC 4180 rows are taken again from the first on that has all its cells, and numbers where
    those of a report and a patient stand: what comes before may be the rest of a text.
    """
    read = records(data, mapping.encodings, mapping.delimiter)
    top = next(read, None)
    if top is None:
        raise Invalid("empty-file", "the file has no head line")
    if top.is_broken:
        raise Invalid("bad-csv", "the head line breaks RFC 4180")
    head = [name.strip() for name in top.cells]
    places = _places(head, mapping)
    is_lost = False
    for record in read:
        if not any(cell.strip() for cell in record.cells):
            continue
        problem, fields = _problem(record, len(head)), _fields(record.cells, places)
        is_lost = problem == "bad-csv" or (is_lost and bool(problem or not _begins_anew(record, fields)))
        yield _row(record, head, fields, places, mapping.delimiter, problem or ("behind-bad-csv" if is_lost else ""))


def _problem(record: Record, columns: int) -> str:
    if record.is_broken:
        return "bad-csv"
    if not record.is_readable:
        return "bad-encoding"
    return "" if len(record.cells) == columns else "cell-count"


def _begins_anew(record: Record, fields: ReportFields) -> bool:
    """Say whether a row behind a broken one can only be a row, and not the end of a text in quotes."""
    is_end = any('"' in (cell[:1], cell[-1:]) for cell in record.cells)
    return not is_end and all(map(_NUMBER.fullmatch, (fields.report_id, fields.patient_id)))


def _places(head: list[str], mapping: CsvMapping) -> dict[str, list[int]]:
    """Return the columns of each field: of a text all of them, of any other field the first of its names."""
    names = [name.lower() for name in head]
    places = {
        field: [at for known in columns for at, name in enumerate(names) if name == known.lower()]
        for field, columns in mapping.columns.items()
    }
    places = {field: at if field in _TEXTS else at[:1] for field, at in places.items() if at}
    missing = [name for name in ("report_id", "patient_id") if name not in places]
    if missing:
        raise Invalid("missing-column", f"no column gives {', '.join(missing)}: adapt the mapping")
    return places


def _fields(cells: Sequence[str], places: Mapping[str, list[int]]) -> ReportFields:
    texts_by_field = {
        field: [cells[at].strip() for at in columns if at < len(cells)] for field, columns in places.items()
    }
    return ReportFields(
        **{field: "\n".join(filter(None, dict.fromkeys(texts))) for field, texts in texts_by_field.items()}
    )


def _row(
    record: Record,
    head: list[str],
    fields: ReportFields,
    places: Mapping[str, list[int]],
    delimiter: str,
    problem: str,
) -> Row:
    mapped = {at for columns in places.values() for at in columns}
    unmapped = sum(bool(cell.strip()) for at, cell in enumerate(record.cells) if at not in mapped)
    return Row(record.line, fields, _raw(head, record, delimiter), unmapped, problem)


def _raw(head: list[str], record: Record, delimiter: str) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(head)
    if record.is_broken:
        target.write(f"{record.cells[0]}\r\n")
    else:
        writer.writerow(record.cells)
    return target.getvalue().encode("utf-8", "surrogateescape")
