"""Read the Attributes that the records keep."""

import zlib

import orjson

from services.archive.records import InstanceRecord, SeriesRecord, StudyRecord
from shared.dicom.json_values import Json

Record = StudyRecord | SeriesRecord | InstanceRecord


def attributes_of(record: Record) -> Json:
    """Return all Attributes kept of a record."""
    if isinstance(record, InstanceRecord):
        found: Json = orjson.loads(zlib.decompress(record.metadata, 31))
        return found
    kept: Json = orjson.loads(record.attributes)
    return {**kept, **orjson.loads(record.answer)}
