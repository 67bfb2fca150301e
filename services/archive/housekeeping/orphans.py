"""Removes bytes that no record names: what a crash or a lost race left behind.

Bytes are written before their record, so what has none now may get one soon; and after a database was restored from a
copy, all that was stored since has none, until ``jmid rebuild records`` or a new delivery. What is found without a
record is kept as a suspect in a collection, whichever process finds it. It goes when it has been a suspect for
``orphans_keep_days``, by the clock and by the number of sweeps made since: neither a clock that jumps nor a restored
suspect shortens that. Then it is looked at again after a pause by this process' own clock. What a ledger row names is
never removed.
"""

import math
from collections.abc import Sequence

from services.archive.deps import ArchiveDeps
from services.archive.orphan_records import SUSPECTS, SWEEPS, SuspectRecord, SweepRecord
from services.archive.records import (
    CONFLICTS,
    INSTANCES,
    PENDING,
    InstanceState,
)
from services.archive.store import instance_blobs
from shared.documents import Delete, Put
from shared.lease import Lease
from shared.logs import decided

PAGE = 500
_DAY_S = 86_400.0
_SWEEPS = "orphans"


async def look(deps: ArchiveDeps, lease: Lease, *, now: float) -> list[str]:
    """Update the suspects; return the keys of those that have been suspects for as long as they are kept.

    now: seconds since 1970.
    """
    named = await _named_by_ledger(deps)  # once: what is stored meanwhile is a suspect for one sweep at most
    unknown = {key async for page in deps.blobs.key_pages(size=PAGE) for key in await _unknown(deps, page, named)}
    suspects = {each.blob: each async for each in deps.documents.every(SUSPECTS)}
    sweep = await _next_sweep(deps, lease)
    new = [SuspectRecord(blob=key, seen_at=now, sweep=sweep) for key in sorted(unknown - suspects.keys())]
    known = sorted(suspects.keys() - unknown)
    for start in range(0, max(len(new), len(known)), PAGE):
        puts = (Put(SUSPECTS, each) for each in new[start : start + PAGE])
        await lease.write(*puts, *(Delete(SUSPECTS, key) for key in known[start : start + PAGE]))
    if new:
        decided("orphans-found", level="warning", service="archive", count=len(new))
    return sorted(key for key, each in suspects.items() if key in unknown and _is_ripe(deps, each, now, sweep))


def _is_ripe(deps: ArchiveDeps, suspect: SuspectRecord, now: float, sweep: int) -> bool:
    keep_s = deps.settings.orphans_keep_days * _DAY_S
    sweeps = max(1, math.floor(keep_s / deps.settings.orphans_s))
    return suspect.seen_at <= now - keep_s and suspect.sweep <= sweep - sweeps


async def _next_sweep(deps: ArchiveDeps, lease: Lease) -> int:
    before = await deps.documents.get(SWEEPS, _SWEEPS)
    number = before.number + 1 if before else 1
    await lease.write(Put(SWEEPS, SweepRecord(id=_SWEEPS, number=number)))
    return number


async def remove(deps: ArchiveDeps, lease: Lease, keys: Sequence[str]) -> int:
    """Delete those of the keys that are still without a record; return how many. Raises LeaseLost."""
    deleted = 0
    for start in range(0, len(keys), PAGE):
        named = await _named_by_ledger(deps)
        orphans = await _unknown(deps, keys[start : start + PAGE], named)
        await lease.check()
        for key in orphans:
            deleted += await deps.blobs.delete(key)
        await lease.write(*(Delete(SUSPECTS, key) for key in orphans))
    if deleted:
        decided("orphans-removed", service="archive", count=deleted, fence=lease.fence)
    return deleted


async def _unknown(deps: ArchiveDeps, keys: Sequence[str], named: set[str]) -> list[str]:
    """Return the keys that no record names. named: SOP Instance UIDs of the ledger, read before."""
    places = {key: instance_blobs.place_of(key) for key in keys if key.startswith(instance_blobs.PREFIX)}
    uids = {key: place.sop_instance_uid if place else "" for key, place in places.items()}
    ids = {key: key.rpartition("/")[2].removesuffix(".dcm") for key in keys if key.startswith("conflicts/")}
    records = await deps.documents.get_many(INSTANCES, sorted(set(uids.values())))
    conflicts = await deps.documents.get_many(CONFLICTS, sorted(ids.values()))
    known = {record.blob for record in records.values() if record.state != InstanceState.EVICTED}
    known |= {conflict.blob for conflict in conflicts.values()}
    return [key for key in (*uids, *ids) if key not in known and uids.get(key) not in named]


async def _named_by_ledger(deps: ArchiveDeps) -> set[str]:
    """Return the SOP Instance UIDs of the ledger: read before the records, which are written after it."""
    return {uid async for row in deps.documents.every(PENDING) for uid in row.sop_instance_uids}
