"""What the archive keeps of Instances, Series and Studies, and the collections they are in.

The bytes of an Instance are a blob; everything a reader needs often is prepared at store time: where its frames lie,
its metadata as a gzip member, and its QIDO-RS answer.
"""

import enum

import msgspec

from services.archive.deletion_records import DELETED
from services.archive.orphan_records import SUSPECTS, SWEEPS
from services.archive.space_records import EVICTIONS, SPACE
from services.archive.withdrawal_records import WITHDRAWN_PATIENTS, WITHDRAWN_STUDIES
from shared.documents import Collection
from shared.events import LinkKeys


class InstanceState(enum.StrEnum):
    """Whether the bytes of an Instance are here.

    DAMAGED: they are no more those that came; they are kept for a person to look at and never answered with. A Store of
    the right bytes, such as a recall, replaces them.
    """

    STORED = "stored"
    EVICTED = "evicted"
    DAMAGED = "damaged"


class StudyChange(enum.StrEnum):
    """What happened to a Study."""

    STORED = "stored"
    EVICTED = "evicted"
    DELETED = "deleted"


class Pixels(msgspec.Struct, frozen=True):
    """Where the pixel data lie in the stored file (for a deflated one: in the inflated Data Set).

    keyword: PixelData, FloatPixelData or DoubleFloatPixelData.  start, end: of the element's value.
    frames: of encapsulated pixel data, for each frame the begin and end of its fragments (PS3.5 A.4); empty if native.
    """

    keyword: str
    start: int
    end: int
    number_of_frames: int = 1
    encapsulated: bool = False
    frames: tuple[tuple[tuple[int, int], ...], ...] = ()


class InstanceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Instance at rest.

    blob, size_bytes, sha256: its Part 10 file, as it came.  state: stored or evicted.  stored_at: seconds since 1970.
    crc32: of the same bytes (RFC 1952 8): what every read can afford; None in what was written before it was recorded.
    header_end: where the pixel data element begins; size_bytes if there is none.  bulk: path → begin and end of each
    value that the metadata give as BulkDataURI.  deflated: offsets are in the inflated Data Set.
    metadata: a gzip member that holds the DICOM JSON of the Data Set.  answer: the JSON of the QIDO-RS answer without
    the Attributes that depend on the request.
    metadata_maker, answer_maker: the version of the code that made them; see attributes.makers.
    commit: id of the write that brought it, as its ledger row has it; empty in what was written before it was recorded.
    is_made_here: derived of a Study by a page of this centre; no gateway could deliver it again, so it is not evicted.
    site: short name of the site that it came from; empty if unknown.
    first_sha256: of the bytes that came first, if others, de-identified anew, came in their place after an eviction.
    """

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    instance_number: int = 0
    transfer_syntax_uid: str
    blob: str
    size_bytes: int
    sha256: str
    crc32: int | None = None
    state: InstanceState = InstanceState.STORED
    stored_at: float
    header_end: int
    deflated: bool = False
    pixels: Pixels | None = None
    bulk: dict[str, tuple[int, int]] = {}
    metadata: bytes
    answer: bytes
    metadata_maker: int = 1
    answer_maker: int = 1
    commit: str = ""
    is_made_here: bool = False
    site: str = ""
    first_sha256: str = ""

    @property
    def is_here(self) -> bool:
        """Whether its bytes can be answered with."""
        return self.state is InstanceState.STORED


class SeriesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Series. attributes: DICOM JSON of its own level.  instances: how many there are.  only_site: of its Study."""

    series_instance_uid: str
    study_instance_uid: str
    modality: str = ""
    series_number: int = 0
    series_description: str = ""
    body_part_examined: str = ""
    performed_date: str = ""
    instances: int = 0
    stored_at: float = 0.0
    attributes: bytes = b"{}"
    answer: bytes = b"{}"
    answer_maker: int = 1
    only_site: str = ""


class StudyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Study with its patient's Attributes. names, referring_names: folded forms, for matching without case.

    words, referring_words: what fuzzy matching looks for the beginning of.
    site: short name of the site that its first Instance came from; whose room it takes.
    only_site: of the site that all its Instances are known to have come from; empty if they are of several.
    evicted: Instances of it without bytes; a recall brings them back.
    oldest_at: when its first Instance was stored: what eviction goes by.  online: 1 if there is something to evict.
    commits: ids of the last writes that this record was part of, as their ledger rows have them.
    """

    study_instance_uid: str
    patient_id: str = ""
    patient_name: str = ""
    names: tuple[str, ...] = ()
    referring_names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    referring_words: tuple[str, ...] = ()
    patient_sex: str = ""
    patient_birth_date: str = ""
    issuer_of_patient_id: str = ""
    site: str = ""
    only_site: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    study_description: str = ""
    accession_number: str = ""
    modalities: tuple[str, ...] = ()
    series: int = 0
    instances: int = 0
    evicted: int = 0
    size_bytes: int = 0
    oldest_at: float = 0.0
    online: int = 1
    changed_at: float = 0.0
    commits: tuple[str, ...] = ()
    attributes: bytes = b"{}"
    answer: bytes = b"{}"
    answer_maker: int = 1


class ConflictRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that came under a known SOP Instance UID but differ: refused, and kept for a person to look at."""

    id: str
    sop_instance_uid: str
    blob: str
    sha256: str
    stored_sha256: str
    size_bytes: int
    arrived_at: float


class DeletionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """That an administrator deleted something, and why. uids: of Study, Series and Instance, as far as named."""

    id: str
    uids: dict[str, str]
    reason: str
    at: float


class WithdrawnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """That a site rejected an Instance after it had left: it is deleted here, and taken no more.

    note: SOP Instance UID of the Key Object Selection that says so.  at: seconds since 1970.
    """

    sop_instance_uid: str
    study_instance_uid: str
    note: str
    at: float


class PendingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the change ledger: a change is durable, but its events are not published yet.

    Written in the same commit as the Instances; deleted after the events were confirmed.
    keys, sha256, sizes_bytes, study_site: as in InstancesStored.  commit: id of the write that it was part of.
    """

    id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]
    keys: LinkKeys | None = None
    sha256: tuple[str, ...] = ()
    sizes_bytes: tuple[int, ...] = ()
    study_site: str = ""
    change: StudyChange = StudyChange.STORED
    commit: str = ""
    correlation_id: str
    at: float


class ScrubRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where the scrub stands. position: the page token of what is next.  started_at: seconds since 1970.

    compared, damaged: Instances of this scrub, or of the last one.
    """

    name: str
    started_at: float = 0.0
    is_running: bool = False
    position: str = ""
    compared: int = 0
    damaged: int = 0


INSTANCES = Collection(
    name="instances",
    type=InstanceRecord,
    key="sop_instance_uid",
    fields=("study_instance_uid", "series_instance_uid", "sop_class_uid", "state", "site"),
    indexes=(("series_instance_uid", "state"),),
    feed=True,
)
SERIES = Collection(
    name="series",
    type=SeriesRecord,
    key="series_instance_uid",
    fields=(
        "study_instance_uid",
        "modality",
        "series_number",
        "series_description",
        "body_part_examined",
        "performed_date",
        "only_site",
    ),
    feed=True,
)
STUDIES = Collection(
    name="studies",
    type=StudyRecord,
    key="study_instance_uid",
    fields=(
        "patient_id",
        "patient_name",
        "names",
        "referring_names",
        "words",
        "referring_words",
        "patient_sex",
        "patient_birth_date",
        "study_date",
        "study_time",
        "study_id",
        "study_description",
        "accession_number",
        "modalities",
        "oldest_at",
        "online",
        "only_site",
    ),
    indexes=(("online", "oldest_at"), ("only_site", "study_date")),
    feed=True,
)
CONFLICTS = Collection(name="conflicts", type=ConflictRecord, key="id", fields=("sop_instance_uid", "arrived_at"))
DELETIONS = Collection(name="deletions", type=DeletionRecord, key="id", fields=("at",))
PENDING = Collection(name="archive_pending", type=PendingRecord, key="id", fields=("at",))
SCRUBS = Collection(name="scrubs", type=ScrubRecord, key="name")
WITHDRAWN = Collection(name="withdrawn_instances", type=WithdrawnRecord, key="sop_instance_uid")
_KEPT = (INSTANCES, SERIES, STUDIES, CONFLICTS, DELETIONS, DELETED, WITHDRAWN, WITHDRAWN_STUDIES, WITHDRAWN_PATIENTS)
COLLECTIONS = (*_KEPT, PENDING, SUSPECTS, SWEEPS, SCRUBS, EVICTIONS, SPACE)
