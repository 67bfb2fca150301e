"""Removes bytes that no record names: what a crash or a lost race left behind.

Bytes are written before their record, so what has none now may get one soon. What is found without a record is kept as
a suspect in a collection, whichever process finds it. It goes when it is still without a record an interval later, and
again after a pause that is measured by this process' own clock: a clock that jumps alone deletes nothing. What a ledger
row names is never removed.
"""

from collections.abc import AsyncIterator, Sequence

from services.archive.deps import ArchiveDeps
from services.archive.records import CONFLICTS, INSTANCES, PENDING, SUSPECTS, InstanceState, SuspectRecord
from shared.documents import Delete, Put
from shared.lease import Lease
from shared.logs import decided

PAGE = 500


async def look(deps: ArchiveDeps, lease: Lease, *, now: float) -> list[str]:
    """Update the suspects; return the keys of those that were suspects an interval ago already.

    now: seconds since 1970.
    """
    unknown = {key async for page in _pages(deps) for key in await _unknown(deps, page)}
    suspects = {each.blob: each.seen_at async for each in deps.documents.every(SUSPECTS)}
    await lease.write(
        *(Put(SUSPECTS, SuspectRecord(blob=key, seen_at=now)) for key in sorted(unknown - suspects.keys())),
        *(Delete(SUSPECTS, key) for key in sorted(suspects.keys() - unknown)),
    )
    before = now - deps.settings.orphans_s
    return sorted(key for key, seen_at in suspects.items() if key in unknown and seen_at <= before)


async def remove(deps: ArchiveDeps, lease: Lease, keys: Sequence[str]) -> int:
    """Delete those of the keys that are still without a record; return how many. Raises LeaseLost."""
    deleted = 0
    for start in range(0, len(keys), PAGE):
        orphans = await _unknown(deps, keys[start : start + PAGE])
        await lease.check()
        for key in orphans:
            deleted += await deps.blobs.delete(key)
        await lease.write(*(Delete(SUSPECTS, key) for key in orphans))
    if deleted:
        decided("orphans-removed", service="archive", count=deleted, fence=lease.fence)
    return deleted


async def _pages(deps: ArchiveDeps) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for key in deps.blobs.keys():
        page.append(key)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def _unknown(deps: ArchiveDeps, keys: Sequence[str]) -> list[str]:
    """Return the keys that neither a record nor a ledger row names."""
    uids = {key: key.rpartition("/")[2].rsplit(".", 2)[0] for key in keys if key.startswith("instances/")}
    ids = {key: key.rpartition("/")[2].removesuffix(".dcm") for key in keys if key.startswith("conflicts/")}
    named = await _named_by_ledger(deps)
    records = await deps.documents.get_many(INSTANCES, sorted(set(uids.values())))
    conflicts = await deps.documents.get_many(CONFLICTS, sorted(ids.values()))
    known = {record.blob for record in records.values() if record.state == InstanceState.STORED}
    known |= {conflict.blob for conflict in conflicts.values()}
    return [key for key in (*uids, *ids) if key not in known and uids.get(key) not in named]


async def _named_by_ledger(deps: ArchiveDeps) -> set[str]:
    """Return the SOP Instance UIDs of the ledger: read before the records, which are written after it."""
    return {uid async for row in deps.documents.every(PENDING) for uid in row.sop_instance_uids}
