"""What the archive keeps of each Instance that an administrator deleted."""

import msgspec

from shared.documents import Collection


class DeletedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The tombstone of an Instance that an administrator deleted; a Store of it takes the tombstone away.

    site: short name of the site that it came from, empty if it is not known.  at: seconds since 1970.
    """

    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    site: str
    at: float


DELETED = Collection(
    name="deleted_instances",
    type=DeletedRecord,
    key="sop_instance_uid",
    fields=("study_instance_uid", "series_instance_uid"),
)
