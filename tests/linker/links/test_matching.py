"""The rules of linking, without I/O."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.linker.links import matching
from services.linker.links.matching import ManualDecision, Match, StudyKeys, decide, match
from shared.events import LinkKeys
from tests.linker.samples import keys


def study(name: str, **fields: str) -> StudyKeys:
    known = {"patient_ids": "P1", "accession_numbers": "", "modalities": "CT", "study_dates": "20260401", **fields}
    return StudyKeys(name, **{key: tuple(value.split()) for key, value in known.items()})


def decision(action: str, uid: str = "") -> ManualDecision:
    return ManualDecision(action, uid, "Dr. Who", "2026-04-01T00:00:00Z")


def test_a_report_is_linked_to_all_studies_of_its_accession() -> None:
    studies = [study("1", accession_numbers="A1"), study("2", accession_numbers="A1"), study("3")]

    found = match(keys(), studies)

    assert found == Match(studies=("1", "2"), rule="accession")


def test_the_same_accession_of_another_patient_links_nothing_and_stays_visible() -> None:
    found = match(keys(), [study("1", accession_numbers="A1", patient_ids="P2")])

    assert found == Match(reason="patient-conflict", candidates=("1",))


def test_a_colliding_accession_of_another_patient_does_not_take_away_the_right_study() -> None:
    studies = [study("1", accession_numbers="A1"), study("2", accession_numbers="A1", patient_ids="P2")]

    assert match(keys(), studies).studies == ("1",)


def test_an_accession_links_nothing_when_the_patient_is_unknown() -> None:
    found = match(keys(patient_id=""), [study("1", accession_numbers="A1")])

    assert found == Match(reason="patient-unknown", candidates=("1",))


def test_a_study_with_two_patients_is_a_conflict() -> None:
    found = match(keys(), [study("1", accession_numbers="A1", patient_ids="P1 P2")])

    assert found.reason == "patient-conflict"


def test_a_named_study_is_linked_even_when_accessions_are_written_differently() -> None:
    found = match(keys(study_instance_uid="1"), [study("1", accession_numbers="A01")])

    assert found == Match(studies=("1",), rule="study-uid")


def test_a_named_study_of_another_patient_is_a_conflict() -> None:
    found = match(keys(study_instance_uid="1"), [study("1", patient_ids="P2")])

    assert found == Match(reason="patient-conflict", candidates=("1",))


def test_a_named_study_that_belongs_to_another_accession_than_the_reports_is_a_contradiction() -> None:
    studies = [study("1", accession_numbers="A1"), study("2", accession_numbers="A2")]

    found = match(keys(study_instance_uid="2"), studies)

    assert found == Match(reason="identifiers-disagree", candidates=("1", "2"))


def test_a_report_that_names_a_study_waits_for_it_and_takes_no_other() -> None:
    found = match(keys(study_instance_uid="9", accession_number=""), [study("1")])

    assert found == Match(reason="study-awaited")


def test_patient_modality_and_date_link_when_only_one_study_fits() -> None:
    studies = [
        study("1"),
        study("2", modalities="MR"),
        study("3", patient_ids="P2"),
        study("4", study_dates="20260404"),
    ]

    found = match(keys(accession_number=""), studies)

    assert found == Match(studies=("1",), rule="patient-modality-date")


def test_two_studies_of_the_same_day_are_ambiguous() -> None:
    found = match(keys(accession_number=""), [study("1"), study("2")])

    assert found == Match(reason="ambiguous", candidates=("1", "2"))


def test_the_study_of_the_very_day_is_preferred_to_the_day_after() -> None:
    found = match(keys(accession_number=""), [study("1"), study("2", study_dates="20260402")])

    assert found.studies == ("1",)


def test_two_neighbouring_days_without_the_very_day_are_ambiguous() -> None:
    studies = [study("1", study_dates="20260331"), study("2", study_dates="20260402")]

    assert match(keys(accession_number=""), studies).reason == "ambiguous"


def test_a_study_of_another_accession_is_never_taken_by_its_date() -> None:
    found = match(keys(accession_number="A1"), [study("1", accession_numbers="A2")])

    assert found == Match(reason="no-study")


def test_empty_values_match_nothing() -> None:
    nobody = study("1", patient_ids="", modalities="", study_dates="")

    assert match(LinkKeys(), [nobody]) == Match(reason="no-study")


def test_a_person_overrules_the_rules_until_giving_back() -> None:
    studies = [study("1", accession_numbers="A1"), study("2")]

    assert decide(keys(), studies, decisions=[decision("link", "2")]) == Match(studies=("2",), rule="by-hand")
    assert decide(keys(), studies, decisions=[decision("link", "2"), decision("rules")]).rule == "accession"
    assert decide(keys(), studies, decisions=[decision("link", "2"), decision("undo")]).rule == "accession"
    back = [decision("link", "2"), decision("rules"), decision("undo")]
    assert decide(keys(), studies, decisions=back) == Match(studies=("2",), rule="by-hand")


def test_a_barred_study_is_not_linked_again_by_a_rule() -> None:
    found = decide(keys(), [study("1", accession_numbers="A1")], decisions=[decision("unlink", "1")])

    assert found == Match(reason="unlinked-by-hand", candidates=("1",))


def test_a_retracted_report_has_no_study_not_even_by_hand() -> None:
    found = decide(keys(), [study("1", accession_numbers="A1")], retracted=True, decisions=[decision("link", "1")])

    assert found == Match(reason="retracted")


def test_dates_cross_months_and_impossible_ones_match_nothing() -> None:
    assert matching.dates_around("20240301", 1) == ("20240229", "20240301", "20240302")
    assert matching.dates_around("20260230", 1) == ()
    assert matching.dates_around("99991231", 1) == ("99991230", "99991231")
    assert matching.dates_around("", 1) == ()


_words = st.lists(st.sampled_from(["", "X", "Y"]), max_size=2).map(tuple)
_dates = st.lists(st.sampled_from(["", "20260401", "20260402", "20260403"]), max_size=2).map(tuple)
_batches = st.lists(st.builds(StudyKeys, st.sampled_from(["1", "2", "3"]), _words, _words, _words, _dates), max_size=8)
_reports = st.builds(
    LinkKeys, *(st.sampled_from(["", "X", "Y"]),) * 2, st.sampled_from(["", "1", "2"]), st.sampled_from(["", "X"]),
    st.sampled_from(["", "20260401", "20260402"]),
)  # fmt: skip


def merged(batches: list[StudyKeys]) -> list[StudyKeys]:
    known: dict[str, StudyKeys] = {}
    for batch in batches:
        known[batch.study_instance_uid] = matching.merge(known.get(batch.study_instance_uid, batch), batch)
    return list(known.values())


@given(_reports, _batches, st.randoms(use_true_random=False))
def test_the_link_does_not_depend_on_the_order_or_number_of_arrivals(
    report: LinkKeys, batches: list[StudyKeys], random: Random
) -> None:
    shuffled = [*batches, *batches[:2]]
    random.shuffle(shuffled)

    assert match(report, merged(shuffled)) == match(report, merged(batches))


@given(_reports, _batches)
def test_no_link_ever_crosses_patients(report: LinkKeys, batches: list[StudyKeys]) -> None:
    known = {each.study_instance_uid: each for each in merged(batches)}

    for uid in match(report, known.values()).studies:
        assert not report.patient_id or set(known[uid].patient_ids) <= {report.patient_id}
