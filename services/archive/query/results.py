"""Assemble the results of a search: bytes made at store time, with what depends on the request.

Source: PS3.18 10.6.3.3 (Tables 10.6.3-3 to 10.6.3-5).
"""

from collections.abc import Sequence
from typing import Any

import orjson

from services.archive.attributes.search_results import (
    Availability,
    availability_of_instance,
    availability_of_study,
)
from services.archive.attributes.stored import Record, attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.query.parameters import Level, Search
from services.archive.records import SERIES, STUDIES, InstanceRecord, StudyRecord
from shared.dicom.json_values import Json, attribute


async def parents_of(deps: ArchiveDeps, asked: Search, records: Sequence[Any]) -> dict[str, Json]:
    """Fetch what relational results also hold: the Study's and Series' Attributes (PS3.18 10.6.3.3)."""
    fixed = {key.tag for key in asked.matches if key.vr == "UI" and len(key.values) == 1}
    parents: dict[str, Json] = {}
    if asked.level != Level.STUDY and "0020000D" not in fixed:
        studies = await deps.documents.get_many(STUDIES, list({r.study_instance_uid for r in records}))
        parents |= {uid: orjson.loads(record.answer) for uid, record in studies.items()}
    if asked.level == Level.INSTANCE and "0020000E" not in fixed:
        series = await deps.documents.get_many(SERIES, list({r.series_instance_uid for r in records}))
        parents |= {uid: orjson.loads(record.answer) for uid, record in series.items()}
    return parents


def result_of(record: Any, parents: dict[str, Json], asked: Search, base: str) -> bytes:
    """Return one result; bytes made at store time are only joined where nothing more is asked."""
    url = f"{base}/studies/{record.study_instance_uid}"
    if asked.level != Level.STUDY:
        url += f"/series/{record.series_instance_uid}"
    if asked.level == Level.INSTANCE:
        url += f"/instances/{record.sop_instance_uid}"
    own: Json = {"00081190": attribute("UR", url)}
    if asked.level != Level.SERIES:
        own["00080056"] = attribute("CS", _availability(record))
    if not parents and not asked.include and not asked.include_all:
        head: bytes = orjson.dumps(own)
        return head[:-1] + b"," + bytes(record.answer[1:])
    uids = (record.study_instance_uid, getattr(record, "series_instance_uid", ""))
    merged = {tag: value for uid in uids for tag, value in parents.get(uid, {}).items()}
    whole: bytes = orjson.dumps({**merged, **_included(record, asked), **own})
    return whole


def _availability(record: StudyRecord | InstanceRecord) -> Availability:
    return availability_of_study(record) if isinstance(record, StudyRecord) else availability_of_instance(record)


def _included(record: Record, asked: Search) -> Json:
    """Return the default Attributes and those asked for; of a path, its whole outermost Sequence."""
    chosen: Json = orjson.loads(record.answer)
    if not asked.include and not asked.include_all:
        return chosen
    everything = attributes_of(record)
    if asked.include_all:
        return chosen | {tag: value for tag, value in everything.items() if "BulkDataURI" not in value}
    return chosen | {path[0]: everything[path[0]] for path in asked.include if path[0] in everything}
