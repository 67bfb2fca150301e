"""Says which part of a search the index answers, and what is left to compare record by record. It does no I/O."""

from collections.abc import Sequence

import msgspec

from services.archive.attributes.person_names import fold, wanted_words
from services.archive.query.parameters import COMBINED, EMPTY, Level, MatchingKey, split_range
from shared.documents import Condition, Eq, In, Prefix, Range, Wildcard

FIELDS: dict[str, dict[str, str]] = {
    Level.STUDY: {
        "0020000D": "study_instance_uid",
        "00100020": "patient_id",
        "00100010": "names",
        "00080090": "referring_names",
        "00100040": "patient_sex",
        "00100030": "patient_birth_date",
        "00080020": "study_date",
        "00080030": "study_time",
        "00200010": "study_id",
        "00081030": "study_description",
        "00080050": "accession_number",
        "00080061": "modalities",
    },
    Level.SERIES: {
        "0020000D": "study_instance_uid",
        "0020000E": "series_instance_uid",
        "00080060": "modality",
        "0008103E": "series_description",
        "00180015": "body_part_examined",
        "00400244": "performed_date",
    },
    Level.INSTANCE: {
        "0020000D": "study_instance_uid",
        "0020000E": "series_instance_uid",
        "00080018": "sop_instance_uid",
        "00080016": "sop_class_uid",
    },
}
ONE_TEXT = frozenset({"patient_id", "patient_sex", "patient_birth_date", "study_date", "study_time", "study_id"})
FUZZY = {"00100010": "words", "00080090": "referring_words"}
_PAIRS = {"00080020": "00080030", "00080021": "00080031", "00080022": "00080032", "00080023": "00080033"}
_LAST = "\U0010ffff"


class Plan(msgspec.Struct, frozen=True):
    """conditions: what the index answers.  rest: keys to compare with the Attributes of each record found."""

    conditions: tuple[Condition, ...]
    rest: tuple[MatchingKey, ...]


def plan(level: Level, keys: tuple[MatchingKey, ...], *, fuzzy: bool = False) -> Plan:
    """Divide the keys of one level, with the ranges of a date and its time as one."""
    combined = _combined(keys)
    times = {key.path[1] for key in combined}
    local = plan_keys(level, tuple(key for key in keys if len(key.path) > 1 or key.tag not in times), fuzzy=fuzzy)
    return Plan(local.conditions, (*local.rest, *combined))


def plan_keys(level: Level, keys: tuple[MatchingKey, ...], *, fuzzy: bool = False) -> Plan:
    """Divide the keys of one level."""
    conditions: list[Condition] = []
    rest: list[MatchingKey] = []
    for key in keys:
        own = _fuzzy(level, key) if fuzzy and key.vr == "PN" else _condition(level, key)
        if own:
            conditions += own
        else:
            rest.append(key)
    return Plan(tuple(conditions), tuple(rest))


def _fuzzy(level: Level, key: MatchingKey) -> list[Condition]:
    """Every word of the key begins a word of the name."""
    if key.values == (EMPTY,):
        return []
    field = FUZZY.get(key.tag) if level == Level.STUDY and len(key.path) == 1 else None
    return [Prefix(field, word) for word in wanted_words(key.values[0])] if field else []


def _condition(level: Level, key: MatchingKey) -> list[Condition]:
    field = FIELDS[level].get(key.tag)
    if field is None or len(key.path) > 1 or (key.vr == "PN" and "=" in key.values[0]):
        return []
    value = key.values[0]
    if value == EMPTY:
        return [Eq(field, "")] if field in ONE_TEXT else []
    if key.vr == "UI":
        return [Eq(field, value) if len(key.values) == 1 else In(field, key.values)]
    if key.vr in ("DA", "TM"):
        return [_range(field, key.vr, value)]
    return [_text(field, fold(value) if key.vr == "PN" else value)]


def _range(field: str, vr: str, value: str) -> Condition:
    ends = split_range(vr, value)
    if ends is not None:
        low, high = ends
        return Range(field, low or "0", high + _LAST if high else None)  # "" is no value: it is in no range
    return Eq(field, value) if vr == "DA" else Prefix(field, value)


def _text(field: str, value: str) -> Condition:
    """The port's wildcards are DICOM's; a trailing asterisk alone is a prefix, which the index likes best."""
    if "?" not in value and "*" not in value:
        return Eq(field, value)
    if "?" not in value and value.find("*") == len(value) - 1:
        return Prefix(field, value[:-1])
    return Wildcard(field, value)


def _combined(keys: Sequence[MatchingKey]) -> list[MatchingKey]:
    """Date and time ranges together are one range of moments (PS3.4 C.2.2.2.5.4); dates alone narrow it first."""
    by_tag = {key.tag: key for key in keys if len(key.path) == 1}
    pairs = ((by_tag.get(date), by_tag.get(time)) for date, time in _PAIRS.items())
    return [
        MatchingKey((date.tag, time.tag), COMBINED, (date.values[0], time.values[0]))
        for date, time in pairs
        if date and time and split_range("DA", date.values[0]) and split_range("TM", time.values[0])
    ]
