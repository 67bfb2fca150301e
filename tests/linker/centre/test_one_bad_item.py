"""One row or report that the centre's linker cannot deal with: the others are published and linked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.linker.centre import feed, handlers, linking
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS
from services.linker.links.records import LINKS
from services.linker.service import CENTRE
from services.linker.settings import LinkerSettings
from shared.events import CaseChanged
from shared.lease import Leases
from shared.set_aside import SET_ASIDE
from shared.terms.catalogue import Catalogue
from tests.breaking import breaking
from tests.linker.centre.test_centre import linked, stored_with_keys
from tests.linker.samples import document, uid
from tests.linker.system import Opened, checked, opened, until

STUDY = uid(1)


@asynccontextmanager
async def centre_with(tmp_path: Path) -> AsyncIterator[Opened]:
    """Yield a centre with three reports that wait for their Study; nothing works in the background."""
    async with opened(CENTRE, tmp_path, {}, tasks=False) as centre:
        for number in (1, 2, 3):
            body = linked(document(f"R{number}"), link="no-study")
            await centre.post("/api/reports", body, 201, "application/fhir+json")
        yield centre


def deps_of(centre: Opened, session: aiohttp.ClientSession, **ports: Any) -> CentreDeps:
    own = {"documents": centre.documents, "bus": centre.bus, **ports}
    terms = Catalogue(Path("no-such-folder"))
    return CentreDeps(**own, settings=LinkerSettings(), session=session, site="centre", check_text=checked, terms=terms)


async def set_aside(centre: Opened) -> list[tuple[str, str]]:
    return [(item.work, item.key) for item in (await centre.documents.find(SET_ASIDE)).documents]


async def test_a_row_that_cannot_be_published_stops_no_other_and_is_tried_again(tmp_path: Path) -> None:
    async with centre_with(tmp_path) as centre:

        def is_bad(*events: object) -> bool:
            return any(isinstance(event, CaseChanged) and event.report_ids == ("R2",) for event in events)

        broken = deps_of(centre, centre.session, bus=breaking(centre.bus, "publish", is_bad, ValueError()))
        async with Leases(centre.documents, "test", 60.0).held("linker-case-changes") as lease:
            while await feed.publish_some(broken, lease):
                pass
        await until(lambda: {e.report_ids for e in centre.of(CaseChanged)} == {("R1",), ("R3",)})
        assert await set_aside(centre) == [("case-changes", "report/R2")]

        assert await feed.publish_set_aside(deps_of(centre, centre.session)) == 1

        await until(lambda: ("R2",) in {e.report_ids for e in centre.of(CaseChanged)})
        assert await set_aside(centre) == []


@pytest.mark.parametrize("error", [ValueError(), TimeoutError()])
async def test_a_report_that_cannot_be_linked_keeps_no_other_from_its_study(tmp_path: Path, error: Exception) -> None:
    async with centre_with(tmp_path) as centre:
        broken = breaking(centre.documents, "get_versioned", lambda kind, key: kind is LINKS and key == "R2", error)

        await handlers.take_stored(stored_with_keys(STUDY), deps_of(centre, centre.session, documents=broken))

        reports = await centre.documents.get_many(REPORTS, ["R1", "R2", "R3"])
        assert {key: each.studies for key, each in reports.items()} == {"R1": (STUDY,), "R2": (), "R3": (STUDY,)}
        assert await set_aside(centre) == [("relink", "R2")]

        assert await linking.relink_each(deps_of(centre, centre.session), ["R2"], at=1.0) == 1

        healed = await centre.documents.get(REPORTS, "R2")
        assert healed is not None
        assert healed.studies == (STUDY,)


async def test_the_centre_says_when_rows_wait_and_the_cursor_stands_still(tmp_path: Path) -> None:
    async with centre_with(tmp_path) as centre:
        now = 0.0
        deps = deps_of(centre, centre.session)
        watch = feed.Watch(deps, clock=lambda: now)
        said = [await watch.is_published_in_time()]
        now = 601.0
        said.append(await watch.is_published_in_time())
        async with Leases(centre.documents, "test", 60.0).held("linker-case-changes") as lease:
            while await feed.publish_some(deps, lease):
                pass
        said.append(await watch.is_published_in_time())

        assert said == ["ok", "changes wait for 601 s to be published", "ok"]
        now = 5000.0
        assert await watch.waited_s() == 0
