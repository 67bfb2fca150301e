"""A bounded sample of the adversary's corpus: what was mended stays mended, and the residue does not grow."""

from pathlib import Path

import pytest

from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from tests.adversarial.headers import make_headers
from tests.adversarial.reports import make_reports
from tests.adversarial.score import Score, judge_report, score_headers

NUMBERS_AND_PLACES = {
    "accession", "device-serial", "email", "extension", "hospital", "hospital-short", "insurance", "my-number",
    "patient-id", "phone", "postal-code", "url", "vehicle", "ward-bed",
}  # fmt: skip
RESIDUE = 0.02  # of all planted: people with a surname or given name that no list has, without title or label


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    """Return the scores of 150 reports, with dates kept, and moved so far that none falls on another of its report."""
    found = {}
    for profile in ("jmid", "research"):
        policy = TextPolicy.of_profile(profile, 3710)
        found[profile] = Score()
        for report in make_reports(150, seed=7):
            cleaned = clean_text(report.text, Identifiers.of_header(report.header), policy)
            judge_report(report, {"text": cleaned.text, "review": cleaned.review}, profile, found[profile])
    return found


@pytest.mark.parametrize("profile", ["jmid", "research"])
def test_no_number_contact_or_hospital_survives(scores: dict[str, Score], profile: str) -> None:
    counts = scores[profile].counts

    leaked = {category: counts[category]["leaked"] for category in NUMBERS_AND_PLACES}

    assert min(counts[category]["planted"] for category in NUMBERS_AND_PLACES) > 0
    assert leaked == dict.fromkeys(NUMBERS_AND_PLACES, 0)


def test_no_date_keeps_its_day_where_dates_are_moved(scores: dict[str, Score]) -> None:
    counts = scores["research"].counts

    dates = {category: counts[category]["leaked"] for category in counts if category.startswith("date-")}

    assert dates == {"date-relative": 0, "date-short": 0, "date-wareki": 0, "date-western": 0}


@pytest.mark.parametrize("profile", ["jmid", "research"])
def test_of_all_identifiers_no_more_survive_than_the_known_residue(scores: dict[str, Score], profile: str) -> None:
    rows = scores[profile].counts.values()

    leaked, planted = sum(row["leaked"] for row in rows), sum(row["planted"] for row in rows)

    assert leaked <= RESIDUE * planted


@pytest.mark.parametrize("profile", ["jmid", "research"])
def test_every_clinical_word_and_eponym_stays(scores: dict[str, Score], profile: str) -> None:
    counts = scores[profile].counts

    assert [counts[kind]["removed"] for kind in ("clinical", "clinical-english", "eponym")] == [0, 0, 0]


def test_nothing_planted_in_files_survives_and_pixels_geometry_and_numbers_stay(
    shared_data: Path, tmp_path: Path
) -> None:
    headers = make_headers(shared_data / "dicom", 16, seed=7)

    score = score_headers(headers, "jmid", tmp_path)

    assert score.examples == []
    assert score.counts["pixels"]["to keep"] > 0
