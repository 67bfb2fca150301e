"""Takes Instances out of the archive: records first, then bytes, and the Study counted anew."""

from collections.abc import Sequence
from typing import Any

from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, InstanceRecord, StudyChange
from services.archive.store.change_ledger import study_row
from services.archive.store.counts import recount
from shared import clock
from shared.documents import Delete, Put


async def remove(deps: ArchiveDeps, instances: Sequence[InstanceRecord], tombstones: Sequence[Put[Any]] = ()) -> None:
    """Delete these Instances, and write their tombstones in the same go; who calls holds the lock of their Study."""
    studies = sorted({each.study_instance_uid for each in instances})
    rows = [study_row(study, StudyChange.DELETED, clock.now()) for study in studies]
    gone = [Delete(INSTANCES, each.sop_instance_uid) for each in instances]
    await deps.documents.write(*rows, *tombstones, *gone)
    for each in instances:
        await deps.blobs.delete(each.blob)
    for study in studies:
        await recount(deps, study)
    deps.wake_up.set()
