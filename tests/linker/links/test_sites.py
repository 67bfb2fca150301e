"""A report is linked to Studies of its own site; what else the rules would have linked is held for a person."""

from functools import partial

import pytest

from services.linker.links.matching import Match, StudyKeys, decide
from services.linker.links.sites import linked_within_site, within_site
from shared.events import LinkKeys

REPORT = LinkKeys("P1", "A1", "", "CT", "20260401")


def study(uid: str, accession: str = "A1") -> StudyKeys:
    return StudyKeys(uid, ("P1",), (accession,), ("CT",), ("20260401",))


@pytest.mark.parametrize(
    ("sites", "studies", "held"),
    [
        ({"1": "osaka", "2": "osaka"}, ("1", "2"), Match()),
        ({"1": "osaka", "2": "nagoya"}, ("1",), Match()),
        ({"1": ""}, ("1", "2"), Match()),
        ({"1": "nagoya", "2": "nagoya"}, (), Match(reason="other-site", candidates=("1", "2"))),
    ],
)
def test_studies_of_another_site_are_candidates(sites: dict[str, str], studies: tuple[str, ...], held: Match) -> None:
    match = within_site("osaka", [study("1"), study("2")], sites, partial(decide, REPORT))
    told = linked_within_site(Match(studies=("1", "2"), rule="accession"), "osaka", sites)

    assert match == told == (Match(studies=studies, rule="accession") if studies else held)


def test_a_study_of_another_site_that_no_rule_would_link_is_no_candidate() -> None:
    match = within_site("osaka", [study("1", "A9")], {"1": "nagoya"}, partial(decide, REPORT))

    assert match == Match(reason="no-study")


def test_a_report_of_which_two_own_studies_may_be_meant_stays_ambiguous() -> None:
    circumstance = LinkKeys("P1", "", "", "CT", "20260401")
    every = [study("1"), study("2"), study("3")]

    match = within_site("osaka", every, {"3": "nagoya"}, partial(decide, circumstance))

    assert match == Match(reason="ambiguous", candidates=("1", "2"))
