"""Periodic work of the archive: publish pending change events, evict when room runs short, remove orphaned bytes."""

import asyncio
import time
from collections.abc import Mapping

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.eviction import evict_some
from services.archive.housekeeping.orphans import Orphans
from services.archive.records import CONFLICTS, INSTANCES, PENDING, STUDIES, InstanceState
from services.archive.store.change_ledger import publish_pending
from shared.documents import Eq
from shared.errors import Transient
from shared.logs import decided

GATHER_S = 0.1
"""Stores come in swarms; published together they cost a commit instead of one each."""


async def keep_forever(deps: ArchiveDeps) -> None:
    """Sweep when woken by an event or after the interval of the settings."""
    orphans = Orphans(deps)
    evict_at = sweep_at = time.monotonic()
    while True:
        deps.wake_up.clear()
        try:
            while await publish_pending(deps):
                pass
            if time.monotonic() >= evict_at:
                evict_at = time.monotonic() + deps.settings.evict_s
                await evict_some(deps)
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + deps.settings.orphans_s
                await orphans.sweep()
        except Transient as error:
            decided("archive-sweep-waits", level="warning", service="archive", error=type(error).__name__)
        try:
            async with asyncio.timeout(deps.settings.sweep_s):
                await deps.wake_up.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(GATHER_S)


async def status(deps: ArchiveDeps) -> Mapping[str, int]:
    """Figures for the operator."""
    return {
        "studies": await deps.documents.count(STUDIES),
        "instances": await deps.documents.count(INSTANCES),
        "evicted": await deps.documents.count(INSTANCES, Eq("state", InstanceState.EVICTED)),
        "conflicts": await deps.documents.count(CONFLICTS),
        "not told yet": await deps.documents.count(PENDING),
    }
