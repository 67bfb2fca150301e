"""The archive: the DICOMweb origin server. Stores, indexes, retrieves, evicts (FIFO), recalls; knows nothing but DICOM.

Owns the instance store and the collections studies, series, instances, conflicts and its ledger.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from services.archive import retrieve_routes
from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import loop, staying
from services.archive.housekeeping.delete_routes import RemovalRoutes
from services.archive.housekeeping.scrub import scrub_forever
from services.archive.housekeeping.withdrawal_routes import withdrawal_routes
from services.archive.http import cors
from services.archive.query.routes import SearchRoutes
from services.archive.records import COLLECTIONS
from services.archive.retrieve.recalls import Recalls, of_linker
from services.archive.settings import ArchiveSettings
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from shared.events import InstancesStored, StudyChanged
from shared.lease import leases_of
from shared.metrics import DAMAGED
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.web.access.words import AccessRole
from shared.web.gateway_token import GatewayTokens, tokens_of
from shared.web.identity.actor import Actor, Credential

ADMINISTRATOR = Actor(
    subject="administrator-token",
    name="administrator",
    roles=frozenset({AccessRole.ADMINISTRATOR}),
    shown="administrator-token",
)

ASK = aiohttp.ClientTimeout(total=30.0)
"""How long the linker may take to say what stays."""


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the archive."""
    settings = read(ArchiveSettings, "ARCHIVE", place.environ)
    gateways = GatewayTokens()
    if settings.gateway_token or settings.accept == "deidentified":
        variable, given = "JMID_ARCHIVE_GATEWAY_TOKEN", settings.gateway_token
        gateways = await tokens_of(place.environ, variable, given, place.home, place.site)
    scratch = place.home / "archive"
    blobs = place.blobs["archive"]
    deps = ArchiveDeps(
        settings, place.documents, blobs, place.bus, place.cpu, place.site, scratch, place.text_check, gateways
    )

    DAMAGED.labels("archive")  # shown as 0
    leases = leases_of(place.documents, place.environ)

    async def publish() -> None:
        await leases.work_under_lease("archive-changes", partial(loop.publish_forever, deps))

    linker_url = (settings.linker_url or place.base_url).rstrip("/")
    recalls = Recalls() if settings.recall_on_retrieve else None

    async def recall() -> None:
        async with aiohttp.ClientSession(timeout=ASK, headers=place.own_headers) as session:
            if recalls is not None:
                await recalls.ask_forever(of_linker(session, linker_url))

    async def keep() -> None:
        async with aiohttp.ClientSession(timeout=ASK, headers=place.own_headers) as session:
            ask = staying.of_linker(session, linker_url, prove=settings.evict == "recallable")
            work = partial(loop.keep_forever, deps, ask=staying.nothing_stays if settings.evict == "any" else ask)
            await leases.work_under_lease("archive-housekeeping", work)

    async def scrub() -> None:
        await leases.work_under_lease("archive-scrub", partial(scrub_forever, deps))

    async def status() -> Mapping[str, int]:
        return await loop.status(deps)

    yield Running(
        routes=cors.sharing(
            [
                *StowRoutes(deps, Store(deps)).routes(),
                *SearchRoutes(deps).routes(),
                *RemovalRoutes(deps).routes(),
                *withdrawal_routes(deps),
                *retrieve_routes.routes(deps, recalls),
            ],
            settings.cors_origins,
        ),
        tasks=[publish, keep, scrub, *([recall] if recalls else [])],
        status=status,
        credentials=[
            *gateways.credentials,
            Credential(settings.administrator_token, ADMINISTRATOR),
        ],
        checks={"housekeeping": partial(loop.is_kept, deps), "changes": partial(loop.is_published_in_time, deps)},
    )


SERVICES = (
    Service(
        name="archive",
        role=Role.CENTRE,
        opens=opens,
        settings=ArchiveSettings,
        publishes=(InstancesStored, StudyChanged),
        collections=COLLECTIONS,
        blobs=("archive",),
    ),
)
