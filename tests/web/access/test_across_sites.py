"""Who sees one site's data asks for another's, by every route with an id and every list: over real HTTP, nothing comes.

What is of another site is answered as what does not exist. A route with a part of its path that nothing here fills in
fails the first test: give it a value in ``two_sites.Data.ids``.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.web.access.rules import Rule
from shared.web.access.table import TABLE
from shared.web.access.words import AccessRole, Scope
from tests.archive.store.test_acceptance import NOT_AUTHORIZED, deidentified, reasons, store
from tests.web.access.two_sites import HERE, NOBODYS, NOT_OF_A_SITE, OURS, THEIRS, THERE, Answer, Data, Sites, two_sites

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
PART = re.compile(r"\{(\w+)\}")
WITH_ID = [
    (route, rule) for rule in TABLE.rules for route in rule.routes if PART.search(route) and route not in NOT_OF_A_SITE
]
BY_QUERY = (
    "GET /dicom-web/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}",
    "GET /dicom-web/studies?StudyInstanceUID={study}",
    "GET /dicom-web/series?SeriesInstanceUID={series}",
    "GET /dicom-web/instances?SOPInstanceUID={instance}",
    "GET /api/reports?study={study}",
    "GET /api/diagnoses?study={study}",
    "GET /api/annotations?study={study}",
    "GET /api/cases?q={mark}",
    "GET /api/export/cases?q={mark}",
)
LISTS = (
    "GET /",
    "GET /api/cases",
    "GET /api/export/cases?format=csv",
    "GET /dicom-web/studies?includefield=all",
    "GET /dicom-web/series?includefield=all",
    "GET /dicom-web/instances?includefield=all",
    "GET /dicom-web/series?StudyDescription=CT*",
    "GET /api/links?state=linked",
    "GET /api/diagnoses",
    "GET /api/diagnoses/worklist?state=diagnosed",
    "GET /api/diagnoses/export",
    "GET /api/diagnoses/export?format=fhir",
    "GET /api/annotations",
)
COUNTS = ("GET /counts", "GET /api/counts?by=site", "GET /api/counts?by=modality")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sites(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sites]:
    async with two_sites(tmp_path_factory.mktemp("two-sites")) as running:
        yield running


def filled(route: str, data: Data) -> str:
    return PART.sub(lambda part: {**data.ids, "mark": data.mark or "nothing"}[part[1]], route)


def roles_of(rule: Rule) -> list[str]:
    """Return the roles that have a permission by site, else one that sees its site's data."""
    return [role.value for role, scope in rule.grants.items() if scope is Scope.SITE] or [AccessRole.SITE_READER.value]


def neutral(answer: Answer, data: Data) -> tuple[int, bytes]:
    """Return what an answer says, without the ids that were asked for."""
    body = answer.body
    for value in sorted({*data.ids.values(), data.mark or "nothing"}, key=len, reverse=True):
        body = body.replace(value.encode(), b"?")
    return answer.status, body


@pytest.mark.parametrize(("route", "rule"), WITH_ID, ids=[route for route, _ in WITH_ID])
async def test_by_the_id_of_another_site_nothing_comes(sites: Sites, route: str, rule: Rule) -> None:
    asker = sites.bearer(*roles_of(rule))

    theirs = await sites.ask(filled(route, THEIRS), asker)
    nobodys = await sites.ask(filled(route, NOBODYS), asker)

    assert theirs.status in (403, 404) or (theirs.status, theirs.body) == (200, b"[]"), theirs
    assert not set(THEIRS.told_by(theirs.body)) - set(filled(route, THEIRS).split("/"))
    assert neutral(theirs, THEIRS) == neutral(nobodys, NOBODYS)


@pytest.mark.parametrize("route", [r for r, rule in WITH_ID if rule.by_row and Scope.SITE in rule.grants.values()])
async def test_by_the_id_of_the_own_site_it_comes(sites: Sites, route: str) -> None:
    answer = await sites.ask(filled(route, OURS), sites.bearer("site-reader"))

    assert answer.status == 200, answer
    assert len(answer.body) > 20


@pytest.mark.parametrize("route", BY_QUERY)
async def test_by_an_id_in_the_query_nothing_comes_of_another_site_and_all_of_the_own(sites: Sites, route: str) -> None:
    asker = sites.bearer("site-reader")

    theirs = await sites.ask(filled(route, THEIRS), asker)
    nobodys = await sites.ask(filled(route, NOBODYS), asker)
    ours = await sites.ask(filled(route, OURS), asker)

    assert neutral(theirs, THEIRS) == neutral(nobodys, NOBODYS)
    assert [each for each in THEIRS.told_by(theirs.body) if each not in filled(route, THEIRS)] == []  # but the question
    assert ours.status == 200
    assert len(ours.body) > len(theirs.body)


