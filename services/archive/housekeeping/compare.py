"""Compare the archive's records with its bytes, and its bytes with its records. Changes nothing."""

from collections.abc import AsyncIterator

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.rebuild_records import Restored, rebuild_records
from services.archive.records import INSTANCES, InstanceRecord, InstanceState
from services.archive.store.bytes_at_rest import at_rest

PAGE = 200


class CentreCompared(msgspec.Struct):
    """held: Instances whose bytes are here in full length.  evicted: that have none, on purpose.

    missing: whose bytes are gone or cut short: SOP Instance UID → Study.  unread: Study → how the store erred
    on an Instance of it.  bytes: what there is without a record.
    """

    held: int = 0
    evicted: int = 0
    missing: dict[str, str] = {}
    unread: dict[str, str] = {}
    bytes: Restored = msgspec.field(default_factory=Restored)


async def compare(deps: ArchiveDeps) -> AsyncIterator[CentreCompared]:
    """Compare all; yield after every page."""
    compared, page = CentreCompared(), list[InstanceRecord]()
    async for record in deps.documents.every(INSTANCES):
        page.append(record)
        if len(page) == PAGE:
            await _add(deps, page, compared)
            page = []
            yield compared
    await _add(deps, page, compared)
    yield compared
    async for compared.bytes in rebuild_records(deps, dry_run=True):
        yield compared


async def _add(deps: ArchiveDeps, records: list[InstanceRecord], compared: CentreCompared) -> None:
    without, unread = await at_rest(deps, records)
    evicted = {each.sop_instance_uid for each in records if each.state == InstanceState.EVICTED}
    missing = without - evicted
    compared.evicted += len(evicted)
    compared.held += len(records) - len(without) - len(unread)
    studies = {each.sop_instance_uid: each.study_instance_uid for each in records}
    compared.unread |= {studies[uid]: type(error).__name__ for uid, error in unread.items()}
    compared.missing |= {uid: studies[uid] for uid in missing}
