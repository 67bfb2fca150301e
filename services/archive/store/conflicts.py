"""Refuses Instances that do not fit what is stored: other bytes of a known Instance, or a Study of another site."""

from services.archive.deps import ArchiveDeps
from services.archive.records import CONFLICTS, ConflictRecord, InstanceRecord, InstanceState, StudyRecord
from services.archive.store.batch import Bytes
from services.archive.store.prepare import Failure
from shared.dicom import spool

DUPLICATE = 0x0111  # PS3.7 C.4.2: Duplicate SOP Instance
OTHER_SITE = "the Study Instance UID is that of a Study that came from another site"


async def refuse_other_bytes(deps: ArchiveDeps, new: InstanceRecord, old: InstanceRecord, data: Bytes) -> Failure:
    """Keep bytes that differ from those stored under the same SOP Instance UID; return why they are not stored."""
    detail = "another Instance with this SOP Instance UID is stored; these bytes are kept for inspection"
    failure = Failure(DUPLICATE, detail, new.sop_class_uid, new.sop_instance_uid)
    if not data:  # they are at rest already
        return failure
    blob = f"conflicts/{new.sop_instance_uid}.{new.sha256[:16]}.dcm"
    await spool.keep(deps.blobs, blob, data)
    conflict = ConflictRecord(
        id=f"{new.sop_instance_uid}.{new.sha256[:16]}",
        sop_instance_uid=new.sop_instance_uid,
        blob=blob,
        sha256=new.sha256,
        stored_sha256=old.sha256,
        size_bytes=new.size_bytes,
        arrived_at=new.stored_at,
    )
    await deps.documents.put(CONFLICTS, conflict)
    return failure


def takes_the_place(old: InstanceRecord, replaces: str) -> bool:
    """Say whether other bytes may be stored under a known SOP Instance UID. Pure.

    The bytes of the first time are evicted, and the sender proves by their digest that it made both of one content:
    its de-identifier has changed since. replaces: that digest, or empty.
    """
    return old.state is InstanceState.EVICTED and replaces == old.sha256


def is_of_other_site(new: InstanceRecord, there: StudyRecord | InstanceRecord | None) -> bool:
    """Say whether an Instance is of another site than what is there of its Study. Pure."""
    return there is not None and "" != new.site != there.site != ""
