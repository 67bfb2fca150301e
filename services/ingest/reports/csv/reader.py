"""The CSV report channel: rows to plain fields, by a mapping that a site can adapt. Pure.

A mapping file is TOML: ``encoding`` (utf-8-sig, cp932, …; empty tries both), ``delimiter``, and a table ``[columns]``
of field = "column name" or a list of names. A table ``[status]`` says what further words of a status mean, as
word = "final" or another FHIR status.
"""

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from services.ingest.reports.fields import ReportFields, folded
from shared.errors import Invalid, SettingsError
from shared.fhir.statuses import ReportStatus, status_of

csv.field_size_limit(16 << 20)

_TEXTS = frozenset({"findings", "impression", "clinical_info", "text"})
DEFAULT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "report_id": ("report_id", "レポート番号", "報告書番号"),
    "patient_id": ("patient_id", "患者ID", "患者番号"),
    "issuer": ("issuer",),
    "patient_name": ("patient_name", "患者氏名", "氏名"),
    "patient_kana": ("patient_kana", "患者カナ", "カナ氏名", "フリガナ"),
    "birth_date": ("birth_date", "生年月日"),
    "sex": ("sex", "性別"),
    "accession_number": ("accession_number", "受付番号", "オーダー番号", "アクセッション番号"),
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
    whole: it has a cell for every column and no more. Otherwise an unquoted delimiter has shifted what follows it, and
    a name may stand where no name is looked for.
    """

    line: int
    fields: ReportFields
    raw: bytes
    unmapped: int = 0
    whole: bool = True


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
    """Yield the rows of a file; raise Invalid if it cannot be read as a whole."""
    text = _decoded(data, mapping.encodings)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    try:
        head = [name.strip() for name in next(reader)]
        places = _places(head, mapping)
        line = reader.line_num
        for cells in reader:
            begins, line = line + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield _row(begins, head, cells, places, mapping.delimiter)
    except StopIteration as error:
        raise Invalid("empty-file", "the file has no head line") from error
    except csv.Error as error:
        raise Invalid("bad-csv", f"line {reader.line_num} breaks RFC 4180") from error


def _decoded(data: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise Invalid("bad-encoding", f"the file is not {' or '.join(encodings)}")


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


def _row(line: int, head: list[str], cells: list[str], places: Mapping[str, list[int]], delimiter: str) -> Row:
    said = {field: [cells[at].strip() for at in columns if at < len(cells)] for field, columns in places.items()}
    fields = ReportFields(**{field: "\n".join(filter(None, dict.fromkeys(texts))) for field, texts in said.items()})
    mapped = {at for columns in places.values() for at in columns}
    unmapped = sum(bool(cell.strip()) for at, cell in enumerate(cells) if at not in mapped)
    return Row(line, fields, _raw(head, cells, delimiter), unmapped, len(cells) == len(head))


def _raw(head: list[str], cells: list[str], delimiter: str) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows([head, cells])
    return target.getvalue().encode()
