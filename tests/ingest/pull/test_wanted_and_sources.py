"""What a pull may ask for, the list of sources, and the end of one retrieve."""

import datetime as dt
from pathlib import Path

import pytest

from services.ingest.pull.source_peer import Retrieved
from services.ingest.pull.sources import read_sources, wait_s
from services.ingest.pull.wanted import Wanted, by_accession_numbers, by_query, by_uids
from services.ingest.pull.worker import after
from services.ingest.pull_records import PulledStudy
from services.ingest.settings import IngestSettings
from shared.errors import Invalid, SettingsError
from shared.text.hours import is_open


def test_each_form_of_what_is_asked_for() -> None:
    assert by_query(["StudyDate=20240501-", "ModalitiesInStudy=CT"]) == Wanted(
        ({"StudyDate": "20240501-", "ModalitiesInStudy": "CT"},)
    )
    assert by_uids("# a list\n1.2.3\n\n1.2.4\n1.2.3\n") == Wanted(
        ({"StudyInstanceUID": "1.2.3"}, {"StudyInstanceUID": "1.2.4"})
    )
    one_column, with_head = (
        by_accession_numbers("A1\nA2\n"),
        by_accession_numbers("x,accession_number\n1,A1\n2,A2\n3\n"),
    )
    assert one_column == with_head == Wanted(({"AccessionNumber": "A1"}, {"AccessionNumber": "A2"}))


@pytest.mark.parametrize("pairs", [[], ["StudyDate"], ["StudyDate="], ["Foo=1"], ["ModalitiesInStudy=CT"]])
def test_a_query_that_is_wrong_or_fits_everything_is_refused(pairs: list[str]) -> None:
    with pytest.raises(Invalid):
        by_query(pairs)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "accession_number\nA*\n", "accession_number\n"])
def test_a_csv_that_names_nothing_or_could_match_others_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        by_accession_numbers(text)


def test_a_line_that_is_no_uid_is_named_by_its_number_alone() -> None:
    with pytest.raises(Invalid, match="line 2") as raised:
        by_uids("1.2.3\n山田\n")
    assert "山田" not in str(raised.value)


@pytest.mark.parametrize(
    ("now", "may"), [("18:59", False), ("19:00", True), ("23:59", True), ("06:59", True), ("07:00", False)]
)
def test_hours_go_over_midnight(now: str, may: bool) -> None:
    assert is_open(["19:00-07:00"], dt.time.fromisoformat(now)) is may
    assert is_open([], dt.time.fromisoformat(now))


def test_studies_keep_their_distance() -> None:
    assert [wait_s(60, None), wait_s(60, 20), wait_s(60, 61), wait_s(0, 0)] == [0, 40, 0, 0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('name = "a"', "host"),
        ('name = "a"\nhost = "h"\nurl = "https://x/"', "host"),
        ('name = "a"\nhost = "h"', "ae_title"),
        ('name = "a"\nurl = "http://pacs.example/dicom-web"', "insecure"),
        ('name = "a"\nurl = "ftp://pacs.example"', "url"),
        ('name = "a"\nurl = "https://x/"\nhours = ["7-19"]', "hours"),
        ('name = "a"\nurl = "https://x/"\n[[source]]\nname = "a"\nurl = "https://y/"', "once"),
    ],
)
def test_a_list_of_sources_with_a_mistake_is_refused(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text("[[source]]\n" + text, encoding="utf-8")

    with pytest.raises(SettingsError, match=named):
        read_sources(IngestSettings(sources=path))


@pytest.mark.parametrize(
    ("retrieved", "attempts", "state", "reason"),
    [
        (Retrieved(5, 0), 0, "arrived", ""),
        (Retrieved(4, 0), 0, "found", "not-all-came"),
        (Retrieved(4, 1), 2, "failed", "not-all-came"),
        (Retrieved(0, 0), 2, "failed", "nothing-came"),
        (Retrieved(5, 0, "status-a702"), 2, "failed", "status-a702"),
    ],
)
def test_a_study_arrived_only_if_all_of_it_came(retrieved: Retrieved, attempts: int, state: str, reason: str) -> None:
    row = after(PulledStudy(id="p.0", pull_id="p", number=0, expected=5, attempts=attempts), retrieved)

    assert (row.state.value, row.reason) == (state, reason)
