"""Ingest: takes what a site sends, by STOW-RS, C-STORE and report channels; understands only identity and integrity.

Owns arrivals, receipts and what was rejected, and the identified blob store. Answers only when the bytes are safe.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.ingest.deps import IngestDeps
from services.ingest.images.dimse import DimseReceiver, listening
from services.ingest.images.stow import StowReceiver
from services.ingest.pull.recalls import begin_recall
from services.ingest.pull.routes import PullRoutes
from services.ingest.pull.routes import status as pull_status
from services.ingest.pull.sources import SETTING, read_sources
from services.ingest.pull.worker import Puller
from services.ingest.receipts import day_ledger, handlers, routes
from services.ingest.receipts.counting import count_forever
from services.ingest.receipts.day_ledger import LEDGER_DAYS
from services.ingest.receipts.ledger_routes import LedgerRoutes
from services.ingest.receipts.outbox import is_published_in_time, publish_forever, release_forever
from services.ingest.receipts.records import COLLECTIONS
from services.ingest.receipts.routes import ReceiptRoutes
from services.ingest.receipts.scrub import scrub_forever
from services.ingest.reloaded import Reloaded, watch_files
from services.ingest.report_routes import ReportReceiver
from services.ingest.reports.csv.folder import watch_forever
from services.ingest.reports.csv.reader import load_mapping
from services.ingest.reports.hl7.mllp import listening_mllp
from services.ingest.settings import IngestSettings
from shared.events import (
    CustodyChecked,
    Delivered,
    InputDeidentified,
    InputRefused,
    InstancesReceived,
    ReportLinked,
    ReportReceived,
    StudyFetched,
    StudyWanted,
)
from shared.lease import leases_of
from shared.metrics import DAMAGED
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.site.times import site_time_of
from shared.web.language import translatable


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the receiving endpoints."""
    settings = read(IngestSettings, "INGEST", place.environ)
    mapping = load_mapping(settings.csv_mapping)
    folder = settings.csv_folder or place.home / "ingest" / "csv"
    blobs, scratch = place.blobs["identified"], place.home / "ingest" / "scratch"
    ports, site_time = (place.documents, blobs, place.bus), site_time_of(place.environ)
    deps = IngestDeps(settings, *ports, place.site, folder, scratch, place.cpu, place.audit, site_time)

    sources = Reloaded(SETTING, [settings.sources] if settings.sources else [], lambda: read_sources(settings))
    watched = [*deps.admission.files, deps.rules, sources]  # of these, one that cannot be used does not start
    DAMAGED.labels("ingest")  # shown as 0
    leases = leases_of(place.documents, place.environ)

    async def publish() -> None:
        await leases.work_under_lease("ingest-outbox", partial(publish_forever, deps))

    async def release() -> None:
        await leases.work_under_lease("ingest-release", partial(release_forever, deps))

    async def count() -> None:
        await leases.work_under_lease("ingest-receipts", partial(count_forever, deps))

    async def ledger() -> None:
        await leases.work_under_lease("ingest-ledger", partial(day_ledger.ledger_forever, deps))

    async def scrub() -> None:
        await leases.work_under_lease("ingest-scrub", partial(scrub_forever, deps))

    async def pull() -> None:
        await leases.work_under_lease("ingest-pull", Puller(deps, sources).pull_forever)

    async def watch() -> None:
        await watch_forever(deps, mapping)

    async def look_at_files() -> None:
        await watch_files(watched)

    async def status() -> Mapping[str, int]:
        refused = sum(each.is_refused for each in watched)
        own = {**await routes.status(deps), **await day_ledger.status(deps)}
        return {**own, **await pull_status(deps.documents), "files refused": refused}

    async def stop() -> None:
        for each in (dimse, mllp):
            if each is not None:
                await (each.stop() if isinstance(each, DimseReceiver) else each.close())

    async with listening(deps) as dimse, listening_mllp(deps) as mllp:
        yield Running(
            routes=[
                *StowReceiver(deps).routes(),
                *ReportReceiver(deps).routes(),
                *ReceiptRoutes(deps).routes(),
                *LedgerRoutes(deps).routes(),
                *PullRoutes(deps).routes(),
            ],
            handlers={
                InputDeidentified: partial(handlers.input_deidentified, deps=deps),
                InputRefused: partial(handlers.input_refused, deps=deps),
                ReportLinked: partial(handlers.report_linked, deps=deps),
                Delivered: partial(handlers.delivered, deps=deps),
                CustodyChecked: partial(day_ledger.custody_checked, deps=deps),
                StudyWanted: partial(begin_recall, deps=deps, sources=sources),
            },
            tasks=[publish, release, count, ledger, scrub, watch, look_at_files, pull],
            stop_accepting=stop,
            templates=Path(__file__).parent / "templates",
            menu=[(translatable("Receipts"), "/gateway/receipts"), (translatable("Ledger"), "/gateway/ledger")],
            status=status,
            checks={"outbox": partial(is_published_in_time, deps)},
        )


SERVICES = (
    Service(
        name="ingest",
        role=Role.GATEWAY,
        opens=opens,
        settings=IngestSettings,
        takes=(InputDeidentified, InputRefused, ReportLinked, Delivered, CustodyChecked, StudyWanted),
        publishes=(InstancesReceived, ReportReceived, StudyFetched),
        collections=(*COLLECTIONS, LEDGER_DAYS),
        blobs=("identified",),
    ),
)
