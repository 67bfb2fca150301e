"""Read the Attributes that the records keep. Pure."""

import functools

import orjson

from services.archive.attributes.gzip_members import inflated
from services.archive.records import InstanceRecord, SeriesRecord, StudyRecord
from shared.dicom.json_values import Json

Record = StudyRecord | SeriesRecord | InstanceRecord


def attributes_of(record: Record) -> Json:
    """Return all Attributes kept of a record."""
    if isinstance(record, InstanceRecord):
        return _parsed(record.metadata)
    level: Json = orjson.loads(record.attributes)
    return {**level, **orjson.loads(record.answer)}


@functools.lru_cache(maxsize=8)
def data_set_of(metadata: bytes) -> Json:
    """Return the Data Set in an Instance's gzip member. It is kept for the next call: nobody may change it."""
    return _parsed(metadata)


def _parsed(metadata: bytes) -> Json:
    data_set: Json = orjson.loads(inflated(metadata))
    return data_set
