"""The archive: the DICOMweb origin server. Stores, indexes, retrieves, evicts (FIFO), recalls; knows nothing but DICOM.

Owns the instance store and the collections studies, series, instances, conflicts and its ledger.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.archive import cors, keeping, retrieve
from services.archive.deps import ArchiveDeps
from services.archive.records import COLLECTIONS
from services.archive.removal import RemovalRoutes
from services.archive.search_routes import SearchRoutes
from services.archive.settings import ArchiveSettings
from services.archive.store import Store
from services.archive.stow import StowRoutes
from shared.events import InstancesStored, StudyChanged
from shared.service import Place, Role, Running, Service
from shared.settings import read


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the archive."""
    settings = read(ArchiveSettings, "ARCHIVE", place.environ)
    deps = ArchiveDeps(
        settings, place.documents, place.blobs["archive"], place.bus, place.cpu, place.site, place.home / "archive"
    )

    async def sweep() -> None:
        await keeping.keep_forever(deps)

    async def status() -> Mapping[str, int]:
        return await keeping.status(deps)

    yield Running(
        routes=cors.sharing(
            [
                *StowRoutes(deps, Store(deps)).routes(),
                *SearchRoutes(deps).routes(),
                *RemovalRoutes(deps).routes(),
                *retrieve.routes(deps),
            ],
            settings.cors_origins,
        ),
        tasks=[sweep],
        status=status,
    )


SERVICES = (
    Service(
        name="archive",
        role=Role.CENTRE,
        opens=opens,
        publishes=(InstancesStored, StudyChanged),
        collections=COLLECTIONS,
        blobs=("archive",),
    ),
)
