"""Which site a Study is of: its gateway's; of none, and then nobody's by site, where that is not sure."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import msgspec
import orjson
import pytest
import pytest_asyncio

from services.archive.attributes import sites
from services.archive.housekeeping.rebuild import Derived, rebuild
from services.archive.http.resources import is_within_reach
from services.archive.query.parameters import Level, parse
from services.archive.query.search import search
from services.archive.records import INSTANCES, SERIES, STUDIES
from services.archive.store.acceptance import Sender
from services.archive.store.store import Store
from services.free_text import findings
from shared.dicom.store_response import NOT_AUTHORIZED
from tests.archive.conftest import Archive
from tests.archive.store.test_acceptance import deidentified, derived
from tests.web.access.seeing import seeing

STUDY = "2.25.77"
SHARED = Sender(is_gateway=True)
"""A gateway that shows the credential which all gateways share."""


def gateway(*of: str) -> Sender:
    return Sender(is_gateway=True, sites=frozenset(of))


@pytest_asyncio.fixture
async def own(archive: Archive) -> AsyncIterator[Archive]:
    """Yield an archive as the centre's: it takes what is de-identified."""
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified")
    deps = replace(archive.deps, settings=settings, text_check=findings)
    yield Archive(deps, Store(deps), archive.client)


async def found(archive: Archive, level: Level, *parameters: tuple[str, str]) -> int:
    return len((await search(parse(level, parameters), archive.deps, "")).results)


async def only_site(archive: Archive) -> str:
    study = await archive.deps.documents.get(STUDIES, STUDY)
    assert study is not None
    return study.only_site


@pytest.mark.parametrize(
    ("of", "named", "site"),
    [
        ((), "osaka", "osaka"),
        ((), "", ""),
        (("osaka",), "osaka", "osaka"),
        (("osaka",), "", "osaka"),
        (("osaka",), "nagoya", None),
        (("osaka", "kobe"), "kobe", "kobe"),
        (("osaka", "kobe"), "", None),
    ],
)
def test_an_instance_is_of_its_gateways_site_and_only_else_of_the_one_it_names(
    of: Sequence[str], named: str, site: str | None
) -> None:
    assert sites.delivered_by(frozenset(of), named) == site


async def test_a_gateway_that_names_another_site_than_its_own_is_refused(own: Archive) -> None:
    [outcome] = await own.store.take([deidentified(InstitutionName="nagoya")], sender=gateway("osaka"))

    assert outcome.failure is not None
    assert outcome.failure.reason == NOT_AUTHORIZED
    assert "nagoya" not in outcome.failure.detail


async def test_an_instance_that_names_no_site_is_of_its_gateways(own: Archive) -> None:
    await own.store.take([deidentified(InstitutionName=None)], sender=gateway("osaka"))

    with seeing("osaka"):
        assert await found(own, Level.INSTANCE, ("SOPInstanceUID", "2.25.1")) == 1
    [answer] = (await search(parse(Level.STUDY, [("includefield", "00120030")]), own.deps, "")).results
    assert orjson.loads(answer)["00120030"] == {"vr": "LO", "Value": ["osaka"]}


@pytest.mark.parametrize("sender", [SHARED, gateway("nagoya")])
async def test_into_the_study_of_another_site_nothing_is_stored(own: Archive, sender: Sender) -> None:
    await own.store.take([deidentified(1, InstitutionName="osaka")], sender=gateway("osaka"))

    outcomes = await own.store.take(
        [deidentified(1, InstitutionName="nagoya"), deidentified(2, InstitutionName="nagoya")], sender=sender
    )

    assert [outcome.failure and outcome.failure.reason for outcome in outcomes] == [NOT_AUTHORIZED] * 2
    assert await own.deps.documents.count(INSTANCES) == 1
    assert await only_site(own) == "osaka"


async def test_of_a_new_study_that_comes_from_two_sites_at_once_the_first_is_taken(own: Archive) -> None:
    first, second = (deidentified(n, InstitutionName=site) for n, site in ((1, "osaka"), (2, "nagoya")))

    outcomes = await own.store.take([first, second], sender=SHARED)

    assert [outcome.failure is None for outcome in outcomes] == [True, False]
    assert await only_site(own) == "osaka"


