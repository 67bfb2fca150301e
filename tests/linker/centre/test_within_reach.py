"""Reports, links, diagnoses and annotations of two sites: who sees one of them sees what is wholly of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from services.linker.centre import within_reach
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, StoredReport
from services.linker.diagnoses.records import Entry
from services.linker.links.matching import ManualDecision
from services.linker.links.records import Link
from services.linker.settings import LinkerSettings
from shared.documents.sqlite import open_sqlite
from shared.errors import NotFound, Unavailable
from tests.linker.samples import uid
from tests.servers.web import served
from tests.web.access.seeing import seeing

OURS, THEIRS, MIXED, GONE = uid(1), uid(2), uid(3), uid(4)
SITES = {OURS: "osaka", THEIRS: "nagoya", MIXED: ""}


@dataclass
class Centre:
    """deps: of a centre whose archive has the Studies of SITES.  asked: how often it was asked.  status: its answer."""

    deps: CentreDeps
    asked: list[str] = field(default_factory=list)
    status: int = 200


@pytest_asyncio.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    async def search(request: web.Request) -> web.Response:
        found.asked.append(request.query["StudyInstanceUID"])
        wanted = request.query["StudyInstanceUID"].split(",")
        answers = [
            {"0020000D": {"vr": "UI", "Value": [uid_]}, "00120030": {"vr": "LO", "Value": [site] if site else []}}
            for uid_, site in SITES.items()
            if uid_ in wanted
        ]
        return web.json_response(answers, status=found.status)

    application = web.Application()
    application.add_routes([web.get("/dicom-web/studies", search)])
    async with (
        served(application) as url,
        open_sqlite(tmp_path / "documents.sqlite") as documents,
        aiohttp.ClientSession() as session,
    ):
        await documents.declare(REPORTS)
        settings = LinkerSettings(archive_url=f"{url}/dicom-web")
        found = Centre(CentreDeps(documents, None, settings, session, "centre", None, None))  # type: ignore[arg-type]
        for each in (report("ours", "osaka"), report("theirs", "nagoya")):
            await documents.put(REPORTS, each)
        yield found


def report(report_id: str, site: str, *studies: str) -> StoredReport:
    return StoredReport(report_id=report_id, site=site, profile="jmid/3", versions=(), studies=studies)


def entry(*studies: str, report_id: str = "", touched: tuple[str, ...] = ()) -> Entry:
    return Entry(id="e", kind="diagnosis", studies=studies, touched=(*studies, *touched), report_id=report_id)


async def test_a_report_is_seen_by_its_site_unless_it_is_linked_to_another_sites_study(centre: Centre) -> None:
    every = [
        report("a", "osaka"),
        report("b", "osaka", OURS),
        report("c", "osaka", GONE),
        report("d", "osaka", OURS, THEIRS),
        report("e", "osaka", MIXED),
        report("f", "nagoya", OURS),
        report("g", ""),
    ]

    with seeing("osaka"):
        ours = await within_reach.reports(centre.deps, every)
    with seeing("osaka", "nagoya"):
        both = await within_reach.reports(centre.deps, every)

    assert [each.report_id for each in ours] == ["a", "b", "c"]
    assert [each.report_id for each in both] == ["a", "b", "c", "d", "f"]


async def test_an_entry_is_seen_by_who_sees_all_that_it_is_and_was_about(centre: Centre) -> None:
    every = [
        entry(OURS),
        entry(OURS, report_id="ours"),
        entry(report_id="ours"),
        entry(OURS, THEIRS),
        entry(OURS, touched=(THEIRS,)),
        entry(OURS, report_id="theirs"),
        entry(GONE),
        entry(MIXED),
    ]

    with seeing("osaka"):
        assert await within_reach.entries(centre.deps, every) == every[:3]


async def test_a_link_is_seen_by_who_sees_every_study_that_it_names(centre: Centre) -> None:
    by_hand = ManualDecision("unlink", THEIRS, "hanako", "2026-04-01T09:00:00Z", "")
    every = [
        Link(report_id="ours", studies=(OURS,)),
        Link(report_id="ours"),
        Link(report_id="ours", candidates=(OURS, THEIRS)),
        Link(report_id="ours", studies=(OURS,), decisions=(by_hand,)),
        Link(report_id="ours", studies=(OURS,), touched=(THEIRS,)),
        Link(report_id="theirs", studies=(OURS,)),
        Link(report_id="unknown"),
    ]

    with seeing("osaka"):
        assert await within_reach.links(centre.deps, every) == every[:2]


@pytest.mark.parametrize(
    ("studies", "report_id"), [([THEIRS], ""), ([OURS, THEIRS], ""), ([GONE], ""), ([OURS], "theirs"), ([], "none")]
)
async def test_what_somebody_writes_about_another_sites_data_is_about_nothing(
    centre: Centre, studies: list[str], report_id: str
) -> None:
    with seeing("osaka"):
        await within_reach.check(centre.deps, [OURS], "ours")
        with pytest.raises(NotFound):
            await within_reach.check(centre.deps, studies, report_id)
        with pytest.raises(NotFound):
            await within_reach.check_entry(centre.deps, entry(THEIRS))
        await within_reach.check_entry(centre.deps, entry(OURS))


async def test_who_sees_everything_costs_the_archive_nothing_and_others_wait_while_it_is_away(centre: Centre) -> None:
    centre.status = 503
    every = [report("a", "osaka", OURS)]

    assert await within_reach.reports(centre.deps, every) == every
    assert centre.asked == []
    with seeing("osaka"), pytest.raises(Unavailable):
        await within_reach.reports(centre.deps, every)


async def test_many_studies_are_asked_for_in_requests_of_a_bounded_length(centre: Centre) -> None:
    every = [report("a", "osaka", *(uid(9, number) for number in range(120)))]

    with seeing("osaka"):
        assert await within_reach.reports(centre.deps, every) == every

    assert [len(asked.split(",")) for asked in centre.asked] == [50, 50, 20]
