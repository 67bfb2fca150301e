"""What the standard says, as data: PS3.15 Tables E.1-1, E.3.4-1 and E.3.10-1, CID 7050, PS3.6, and types of PS3.3."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

DATA = Path(__file__).parent / "data"


class Row(msgspec.Struct, frozen=True):
    """One row of Table E.1-1. tag: eight hexadecimal digits, x for any.  options: column → K or C."""

    tag: str
    name: str
    basic: str
    options: dict[str, str]


class ContentRow(msgspec.Struct, frozen=True):
    """One row of Table E.3.4-1: a concept name with a value type, and what is done to such content items."""

    code: str
    scheme: str
    meaning: str
    value_type: str
    basic: str
    options: dict[str, str]


class _Table(msgspec.Struct):
    edition: str
    option_codes_dcm: dict[str, str]
    rules: list[Row]
    table_E_3_4_1_content_items: list[ContentRow]  # noqa: N815 - the name in the file


class SafePrivate(msgspec.Struct, frozen=True):
    """One row of Table E.3.10-1. group, element: hexadecimal, with the private block as xx."""

    group: str
    element: str
    private_creator: str
    vr: str
    vm: str
    meaning: str


@cache
def _table() -> _Table:
    return msgspec.json.decode((DATA / "ps3_15_e1_1.json").read_bytes(), type=_Table)


def edition() -> str:
    """Return the edition of PS3.15 that the tables are from."""
    return _table().edition


def options() -> Mapping[str, str]:
    """Return the options of Annex E: column name → code in CID 7050."""
    return _table().option_codes_dcm


def rows() -> list[Row]:
    """Return Table E.1-1."""
    return _table().rules


def content_rows() -> list[ContentRow]:
    """Return Table E.3.4-1."""
    return _table().table_E_3_4_1_content_items


@cache
def _exact() -> dict[int, Row]:
    return {int(row.tag, 16): row for row in rows() if "x" not in row.tag and row.tag != "private"}


@cache
def _patterns() -> list[Row]:
    return [row for row in rows() if "x" in row.tag and row.tag != "private"]


def row(tag: int) -> Row | None:
    """Return the row of Table E.1-1 that names an Attribute, None if none does."""
    matching_row = _exact().get(tag)
    if matching_row is None:
        matching_row = next((each for each in _patterns() if matches(each.tag, tag)), None)
    return matching_row


def matches(pattern: str, tag: int) -> bool:
    """Return whether a pattern such as 60xx3000 stands for the tag (repeating groups, PS3.5 7.6)."""
    return all(wanted in ("x", digit) for wanted, digit in zip(pattern.lower(), f"{tag:08x}", strict=True))


@cache
def _dictionary() -> dict[int, str]:
    known = {tag: entry[0] for tag, entry in DicomDictionary.items()}
    for pattern, entry in RepeatersDictionary.items():
        for tag in _expanded(pattern):
            known.setdefault(tag, entry[0])
    return known


def _expanded(pattern: str) -> list[int]:
    """Return the tags of repeating groups 5000-501E and 6000-601E; other repeats are retired and left out."""
    if pattern[2:4].lower() != "xx" or "x" in pattern[4:].lower():
        return []
    return [int(f"{pattern[:2]}{number:02x}{pattern[4:]}", 16) for number in range(0, 0x20, 2)]


def tags() -> list[int]:
    """Return all tags of Data Sets that the dictionary (PS3.6) or Table E.1-1 names, without group lengths."""
    named = {
        tag for tag in (*_dictionary(), *_exact()) if tag >> 16 != 0xFFFE
    }  # Items and delimiters are no Attributes
    return sorted(tag for tag in named if tag >> 16 > 0x0002 and tag & 0xFFFF and not tag >> 16 & 1)


def vr(tag: int) -> str:
    """Return the VR by PS3.6 (the first, where it names several), empty if the tag is not in it."""
    return _dictionary().get(tag, "")[:2]


def is_retired(tag: int) -> bool:
    """Return whether PS3.6 has retired the Attribute."""
    return tag in DicomDictionary and DicomDictionary[tag][3] == "Retired"


def most_values(tag: int) -> int | None:
    """Return how many values PS3.6 lets an Attribute have at most; None where it sets no bound, or is silent."""
    return _most(DicomDictionary[tag][1]) if tag in DicomDictionary else None


def keyword(tag: int) -> str:
    """Return the keyword by PS3.6, empty if the tag is not in it."""
    return DicomDictionary[tag][4] if tag in DicomDictionary else ""


@cache
def vrs(tag: int) -> frozenset[bytes]:
    """Return all VRs that PS3.6 allows for the tag."""
    return frozenset(part.strip().encode("ascii") for part in _dictionary().get(tag, "").split(" or "))


@cache
def method_codes() -> tuple[tuple[str, str], ...]:
    """Return CID 7050: code value and meaning, in its order."""
    context_group: dict[str, Any] = msgspec.json.decode((DATA / "cid7050.json").read_bytes())
    return tuple((code["value"], code["meaning"]) for code in context_group["codes"])


class _Types(msgspec.Struct):
    sop_classes: dict[str, str]
    types: dict[str, dict[str, dict[str, str]]]


@cache
def _types() -> _Types:
    return msgspec.json.decode((DATA / "iod_types.json").read_bytes(), type=_Types)


def is_known_sop_class(sop_class_uid: str) -> bool:
    """Return whether the SOP Class is one of a Composite IOD of PS3.3."""
    return sop_class_uid in _types().sop_classes


@cache
def types(sop_class_uid: str) -> Mapping[int, tuple[str, str]]:
    """Return, of Attributes whose action depends on it, the type at the top level and in Sequences; "" if in none."""
    iod = _types().sop_classes.get(sop_class_uid, "")
    by_tag = _types().types.get(iod, {})
    return {int(tag, 16): (kinds.get("top", ""), kinds.get("nested", "")) for tag, kinds in by_tag.items()}


class Listed(NamedTuple):
    """What Table E.3.10-1 says of a private Attribute. most: of values; None without a bound."""

    vr: str
    most: int | None


@cache
def safe_private() -> Mapping[tuple[int, int, str], Listed]:
    """Return Table E.3.10-1: by group, last byte of the element, and private creator."""
    table: dict[str, Any] = msgspec.json.decode((DATA / "ps3_15_safe_private.json").read_bytes())
    entries = msgspec.convert(table["attributes"], list[SafePrivate])
    return {(int(e.group, 16), int(e.element[2:], 16), e.private_creator): Listed(e.vr, _most(e.vm)) for e in entries}


def _most(multiplicity: str) -> int | None:
    """Return the upper bound of a VM such as 1, 3-4 or 1-n."""
    most = multiplicity.rpartition("-")[2]
    return int(most) if most.isdigit() else None
