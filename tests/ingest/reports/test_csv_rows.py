"""Rows of CSV files: one that cannot be read is refused with its line, and the others are taken."""

from pathlib import Path

import pytest

from services.ingest.reports.csv.reader import DEFAULT, load_mapping, rows
from services.ingest.reports.fields import canonical
from shared.errors import Invalid
from shared.fhir.statuses import ReportStatus
from tests.ingest.conftest import Doors

HEAD = "report_id,patient_id,findings\r\n"


def read(text: str, encoding: str = "utf-8") -> list[tuple[int, str, str]]:
    return [(row.line, row.problem, row.fields.findings) for row in rows(text.encode(encoding), DEFAULT)]


@pytest.mark.parametrize("cell", ["結節。\r嚢胞。", '"結節。\r嚢胞。"', '"結節。\r\n嚢胞。"', '"結節。\n嚢胞。"'])
def test_a_line_break_of_any_kind_is_text_of_its_cell(cell: str) -> None:
    taken = read(f"{HEAD}R1,1,{cell}\r\nR2,2,b\r\n")

    assert [(problem, text) for _, problem, text in taken] == [("", "結節。\n嚢胞。"), ("", "b")]


def test_a_file_whose_lines_end_with_cr_alone_is_read() -> None:
    assert read("report_id,patient_id,findings\rR1,1,a\rR2,2,b\r") == [(2, "", "a"), (3, "", "b")]


@pytest.mark.parametrize(
    ("broken", "reasons"),
    [
        ('R1,1,"所見"良性"', ["bad-csv"]),
        ('R1,1,"never closed', ["bad-csv"]),
        ("R1,1,one,more", ["cell-count"]),
        ('R1,1,"所見: "良性"\r\n山田,太郎,72歳\r\n1,2,続き"', ["bad-csv", "behind-bad-csv", "behind-bad-csv"]),
    ],
)
def test_a_broken_row_stops_no_other(broken: str, reasons: list[str]) -> None:
    taken = read(f"{HEAD}R0,9,first\r\n{broken}\r\nR2,2,b\r\nR3,3,c\r\n")

    assert [problem for _, problem, _ in taken if problem] == reasons
    assert [text for _, problem, text in taken if not problem] == ["first", "b", "c"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_bytes_of_no_encoding_are_the_fault_of_their_row(encoding: str) -> None:
    bad = b"\x81" if encoding == "cp932" else b"\xff"
    data = f"{HEAD}R1,1,所見".encode(encoding) + bad + "\r\nR2,2,嚢胞\r\n".encode(encoding)

    taken = list(rows(data, DEFAULT))

    assert [(row.problem, row.fields.report_id) for row in taken] == [("bad-encoding", "R1"), ("", "R2")]
    assert taken[1].fields.findings == "嚢胞"
    assert bad in taken[0].raw


def test_quotes_that_are_never_closed_cost_no_more_than_reading_the_file_some_times() -> None:
    taken = read(HEAD + 'a",",c\r\n' * 3000)

    assert {problem for _, problem, _ in taken} == {"bad-csv"}
    assert [line for line, _, _ in taken] == list(range(2, 3002))


async def test_the_rows_beside_a_broken_one_arrive(doors: Doors) -> None:
    text = f'{HEAD}R1,1,"a" b\r\nR2,2,結節\r嚢胞\r\nR3,3,c\r\n'
    (doors.csv_folder / "reports.part").write_text(text, encoding="utf-8", newline="")
    (doors.csv_folder / "reports.part").rename(doors.csv_folder / "reports.csv")

    await doors.blobs_published(2)

    async def moved() -> bool:
        return (doors.csv_folder / "done" / "reports.csv").exists()

    await doors.until(moved)
    reason = (doors.csv_folder / "done" / "reports.csv.reason").read_text()
    assert reason == "line 2: bad-csv: the row breaks RFC 4180\n"


def test_the_number_of_an_order_is_no_accession_number_unless_a_site_says_so(tmp_path: Path) -> None:
    data = "レポート番号,患者ID,オーダー番号,受付番号,所見\r\nR1,1,20240501,A-778,結節\r\n".encode()
    site = tmp_path / "mapping.toml"
    site.write_text('[columns]\naccession_number = "受付番号"\n', encoding="utf-8")

    (plain,), (told,) = rows(data, DEFAULT), rows(data, load_mapping(site))

    assert (canonical(plain.fields).accession_number, plain.unmapped) == ("", 0)
    assert [str(each) for each in canonical(plain.fields).mentions] == [
        "Number(value='20240501')",
        "Number(value='A-778')",
    ]
    assert canonical(told.fields).accession_number == "A-778"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("確定", "final"),
        ("未確定", "preliminary"),
        ("仮報告", "preliminary"),
        ("一次読影", "preliminary"),
        ("一次読影済み", "preliminary"),
        ("二次読影", "preliminary"),
        ("二次読影済", "final"),
        ("【二次読影済み】", "final"),
        ("追記", "appended"),
        ("訂正", "corrected"),
        ("取消", "cancelled"),
    ],
)
def test_words_of_reporting_systems_are_statuses(word: str, status: str) -> None:
    (row,) = rows(f"report_id,patient_id,status,findings\r\nR1,1,{word},結節\r\n".encode(), DEFAULT)

    assert canonical(row.fields).status is ReportStatus(status)


def test_a_word_that_nobody_explained_is_refused() -> None:
    (row,) = rows("report_id,patient_id,status,findings\r\nR1,1,三次,結節\r\n".encode(), DEFAULT)

    with pytest.raises(Invalid, match="bad-status"):
        canonical(row.fields)