async def test_what_is_derived_here_is_of_the_site_of_its_study_whatever_it_says(own: Archive) -> None:
    await own.store.take([deidentified(InstitutionName="osaka")], sender=gateway("osaka"))

    [made] = await own.store.take([derived(2, InstitutionName="nagoya")], sender=Sender(is_own_page=True))

    record = await own.deps.documents.get(INSTANCES, made.sop_instance_uid)
    assert record is not None
    assert (record.site, await only_site(own)) == ("osaka", "osaka")


async def test_what_refers_to_another_sites_study_is_told_what_refers_to_nothing_is(own: Archive) -> None:
    await own.store.take([deidentified(InstitutionName="osaka")], sender=gateway("osaka"))
    page = Sender(is_own_page=True)

    with seeing("nagoya"):
        [theirs] = await own.store.take([derived(2)], sender=page)
        [nobodys] = await own.store.take([derived(2, StudyInstanceUID="2.25.99", refers="2.25.98")], sender=page)

    assert theirs.failure is not None
    assert theirs.failure == nobodys.failure


async def test_where_anything_is_taken_a_study_of_two_sites_is_of_none(archive: Archive) -> None:
    for number, site in ((1, "osaka"), (2, "nagoya")):
        await archive.store.take([deidentified(number, InstitutionName=site, SeriesInstanceUID=f"2.25.5{number}")])

    seen = {}
    for site in ("osaka", "nagoya"):
        with seeing(site):
            seen[site] = [await found(archive, level) for level in Level]
            assert not await is_within_reach(archive.deps, STUDY)
    with seeing("osaka", "nagoya"):
        assert await found(archive, Level.STUDY) == 0
    assert seen == {"osaka": [0, 0, 0], "nagoya": [0, 0, 0]}
    assert await found(archive, Level.INSTANCE) == 2


async def test_records_of_before_are_nobodys_by_site_until_they_are_made_anew(own: Archive) -> None:
    """Their fields are empty, as a release before 0130 left them; ``jmid rebuild answers`` fills them."""
    await own.store.take([deidentified(InstitutionName="osaka")], sender=SHARED)
    await _forget_sites(own)
    with seeing("osaka"):
        before = [await found(own, level) for level in Level]

    async for progress in rebuild(own.deps, Derived.ANSWERS):
        assert progress.failed == 0

    with seeing("osaka"):
        after = [await found(own, level) for level in Level]
    with seeing("nagoya"):
        others = [await found(own, level) for level in Level]
    assert (before, after, others) == ([0, 0, 0], [1, 1, 1], [0, 0, 0])


async def test_made_anew_of_its_bytes_an_instance_keeps_its_site_and_that_it_was_made_here(own: Archive) -> None:
    await own.store.take([deidentified(InstitutionName=None)], sender=gateway("osaka"))
    await own.store.take([derived(2, InstitutionName="nagoya")], sender=Sender(is_own_page=True))

    async for progress in rebuild(own.deps, Derived.METADATA, again=True):
        assert progress.failed == 0

    records = await own.deps.documents.get_many(INSTANCES, ["2.25.1", "2.25.2"])
    assert {(uid, each.site, each.is_made_here) for uid, each in records.items()} == {
        ("2.25.1", "osaka", False),
        ("2.25.2", "osaka", True),
    }
    assert await only_site(own) == "osaka"


async def _forget_sites(archive: Archive) -> None:
    documents = archive.deps.documents
    for each in await documents.find_all(INSTANCES):
        await documents.put(INSTANCES, msgspec.structs.replace(each, site="", answer_maker=1))
    for series in await documents.find_all(SERIES):
        await documents.put(SERIES, msgspec.structs.replace(series, only_site="", answer_maker=1))
    for study in await documents.find_all(STUDIES):
        await documents.put(STUDIES, msgspec.structs.replace(study, only_site="", answer_maker=1))
