"""What the archive keeps of patients who opted out: which Studies are gone for good, and whose are not taken any more.

A patient is kept by the SHA-256 of the pseudonym alone: enough to refuse, and nothing to search by.
"""

import msgspec

from shared.documents import Collection


class WithdrawnStudy(msgspec.Struct, frozen=True, kw_only=True):
    """The tombstone of one Study. site: that asked for it.  at: seconds since 1970.

    instances, size_bytes: what was deleted.  sha256: of the Instances' digests, sorted, one a line.
    finished: whether all of it is deleted.
    """

    study_instance_uid: str
    withdrawal_id: str
    site: str
    at: float
    instances: int = 0
    size_bytes: int = 0
    sha256: str = ""
    finished: bool = False


class WithdrawnPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A patient of whom nothing is taken.

    subject: the digest of their pseudonym.  sites: site → id of its withdrawal.
    """

    subject: str
    sites: dict[str, str]


WITHDRAWN_STUDIES = Collection(
    name="withdrawn_studies", type=WithdrawnStudy, key="study_instance_uid", fields=("withdrawal_id",)
)
WITHDRAWN_PATIENTS = Collection(name="withdrawn_patients", type=WithdrawnPatient, key="subject")