@pytest.mark.parametrize("route", LISTS)
async def test_a_list_holds_what_is_of_the_own_site_and_nothing_of_another(sites: Sites, route: str) -> None:
    mine = await sites.ask(route, sites.bearer("site-reader"))
    everything = await sites.ask(route, sites.bearer("radiologist"))

    assert THEIRS.told_by(mine.body) == []
    assert OURS.told_by(mine.body)
    assert THEIRS.told_by(everything.body), "the test cannot fail"


@pytest.mark.parametrize("route", COUNTS)
async def test_counts_are_of_the_own_site(sites: Sites, route: str) -> None:
    mine = await sites.ask(route, sites.bearer("site-reader"))
    of_both = await sites.ask(route, sites.bearer("site-reader", site=THERE))
    everything = await sites.ask(route, sites.bearer("radiologist"))

    assert mine.status == 200
    assert mine.body != everything.body != of_both.body
    assert THERE.encode() not in mine.body


async def test_who_is_of_two_sites_sees_both_and_who_is_of_none_nothing(sites: Sites) -> None:
    both = sites.issuer.bearer(sub="both", roles=["site-reader"], sites=[HERE, THERE])
    none = sites.issuer.bearer(sub="none", roles=["site-reader"])

    seen = await sites.ask("GET /dicom-web/studies", both)
    refused = await sites.ask("GET /dicom-web/studies", none)

    assert OURS.study.encode() in seen.body
    assert THEIRS.study.encode() in seen.body
    assert refused.status == 403


@pytest.mark.parametrize("form", ["", "/metadata", "/rendered", "/thumbnail", "/pixeldata"])
async def test_what_was_kept_for_who_sees_all_is_not_given_to_who_does_not(sites: Sites, form: str) -> None:
    route = f"GET /dicom-web/studies/{THEIRS.study}{form}"
    first = await sites.ask(route, sites.bearer("radiologist"))
    again = {**sites.bearer("site-reader"), "If-None-Match": first.headers.get("ETag", "*")}

    answers = [await sites.ask(route, again), await sites.ask(route.replace("GET", "HEAD"), again)]

    assert first.status == 200
    assert [answer.status for answer in answers] == [404, 404]
    assert "ETag" not in answers[0].headers
    assert first.headers["Cache-Control"] == "private, no-cache"


async def test_a_gateway_stores_for_its_own_site_and_into_its_own_studies(sites: Sites) -> None:
    gateway = sites.bearer("service")
    names_the_other = deidentified(1, StudyInstanceUID="2.25.31", InstitutionName=THERE)
    into_the_others = deidentified(2, StudyInstanceUID=THEIRS.study, InstitutionName=HERE)

    status, answer = await store(sites.session, names_the_other, into_the_others, **gateway)

    assert (status, reasons(answer)) == (409, [NOT_AUTHORIZED, NOT_AUTHORIZED])


async def test_a_gateway_delivers_reports_of_its_own_site(sites: Sites) -> None:
    body = f'{{"resourceType": "DiagnosticReport", "meta": {{"source": "urn:jmid:site:{THERE}"}}}}'
    headers = {**sites.bearer("service"), "Content-Type": "application/fhir+json"}
    known = await sites.ask(f"GET /api/reports/{THEIRS.report}", sites.bearer("radiologist"))

    whole = await sites.ask("POST /api/reports", headers, data=known.body)
    broken = await sites.ask("POST /api/reports", headers, data=body)

    assert (whole.status, broken.status) == (403, 422)  # 403: the gateway keeps it until it is mended
    assert b"no site of the gateway" in whole.body


async def test_a_researcher_reaches_no_case_before_projects_are_compared(sites: Sites, tmp_path: Path) -> None:
    researcher = sites.issuer.bearer(sub="r", roles=["researcher"], sites=[HERE], projects=["p"])

    statuses = {
        route: (await sites.ask(filled(route, OURS), researcher)).status
        for route in ("GET /api/cases/{case_id}", "GET /dicom-web/studies/{study}", "POST /api/diagnoses")
    }

    assert set(statuses.values()) == {403}
