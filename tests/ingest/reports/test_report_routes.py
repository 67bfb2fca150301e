"""Reports by POST and by a watched folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.ingest.receipts.records import REJECTED
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.csv import folder
from services.ingest.reports.csv.reader import DEFAULT, CsvMapping, Row, load_mapping, rows
from services.ingest.reports.dates import iso_date
from services.ingest.reports.fhir.document import fhir_bundles
from services.ingest.reports.fields import ReportFields, canonical
from shared.errors import Invalid, SettingsError
from shared.fhir.statuses import RETRACTED
from shared.service import Role
from tests.ingest.conftest import Doors

SAMPLES = Path(__file__).parents[2] / "data" / "reports"
FHIR = {"Content-Type": "application/fhir+json"}


async def bundle(doors: Doors, key: str) -> Any:
    return json.loads(await doors.host.ports[Role.GATEWAY].blobs["identified"].get(key))


@pytest.mark.parametrize("name", ["jp_core_ct.json", "bare_html.json", "english_ct.json"])
async def test_a_fhir_report_is_kept_and_announced_as_a_bundle(doors: Doors, name: str) -> None:
    data = (SAMPLES / "fhir" / name).read_bytes()

    async with doors.client.post("/ingest/reports", data=data, headers=FHIR) as answer:
        status, receipt = answer.status, await answer.json()

    found = await bundle(doors, (await doors.blobs_published(1))[0])
    reports = [e for e in found["entry"] if e["resource"]["resourceType"] == "DiagnosticReport"]
    assert status == 202
    assert (receipt["door"], receipt["received"]) == ("fhir", 1)
    assert (found["resourceType"], found["type"], len(reports)) == ("Bundle", "collection", 1)


@pytest.mark.parametrize(
    ("data", "kind", "status", "reason"),
    [
        (b"{", "application/fhir+json", 400, "not-json"),
        (b"[]", "application/fhir+json", 400, "not-fhir"),
        (b'{"resourceType": "Patient"}', "application/json", 422, "no-report"),
        (b'{"resourceType": "DiagnosticReport", "status": "done"}', "application/json", 422, "bad-status"),
        (b'{"resourceType": "DiagnosticReport", "status": "final"}', "application/json", 422, "no-subject"),
        (b"hello", "text/plain", 415, ""),
    ],
)
async def test_a_wrong_report_gets_an_outcome_and_is_kept(
    doors: Doors, data: bytes, kind: str, status: int, reason: str
) -> None:
    async with doors.client.post("/ingest/reports", data=data, headers={"Content-Type": kind}) as answer:
        outcome = await answer.json(content_type=None)
        assert answer.status == status

    kept = (await doors.documents.find(REJECTED)).documents
    assert outcome["resourceType"] == "OperationOutcome"
    assert [each.reason for each in kept] == ([reason] if reason else [])


def test_a_bundle_of_reports_becomes_one_bundle_each_with_what_it_refers_to() -> None:
    def report(number: int) -> dict[str, Any]:
        subject = {"reference": f"Patient/p{number}"}
        resource = {"resourceType": "DiagnosticReport", "id": f"r{number}", "status": "final", "conclusion": "x"}
        return {"fullUrl": f"urn:uuid:r{number}", "resource": {**resource, "subject": subject}}

    patients = [{"resource": {"resourceType": "Patient", "id": f"p{n}"}} for n in (1, 2)]
    document = {"resourceType": "Bundle", "type": "transaction", "entry": [report(1), report(2), *patients]}

    bundles = [json.loads(each) for each in fhir_bundles(json.dumps(document).encode())]

    assert [[e["resource"]["id"] for e in each["entry"]] for each in bundles] == [["r1", "p1"], ["r2", "p2"]]


async def test_a_dropped_csv_is_taken_row_by_row(doors: Doors) -> None:
    text = (SAMPLES / "csv" / "reports.csv").read_text(encoding="utf-8")
    good = len(list(rows(text.encode(), DEFAULT)))
    broken = "RPT-X,1,,,,,,CT,not a date" + "," * 10
    (doors.csv_folder / "reports.part").write_text(text + broken + "\r\n", encoding="utf-8")
    (doors.csv_folder / "reports.part").rename(doors.csv_folder / "reports.csv")

    await doors.blobs_published(good)

    async def moved() -> bool:
        return (doors.csv_folder / "done" / "reports.csv").exists()

    await doors.until(moved)
    rejected = (await doors.documents.find(REJECTED)).documents
    reason = (doors.csv_folder / "done" / "reports.csv.reason").read_text()
    assert [each.reason for each in rejected] == ["no-text"]
    assert reason.startswith("line ")


async def test_a_csv_that_cannot_be_read_fails_with_a_reason(doors: Doors) -> None:
    (doors.csv_folder / "wrong.csv").write_bytes(b"a,b\n1,2\n")

    async def moved() -> bool:
        return (doors.csv_folder / "failed" / "wrong.csv").exists()

    await doors.until(moved)
    assert "missing-column" in (doors.csv_folder / "failed" / "wrong.csv.reason").read_text()


def test_a_shift_jis_csv_with_a_mapping_of_its_own_is_read(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('delimiter = "\\t"\n[columns]\nreport_id = "番号"\npatient_id = "カルテ"\n', encoding="utf-8")
    data = "番号\tカルテ\t所見\n1\t22\t異常なし。\n".encode("cp932")

    found = list(rows(data, load_mapping(mapping)))

    assert [(r.line, r.fields.report_id, r.fields.patient_id, r.fields.findings) for r in found] == [
        (2, "1", "22", "異常なし。")
    ]


def test_a_mapping_with_an_unknown_field_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[columns]\npatient = "x"\n')

    with pytest.raises(SettingsError, match="patient is no field"):
        load_mapping(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("20240531", "2024-05-31"),
        ("2024/5/31", "2024-05-31"),
        ("2024年5月31日", "2024-05-31"),
        ("令和6年5月31日", "2024-05-31"),
        ("令和元年5月1日", "2019-05-01"),
        ("S63.1.5", "1988-01-05"),
        ("２０２４／０５／３１", "2024-05-31"),
        ("2024-05-31T10:00:00", "2024-05-31"),
        ("", ""),
    ],
)
def test_dates_are_read_as_they_are_written(text: str, date: str) -> None:
    assert iso_date(text, "exam_date") == date


@pytest.mark.parametrize("status", ["cancelled", "取消", "W"])
def test_a_withdrawal_needs_no_text_in_whatever_words_it_is_said(status: str) -> None:
    report = canonical(ReportFields(report_id="r", patient_id="p", status=status))

    assert report.status in RETRACTED


def test_the_canonical_bundle_has_no_empty_values() -> None:
    made = json.loads(bundle_of(canonical(ReportFields(report_id="r", patient_id="p", findings="x"))))

    def empties(value: Any) -> bool:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return value in ("", [], {}, None) or any(map(empties, children))

    assert not empties(made)


def test_a_row_without_an_id_or_text_is_refused() -> None:
    with pytest.raises(Invalid, match="missing-field"):
        canonical(ReportFields(report_id="r", findings="x"))
    with pytest.raises(Invalid, match="no-text"):
        canonical(ReportFields(report_id="r", patient_id="p"))


def test_a_row_that_an_unquoted_comma_has_shifted_is_not_whole() -> None:
    data = "report_id,patient_id,findings,impression\nR1,P1,結節あり, 要精査,肺癌疑い\nR2,P2,異常なし,なし\n".encode()

    found = [not row.problem for row in rows(data, load_mapping(None))]

    assert found == [False, True]


def test_a_delimiter_of_two_characters_is_a_clear_error(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('delimiter = "||"\n')

    with pytest.raises(SettingsError, match="delimiter is one character"):
        load_mapping(mapping)


async def test_a_csv_with_a_name_as_long_as_a_name_can_be_holds_up_no_other(doors: Doors) -> None:
    longest = "a" * 251 + ".csv"
    (doors.csv_folder / longest).write_bytes(b"a,b\n1,2\n")
    (doors.csv_folder / "b.csv").write_bytes((SAMPLES / "csv" / "reports.csv").read_bytes())

    async def moved() -> bool:
        return (doors.csv_folder / "done" / "b.csv").exists() and not (doors.csv_folder / longest).exists()

    await doors.until(moved)
    names = sorted(path.name for path in (doors.csv_folder / "failed").iterdir())
    assert names == ["a" * 230 + ".csv", "a" * 230 + ".csv.reason"]


async def test_a_csv_that_no_reader_foresaw_is_set_aside_and_the_others_are_taken(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(data: bytes, mapping: CsvMapping) -> Iterator[Row]:
        if data == b"poison":
            raise PermissionError("a value nobody may see")
        return rows(data, mapping)

    monkeypatch.setattr(folder, "rows", fails)
    (doors.csv_folder / "a.csv").write_bytes(b"poison")
    (doors.csv_folder / "b.csv").write_bytes((SAMPLES / "csv" / "reports.csv").read_bytes())

    async def moved() -> bool:
        return (doors.csv_folder / "done" / "b.csv").exists() and (doors.csv_folder / "failed" / "a.csv").exists()

    await doors.until(moved)
    reason = (doors.csv_folder / "failed" / "a.csv.reason").read_text()
    assert reason.startswith("not-handled: PermissionError at ")
    assert "value" not in reason
