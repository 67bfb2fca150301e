"""Prepares an Instance for rest: everything that readers need is worked out here, once. No I/O; runs in a thread."""

import hashlib

import msgspec
import orjson
from isal import isal_zlib

from services.archive.attributes import search_results, sites
from services.archive.attributes.dicom_json import Header, read_header
from services.archive.attributes.gzip_members import member
from services.archive.attributes.makers import ANSWER_MAKER, METADATA_MAKER
from services.archive.pixels.frame_offsets import pixels_of
from services.archive.records import InstanceRecord
from services.archive.store import instance_blobs
from shared.dicom import file_format
from shared.dicom.elements import Buffer
from shared.dicom.file_format import Part10
from shared.dicom.json_values import Json, integer, text
from shared.dicom.store_response import CANNOT_UNDERSTAND, DOES_NOT_MATCH, PROCESSING_FAILURE
from shared.dicom.uid import is_uid
from shared.errors import Invalid
from shared.logs import decided
from shared.supervision import origin

_GZIP_LEVEL = 1


class Failure(msgspec.Struct, frozen=True):
    """Why an Instance was not stored. reason: Failure Reason (0008,1197).  detail: without any of its values."""

    reason: int
    detail: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""


class Prepared(msgspec.Struct, frozen=True):
    """An Instance that can be stored. attributes: its whole DICOM JSON."""

    record: InstanceRecord
    attributes: Json


def prepare(data: Buffer, *, root: str, at: float, study: str = "", sha256: str = "") -> Prepared | Failure:
    """Prepare one Part 10 file.

    root: the public path of the archive.  at: seconds since 1970.  study: the only Study Instance UID that may be
    stored (PS3.18 10.5.1), or empty for any.  sha256: of these bytes as the sender has them, or empty.
    """
    try:
        file = file_format.split(data)
        header = read_header(file, "")
    except Invalid as error:
        return Failure(CANNOT_UNDERSTAND, str(error))
    except Exception as error:
        return unforeseen(error)
    uids = [text(header.attributes, tag) for tag in ("00080016", "00080018", "0020000D", "0020000E")]
    problem = _problem(uids, study)
    if problem:
        return Failure(DOES_NOT_MATCH, problem, *(uid if is_uid(uid) else "" for uid in uids[:2]))
    try:
        record = _record(data, file, header, uids, root, at)
    except Invalid as error:
        return Failure(CANNOT_UNDERSTAND, str(error), uids[0], uids[1])
    except Exception as error:
        return unforeseen(error, uids[0], uids[1])
    if sha256 not in ("", record.sha256):
        return Failure(PROCESSING_FAILURE, "other bytes than its Content-Digest says (RFC 9530)", uids[0], uids[1])
    return Prepared(record, header.attributes)


def unforeseen(error: Exception, sop_class_uid: str = "", sop_instance_uid: str = "") -> Failure:
    """Return the Failure of an Instance that we cannot handle; the others of its batch go on."""
    place = origin(error)
    decided("not-handled", level="error", service="archive", error=type(error).__name__, origin=place)
    return Failure(PROCESSING_FAILURE, f"not handled: {type(error).__name__}", sop_class_uid, sop_instance_uid)


def _problem(uids: list[str], study: str) -> str:
    names = ("SOP Class UID", "SOP Instance UID", "Study Instance UID", "Series Instance UID")
    wrong = [name for name, uid in zip(names, uids, strict=True) if not is_uid(uid)]
    if wrong:
        return f"{', '.join(wrong)}: missing or no valid UID (PS3.5 9.1)"
    return (
        "the Study Instance UID is not that of the request's URL (PS3.18 10.5.1)" if study not in ("", uids[2]) else ""
    )


def _record(
    data: Buffer, file: Part10[Buffer], header: Header, uids: list[str], root: str, at: float
) -> InstanceRecord:
    sop_class_uid, sop_instance_uid, study_uid, series_uid = uids
    digest = hashlib.sha256(data).hexdigest()
    place = f"{root}/studies/{study_uid}/series/{series_uid}/instances/{sop_instance_uid}"
    metadata = orjson.dumps(header.attributes).replace(b'"BulkDataURI":"', f'"BulkDataURI":"{place}'.encode())
    pixels = pixels_of(file, header)
    return InstanceRecord(
        sop_instance_uid=sop_instance_uid,
        sop_class_uid=sop_class_uid,
        series_instance_uid=series_uid,
        study_instance_uid=study_uid,
        instance_number=integer(header.attributes, "00200013", 0),
        transfer_syntax_uid=file.transfer_syntax_uid,
        blob=instance_blobs.new_key(study_uid, series_uid, sop_instance_uid, at),
        size_bytes=len(data),
        sha256=digest,
        crc32=isal_zlib.crc32(data),
        stored_at=at,
        header_end=header.pixels.start if header.pixels else len(file.data),
        deflated=file.deflated,
        pixels=pixels,
        bulk=header.bulk,
        metadata=member(metadata, _GZIP_LEVEL),
        answer=search_results.instance(header.attributes, file.transfer_syntax_uid),
        metadata_maker=METADATA_MAKER,
        answer_maker=ANSWER_MAKER,
        site=sites.named_in(header.attributes),
    )
