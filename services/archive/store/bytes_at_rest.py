"""Whether the bytes that records name are at rest: a record alone is no reason to say that an Instance is stored."""

import asyncio
from collections.abc import Sequence

from services.archive.deps import ArchiveDeps
from services.archive.records import InstanceRecord, InstanceState
from shared.logs import decided


async def without_bytes(deps: ArchiveDeps, records: Sequence[InstanceRecord]) -> set[str]:
    """Return the SOP Instance UIDs of those whose bytes are evicted, gone, or of another length than recorded."""
    stored = [each for each in records if each.state == InstanceState.STORED]
    sizes = await asyncio.gather(*(deps.blobs.size(each.blob) for each in stored))
    lost = {each.sop_instance_uid for each, size in zip(stored, sizes, strict=True) if size != each.size_bytes}
    if lost:
        decided("bytes-missing", level="error", service="archive", count=len(lost))
    return lost | {each.sop_instance_uid for each in records if each.state != InstanceState.STORED}
