"""Periodic work of the archive, each under a lease: publish pending change events, evict, remove orphaned bytes."""

import asyncio
import time
from collections.abc import Mapping

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import orphans
from services.archive.housekeeping.eviction import ROOM, evict_some
from services.archive.housekeeping.staying import Ask, nothing_stays
from services.archive.orphan_records import SUSPECTS
from services.archive.records import CONFLICTS, INSTANCES, PENDING, STUDIES, InstanceState
from services.archive.space_records import SPACE, SpaceRecord
from services.archive.store.change_ledger import oldest_unpublished_s, publish_pending
from shared import clock, outbox
from shared.documents import Eq
from shared.errors import Transient
from shared.lease import Lease, LeaseLost
from shared.logs import decided

GATHER_S = 0.1
"""Many Stores come within a moment; published together they cost one commit instead of one each."""
EVICT, ORPHANS = "evict", "orphans"
HOUSEKEEPING = "housekeeping"
AWAY_S = 10.0
"""The wait after a store was away."""
FAILS = 3
"""How often in a row a piece of work must fail before the archive is not ready."""
CONFIRM_S = 60.0
"""How long an orphan is looked at once more before it goes; a store lasts shorter."""


async def publish_forever(deps: ArchiveDeps, lease: Lease) -> None:
    """Publish when this process wrote a ledger row, and at an interval what others wrote."""

    async def publish() -> None:
        while await publish_pending(deps, lease):
            pass

    await outbox.publish_forever(
        publish, deps.wake_up, service="archive", idle_s=deps.settings.sweep_s, gather_s=GATHER_S
    )


async def keep_forever(deps: ArchiveDeps, lease: Lease, ask: Ask = nothing_stays) -> None:
    """Evict and remove orphans, each at its interval, and sooner after a failure; what fails of one delays no other.

    ask: what says which Studies' images stay.
    """
    every_s = {EVICT: deps.settings.evict_s, ORPHANS: deps.settings.orphans_s}
    due_at = dict.fromkeys(every_s, time.monotonic())
    work = deps.set_asides.of(HOUSEKEEPING)

    async def run(name: str) -> None:
        await (evict_some(deps, lease, ask) if name == EVICT else _remove_orphans(deps, lease))

    while True:
        due = [name for name, at in due_at.items() if time.monotonic() >= at]
        due_at |= {name: time.monotonic() + every_s[name] for name in due}
        wait_s = dict.fromkeys(due, AWAY_S)
        try:
            await work.each(due, str, run)
            wait_s = {item.key: item.wait_s for item in await work.items()}
        except LeaseLost:
            raise
        except Transient as error:
            decided("archive-sweep-waits", level="warning", service="archive", error=type(error).__name__)
        due_at |= {name: min(due_at[name], time.monotonic() + wait_s[name]) for name in wait_s.keys() & due_at.keys()}
        await asyncio.sleep(max(min(due_at.values()) - time.monotonic(), 0))


async def is_published_in_time(deps: ArchiveDeps) -> str:
    """Return "ok", or how long the oldest change has waited if that is longer than the settings allow."""
    waited_s = await oldest_unpublished_s(deps)
    return "ok" if waited_s <= deps.settings.publish_late_s else f"a change waits for {waited_s} s to be published"


async def is_kept(deps: ArchiveDeps) -> str:
    """Return "ok", or which work fails every time."""
    items = await deps.set_asides.of(HOUSEKEEPING).items()
    failing = sorted(each.key for each in items if each.attempts >= FAILS)
    return f"fails every time: {', '.join(failing)}" if failing else "ok"


async def _remove_orphans(deps: ArchiveDeps, lease: Lease) -> None:
    if keys := await orphans.look(deps, lease, now=clock.now()):
        await asyncio.sleep(min(CONFIRM_S, deps.settings.orphans_s))
        await orphans.remove(deps, lease, keys)


async def status(deps: ArchiveDeps) -> Mapping[str, int]:
    """Figures for the operator."""
    room = await deps.documents.get(SPACE, ROOM) or SpaceRecord(name=ROOM, at=0.0)
    return {
        "studies": await deps.documents.count(STUDIES),
        "instances": await deps.documents.count(INSTANCES),
        "evicted": await deps.documents.count(INSTANCES, Eq("state", InstanceState.EVICTED)),
        "damaged": await deps.documents.count(INSTANCES, Eq("state", InstanceState.DAMAGED)),
        "conflicts": await deps.documents.count(CONFLICTS),
        "not told yet": await deps.documents.count(PENDING),
        "oldest not published, seconds": await oldest_unpublished_s(deps),
        "bytes without a record": await deps.documents.count(SUSPECTS),
        "bytes above the mark that may not go": room.over_bytes,
        "studies that stay above the mark": room.kept,
        "studies above the mark not proven recallable": room.unproven,
    }
