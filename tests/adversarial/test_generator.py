"""The adversary's generator is sound: what it says is planted is there, and a seed makes the same corpus."""

from pathlib import Path

from tests.adversarial.headers import make_headers
from tests.adversarial.reports import make_reports
from tests.adversarial.search import found


def test_every_planted_identifier_is_in_the_report_and_no_word_to_keep_holds_one() -> None:
    reports = make_reports(120, seed=5)

    for report in reports:
        assert all(part in report.text for planted in report.hidden for part in planted.parts)
        assert all(word in report.text for _, word in report.kept)
        assert not any(p in word for planted in report.hidden for p in planted.parts for _, word in report.kept)
    assert len({planted.category for report in reports for planted in report.hidden}) > 20


def test_a_seed_makes_the_same_reports() -> None:
    first, again, other = make_reports(5, seed=1), make_reports(5, seed=1), make_reports(5, seed=2)

    assert first == again
    assert first != other


def test_every_planted_identifier_is_in_the_file_and_a_seed_makes_the_same_files(shared_data: Path) -> None:
    headers = make_headers(shared_data / "dicom", 6, seed=3)

    again = make_headers(shared_data / "dicom", 6, seed=3)

    assert [h.data for h in headers] == [h.data for h in again]
    for header in headers:
        assert len(header.hidden) > 10
        assert all(found(planted.text, header.data) for planted in header.hidden)
