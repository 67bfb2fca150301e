"""Makes a Part 10 file of metadata and bulk data that came apart.

Source: PS3.18 10.5.1, 8.7.3 (media types and their Transfer Syntaxes, Tables 8.7.3-4 to 8.7.3-6); PS3.10 7.1.
"""

import io
from collections.abc import Mapping, Sequence

import msgspec
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.archive.pixels.shape import KEYWORDS
from services.archive.store.prepare import Failure, unforeseen
from shared.dicom.json_values import Json, text
from shared.dicom.multipart import content_type
from shared.dicom.store_response import CANNOT_UNDERSTAND
from shared.dicom.uid import is_uid

NATIVE = (str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian))
DEFAULTS = {
    "application/octet-stream": str(ExplicitVRLittleEndian),
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "video/mpeg": "1.2.840.10008.1.2.4.100",
    "video/mp4": "1.2.840.10008.1.2.4.102",
}
"""Transfer Syntax of bulk data whose part does not name one."""


class Bulk(msgspec.Struct, frozen=True):
    """One part of bulk data. kind: its Content-Type."""

    kind: str
    data: bytes

    @property
    def transfer_syntax_uid(self) -> str:
        """Return the Transfer Syntax that the part is in; empty if its media type is none of DICOM's."""
        name, parameters = content_type(self.kind)
        return parameters.get("transfer-syntax") or DEFAULTS.get(name, "")


def assembled(attributes: Json, bulk: Mapping[str, Sequence[Bulk]]) -> bytes | Failure:
    """Return the Part 10 file of one Instance, or why there is none."""
    uids = [text(attributes, tag) for tag in ("00080016", "00080018")]
    try:
        return _written(attributes, uids, bulk)
    except _Missing as error:
        return Failure(CANNOT_UNDERSTAND, str(error), *(uid if is_uid(uid) else "" for uid in uids))
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, OverflowError):
        detail = "the metadata are no Data Set (PS3.18 Annex F)"
        return Failure(CANNOT_UNDERSTAND, detail, *(uid if is_uid(uid) else "" for uid in uids))
    except Exception as error:
        return unforeseen(error, *(uid if is_uid(uid) else "" for uid in uids))


class _Missing(Exception):
    """What is lacking."""


def _written(attributes: Json, uids: list[str], bulk: Mapping[str, Sequence[Bulk]]) -> bytes:
    pixel_tag = next((tag for tag in KEYWORDS if "BulkDataURI" in attributes.get(tag, {})), None)
    pixels = _found(attributes[pixel_tag]["BulkDataURI"], bulk) if pixel_tag else []
    syntax = _syntax(pixels)
    rest = {tag: value for tag, value in attributes.items() if tag != pixel_tag and not tag.startswith("0002")}
    data_set = Dataset.from_json(rest, lambda _tag, _vr, uri: b"".join(each.data for each in _found(uri, bulk)))
    if pixel_tag and syntax in NATIVE:
        raw = b"".join(each.data for each in pixels)
        data_set.add_new(int(pixel_tag, 16), attributes[pixel_tag].get("vr") or "OW", raw + b"\0" * (len(raw) % 2))
    elif pixel_tag:
        data_set.add_new(int(pixel_tag, 16), "OB", encapsulate([each.data for each in pixels]))
        data_set[int(pixel_tag, 16)].is_undefined_length = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (pydicom.uid.UID(uid) for uid in uids)
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    data_set.file_meta = meta
    target = io.BytesIO()
    data_set.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _syntax(pixels: Sequence[Bulk]) -> str:
    syntaxes = {each.transfer_syntax_uid for each in pixels} or {str(ExplicitVRLittleEndian)}
    if len(syntaxes) > 1 or not is_uid(next(iter(syntaxes))):
        raise _Missing("the Content-Type of the pixel data is none of PS3.18 8.7.3, or its parts differ")
    uid = next(iter(syntaxes))
    return str(ExplicitVRLittleEndian) if uid in NATIVE else uid


def _found(uri: str, bulk: Mapping[str, Sequence[Bulk]]) -> list[Bulk]:
    parts = bulk.get(uri)
    if not parts:
        raise _Missing("no part has the Content-Location of a BulkDataURI (PS3.18 10.5.1)")
    return list(parts)
