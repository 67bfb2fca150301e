"""Search: one case per Study from images and reports, either alone being enough; the portal; its API.

Owns its index only, under <home>/search/index, which can be deleted at any time: it is made again from the feeds.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from services.search import handlers
from services.search.api import cases as api
from services.search.api import export, searches, terms
from services.search.api.searches import SavedDeps
from services.search.deps import SearchDeps
from services.search.follow.follower import Follower
from services.search.follow.set_aside import SetAside
from services.search.follow.set_aside_records import SetAsideRecords, show_forever
from services.search.follow.sources import open_sources
from services.search.index.case_index import CaseIndex
from services.search.pages import routes as pages
from services.search.saved.matches import Matches
from services.search.saved.records import MATCHES, SAVED_SEARCHES
from services.search.settings import SearchSettings
from services.search.slots import own_slot
from services.search.terms.completion import Completion
from shared.errors import Unavailable
from shared.events import CaseChanged, StudyChanged
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.terms.catalogue import Catalogue
from shared.terms.settings import terms_folder
from shared.web.language import translatable


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the index and follow the feeds."""
    settings = read(SearchSettings, "SEARCH", place.environ)
    with own_slot(place.home / "search") as folder:
        index = await asyncio.to_thread(CaseIndex, folder)
        async with _running(place, settings, index, folder) as running:
            yield running


@asynccontextmanager
async def _running(place: Place, settings: SearchSettings, index: CaseIndex, folder: Path) -> AsyncIterator[Running]:
    try:
        async with open_sources(settings, place.base_url, place.own_headers) as sources:
            set_aside = await asyncio.to_thread(SetAside, folder)
            matches = Matches(place.documents, index)
            follower = Follower(index, sources, set_aside, matches, poll_s=settings.poll_s, batch=settings.batch)
            deps = SearchDeps(settings, index, follower, sources)
            saved = searches.routes(SavedDeps(index, place.documents, matches))
            catalogue = Catalogue(terms_folder(place.environ, place.home))
            known = terms.routes(terms.TermsDeps(catalogue, Completion(catalogue, folder / "terms")))
            listed = [*api.routes(deps), *export.routes(deps), *saved, *known, *pages.routes(deps)]

            async def status() -> Mapping[str, int]:
                return {
                    "cases": await asyncio.to_thread(index.count),
                    "cases_set_aside": set_aside.count(),
                    "feeds not reached, seconds": int(follower.silent_s()),
                }

            async def shown() -> None:
                owner = f"{socket.gethostname()}/{folder.name}"  # a StatefulSet's pod keeps its name
                await show_forever(SetAsideRecords(place.documents, owner), set_aside, settings.poll_s)

            async def reached() -> str:
                silent_s = follower.silent_s()
                return "ok" if silent_s < settings.silent_s else f"feeds not reached for {silent_s:.0f} s"

            async def built() -> str:
                return "ok" if await asyncio.to_thread(index.is_complete) else "being built from the feeds"

            yield Running(
                routes=[_when_complete(index, each) for each in listed],
                handlers={
                    StudyChanged: partial(handlers.study_changed, deps=deps),
                    CaseChanged: partial(handlers.case_changed, deps=deps),
                },
                tasks=[follower.follow, shown],
                templates=Path(__file__).parent / "templates",
                origins=[settings.public_archive_url],
                menu=[(translatable("Search"), "/"), (translatable("Counts"), "/counts")],
                status=status,
                checks={"feeds": reached, "index": built},
            )
    finally:
        await asyncio.to_thread(index.close)


def _when_complete(index: CaseIndex, route: web.RouteDef) -> web.RouteDef:
    """Return the route, which answers 503 while the index is being built: a part of the cases is no answer."""
    known = False

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal known
        known = known or await asyncio.to_thread(index.is_complete)
        if not known:
            raise Unavailable("the index is being built")
        return await route.handler(request)

    return web.RouteDef(route.method, route.path, handle, route.kwargs)


SERVICES = (
    Service(
        name="search",
        role=Role.CENTRE,
        opens=opens,
        settings=SearchSettings,
        takes=(StudyChanged, CaseChanged),
        collections=(SAVED_SEARCHES, MATCHES),
    ),
)
