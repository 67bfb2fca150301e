"""The tombstones of what an administrator deleted: written with the deletion, taken away by a Store.

While there is one, a retrieve is 410 with `deleted`, so that a gateway tells what was meant from what was lost.
"""

from collections.abc import Iterable, Sequence

from services.archive.deletion_records import DELETED, DeletedRecord
from services.archive.deps import ArchiveDeps
from services.archive.records import InstanceRecord
from services.archive.store.prepare import Prepared
from shared.documents import Delete, Put


def rows(instances: Iterable[InstanceRecord], at: float) -> list[Put[DeletedRecord]]:
    """Return the tombstones to write. at: seconds since 1970."""
    return [
        Put(
            DELETED,
            DeletedRecord(
                sop_instance_uid=each.sop_instance_uid,
                series_instance_uid=each.series_instance_uid,
                study_instance_uid=each.study_instance_uid,
                site=each.site,
                at=at,
            ),
        )
        for each in instances
    ]


async def lifted(deps: ArchiveDeps, stored: Sequence[Prepared]) -> list[Delete[DeletedRecord]]:
    """Return what takes the tombstones of these Instances away; most have none."""
    known = await deps.documents.get_many(DELETED, [each.record.sop_instance_uid for each in stored])
    return [Delete(DELETED, uid) for uid in sorted(known)]
