"""The search results of Studies, Series and Instances, made at store time. Pure.

Retrieve URL and Instance Availability depend on the request and on time: they are added for each response.
Source: PS3.18 10.6.3.3, Tables 10.6.3-3 to 10.6.3-5.
"""

import enum
from collections.abc import Iterable

import orjson

from services.archive.attributes import sites
from services.archive.attributes.makers import ANSWER_MAKER
from services.archive.attributes.person_names import forms, words
from services.archive.records import InstanceRecord, InstanceState, SeriesRecord, StudyRecord
from shared.dicom.json_values import Json, attribute, integer, pick, text

STUDY_TAGS = [
    "00080005",
    "00080020",
    "00080030",
    "00080050",
    "00080090",
    "00080201",
    "00081030",
    "00100010",
    "00100020",
    "00100021",
    "00100030",
    "00100040",
    "00101010",
    "0020000D",
    "00200010",
]
SERIES_TAGS = [
    "00080005",
    "00080060",
    "00080201",
    "0008103E",
    "00180015",
    "0020000D",
    "0020000E",
    "00200011",
    "00400244",
    "00400245",
    "00400275",
]
INSTANCE_TAGS = [
    "00080005",
    "00080016",
    "00080018",
    "00080201",
    "0020000D",
    "0020000E",
    "00200013",
    "00280008",
    "00280010",
    "00280011",
    "00280100",
]
# Of which level every other Attribute is, by module (PS3.3 A.1.2, Patient and Study; C.7.3.1 and C.7.5.1, Series).
STUDY_LEVEL = frozenset(
    (
        " ".join(STUDY_TAGS)
        + " 00080051 00080056 00080061 00081030 00081032 00081048 00081060 00081080 00081084 00100032 00101000 00101001"
        " 00101002 00101005 00101020 00101030 00101040 00101060 00102000 00102110 00102154 00102160 00102180 001021B0"
        " 001021C0 00102297 00104000 00120010 00120020 00120021 00120030 00120031 00120040 00120062 00120063 00120064"
        " 00321032 00321033 00321060 00324000 00380010 00380060 00400275 00401012"
    ).split()
)
SERIES_LEVEL = frozenset(
    (
        " ".join(SERIES_TAGS)
        + " 00080021 00080031 00080064 00080070 00080080 00080081 00081010 00081040 00081050 00081070 00081090 00081111"
        " 00180024 00181000 00181020 00181030 00185100 00200052 00200060 00201040 00280108 00280109 00400241 00400242"
        " 00400253 00400254 00400260"
    ).split()
)


def instance(attributes: Json, transfer_syntax_uid: str) -> bytes:
    """Return the Instance's own Attributes."""
    result = pick(attributes, INSTANCE_TAGS)
    result["00083002"] = attribute("UI", transfer_syntax_uid)  # Available Transfer Syntax UID
    return orjson.dumps(result)


def series(old: SeriesRecord | None, attributes: Json, *, instances: int, at: float, only_site: str) -> SeriesRecord:
    """Return the record of a Series after a store; its Attributes are those of the first Instance that came."""
    own = orjson.loads(old.attributes) if old else _level(attributes, SERIES_LEVEL)
    answer = pick(own, SERIES_TAGS)
    answer["00201209"] = attribute("IS", instances)
    return SeriesRecord(
        series_instance_uid=text(attributes, "0020000E"),
        study_instance_uid=text(attributes, "0020000D"),
        modality=text(own, "00080060"),
        series_number=integer(own, "00200011", 0),
        series_description=text(own, "0008103E"),
        body_part_examined=text(own, "00180015"),
        performed_date=text(own, "00400244"),
        instances=instances,
        stored_at=old.stored_at if old else at,
        attributes=orjson.dumps(own),
        answer=orjson.dumps(answer),
        answer_maker=ANSWER_MAKER,
        only_site=only_site,
    )


def study(
    old: StudyRecord | None,
    attributes: Json,
    all_series: Iterable[SeriesRecord],
    *,
    size_bytes: int,
    evicted: int,
    at: float,
    only_site: str,
) -> StudyRecord:
    """Return the record of a Study after a change; counts and modalities are computed from its Series."""
    listed = list(all_series)
    own = sites.told(orjson.loads(old.attributes) if old else _level(attributes, STUDY_LEVEL), only_site)
    modalities = tuple(sorted({each.modality for each in listed if each.modality}))
    instances = sum(each.instances for each in listed)
    answer = pick(own, STUDY_TAGS)
    if modalities:  # an Attribute without a value would say that there are none (Table 10.6.3-3)
        answer["00080061"] = attribute("CS", *modalities)
    answer["00201206"] = attribute("IS", len(listed))
    answer["00201208"] = attribute("IS", instances)
    return StudyRecord(
        study_instance_uid=text(own, "0020000D"),
        patient_id=text(own, "00100020"),
        patient_name=next(iter(forms(own, "00100010")), ""),
        names=forms(own, "00100010"),
        referring_names=forms(own, "00080090"),
        words=words(own, "00100010"),
        referring_words=words(own, "00080090"),
        patient_sex=text(own, "00100040"),
        patient_birth_date=text(own, "00100030"),
        issuer_of_patient_id=text(own, "00100021"),
        site=(old.site if old else "") or only_site or sites.named_in(attributes),
        only_site=only_site,
        study_date=text(own, "00080020"),
        study_time=text(own, "00080030"),
        study_id=text(own, "00200010"),
        study_description=text(own, "00081030"),
        accession_number=text(own, "00080050"),
        modalities=modalities,
        series=len(listed),
        instances=instances,
        evicted=evicted,
        size_bytes=size_bytes,
        oldest_at=old.oldest_at if old else at,
        online=int(evicted < instances),
        changed_at=at,
        attributes=orjson.dumps(own),
        answer=orjson.dumps(answer),
        answer_maker=ANSWER_MAKER,
    )


class Availability(enum.StrEnum):
    """Instance Availability (0008,0056): an evicted Instance comes back by a recall (PS3.3 C.4.23.1.1)."""

    ONLINE = "ONLINE"
    NEARLINE = "NEARLINE"
    UNAVAILABLE = "UNAVAILABLE"


def availability_of_study(record: StudyRecord) -> Availability:
    """Return the Instance Availability of a Study: the least of its Instances, which a reader has to wait for."""
    return Availability.NEARLINE if record.evicted else Availability.ONLINE


def availability_of_instance(record: InstanceRecord) -> Availability:
    """Return the Instance Availability of an Instance."""
    return _AVAILABILITY[record.state]


_AVAILABILITY = {
    InstanceState.STORED: Availability.ONLINE,
    InstanceState.EVICTED: Availability.NEARLINE,
    InstanceState.DAMAGED: Availability.UNAVAILABLE,
}


def _level(attributes: Json, tags: frozenset[str]) -> Json:
    return {tag: value for tag, value in attributes.items() if tag in tags}
