"""What a page of the centre may store: what viewers make of images here, of the same patient, naming nobody. Pure.

Whoever sends one is not known: a program can write the Origin of a page. So the object itself is held to what the
archive has: it refers to Instances here and to no others, and what it says of the patient is what they say.

Source: PS3.3 C.7.1.1, C.12.1; PS3.15 E.3.6 (texts).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from services.archive.records import StudyRecord
from shared.dicom.json_values import Json, items, person_groups, texts, values

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_CLASSES: Final = frozenset(
    f"{_STORAGE}{each}"
    for each in (
        # registrations, segmentations, maps, contours
        *("66.1", "66.2", "66.3", "66.4", "66.5", "66.7", "30", "67", "481.3"),
        *("88.11", "88.22", "88.33", "88.34", "88.35", "88.59"),  # Structured Reports and key object selections
        *("11.1", "11.2", "11.3", "11.4", "11.5", "11.8", "11.11", "11.12"),  # presentation states
    )
)
"""SOP Classes of what a viewer makes of images: nothing in them comes from a scanner."""
_STUDY, _REFERENCED_CLASS, _REFERENCED = "0020000D", "00081150", "00081155"
_PATIENTS: Final = ("0010", "0012")  # groups
_STUDYS: Final = frozenset({"00080050", "00200010"})  # Accession Number, Study ID
_CODES: Final = frozenset("00080100 00080102 00080103 00080105 0040DB00 00080119 00080120".split())
_CODE: Final = re.compile(r"[\w.:/-]{1,64}", re.ASCII)
_TEXT_VRS: Final = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE"})
_OPAQUE_VRS: Final = frozenset({"OB", "UN"})
_PIXELS: Final = "7FE00010"
_NOBODY: Final = frozenset({"unknown^unknown", "unknown"})
_OF_VIEWERS: Final = frozenset({"https://github.com/dcmjs-org/dcmjs"})


class References(NamedTuple):
    """The UIDs that an object names: of Studies, its own included, and of Instances."""

    studies: frozenset[str]
    instances: frozenset[str]


class Held(NamedTuple):
    """What the archive has of it. instances: SOP Instance UID → Study.  source: DICOM JSON of one of them.

    problem: why nobody has looked; empty if somebody has.
    """

    studies: Mapping[str, StudyRecord]
    instances: Mapping[str, str]
    source: Json
    problem: str = ""


def references(attributes: Json) -> References:
    """Return what a Data Set refers to, at any depth. References to what is no Instance, as to a step, do not count."""
    studies: set[str] = set()
    instances: set[str] = set()
    for data_set in _data_sets(attributes):
        studies.update(texts(data_set, _STUDY))
        classes = texts(data_set, _REFERENCED_CLASS)
        if not classes or classes[0].startswith(_STORAGE):
            instances.update(texts(data_set, _REFERENCED))
    return References(frozenset(studies), frozenset(instances))


def problem(sop_class_uid: str, attributes: Json, held: Held) -> str:
    """Return why an object is not taken, without any of its values; empty if only its texts are to be looked at."""
    if sop_class_uid not in _CLASSES:
        return "a page stores what is derived from images, not images"
    return _reference_problem(attributes, held) or next(_attribute_problems(attributes, held.source), "")


def free_texts(attributes: Json, source: Json) -> list[str]:
    """Return the texts that somebody may have typed, each once: those that the source does not have."""
    known = {text for _, element in _elements(source) for text in _texts("", element)} | _OF_VIEWERS
    typed = {text for tag, element in _elements(attributes) for text in _texts(tag, element)}
    return sorted(typed - known)


def _reference_problem(attributes: Json, held: Held) -> str:
    named = references(attributes)
    own = held.studies.get(next(iter(texts(attributes, _STUDY)), ""))
    if own is None:
        return "it belongs to no Study that is held here"
    if not named.instances:
        return "it refers to no Instance"
    if any(held.instances.get(uid) not in named.studies | {own.study_instance_uid} for uid in named.instances):
        return "it refers to an Instance that is not held here, or of another Study"
    studies = [held.studies.get(uid) for uid in named.studies]
    if any(study is None or study.patient_id != own.patient_id for study in studies):
        return "it refers to a Study that is not held here, or of another patient"
    return "" if own.patient_id in texts(attributes, "00100020") else "(0010,0020) Patient ID is not that of its Study"


def _attribute_problems(attributes: Json, source: Json) -> Iterator[str]:
    names = {name for _, element in _elements(source) for name in _names(element)} | _NOBODY
    found = (_attribute_problem(tag, element, source, names) for tag, element in _elements(attributes))
    return filter(None, found)


def _attribute_problem(tag: str, element: Mapping[str, Any], source: Json, names: set[str]) -> str:
    vr = element.get("vr")
    if int(tag[:4], 16) % 2:
        return "a private Attribute is not taken"
    if vr in _OPAQUE_VRS and tag != _PIXELS and _is_filled(element):
        return f"({tag[:4]},{tag[4:]}) holds bytes that nobody can look at"
    if tag.startswith(_PATIENTS) or tag in _STUDYS:
        said, known = _said(element), _said(source.get(tag, {}))
        return "" if said in ([], known) else f"({tag[:4]},{tag[4:]}) is not that of the Instances it refers to"
    if vr == "PN" and not set(_names(element)) <= names:
        return f"({tag[:4]},{tag[4:]}) names a person"
    if tag in _CODES and not all(map(_CODE.fullmatch, map(str, _said(element)))):
        return f"({tag[:4]},{tag[4:]}) is no code"
    return ""


def _said(element: Mapping[str, Any]) -> list[Any]:
    """Return the values that are not empty."""
    present = [value for value in values({"": element}, "") if value not in (None, "", {})]
    return [value for value in present if not isinstance(value, dict) or any(value.values())]


def _is_filled(element: Mapping[str, Any]) -> bool:
    return bool(element.get("InlineBinary") or element.get("BulkDataURI") or _said(element))


def _names(element: Mapping[str, Any]) -> list[str]:
    if element.get("vr") != "PN":
        return []
    return [name for value in _said(element) for name in person_groups(value) if name.strip("^ ")]


def _texts(tag: str, element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("vr") in _TEXT_VRS and tag not in _CODES and not tag.startswith(_PATIENTS):
        yield from (value.strip() for value in _said(element) if isinstance(value, str) and value.strip())


def _elements(data_set: Json) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in _data_sets(data_set):
        yield from ((tag, element) for tag, element in each.items() if isinstance(element, dict))


def _data_sets(data_set: Json) -> Iterator[Json]:
    """Yield a Data Set and its Items at any depth, but of Sequences of the patient: those are compared whole."""
    yield data_set
    for tag, element in data_set.items():
        if isinstance(element, dict) and element.get("vr") == "SQ" and not tag.startswith(_PATIENTS):
            for item in items(data_set, tag):
                yield from _data_sets(item)
