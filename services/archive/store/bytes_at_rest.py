"""Whether the bytes that records name are at rest: a record alone is no reason to say that an Instance is stored."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from services.archive.deps import ArchiveDeps
from services.archive.records import InstanceRecord, InstanceState
from shared.errors import Transient
from shared.logs import decided
from shared.supervision import origin


class AtRest(NamedTuple):
    """SOP Instance UIDs.

    without: whose bytes are evicted, gone, or of another length.  unread: of which the store cannot tell.
    """

    without: set[str]
    unread: dict[str, Exception]


async def without_bytes(deps: ArchiveDeps, records: Sequence[InstanceRecord]) -> set[str]:
    """Return the SOP Instance UIDs of those whose bytes are evicted, gone, or of another length than recorded.

    Raises what the store raises for one of them.
    """
    checked = await at_rest(deps, records)
    for error in checked.unread.values():
        raise error
    return checked.without


async def at_rest(deps: ArchiveDeps, records: Sequence[InstanceRecord]) -> AtRest:
    """Look at the bytes of Instances. Raises Transient if the store tells of none of them."""
    stored = [each for each in records if each.state == InstanceState.STORED]
    sizes = await asyncio.gather(*(deps.blobs.size(each.blob) for each in stored), return_exceptions=True)
    unread: dict[str, Exception] = {}
    lost: set[str] = set()
    for each, size in zip(stored, sizes, strict=True):
        if isinstance(size, Exception):
            unread[each.sop_instance_uid] = size
        elif isinstance(size, BaseException):
            raise size
        elif size != each.size_bytes:
            lost.add(each.sop_instance_uid)
    for error in unread.values():
        if len(unread) == len(stored) and isinstance(error, Transient):
            raise error
        decided("not-compared", level="error", service="archive", error=type(error).__name__, origin=origin(error))
    if lost:
        decided("bytes-missing", level="error", service="archive", count=len(lost))
    without = lost | {each.sop_instance_uid for each in records if each.state != InstanceState.STORED}
    return AtRest(without, unread)
